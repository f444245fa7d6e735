"""What was counted: instructions, cycles, the coprocessor's events, energy by the model."""

from __future__ import annotations

from coprocessor.csrs import COUNTER_MEANINGS, COUNTERS
from iss.debug.figures import energy_text
from iss.tui import theme
from iss.tui.state import State
from iss.tui.text import Line, Row, page


def title(state: State) -> str:
    """What stands above the pane."""
    return "counters"


def render(state: State, width: int, height: int) -> list[Line]:
    """A figure a line, the most telling first."""
    hart, counted = state.machine.hart, state.counters
    meanings = dict(zip(COUNTERS, COUNTER_MEANINGS, strict=True))
    figures: list[tuple[str, str]] = []
    if counted:
        figures.append(("synaptic operations", f"{counted['sop']:,}"))
    figures.append((f"energy {state.preset.name}", energy_text(state.energy)))
    if counted and counted["sop"]:
        figures.append(("energy a synaptic op.", energy_text(state.energy // counted["sop"])))
    figures += [("cycles", f"{hart.cycles:,}"), ("loads, stores", f"{hart.accesses:,}")]
    figures.append(("traps, interrupts", f"{hart.traps:,}, {hart.interrupts:,}"))
    figures += [(meanings[name], f"{value:,}") for name, value in counted.items() if name != "sop"]
    rows = []
    for name, value in figures:
        rows.append(Row(name, theme.TITLE).to(max(len(name) + 1, min(width, 40) - len(value))).add(value))
    return page(rows, width, height)
