"""Breakpoints, watchpoints and bookmarks."""

from __future__ import annotations

from iss.tui import theme
from iss.tui.state import State
from iss.tui.text import Line, Row, page


def title(state: State) -> str:
    """What stands above the pane."""
    return "breaks / watches"


def render(state: State, width: int, height: int) -> list[Line]:
    """One a line; the one that stopped the machine is lit."""
    met = state.stop.point if state.stop is not None else None
    rows = []
    for point in state.debugger.points.values():
        row = Row(f"{point.number:>2} ", theme.DIM)
        row.add("● " if point.enabled else "○ ", theme.BREAK if point.enabled else theme.BREAK_OFF)
        style = theme.CHANGED if point is met else theme.PLAIN
        kind = "" if point.kind.value == "break" else f"{point.kind.value} "
        row.add(kind, theme.DIM).add(point.text, style)
        if point.condition is not None:
            row.add(f" if {point.condition}", theme.HINT)
        if point.ignore:
            row.add(f" after {point.ignore} more", theme.HINT)
        row.add(f" hits {point.hits}", theme.DIM)
        rows.append(row)
    rows += [
        Row(" ◆ ", theme.LABEL).add(f"{name} ").add(f"{moment:,}", theme.DIM)
        for name, moment in sorted(state.bookmarks.items(), key=lambda item: item[1])
    ]
    return page(rows or [Row("none; b sets one", theme.DIM)], width, height)
