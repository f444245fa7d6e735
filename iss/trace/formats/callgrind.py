"""callgrind's profile format (valgrind manual, "Callgrind Format Specification"), for KCachegrind.

Events: instructions, cycles and, with a preset, picojoules. The energy of a command to the coprocessor is that of its
accounts at this address, shared out over its issues by their cycles.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any, Final, TextIO

import numpy as np

from coprocessor.energy import EnergyPreset, energy_fj
from iss.trace.block import Array
from iss.trace.calls import Frame, Functions, Walker
from iss.trace.reader import Trace
from iss.trace.view import View

_EVENTS: Final = ("Instructions", "Cycles", "pJ")
_FEMTO: Final = 1000  # fJ in a pJ
Costs = list[float]


class Prices:
    """What each instruction costs: [n] arrays in the order of the events."""

    def __init__(self, trace: Trace, preset: EnergyPreset | None) -> None:
        self.preset = preset
        self._commands: dict[int, float] = {}  # fJ a cycle of the commands at an address
        if preset is not None:
            self._commands = self._of_accounts(trace, preset)

    @staticmethod
    def _of_accounts(trace: Trace, preset: EnergyPreset) -> dict[int, float]:
        energy: dict[int, int] = defaultdict(int)
        cycles: dict[int, int] = defaultdict(int)
        for account in trace.end.get("accounts", ()):
            counters = account["counters"]
            events = {name: int(counters[name]) for name in ("sop", "nup", "spkout", "wupd")}
            energy[account["site"]] += energy_fj(preset, **events)
            cycles[account["site"]] += int(counters["cyc"])
        return {site: energy[site] / cycles[site] for site in energy if cycles[site]}

    def of(self, view: View) -> list[Array]:
        """The costs of the instructions of a block; time between two instructions counts for the second."""
        cycles = np.diff([view.time(0), *view.ends.tolist()]).astype(np.float64)
        costs = [np.ones(len(view)), cycles]
        if self.preset is not None:
            accesses = np.bincount(view.block.access_index, minlength=len(view) + 1)[: len(view)]
            energy = self.preset.instruction_fj + accesses * float(self.preset.memory_word_fj)
            energy += cycles * (self.preset.leak_nw / self.preset.clock_mhz)
            rates = np.array([self._commands.get(int(pc), 0.0) for pc in view.block.site_pc])
            energy += rates[view.block.site] * cycles
            costs.append(energy / _FEMTO)
        return costs


@dataclass
class _Active:
    """A frame on the stack: who called it from where, and the costs up to its beginning."""

    caller: tuple[int, int] | None
    function: int
    before: Costs


@dataclass
class _Profile:
    prices: Prices
    own: dict[tuple[int, int], Costs] = field(default_factory=dict)  # (function, pc)
    calls: dict[tuple[int, int, int], Costs] = field(default_factory=dict)  # (caller, pc, callee): count, costs
    active: list[_Active] = field(default_factory=list)
    functions: Functions | None = None
    _totals: list[Array] = field(default_factory=list)
    _before: Costs = field(default_factory=list)
    _view: View | None = None

    def _at(self, view: View, index: int) -> Costs:
        """Costs from the beginning of the trace to before an instruction."""
        if self._view is not view:
            if self._totals:
                self._before = [
                    before + float(total[-1]) for before, total in zip(self._before, self._totals, strict=True)
                ]
            costs = self.prices.of(view)
            self._before = self._before or [0.0] * len(costs)
            self._totals = [np.concatenate([[0.0], np.cumsum(cost)]) for cost in costs]
            self._view = view
            self._count(view, costs)
        return [before + float(total[index]) for before, total in zip(self._before, self._totals, strict=True)]

    def enter(self, view: View, index: int, stack: list[Frame], caller: int | None) -> None:
        place = (stack[-2].function, caller) if caller is not None and len(stack) > 1 else None
        self.active.append(_Active(place, stack[-1].function, self._at(view, index)))

    def leave(self, view: View, index: int, stack: list[Frame]) -> None:
        ended = self.active.pop()
        if ended.caller is None:
            return
        spent = [now - before for now, before in zip(self._at(view, index), ended.before, strict=True)]
        row = self.calls.setdefault((*ended.caller, ended.function), [0.0] * (1 + len(spent)))
        for place, amount in enumerate((1.0, *spent)):
            row[place] += amount

    def replace(self, view: View, index: int, stack: list[Frame], function: int) -> None: ...

    def run(self, view: View, begin: int, end: int, stack: list[Frame]) -> None:
        self._at(view, begin)

    def _count(self, view: View, costs: list[Array]) -> None:
        """Charge every instruction to its address: the function that runs is always that of the address."""
        assert self.functions is not None
        sums = [np.bincount(view.block.site, cost, len(view.block.site_pc)) for cost in costs]
        for site, pc in enumerate(view.block.site_pc.tolist()):
            row = self.own.setdefault((self.functions.number(pc), pc), [0.0] * len(costs))
            for place, total in enumerate(sums):
                row[place] += float(total[site])


def write(trace: Trace, out: TextIO, preset: EnergyPreset | None = None) -> None:
    """Write the profile of a trace."""
    profile = _Profile(Prices(trace, preset))
    walker = Walker(trace, profile)
    profile.functions = walker.functions
    walker.walk()
    events = _EVENTS if preset is not None else _EVENTS[:2]
    title = f" ({preset.name})" if preset is not None else ""
    out.write(f"# callgrind format\nversion: 1\ncreator: NeuroHart\ncmd: {trace.program}\n")
    out.write(f"desc: Trigger: {trace.count} instructions of {trace.isa}{title}\n")
    out.write(f"positions: instr line\nevents: {' '.join(events)}\n")
    names = walker.functions.names
    functions: dict[int, list[Any]] = defaultdict(list)
    for (function, pc), costs in profile.own.items():
        functions[function].append((pc, 0, None, costs))
    for (function, pc, callee), costs in profile.calls.items():
        functions[function].append((pc, 1, callee, costs))
    summary = [0.0] * len(events)
    for function in sorted(functions):
        rows = sorted(functions[function], key=lambda row: (*row[:2], -1 if row[2] is None else row[2]))
        first = trace.lines.at(rows[0][0])
        out.write(f"\nfl={first.file if first is not None else '???'}\nfn={names[function]}\n")
        for pc, _, callee, costs in rows:
            place = trace.lines.at(pc)
            position = f"{pc:#x} {place.line if place is not None else 0}"
            if callee is None:
                out.write(f"{position} {_written(costs)}\n")
                summary = [total + cost for total, cost in zip(summary, costs, strict=True)]
            else:
                out.write(f"cfn={names[callee]}\ncalls={round(costs[0])} 0 0\n{position} {_written(costs[1:])}\n")
    out.write(f"\nsummary: {_written(summary)}\n")


def _written(costs: Costs) -> str:
    return " ".join(str(round(cost)) for cost in costs)
