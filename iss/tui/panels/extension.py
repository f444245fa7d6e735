"""State that extensions keep, as they declare it: numbers by name, arrays in lines; changed ones lit."""

from __future__ import annotations

from typing import Final

from iss.hart.extension_state import StateArray
from iss.isa.state import StateField
from iss.tui import theme
from iss.tui.state import State
from iss.tui.text import Line, Row, page

_NAME: Final = 10
_INDENT: Final = 2


def title(state: State) -> str:
    """What stands above the pane."""
    return "extension state"


def render(state: State, width: int, height: int) -> list[Line]:
    """A line for each number with what it is for, then the arrays, in the order in which they are declared."""
    held = state.machine.hart.state
    if state.playback is not None:
        return page([Row("not told by a trace", theme.DIM)], width, height)
    if not held.layout.fields:
        return page([Row("no extension here has state; --ext FILE loads one", theme.DIM)], width, height)
    rows: list[Row] = []
    for field in sorted(held.layout, key=lambda field: field.count > 1):
        now = held.array(field.name)
        before = now if state.before.extension is None else state.before.extension.array(field.name)
        if field.count == 1:
            changed = now[0] != before[0]
            row = Row(field.name, theme.CHANGED if changed else theme.TITLE).to(_NAME)
            rows.append(row.add(f"{now[0]:,}", theme.CHANGED if changed else theme.PLAIN))
            if changed:
                row.add(f" was {before[0]:,}", theme.DIM)
            if field.documentation and row.length + 2 + len(field.documentation) <= width:
                row.add(f"  {field.documentation}", theme.HINT)
        else:
            rows += _array(field, now, before, width)
    return page(rows, width, height)


def _array(field: StateField, now: StateArray, before: StateArray, width: int) -> list[Row]:
    """Its name, and its numbers with the index of the first one of each line."""
    rows = [Row(f"{field.name}[{field.count}]", theme.TITLE)]
    if field.documentation and rows[0].length + 2 + len(field.documentation) <= width:
        rows[0].add(f"  {field.documentation}", theme.HINT)
    gutter = len(f"{field.count - 1}") + _INDENT
    cell = max(len(str(field.minimum)), len(str(field.maximum))) + 1
    room = max(1, (width - gutter - 1) // cell)
    each = 1 << room.bit_length() - 1
    for first in range(0, field.count, each):
        row = Row(f"{first:>{gutter}} ", theme.DIM)
        for index in range(first, min(field.count, first + each)):
            style = theme.CHANGED if now[index] != before[index] else theme.PLAIN if now[index] else theme.DIM
            row.add(f"{now[index]:>{cell}}", style)
        rows.append(row)
    return rows
