"""The coprocessor's descriptors in memory: networks and populations, found by their magic words and validated.

Reading and checking is the golden model's business; here they are looked for.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from coprocessor.golden.descriptors import MAGIC, VERSION, Type
from coprocessor.golden.memory import Fault, Memory, Unit
from coprocessor.golden.network import read_network
from coprocessor.golden.numbers import s16, signed
from coprocessor.golden.population import Population, read_population
from coprocessor.golden.profiles import Profile
from coprocessor.golden.projection import Delay, Projection, read_projection
from coprocessor.golden.random import RandomSource
from coprocessor.golden.synapses import row_synapses
from iss.debug.touched import touched_parts
from iss.machine import Machine
from iss.memory.ram import Ram

_MEMBRANE: Final = {Profile.CUBA: 1, Profile.ALIF: 1}
"""State word that holds the membrane potential, where it is not the first."""
_VTH: Final = 4
_ALIGNMENT: Final = 16
Words = np.ndarray[Any, np.dtype[np.int64]]


@dataclass(frozen=True)
class Networks:
    """All valid networks (address and populations in their order), populations and projections, by address."""

    networks: dict[int, tuple[int, ...]]
    populations: dict[int, Population]
    projections: dict[int, Projection]


NOTHING: Final = Networks({}, {}, {})


def find(machine: Machine) -> Networks:
    """Look through the whole RAM; what is not valid is not found."""
    if machine.coprocessor is None:
        return NOTHING
    memory = Memory(machine.ram.buffer, machine.ram.base)
    places = _heads(machine)
    networks: dict[int, tuple[int, ...]] = {}
    populations: dict[int, Population] = {}
    projections: dict[int, Projection] = {}
    for address in places[Type.NET]:
        try:
            targets = [entry.target for entry in read_network(memory, address)]
        except Fault:
            continue
        own: dict[int, Population] = {}
        for target in targets:
            if isinstance(target, Projection):
                projections[target.address] = target
            population = target.population if isinstance(target, Projection) else target
            if isinstance(population, Population):
                own[population.address] = population
        networks[address] = tuple(own)
        populations |= own
    for address in places[Type.POP]:
        try:
            populations.setdefault(address, read_population(memory, address))
        except Fault:
            continue
    for address in places[Type.SYN]:
        try:
            projections.setdefault(address, read_projection(memory, address))
        except Fault:
            continue
    return Networks(networks, populations, projections)


def synapses_of(machine: Machine, projection: Projection, source: int) -> dict[int, tuple[int, int]]:
    """Weight and delay of each synapse of a source, by neuron; empty where its tables are damaged."""
    unit = Unit(Memory(machine.ram.buffer, machine.ram.base))
    base = projection.fixed_delay
    try:
        if projection.delay is Delay.PER_SOURCE:
            base += unit.load(projection.delays + source, 1)
        found = row_synapses(unit, projection, source, base, RandomSource())
        return {neuron: (weight, base + delay) for neuron, weight, delay in found}
    except Fault:
        return {}


def population_at(machine: Machine, address: int) -> Population | None:
    """The population whose descriptor is at an address, None if there is none."""
    try:
        return read_population(Memory(machine.ram.buffer, machine.ram.base), address)
    except Fault:
        return None


def _heads(machine: Machine) -> dict[Type, list[int]]:
    """Where the magic words of networks and populations are; pages that nobody has touched hold none."""
    memory: Any = np.frombuffer(machine.ram.buffer, "<u4", count=machine.ram.size // 4)
    found: dict[Type, list[int]] = {Type.NET: [], Type.POP: [], Type.SYN: []}
    for start, end in touched_parts(machine.ram.buffer):
        heads = memory[start // 4 : end // 4 : _ALIGNMENT // 4]
        for kind, places in found.items():
            word = MAGIC << 16 | kind << 8 | VERSION
            places.extend((machine.ram.base + start + _ALIGNMENT * np.flatnonzero(heads == word)).tolist())
    return found


def words(machine: Machine, address: int, count: int) -> Words:
    """Signed words of memory; those outside of RAM are 0."""
    return _words_in(machine.ram, address, count)


def _words_in(ram: Ram, address: int, count: int) -> Words:
    try:
        return np.frombuffer(ram.read(address, 4 * count), "<i4").astype(np.int64)
    except IndexError:
        return np.zeros(count, np.int64)


def membranes(machine: Machine, population: Population) -> Words:
    """Membrane potential of every neuron (of SD the activation's sigma, of IZH Q8.8 mV)."""
    return membranes_in(machine.ram, population)


def membranes_in(ram: Ram, population: Population) -> Words:
    """Those in any memory."""
    word = _MEMBRANE.get(population.profile, 0)
    values = _words_in(ram, population.state + 4 * word * population.n, population.n)
    return ((values & 0xFFFF) ^ 0x8000) - 0x8000 if population.profile is Profile.IZH else values


def thresholds(machine: Machine, population: Population) -> Words:
    """Threshold of every neuron: its own, that of an adaptive neuron, or the population's."""
    if population.profile is Profile.ALIF:
        return words(machine, population.state + 8 * population.n, population.n)
    if _VTH in population.replaced:
        return words(machine, population.parameter_address(_VTH, 0), population.n)
    return np.full(population.n, population.parameters.vth, np.int64)


def state_words(machine: Machine, population: Population, neuron: int) -> list[int]:
    """The state words of one neuron, signed."""
    return [
        int(words(machine, population.state + 4 * (k * population.n + neuron), 1)[0])
        for k in range(population.state_words)
    ]


STATE_NAMES: Final = {
    Profile.IF: ("v",),
    Profile.LIF: ("v",),
    Profile.CUBA: ("u", "v"),
    Profile.ALIF: ("u", "v", "th", "r"),
    Profile.IZH: ("u:v",),
    Profile.TN: ("v",),
    Profile.LI: ("v",),
    Profile.SD: ("sig", "act", "res"),
}
"""Names of the state words (specification 3.2); a refractory counter follows as `cnt`."""


def named(population: Population, values: list[int]) -> list[tuple[str, str]]:
    """The state words of a neuron with their names, as text."""
    names = [*STATE_NAMES[population.profile], "cnt"]
    if population.profile is Profile.IZH:
        word = values[0] & 0xFFFF_FFFF
        first = f"{signed(word >> 16, 16) / 256:g}:{s16(word & 0xFFFF) / 256:g} mV"
        return [("u:v", first), *((name, str(value)) for name, value in zip(names[1:], values[1:], strict=False))]
    return [(name, str(value)) for name, value in zip(names, values, strict=False)]
