"""The panes of the application: widgets that show the lines of a panel, and what keys and mouse do in them.

The trace's is in app_trace.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, cast

from textual import events

from iss.errors import NeuroHartError
from iss.tui import theme
from iss.tui.app_drawn import Drawn
from iss.tui.layout import Place
from iss.tui.panels import code, memory, neurons
from iss.tui.screen import framed, rendered
from iss.tui.text import Line, Row

if TYPE_CHECKING:
    from iss.tui.app import DebuggerApp

_GUTTER_CELLS: Final = 12
TITLE: Final = 1


class Pane(Drawn, can_focus=True):
    """A panel on the screen. It is drawn when the application says so, never in the middle of a motion."""

    def __init__(self, panel: str) -> None:
        super().__init__(panel, "pane")
        self.panel = panel
        self.bar = False

    def put(self, place: Place) -> None:
        """Show the pane there; it has a bar at its left if there is something."""
        self.display = True
        if self.bar != (place.x > 0):
            self.bar = place.x > 0
            self.draw_changes()
        self.styles.offset = (place.x, place.y + 1)
        self.styles.width, self.styles.height = place.width, place.height

    @property
    def debugger_app(self) -> DebuggerApp:
        """The application, with its own type."""
        return cast("DebuggerApp", self.app)

    @property
    def may_draw(self) -> bool:
        """Not in the middle of a motion."""
        return self.debugger_app.may_draw

    def lines(self, width: int, height: int) -> list[Line]:
        """The panel below its title."""
        state = self.debugger_app.state
        return framed(self.panel, state, width, height, bar=self.bar, focus=self.has_focus, content=self.content)

    def content(self, width: int, height: int) -> list[Line]:
        """What is below the title."""
        return rendered(self.panel, self.debugger_app.state, width, height)

    def on_click(self, event: events.Click) -> None:
        """A click always gives focus; what else it means `clicked` knows."""
        self.focus()
        if event.y >= TITLE and not self.debugger_app.state.running:
            self.clicked(event.y - TITLE, event.x - int(self.bar))

    def clicked(self, line: int, column: int) -> None:
        """What a click on a cell below the title means."""
        app = self.debugger_app
        if self.panel == "code" and column < _GUTTER_CELLS:
            rows = code.rows(app.state, self.size.height - TITLE, self.size.width)
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
        neuron = neurons.at(state, self.size.width - int(self.bar), self.size.height - TITLE, line, column)
        if neuron is not None:
            state.view.neuron = neuron
            self.debugger_app.draw("neurons", "raster", "weights")

    # Keys that move in a pane: vim's, and the arrows -----------------------------------------------------------------
    def on_key(self, event: events.Key) -> None:
        """Move in the pane; what it does not know goes to the application."""
        app = self.debugger_app
        if app.state.running:
            return
        try:
            known = self.act(event.key)
        except NeuroHartError as error:
            app.say([Row(str(error), theme.ERROR)])
            known = True
        if known:
            event.stop()
            event.prevent_default()

    def act(self, key: str) -> bool:
        """Do what a key is for here; False if it is for nothing."""
        moved = self._move(key)
        if moved:
            self.debugger_app.draw(self.panel, "neurons", "raster", "weights")
        return moved

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
        view, projection = self.debugger_app.state.view, self.debugger_app.state.spiking.projection
        aside = {"h": -1, "left": -1, "l": 1, "right": 1}.get(key, 0)
        if projection is None or not (lines or aside):
            return False
        view.source = max(0, min(projection.n_pre - 1, view.source + (lines or 0)))
        view.neuron = max(0, min(projection.n_post - 1, view.neuron + aside))
        return True

    def _move_neuron(self, key: str, lines: int | None) -> bool:
        state = self.debugger_app.state
        population = state.spiking.population
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
