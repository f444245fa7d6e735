"""Cycles and energy of a recorded run under other costs, from the trace alone.

A run is the same instructions whatever they cost, as long as the program does not look at time: then only counts times
costs change. What depends on operands (`elapse`, commands to the coprocessor, sleep) stays as recorded.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from iss.errors import NeuroHartError
from iss.hart.timing import TimingModel
from iss.isa.definitions import MAXIMUM_CYCLES, Definition
from iss.trace.events import Kind
from iss.trace.reader import Trace

FJ = 1000  # in a picojoule
_SETTING = re.compile(r"(?P<name>\S+)\.(?P<what>cycles|energy_pj)=(?P<value>\S+)\Z")
_CLOCK_READS = frozenset("csrrw csrrs csrrc csrrwi csrrsi csrrci".split())
_CLOCKS = frozenset({0xB00, 0xB80, 0xC00, 0xC80, 0xC01, 0xC81})


@dataclass(frozen=True, slots=True)
class EnergyModel:
    """What energy a run costs beside the energies that instructions have of their own (fJ, nW, MHz)."""

    name: str
    instruction_fj: int
    access_fj: int
    leak_nw: int
    clock_mhz: int


@dataclass
class Settings:
    """New costs by mnemonic: cycles and energies (pJ)."""

    cycles: dict[str, int] = field(default_factory=dict)
    energy_pj: dict[str, float] = field(default_factory=dict)

    def add(self, text: str) -> None:
        """Add `INSN.cycles=N` or `INSN.energy_pj=X`; NeuroHartError says what is expected."""
        found = _SETTING.match(text)
        if found is None:
            raise NeuroHartError(f"{text!r} is no setting; expected such as spk.lif.cycles=4 or spk.lif.energy_pj=1.5")
        try:
            if found["what"] == "cycles":
                cycles = int(found["value"])
                if not 0 <= cycles <= MAXIMUM_CYCLES:
                    raise ValueError
                self.cycles[found["name"]] = cycles
            else:
                energy = float(found["value"])
                if not 0 <= energy < 1e9:
                    raise ValueError
                self.energy_pj[found["name"]] = energy
        except ValueError:
            expected = f"0..{MAXIMUM_CYCLES}" if found["what"] == "cycles" else "a number of picojoules, 0 or more"
            raise NeuroHartError(f"{text!r}: {found['value']!r}, expected {expected}") from None

    def names(self) -> set[str]:
        """Every mnemonic that is set."""
        return {*self.cycles, *self.energy_pj}


@dataclass
class Row:
    """One instruction: how often, and its cycles and energy as recorded and under the new costs."""

    mnemonic: str
    count: int = 0
    accesses: int = 0
    cycles: int = 0
    new_cycles: int = 0
    fj: int = 0
    new_fj: int = 0

    @property
    def changes(self) -> bool:
        return (self.cycles, self.fj) != (self.new_cycles, self.new_fj)


@dataclass
class WhatIf:
    """Both accounts of a run; `cycles` include what no instruction causes, `doubts` say why the new one may be off."""

    rows: list[Row]
    cycles: int
    new_cycles: int
    leakage_fj: int
    new_leakage_fj: int
    doubts: list[str]

    @property
    def fj(self) -> int:
        return sum(row.fj for row in self.rows) + self.leakage_fj

    @property
    def new_fj(self) -> int:
        return sum(row.new_fj for row in self.rows) + self.new_leakage_fj

    def plain(self) -> dict[str, Any]:
        """As JSON."""
        return {
            "cycles": {"before": self.cycles, "after": self.new_cycles},
            "energy_fj": {"before": self.fj, "after": self.new_fj},
            "leakage_fj": {"before": self.leakage_fj, "after": self.new_leakage_fj},
            "doubts": self.doubts,
            "instructions": [
                {
                    "mnemonic": row.mnemonic,
                    "count": row.count,
                    "accesses": row.accesses,
                    "cycles": {"before": row.cycles, "after": row.new_cycles},
                    "energy_fj": {"before": row.fj, "after": row.new_fj},
                }
                for row in self.rows
            ],
        }


def what_if(
    trace: Trace,
    settings: Settings,
    model: EnergyModel,
    own_energy: Mapping[str, int],
    timing: TimingModel | None = None,
) -> WhatIf:
    """Return a trace's cycles and energy as recorded and under `settings` and, if given, another timing model.

    `own_energy` are the energies that extensions declare, in fJ. NeuroHartError for a mnemonic that the trace lacks.
    """
    rows: dict[str, Row] = {}
    definitions: dict[str, Definition | None] = {}
    taken: dict[str, int] = {}
    cycles = 0
    for view in trace.views():
        block = view.block
        cycles += int(view.end_cycle) - int(block.cycle)
        sites = len(block.site_word)
        counts = np.bincount(block.site, minlength=sites)
        costs = np.bincount(block.site, weights=view.cost.astype(np.float64), minlength=sites)
        jumps = np.bincount(block.site, weights=view.taken, minlength=sites)
        owners = block.access_index[block.access_index < len(block)].astype(np.int64)
        accesses = np.bincount(block.site[owners], minlength=sites)
        for word, count, cost, jumped, touched in zip(block.site_word, counts, costs, jumps, accesses, strict=True):
            decoded = trace.decoder.word(int(word))
            row = rows.setdefault(decoded.mnemonic, Row(decoded.mnemonic))
            definitions.setdefault(decoded.mnemonic, decoded.definition)
            row.count += int(count)
            row.cycles += int(cost)
            row.accesses += int(touched)
            taken[decoded.mnemonic] = taken.get(decoded.mnemonic, 0) + int(jumped)
    missing = settings.names() - set(rows)
    if missing:
        name = min(missing)
        raise NeuroHartError(f"the trace has no {name}; it has {', '.join(sorted(rows))}")
    for name, row in rows.items():
        row.new_cycles = row.cycles + _more_cycles(trace, row, definitions[name], taken[name], settings, timing)
        energy = own_energy.get(name, model.instruction_fj)
        new_energy = round(settings.energy_pj[name] * FJ) if name in settings.energy_pj else energy
        row.fj = row.count * energy + row.accesses * model.access_fj
        row.new_fj = row.count * new_energy + row.accesses * model.access_fj
    more = sum(row.new_cycles - row.cycles for row in rows.values())
    leakage, new_leakage = (model.leak_nw * total // model.clock_mhz for total in (cycles, cycles + more))
    ordered = sorted(rows.values(), key=lambda row: (-row.cycles, row.mnemonic))
    return WhatIf(ordered, cycles, cycles + more, leakage, new_leakage, _doubts(trace, more))


def _more_cycles(
    trace: Trace,
    row: Row,
    definition: Definition | None,
    taken: int,
    settings: Settings,
    timing: TimingModel | None,
) -> int:
    """Return how many cycles more all executions of one instruction take."""
    if definition is None:
        return 0
    recorded = trace.decoder.timing
    model = timing or recorded
    cost = settings.cycles.get(row.mnemonic, model.cost(definition))
    more = row.count * (cost - recorded.cost(definition))
    return more + taken * (model.taken_branch - recorded.taken_branch)


def _doubts(trace: Trace, more: int) -> list[str]:
    """Return what in the run depends on time: there another cost may lead to other instructions."""
    if not more:
        return []
    found: set[str] = set()
    for view in trace.views():
        kinds: Iterable[int] = set(view.kinds.tolist())
        if Kind.INTERRUPT in kinds:
            found.add("it takes interrupts")
        if Kind.SLEEP in kinds:
            found.add("it sleeps in wfi")
        for word in view.block.site_word.tolist():
            decoded = trace.decoder.word(int(word))
            if decoded.mnemonic in _CLOCK_READS and int(word) >> 20 in _CLOCKS:
                found.add("it reads a clock")
    return sorted(found)
