"""The panes of the application: widgets that show the lines of a panel, and what keys and mouse do in them."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Final, cast

from rich.segment import Segment
from textual import events
from textual.geometry import Region, Size
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.widget import Widget

from iss.errors import NeuroHartError
from iss.trace.block import TraceError
from iss.tui import theme
from iss.tui.panels import PANELS, code, memory, neurons, trace
from iss.tui.screen import framed, titled
from iss.tui.text import Line, Row, changed_cells, fit

if TYPE_CHECKING:
    from iss.tui.app import DebuggerApp

_GUTTER_CELLS: Final = 12
_TITLE: Final = 1


class Pane(Widget, can_focus=True):
    """A panel on the screen. It is drawn when the application says so, never in the middle of a motion."""

    def __init__(self, panel: str) -> None:
        super().__init__(id=panel, classes="pane")
        self.panel = panel
        self.bar = False
        self._drawn: list[Line] = []
        self._size_drawn = (0, 0)

    @property
    def debugger_app(self) -> DebuggerApp:
        """The application, with its own type."""
        return cast("DebuggerApp", self.app)

    def draw(self) -> None:
        """Draw anew what has changed."""
        if not (self.display and self.size.width and self.debugger_app.may_draw):
            return
        width, height = self.size
        before, state = self._drawn, self.debugger_app.state
        self._drawn = framed(self.panel, state, width, height, bar=self.bar, focus=self.has_focus)
        if self._size_drawn != (width, height):
            self._size_drawn = width, height
            self.refresh()
        elif changed := [
            Region(span[0], y, span[1] - span[0], 1)
            for y, (old, new) in enumerate(zip(before, self._drawn, strict=False))
            if (span := changed_cells(old, new)) is not None
        ]:
            self.refresh(*changed)

    def render_line(self, y: int) -> Strip:
        """A line as it was drawn last."""
        line = self._drawn[y] if y < len(self._drawn) else []
        return Strip(fit(line, self.size.width))

    def on_resize(self) -> None:
        """Another size needs other lines."""
        self.draw()

    def on_focus(self) -> None:
        """Light the title."""
        self.draw()

    def on_blur(self) -> None:
        """The title is as the others' again."""
        self.draw()

    def on_click(self, event: events.Click) -> None:
        """What a click means in this panel; a click always gives focus."""
        self.focus()
        line, column = event.y - _TITLE, event.x - int(self.bar)
        app = self.debugger_app
        if line < 0 or app.state.running:
            return
        if self.panel == "code" and column < _GUTTER_CELLS:
            rows = code.rows(app.state, self.size.height - _TITLE, self.size.width)
            address = rows[line][0] if line < len(rows) else None
            if address is not None:
                app.toggle_breakpoint(address)
        elif self.panel == "neurons":
            self._choose_at(line, column)
        elif self.panel == "timeline":
            history = app.state.debugger.history
            app.run_line(f"goto {history.latest * max(0, column) // max(1, self.size.width)}")

    def _choose_at(self, line: int, column: int) -> None:
        state = self.debugger_app.state
        neuron = neurons.at(state, self.size.width - int(self.bar), self.size.height - _TITLE, line, column)
        if neuron is not None:
            state.view.neuron = neuron
            self.debugger_app.draw("neurons", "raster", "weights")

    # Keys that move in a pane: vim's, and the arrows -----------------------------------------------------------------
    def on_key(self, event: events.Key) -> None:
        """Move in the pane; what it does not know goes to the application."""
        if self.debugger_app.state.running:
            return
        moved = self._move(event.key)
        if moved:
            event.stop()
            event.prevent_default()
            self.debugger_app.draw(self.panel, "neurons", "raster", "weights")

    def _move(self, key: str) -> bool:
        state, page = self.debugger_app.state, max(1, self.size.height - 2)
        lines = {"j": 1, "down": 1, "k": -1, "up": -1, "ctrl+d": page // 2, "ctrl+u": -(page // 2)}
        lines |= {"pagedown": page, "pageup": -page}
        if self.panel == "neurons":
            return self._move_neuron(key, lines.get(key))
        if self.panel == "weights":
            return self._move_weight(key, lines.get(key))
        if key in ("g", "home", "escape") and self.panel in ("code", "memory"):
            state.view.code, state.view.memory = None, None
            return True
        if key not in lines:
            return False
        if self.panel == "code":
            start = state.machine.hart.pc if state.view.code is None else state.view.code
            state.view.code = (start + 4 * lines[key]) & 0xFFFF_FFFC
        elif self.panel == "memory":
            each = memory.bytes_in(self.size.width - int(self.bar))
            state.view.memory = (memory.address_of(state) + each * lines[key]) & 0xFFFF_FFFF
        else:
            return False
        return True

    def _move_weight(self, key: str, lines: int | None) -> bool:
        view, projection = self.debugger_app.state.view, self.debugger_app.state.projection
        aside = {"h": -1, "left": -1, "l": 1, "right": 1}.get(key, 0)
        if projection is None or not (lines or aside):
            return False
        view.source = max(0, min(projection.n_pre - 1, view.source + (lines or 0)))
        view.neuron = max(0, min(projection.n_post - 1, view.neuron + aside))
        return True

    def _move_neuron(self, key: str, lines: int | None) -> bool:
        state = self.debugger_app.state
        population = state.population
        if population is None:
            return False
        if key == "enter":
            self.debugger_app.run_line("why")
            return True
        each = neurons.per_line(self.size.width - int(self.bar))
        far = {"h": -1, "left": -1, "l": 1, "right": 1}
        step = far.get(key) if lines is None else lines * each
        if step is None:
            return False
        state.view.neuron = max(0, min(population.n - 1, state.view.neuron + step))
        return True


class TracePane(ScrollView, can_focus=True):
    """The whole trace, an instruction a line; only the lines on the screen are ever looked at."""

    def __init__(self) -> None:
        super().__init__(id="trace", classes="pane")
        self.panel = "trace"
        self.bar = False
        self._drawn: dict[int, Line] = {}
        self._fresh = False

    @property
    def debugger_app(self) -> DebuggerApp:
        """The application, with its own type."""
        return cast("DebuggerApp", self.app)

    @property
    def _width(self) -> int:
        return self.scrollable_content_region.width

    @property
    def _room(self) -> int:
        return max(1, self.size.height - _TITLE)

    def draw(self) -> None:
        """Follow the present moment, or the cursor, and draw anew."""
        if not (self.display and self.size.width and self.debugger_app.may_draw):
            return
        with suppress(TraceError):  # its lines say so
            self._follow()
        self._fresh = False
        self.refresh()

    def _follow(self) -> None:
        state = self.debugger_app.state
        tracing = state.tracing
        self.virtual_size = Size(self._width, tracing.count + _TITLE)
        if not state.running:
            top = round(self.scroll_y)
            if tracing.cursor is None:
                top = tracing.place(state.shown_log_moment) - self._room
            else:
                place = tracing.place(tracing.cursor)
                top = min(max(top, place - self._room + 1), place)
            self.scroll_to(y=max(0, top), animate=False, force=True)

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Draw the lines that come into view."""
        super().watch_scroll_y(old_value, new_value)
        self._fresh = False
        self.refresh()

    def render_line(self, y: int) -> Strip:
        """The title, or the instruction this line stands for."""
        width = self._width
        edge = [Segment("┬" if y < _TITLE else "│", theme.BORDER)] if self.bar else []
        return Strip(fit([*edge, *self._line(y, width - len(edge))], width))

    def _line(self, y: int, width: int) -> Line:
        state = self.debugger_app.state
        if y < _TITLE:
            label = Row("─", theme.BORDER).add(
                f" {titled('trace', state)} ", theme.FOCUS if self.has_focus else theme.TITLE
            )
            return label.add("─" * max(0, width - label.length), theme.BORDER).segments
        first = round(self.scroll_y)
        if not self._fresh and self.debugger_app.may_draw and not state.running:
            found = trace.rows(state, first, first + self._room)
            self._drawn = {first + number: row.segments for number, row in enumerate(found)}
            self._fresh = True
        return self._drawn.get(first + y - _TITLE, [])

    def on_resize(self) -> None:
        """Another size needs other lines."""
        self.draw()

    def on_focus(self) -> None:
        """Light the title."""
        self.refresh()

    def on_blur(self) -> None:
        """The title is as the others' again."""
        self.refresh()

    def on_click(self, event: events.Click) -> None:
        """Go to the moment that was clicked; a register or memory is chosen, a second click goes to its origin."""
        self.focus()
        app = self.debugger_app
        tracing = app.state.tracing
        place = round(self.scroll_y) + event.y - _TITLE
        if event.y < _TITLE or app.state.running or place >= tracing.count:
            return
        cell = None
        index = tracing.index(place)
        with suppress(TraceError):
            cell = tracing.cell_at(index, event.x - int(self.bar))
        again = (index, cell) == (tracing.cursor, tracing.cell)
        tracing.cursor, tracing.cell = index, cell
        if cell is None or again:
            app.follow_cursor()
        else:
            self.draw()

    def on_key(self, event: events.Key) -> None:
        """Move the cursor and choose a cell; Enter goes there."""
        app = self.debugger_app
        if app.state.running:
            return
        try:
            known = self._act(event.key)
        except NeuroHartError as error:
            app.say([Row(str(error), theme.ERROR)])
            known = True
        if known:
            event.stop()
            event.prevent_default()

    def _act(self, key: str) -> bool:
        """Do what a key is for; False if it is for nothing here."""
        app = self.debugger_app
        tracing, room = app.state.tracing, self._room
        steps = {"j": 1, "down": 1, "k": -1, "up": -1, "ctrl+d": room // 2, "ctrl+u": -(room // 2)}
        steps |= {"pagedown": room, "pageup": -room, "g": -tracing.count, "home": -tracing.count}
        steps |= {"G": tracing.count, "end": tracing.count}
        sideways = {"h": -1, "left": -1, "l": 1, "right": 1}
        if key in steps:
            here = app.state.shown_log_moment - 1 if tracing.cursor is None else tracing.cursor
            tracing.cursor, tracing.cell = tracing.index(tracing.place(here) + steps[key]), None
            self.draw()
        elif key in sideways:
            tracing.move_cell(sideways[key])
            self.draw()
        elif key == "enter":
            app.follow_cursor()
        elif key == "backspace":
            app.run_line("back")
        else:
            return False
        return True


def make_panes() -> list[Pane | TracePane]:
    """A widget for every panel."""
    return [TracePane() if name == "trace" else Pane(name) for name in PANELS]
