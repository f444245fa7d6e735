"""Energy by the model: what it went into, and the power over time."""

from __future__ import annotations

from itertools import pairwise

from iss.debug.figures import energy_of, energy_text
from iss.tui import theme
from iss.tui.state import State
from iss.tui.text import Line, Row, bar, page

_NAMES = 19
_FIGURES = 17
_BAR = 10


def title(state: State) -> str:
    """What stands above the pane: the preset."""
    return f"energy {state.preset.name}" + ("" if state.playback is None else " without the coprocessor")


def render(state: State, width: int, height: int) -> list[Line]:
    """The total, its parts with their shares, and the power between moments that are known."""
    hart, counted = state.machine.hart, state.counters
    total = state.energy
    row = Row("total", theme.TITLE).to(_NAMES).add(f"{energy_text(total):>9}", theme.ENERGY)
    if hart.cycles:
        row.add(f" {power(state, total, hart.cycles)} mean", theme.DIM)
    rows = [row]
    preset = state.preset
    parts = [
        ("instructions", hart.retired * preset.instruction_fj),
        ("loads and stores", hart.accesses * preset.memory_word_fj),
    ]
    if counted:
        parts += [
            ("synaptic operations", counted["sop"] * preset.synapse_fj),
            ("neuron updates", counted["nup"] * preset.neuron_fj),
            ("spikes", counted["spkout"] * preset.spike_fj),
            ("weight updates", counted["wupd"] * preset.weight_update_fj),
        ]
    parts.append(("leakage", preset.leak_nw * hart.cycles // preset.clock_mhz))
    length = max(0, min(_BAR, width - _NAMES - _FIGURES))
    for name, value in parts:
        share = value / total if total else 0.0
        row = Row(name, theme.TITLE).to(_NAMES).add(f"{energy_text(value):>9}")
        rows.append(row.add(f" {100 * share:>3.0f} % ", theme.DIM).add("█" * round(length * share), theme.ENERGY))
    if height > 1:
        rows = [*rows[: max(1, height - 1)], _over_time(state, width)]
    return page(rows, width, height)


def power(state: State, femtojoules: int, cycles: int) -> str:
    """Energy in a time as watts: fJ times MHz a cycle are nanowatts."""
    nanowatts = femtojoules * state.preset.clock_mhz / max(1, cycles)
    return energy_text(round(nanowatts * 10**6)).replace("J", "W")


def _over_time(state: State, width: int) -> Row:
    """Power between moments, the time in cycles from left to right."""
    moments = state.counted_moments()
    row = Row("power ", theme.TITLE)
    cells, end = width - row.length, moments[-1].cycles
    found: list[tuple[int, int, float]] = []
    for before, after in pairwise(moments):
        if after.cycles > before.cycles:
            spent = [energy_of(state.preset, *one.energy_arguments) for one in (before, after)]
            found.append((before.cycles, after.cycles, (spent[1] - spent[0]) / (after.cycles - before.cycles)))
    highest = max((value for _, _, value in found), default=0.0)
    if not highest or cells < 1:
        return row.add("nothing yet", theme.DIM)
    for cell in range(cells):
        cycle = cell * end // cells
        row.add(bar(next((value for start, stop, value in found if start <= cycle < stop), 0) / highest), theme.ENERGY)
    return row
