"""The history as a line: how busy each part was, where traps, bookmarks and the present moment are."""

from __future__ import annotations

from bisect import bisect_right
from itertools import pairwise

from iss.tui import theme
from iss.tui.state import State
from iss.tui.text import Line, Row, bar, page


def title(state: State) -> str:
    """What stands above the pane."""
    history = state.debugger.history
    return f"timeline {history.earliest:,} .. {history.latest:,} · ▲ traps ◆ bookmarks ● now"


def render(state: State, width: int, height: int) -> list[Line]:
    """A line of activity between checkpoints (synaptic operations an instruction, else cycles), then one of places."""
    history = state.debugger.history
    end = max(1, history.latest)
    places = [" "] * width
    activity = _activity(state)
    highest = max((value for _, _, value in activity), default=0) or 1
    ends = [stop for _, stop, _ in activity]
    top = Row()
    for column in range(width):
        moment = column * end // width
        part = bisect_right(ends, moment)
        value = activity[part][2] if part < len(activity) and activity[part][0] <= moment else 0
        top.add(bar(value / highest) if value else " ", theme.ADDRESS)
    for start, stop, traps in _traps(state):
        if traps:
            places[min(width - 1, (start + stop) // 2 * width // end)] = "▲"
    for moment in state.bookmarks.values():
        places[min(width - 1, moment * width // end)] = "◆"
    here = min(width - 1, state.now * width // end)
    line = Row()
    for column, mark in enumerate(places):
        style = {"▲": theme.TRAP, "◆": theme.LABEL}.get(mark, theme.GOOD if column < here else theme.DIM)
        line.add("●" if column == here else mark if mark != " " else "=" if column < here else "─", style)
    return page([line] if height == 1 else [top, line], width, height)


def _activity(state: State) -> list[tuple[int, int, float]]:
    """(start, end, synaptic operations or cycles an instruction) between known moments and up to now."""
    found, moments = [], state.counted_moments()
    spiking = moments[-1].sop
    for before, after in pairwise(moments):
        done = after.sop - before.sop if spiking else after.cycles - before.cycles
        found.append((before.retired, after.retired, done / max(1, after.retired - before.retired)))
    return found


def _traps(state: State) -> list[tuple[int, int, int]]:
    return [
        (before.retired, after.retired, after.traps - before.traps)
        for before, after in pairwise(state.counted_moments())
    ]
