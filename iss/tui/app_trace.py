"""The trace's pane: ten million lines of which only those on the screen are ever looked at, with a scroll bar."""

from __future__ import annotations

from contextlib import suppress

from iss.trace.block import TraceError
from iss.tui.app_drawn import Scrolled
from iss.tui.app_pane import TITLE, Pane
from iss.tui.panels import trace
from iss.tui.text import Line, fit, page


class TracePane(Pane, Scrolled):
    """The whole trace, an instruction a line. It follows the present moment, or the cursor, until it is scrolled."""

    above = TITLE

    def __init__(self) -> None:
        super().__init__("trace")
        self._following = True
        self._shown: list[Line] = []

    @property
    def count(self) -> int:
        """Lines there are."""
        return self.debugger_app.state.tracing.count

    def draw(self) -> None:
        """Follow the present moment, or the cursor, and draw anew."""
        self._following = True
        super().draw()

    def scroll_to_line(self, top: int) -> None:
        """Look at another part of the trace; the cursor stays."""
        self._following = False
        super().scroll_to_line(top)

    def content(self, width: int, height: int) -> list[Line]:
        """The lines from `top` on, each with its part of the scroll bar; while the machine runs those of before."""
        state, width = self.debugger_app.state, max(0, width - 1)
        if not state.running:
            if self._following:
                with suppress(TraceError):  # the lines say so
                    self._follow(max(1, height))
            self._shown = page(trace.rows(state, self.top, self.top + height), width, height)
        shown = [fit(line, width) for line in self._shown] if len(self._shown) == height else page([], width, height)
        return [[*line, cell] for line, cell in zip(shown, self.scroll_bar(height), strict=True)]

    def _follow(self, room: int) -> None:
        tracing = self.debugger_app.state.tracing
        if tracing.cursor is None:
            self.top = max(0, tracing.place(self.debugger_app.state.shown_log_moment) - room)
        else:
            place = tracing.place(tracing.cursor)
            self.top = max(0, min(max(self.top, place - room + 1), place))

    def clicked(self, line: int, column: int) -> None:
        """Go to the moment that was clicked; a register or memory is chosen, a second click goes to its origin."""
        app = self.debugger_app
        tracing, place = app.state.tracing, self.top + line
        if self.on_bar(column + int(self.bar)) or place >= tracing.count:
            return
        cell = None
        index = tracing.index(place)
        with suppress(TraceError):
            cell = tracing.cell_at(index, column)
        again = (index, cell) == (tracing.cursor, tracing.cell)
        tracing.cursor, tracing.cell = index, cell
        if cell is None or again:
            app.follow_cursor()
        else:
            self.draw()

    # Keys -----------------------------------------------------------------------------------------------------------
    def act(self, key: str) -> bool:
        """Move the cursor and choose a cell; Enter goes there."""
        app = self.debugger_app
        tracing, room = app.state.tracing, self.room
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
