"""The history as a line: how busy each part was, where traps, bookmarks and the present moment are."""

from __future__ import annotations

from itertools import pairwise

from coprocessor.csrs import COUNTERS
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
    top = Row()
    for column in range(width):
        moment = column * end // width
        value = next((value for start, stop, value in activity if start <= moment < stop), 0)
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
    """(start, end, synaptic operations or cycles an instruction) between checkpoints and up to now."""
    found = []
    moments = _moments(state)
    for (start, before), (stop, after) in pairwise(moments):
        which = "sop" if moments[-1][1]["sop"] else "cycles"
        found.append((start, stop, (after[which] - before[which]) / max(1, stop - start)))
    return found


def _traps(state: State) -> list[tuple[int, int, int]]:
    moments = _moments(state)
    return [(start, stop, after["traps"] - before["traps"]) for (start, before), (stop, after) in pairwise(moments)]


def _moments(state: State) -> list[tuple[int, dict[str, int]]]:
    """What was counted at the checkpoints and now, ascending."""
    found = []
    for kept in state.debugger.history.snapshots():
        counters = kept.coprocessor["counters"] if kept.coprocessor is not None else dict.fromkeys(COUNTERS, 0)
        cycles, traps = int(kept.hart["cycles"]), int(kept.hart["traps"])
        found.append((kept.retired, {"sop": int(counters["sop"]), "cycles": cycles, "traps": traps}))
    hart = state.machine.hart
    present = {"sop": state.counters.get("sop", 0), "cycles": hart.cycles, "traps": hart.traps}
    return sorted([*found, (state.now, present)], key=lambda item: item[0])
