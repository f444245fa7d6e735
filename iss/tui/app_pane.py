"""The panes of the application: widgets that show the lines of a panel, and what keys and mouse do in them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, cast

from rich.segment import Segment
from textual import events
from textual.geometry import Size
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.widget import Widget

from iss.tui import theme
from iss.tui.panels import PANELS, code, memory, neurons, trace
from iss.tui.screen import framed
from iss.tui.text import Line, Row, fit

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

    @property
    def debugger_app(self) -> DebuggerApp:
        """The application, with its own type."""
        return cast("DebuggerApp", self.app)

    def draw(self) -> None:
        """Draw anew."""
        if self.display and self.size.width and self.debugger_app.may_draw:
            state = self.debugger_app.state
            width, height = self.size
            self._drawn = framed(self.panel, state, width, height, bar=self.bar, focus=self.has_focus)
            self.refresh()

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
            self.debugger_app.draw("neurons", "raster")

    # Keys that move in a pane: vim's, and the arrows -----------------------------------------------------------------
    def on_key(self, event: events.Key) -> None:
        """Move in the pane; what it does not know goes to the application."""
        if self.debugger_app.state.running:
            return
        moved = self._move(event.key)
        if moved:
            event.stop()
            event.prevent_default()
            self.debugger_app.draw(self.panel, "raster")

    def _move(self, key: str) -> bool:
        state, page = self.debugger_app.state, max(1, self.size.height - 2)
        lines = {"j": 1, "down": 1, "k": -1, "up": -1, "ctrl+d": page // 2, "ctrl+u": -(page // 2)}
        lines |= {"pagedown": page, "pageup": -page}
        if self.panel == "neurons":
            return self._move_neuron(key, lines.get(key))
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
    """The whole known history, an instruction a line; only the lines on the screen are ever replayed."""

    def __init__(self) -> None:
        super().__init__(id="trace", classes="pane")
        self.panel = "trace"
        self.bar = False
        self._drawn: dict[int, Line] = {}

    @property
    def debugger_app(self) -> DebuggerApp:
        """The application, with its own type."""
        return cast("DebuggerApp", self.app)

    @property
    def _room(self) -> int:
        return max(1, self.size.height - _TITLE)

    def draw(self) -> None:
        """Follow the present moment and draw anew."""
        if not (self.display and self.size.width and self.debugger_app.may_draw):
            return
        state = self.debugger_app.state
        self.virtual_size = Size(self.size.width, state.debugger.history.latest + _TITLE)
        if not state.running:
            end = state.now if state.view.trace is None else state.view.trace
            self.scroll_to(y=max(0, end - self._room), animate=False, force=True)
        self._drawn = {}
        self.refresh()

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Draw the lines that come into view."""
        super().watch_scroll_y(old_value, new_value)
        self._drawn = {}
        self.refresh()

    def render_line(self, y: int) -> Strip:
        """The title, or the instruction this line stands for."""
        width = self.size.width
        edge = [Segment("┬" if y < _TITLE else "│", theme.BORDER)] if self.bar else []
        return Strip(fit([*edge, *self._line(y, width - len(edge))], width))

    def _line(self, y: int, width: int) -> Line:
        state = self.debugger_app.state
        if y < _TITLE:
            label = Row("─", theme.BORDER).add(
                f" {trace.title(state)} ", theme.FOCUS if self.has_focus else theme.TITLE
            )
            return label.add("─" * max(0, width - label.length), theme.BORDER).segments
        first = self.scroll_offset.y
        if not self._drawn and self.debugger_app.may_draw and not state.running:
            for item in state.executed(first, first + self._room):
                line = trace.row(state, item)
                if item.index >= state.now:  # known, but later than now
                    line = Row("".join(segment.text for segment in line.segments), theme.DIM)
                self._drawn[item.index] = line.segments
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
        """Go to the moment before the instruction that was clicked."""
        self.focus()
        if event.y >= _TITLE and not self.debugger_app.state.running:
            self.debugger_app.run_line(f"goto {self.scroll_offset.y + event.y - _TITLE}")

    def on_key(self, event: events.Key) -> None:
        """Scroll; Enter goes to the moment at the bottom."""
        page = self._room
        lines = {"j": 1, "k": -1, "ctrl+d": page // 2, "ctrl+u": -(page // 2)}
        state = self.debugger_app.state
        if event.key in lines:
            self.scroll_relative(y=lines[event.key], animate=False)
        elif event.key in ("g", "G"):
            end = state.debugger.history.latest
            self.scroll_to(y=0 if event.key == "g" else end, animate=False)
        elif event.key == "enter" and not state.running:
            self.debugger_app.run_line(f"goto {self.scroll_offset.y + page}")
        else:
            return
        event.stop()


def make_panes() -> list[Pane | TracePane]:
    """A widget for every panel."""
    return [TracePane() if name == "trace" else Pane(name) for name in PANELS]
