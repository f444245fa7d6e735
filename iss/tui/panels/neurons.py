"""A population as a heat map of its membranes: dark is rest, red the threshold; the chosen neuron in detail."""

from __future__ import annotations

from typing import Final

import numpy as np

from coprocessor.golden.population import Population
from coprocessor.golden.profiles import Profile
from iss.debug import descriptors
from iss.tui import heat, theme
from iss.tui.state import State
from iss.tui.text import Line, Row, page

_GUTTER: Final = 7


def title(state: State) -> str:
    """What stands above the pane: population, profile, step."""
    population = state.spiking.population
    if population is None:
        return "neurons"
    step = state.csrs.get("nm_t")
    at = "" if step is None else f" · step {step:,}"
    return f"neurons {state.spiking.name(population.address)} {population.profile.name} {population.n:,}{at}"


def per_line(width: int) -> int:
    """Neurons a line: a number that is easily counted."""
    room = max(1, width - _GUTTER)
    return next((count for count in (256, 128, 100, 64, 50, 32, 16, 8) if count <= room), room)


def render(state: State, width: int, height: int) -> list[Line]:
    """As many neurons as fit, with the chosen one among them; below it what is known about that."""
    population = state.spiking.population
    if population is None:
        return page([Row(absence(state), theme.DIM)], width, height)
    values = descriptors.membranes(state.machine, population)
    limits = _limits(state, population, values)
    each = per_line(width)
    lines = -(-population.n // each)
    room = max(1, height - 1)
    chosen = min(state.view.neuron, population.n - 1)
    first = _first(state, population, each, lines, room)
    rows = []
    for line in range(first, min(lines, first + room)):
        more = (line == first and first > 0) or (line == first + room - 1 and line < lines - 1)
        row = Row(f"{line * each:>5}{'…' if more else ' '} ", theme.DIM)
        for neuron in range(line * each, min(population.n, (line + 1) * each)):
            share = heat.share(int(values[neuron]), int(limits[neuron]))
            row.add(heat.glyph(share), theme.SELECTED if neuron == chosen else heat.style(share))
        rows.append(row)
    rows.append(_detail(state, population, chosen, int(limits[chosen])))
    return page(rows, width, height)


def _limits(state: State, population: Population, values: descriptors.Words) -> descriptors.Words:
    """The potentials that are drawn as full: thresholds; of neurons without one the largest potential there is."""
    if population.profile is Profile.LI:
        return np.full(population.n, int(np.abs(values).max(initial=1)), np.int64)
    return descriptors.thresholds(state.machine, population)


def _first(state: State, population: Population, each: int, lines: int, room: int) -> int:
    """The first line that is shown: the chosen neuron is in view."""
    chosen = min(state.view.neuron, population.n - 1)
    return max(0, min(chosen // each - room // 2, lines - room))


def _detail(state: State, population: Population, neuron: int, limit: int) -> Row:
    words = descriptors.named(population, descriptors.state_words(state.machine, population, neuron))
    row = Row(f"neuron {neuron}", theme.SELECTED)
    for name, value in words:
        row.add(f" {name}", theme.DIM).add(f" {value}")
    if population.profile is not Profile.LI:
        row.add(" threshold", theme.DIM).add(f" {limit}")
    slot = (state.csrs.get("nm_t", 0) % population.depth) * population.n + neuron
    waiting = int(descriptors.words(state.machine, population.cur + 4 * slot, 1)[0])
    return row.add(" input", theme.DIM).add(f" {waiting}")


def absence(state: State, shown: str = "membranes", part: str = "population", kind: str = "POP") -> str:
    """Why there is nothing of the coprocessor to be shown: `part` has descriptors of a `kind`."""
    if state.playback is not None:
        return f"a trace does not tell {shown}; `neurohart debug PROGRAM --trace FILE` does"
    if state.machine.coprocessor is None:
        return "no coprocessor: the ISA has no Xnm extension"
    return f"no {part} in memory: nothing there is a valid {kind} descriptor yet"


def at(state: State, width: int, height: int, line: int, column: int) -> int | None:
    """The neuron at a place of the rendered panel, None if there is none."""
    population = state.spiking.population
    each = per_line(width)
    if population is None or not _GUTTER <= column < _GUTTER + each or line >= height - 1:
        return None
    lines, room = -(-population.n // each), max(1, height - 1)
    neuron = (_first(state, population, each, lines, room) + line) * each + column - _GUTTER
    return neuron if neuron < population.n else None
