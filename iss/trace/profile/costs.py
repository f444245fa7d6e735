"""Prices of what was counted: cycles, instructions and, with a preset, energy.

The energy of a command to the coprocessor is that of the accounts of its address, shared out over its issues by their
cycles; leakage belongs to whoever lets time pass.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from coprocessor.energy import EnergyPreset, energy_fj
from coprocessor.interface import Operation
from iss.loaders.names import Names
from iss.trace.commands import title
from iss.trace.profile.collect import Commanded, Counted

MEASURES: Final = ("cycles", "instructions", "energy")
"""What a profile can be sorted and drawn by."""
_PRICED: Final = ("sop", "nup", "spkout", "wupd")


@dataclass
class Costs:
    """Instructions, cycles and femtojoules."""

    instructions: int = 0
    cycles: int = 0
    fj: float = 0.0

    def add(self, other: Costs, sign: int = 1) -> None:
        """Add or, with -1, take away."""
        self.instructions += sign * other.instructions
        self.cycles += sign * other.cycles
        self.fj += sign * other.fj

    def by(self, measure: str) -> int:
        """The figure of one of MEASURES; energy in pJ."""
        if measure == "energy":
            return round(self.fj / 1000)
        return self.instructions if measure == "instructions" else self.cycles


@dataclass
class Layer:
    """What an operation on a descriptor has cost under the commands of one address."""

    descriptor: int
    operation: int
    count: int
    counters: Mapping[str, int]
    fj: float

    def title(self, names: Names) -> str:
        """`nm.syn weights`; of accounts that found no room nothing is known."""
        return title(names, self.operation, self.descriptor) if self.descriptor else "(other descriptors)"


@dataclass
class Split:
    """The costs of commands: their own, and for each layer its share and its costs."""

    own: Costs
    sops: int = 0
    layers: list[tuple[Layer, float, Costs]] = field(default_factory=list)


class Prices:
    """What things cost under a preset; without one only instructions and cycles are known."""

    def __init__(self, preset: EnergyPreset | None, end: Mapping[str, Any]) -> None:
        """`end` is that of a trace: its accounts tell what commands did."""
        self.preset = preset
        self.layers: dict[int, list[Layer]] = defaultdict(list)  # by the address that issued the command
        for account in end.get("accounts", ()):
            counters = {name: int(value) for name, value in account["counters"].items()}
            events = {name: counters[name] for name in _PRICED}
            layer = Layer(
                int(account["descriptor"]),
                Operation(account["operation"]) if account["descriptor"] else 0,
                int(account["operations"]),
                counters,
                energy_fj(preset, **events) if preset is not None else 0.0,
            )
            self.layers[int(account["site"])].append(layer)
        self._rates: dict[int, float] = {}  # fJ a cycle
        for site, layers in self.layers.items():
            cycles = sum(layer.counters["cyc"] for layer in layers)
            self._rates[site] = sum(layer.fj for layer in layers) / cycles if cycles else 0.0

    def rate(self, site: int) -> float:
        """Femtojoules a cycle of the commands that an address issues, without leakage."""
        return self._rates.get(site, 0.0)

    def leakage(self, cycles: float) -> float:
        """Femtojoules that leak away while cycles pass."""
        return 0.0 if self.preset is None else cycles * self.preset.leak_nw / self.preset.clock_mhz

    def of(self, counted: Counted) -> Costs:
        """The costs of what was counted."""
        costs = Costs(counted.instructions, counted.cycles)
        if self.preset is not None:
            costs.fj = counted.instructions * self.preset.instruction_fj + counted.accesses * self.preset.memory_word_fj
            costs.fj += self.leakage(counted.cycles)
            costs.fj += sum(self.rate(site) * cycles for site, cycles in counted.engine.items())
        return costs

    def split(self, site: int, descriptor: int, told: Commanded) -> Split:
        """The costs of commands issued at an address on a descriptor, apart from those of the layers they worked on."""
        own = Costs(told.count, told.cycles)
        if self.preset is not None:
            own.fj = told.count * self.preset.instruction_fj + self.leakage(told.cycles)
            own.fj += self.rate(site) * told.cycles
        layers = self.layers.get(site, [])
        whole = sum(layer.counters["cyc"] for layer in layers)
        split = Split(own)
        for layer in layers if whole else ():
            share = told.cycles / whole
            cycles = layer.counters["cyc"] * told.cycles // whole
            split.sops += round(layer.counters["sop"] * share)
            if len(layers) > 1 or layer.descriptor != descriptor:
                costs = Costs(0, cycles, layer.fj * share + self.leakage(cycles))
                own.add(costs, -1)
                split.layers.append((layer, share, costs))
        return split
