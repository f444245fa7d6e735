"""The coprocessor's descriptors in memory: networks and populations, found by their magic words and validated.

Reading and checking is the golden model's business; here they are looked for.
"""

from __future__ import annotations

import mmap
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from coprocessor.golden.descriptors import MAGIC, VERSION, Type
from coprocessor.golden.memory import Fault, Memory
from coprocessor.golden.network import read_network
from coprocessor.golden.numbers import s16, signed
from coprocessor.golden.population import Population, read_population
from coprocessor.golden.profiles import Profile
from coprocessor.golden.projection import Projection
from iss.debug.touched import touched_pages
from iss.machine import Machine
from iss.memory.ram import Ram

_MEMBRANE: Final = {Profile.CUBA: 1, Profile.ALIF: 1}
"""State word that holds the membrane potential, where it is not the first."""
_VTH: Final = 4
_ALIGNMENT: Final = 16
Words = np.ndarray[Any, np.dtype[np.int64]]


@dataclass(frozen=True)
class Networks:
    """All valid networks (address and populations in their order) and all valid populations, by address."""

    networks: dict[int, tuple[int, ...]]
    populations: dict[int, Population]


def find(machine: Machine) -> Networks:
    """Look through the whole RAM; what is not valid is not found."""
    if machine.coprocessor is None:
        return Networks({}, {})
    memory = Memory(machine.ram.buffer, machine.ram.base)
    places = _heads(machine)
    networks: dict[int, tuple[int, ...]] = {}
    populations: dict[int, Population] = {}
    for address in places[Type.NET]:
        try:
            targets = [entry.target for entry in read_network(memory, address)]
        except Fault:
            continue
        own: dict[int, Population] = {}
        for target in targets:
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
    return Networks(networks, populations)


def population_at(machine: Machine, address: int) -> Population | None:
    """The population whose descriptor is at an address, None if there is none."""
    try:
        return read_population(Memory(machine.ram.buffer, machine.ram.base), address)
    except Fault:
        return None


def _heads(machine: Machine) -> dict[Type, list[int]]:
    """Where the magic words of networks and populations are; pages that nobody has touched hold none."""
    memory: Any = np.frombuffer(machine.ram.buffer, "<u4", count=machine.ram.size // 4)
    edges = np.flatnonzero(np.diff(touched_pages(machine.ram.buffer), prepend=False, append=False)) * mmap.PAGESIZE // 4
    found: dict[Type, list[int]] = {Type.NET: [], Type.POP: []}
    for start, end in edges.reshape(-1, 2).tolist():
        heads = memory[start : end : _ALIGNMENT // 4]
        for kind, places in found.items():
            word = MAGIC << 16 | kind << 8 | VERSION
            places.extend((machine.ram.base + 4 * start + _ALIGNMENT * np.flatnonzero(heads == word)).tolist())
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
