"""The stack of calls: the innermost function first."""

from __future__ import annotations

from iss.tui import theme
from iss.tui.state import State
from iss.tui.text import Line, Row, page


def title(state: State) -> str:
    """What stands above the pane."""
    return "calls"


def render(state: State, width: int, height: int) -> list[Line]:
    """One frame a line: function, place and source line."""
    rows = []
    for number, frame in enumerate(state.frames):
        place = frame.pc if number == 0 else frame.pc - 4  # the call, not what follows it
        row = Row(f"#{number:<2} ", theme.DIM)
        row.add(state.program.name(place) or f"{place:#010x}", theme.LABEL if number == 0 else theme.PLAIN)
        line = state.program.lines.at(place)
        if line is not None:
            row.add(f" {line.file.rsplit('/', 1)[-1]}:{line.line}", theme.SOURCE)
        rows.append(row)
    return page(rows, width, height)
