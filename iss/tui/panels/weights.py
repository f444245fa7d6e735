"""The weights of a projection: a row a source, a column a neuron; the chosen synapse in detail."""

from __future__ import annotations

from typing import Final

from iss.tui import heat, theme
from iss.tui.panels.neurons import absence
from iss.tui.state import State
from iss.tui.text import Line, Row, page

_GUTTER: Final = 7
_MOST_SYNAPSES: Final = 4000
"""Looked at in one picture."""


def title(state: State) -> str:
    """What stands above the pane: projection, sizes, format."""
    projection = state.spiking.projection
    if projection is None:
        return "weights"
    name, kind = state.program.names.at(projection.address), projection.format.name
    return f"weights {name} {projection.n_pre:,} → {projection.n_post:,} {kind}"


def render(state: State, width: int, height: int) -> list[Line]:
    """As many sources and neurons as fit, with the chosen ones among them."""
    projection = state.spiking.projection
    if projection is None:
        return page([Row(absence(state, "weights", "projection", "SYN"), theme.DIM)], width, height)
    room, cells = max(1, height - 1), max(1, width - _GUTTER)
    room = min(room, max(1, _MOST_SYNAPSES // projection.n_post))
    source = min(state.view.source, projection.n_pre - 1)
    neuron = min(state.view.neuron, projection.n_post - 1)
    top = max(0, min(source - room // 2, projection.n_pre - room))
    left = max(0, min(neuron - cells // 2, projection.n_post - cells))
    sources = range(top, min(projection.n_pre, top + room))
    shown = {number: state.spiking.synapses(projection, number) for number in sources}
    largest = max((abs(weight) for row in shown.values() for weight, _ in row.values()), default=1)
    rows = []
    for number, synapses in shown.items():
        row = Row(f"{number:>5}{'…' if left else ' '} ", theme.SELECTED if number == source else theme.DIM)
        for post in range(left, min(projection.n_post, left + cells)):
            chosen = number == source and post == neuron
            if post not in synapses:
                row.add("·", theme.SELECTED if chosen else theme.DIM)
                continue
            part = heat.share(synapses[post][0], largest)
            row.add(heat.glyph(part), theme.SELECTED if chosen else heat.style(part))
        rows.append(row)
    rows.append(_detail(shown.get(source, {}), source, neuron, largest))
    return page(rows, width, height)


def _detail(synapses: dict[int, tuple[int, int]], source: int, neuron: int, largest: int) -> Row:
    row = Row(f"source {source}", theme.SELECTED).add(" → neuron", theme.DIM).add(f" {neuron}")
    if neuron in synapses:
        weight, delay = synapses[neuron]
        row.add(" weight", theme.DIM).add(f" {weight}")
        if delay:
            row.add(" delay", theme.DIM).add(f" {delay}")
    else:
        row.add(" no synapse", theme.DIM)
    total = sum(weight for weight, _ in synapses.values())
    row.add(f"  source: {len(synapses):,} synapses, sum {total:+,}", theme.DIM)
    return row.add(f"  full: {largest}", theme.DIM)
