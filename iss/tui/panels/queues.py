"""The coprocessor's event queues, and the operation in progress."""

from __future__ import annotations

from typing import Final

from iss.tui import theme
from iss.tui.state import State
from iss.tui.text import Line, Row, bar, page

_DEPTH: Final = 64


def title(state: State) -> str:
    """What stands above the pane."""
    return "queues"


def render(state: State, width: int, height: int) -> list[Line]:
    """A queue a line: level, watermark, the events that come out first."""
    unit = state.unit
    if unit is None:
        known = state.playback is None
        return page([Row("no coprocessor" if known else "a trace does not tell queues", theme.DIM)], width, height)
    inside = unit.state()
    marks = inside["csr"]["qwm"]
    rows = []
    for number, queue in enumerate(inside["queues"]):
        row = Row(f"{number} ", theme.TITLE).add(bar(len(queue) / _DEPTH), theme.SPIKE)
        row.add(f" {len(queue):>2}/{_DEPTH}")
        mark = marks >> 8 * number & 0xFF
        if mark:
            row.add(f" mark {mark}", theme.HINT)
        for place, event in enumerate(queue):
            text = f" {event & 0xFFFFF}@{event >> 20}"
            if row.length + len(text) > width - 2:
                row.add(f" +{len(queue) - place}", theme.DIM)
                break
            row.add(text, theme.DIM)
        rows.append(row)
    if inside["csr"]["prog1"] >> 31:
        descriptor = state.program.names.at(inside["csr"]["pdesc"])
        rows.append(Row("suspended in ", theme.TRAP).add(f"{descriptor}, step {inside['csr']['prog2']}"))
    if inside["run"]["busy"]:
        rows.append(Row("asynchronous run", theme.SPIKE).add(f" until cycle {inside['run']['end']:,}"))
    return page(rows, width, height)
