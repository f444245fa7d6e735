"""The spikes of the population that is shown, in the last steps: a column a step, a row a neuron (or four, in dots)."""

from __future__ import annotations

from typing import Final

import numpy as np

from iss.tui import theme
from iss.tui.braille import COLUMNS, ROWS, braille
from iss.tui.state import State
from iss.tui.text import Line, Row, page

_GUTTER: Final = 7
_GROUP: Final = 32


def title(state: State) -> str:
    """What stands above the pane."""
    shown = state.spiking.shown if not state.running else None
    return "spikes" + ("" if shown is None else f" {state.spiking.name(shown[0])}")


def render(state: State, width: int, height: int) -> list[Line]:
    """The latest steps at the right; the rows are around the chosen neuron."""
    if state.running:
        return page([Row("running", theme.DIM)], width, height)
    if state.spiking.shown is None:
        nothing = "no population" if state.playback is None else "no spike so far"
        return page([Row(nothing, theme.DIM)], width, height)
    address, count = state.spiking.shown
    dense = count > height - 1
    each, columns = (ROWS, COLUMNS) if dense else (1, 1)
    cells, lines = max(1, width - _GUTTER), max(1, height - 1)
    steps, own = state.spiking.spikes(address, cells * columns)
    if not len(own):
        return page([Row("no spike in the last instructions", theme.DIM)], width, height)
    latest = int(steps[-1])
    first_step = max(0, latest - cells * columns + 1)
    rows = []
    shown = min(lines, -(-count // each))
    top = max(0, min(state.view.neuron // each - shown // 2, -(-count // each) - shown))
    dots: dict[int, list[tuple[int, int]]] = {}
    for index in np.flatnonzero(steps >= first_step).tolist():
        bits, base = int(own["bits"][index]), _GROUP * int(own["group"][index])
        column = int(steps[index]) - first_step
        while bits:
            neuron = base + (bits & -bits).bit_length() - 1
            bits &= bits - 1
            dots.setdefault(neuron // each, []).append((column, neuron % each))
    for line in range(top, top + shown):
        row = Row(f"{line * each:>5}  ", theme.DIM)
        here = dots.get(line, [])
        if dense:
            row.add(braille(here, -(-(latest - first_step + 1) // columns)), theme.SPIKE)
        else:
            columns_hit = {column for column, _ in here}
            for column in range(latest - first_step + 1):
                row.add("●" if column in columns_hit else "·", theme.SPIKE if column in columns_hit else theme.DIM)
        rows.append(row)
    rows.append(Row(f"steps {first_step - latest:+d}..0, until nm_t {int(own['time'][-1])}", theme.DIM))
    return page(rows, width, height)
