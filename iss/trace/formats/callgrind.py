"""callgrind's profile format (valgrind manual, "Callgrind Format Specification"), for KCachegrind.

Events: instructions, cycles and, with a preset, picojoules. A command to the coprocessor, and each layer it worked on,
is a function that the instruction calls.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Final, TextIO

from iss.trace.commands import title
from iss.trace.profile.collect import Collector
from iss.trace.profile.costs import Costs, Prices
from iss.trace.profile.stacks import Profile
from iss.trace.reader import Trace

_EVENTS: Final = {"instructions": "Instructions", "cycles": "Cycles", "energy": "pJ"}


@dataclass
class _Calls:
    count: int = 0
    costs: Costs = field(default_factory=Costs)


@dataclass
class _Function:
    """Own costs by address, and calls by address and name of the callee: how many, and what they cost."""

    own: dict[int, Costs] = field(default_factory=lambda: defaultdict(Costs))
    calls: dict[tuple[int, str], _Calls] = field(default_factory=dict)

    def call(self, pc: int, callee: str, count: int, costs: Costs) -> None:
        """Count calls."""
        row = self.calls.setdefault((pc, callee), _Calls())
        row.count += count
        row.costs.add(costs)

    def at(self, pc: int) -> list[tuple[tuple[int, str], _Calls]]:
        """The calls from an address, by name."""
        return sorted((item for item in self.calls.items() if item[0][0] == pc), key=lambda item: item[0])


def write(profile: Profile, out: TextIO) -> None:
    """Write a profile; without a preset it has no energies."""
    trace, preset = profile.counted.trace, profile.prices.preset
    measures = [measure for measure in _EVENTS if measure != "energy" or preset is not None]
    functions = _functions(profile.counted, profile.prices)
    out.write(f"# callgrind format\nversion: 1\ncreator: NeuroHart\ncmd: {trace.program}\n")
    out.write(f"desc: Trigger: {trace.isa}{f' ({preset.name})' if preset is not None else ''}\n")
    out.write(f"positions: instr line\nevents: {' '.join(_EVENTS[measure] for measure in measures)}\n")
    files = {name: _file(trace, function) for name, function in functions.items()}
    summary, carried = [0] * len(measures), Costs()
    for name in sorted(functions):
        function = functions[name]
        out.write(f"\nfl={files[name]}\nfn={name}\n")
        for pc in sorted({*function.own, *(pc for pc, _ in function.calls)}):
            position = _position(trace, pc)
            if pc in function.own:
                carried.add(function.own[pc])  # what rounding has lost comes with a later line
                figures = [carried.by(measure) for measure in measures]
                carried = Costs(fj=carried.fj - 1000 * carried.by("energy"))
                summary = [total + figure for total, figure in zip(summary, figures, strict=True)]
                out.write(f"{position} {' '.join(map(str, figures))}\n")
            for (_, callee), calls in function.at(pc):
                figures = [calls.costs.by(measure) for measure in measures]
                target = _position(trace, min(functions[callee].own, default=pc))
                out.write(f"cfl={files[callee]}\ncfn={callee}\ncalls={calls.count} {target}\n")
                out.write(f"{position} {' '.join(map(str, figures))}\n")
    out.write(f"\nsummary: {' '.join(map(str, summary))}\n")


def _position(trace: Trace, pc: int) -> str:
    line = trace.lines.at(pc)
    return f"{pc:#x} {line.line if line is not None else 0}"


def _file(trace: Trace, function: _Function) -> str:
    """The source of a function: that of the first of its addresses."""
    line = trace.lines.at(min(function.own, default=0))
    return line.file if line is not None else "???"


def _functions(profile: Collector, prices: Prices) -> dict[str, _Function]:
    functions: dict[str, _Function] = defaultdict(_Function)
    names = profile.functions.names
    for place, counted in profile.own.items():
        name = names[profile.nodes[place.node].frame.function]
        functions[name].own[place.pc].add(prices.of(counted))
    for (caller, pc, callee), edge in profile.edges.items():
        functions[names[caller]].call(pc, names[callee], edge.count, prices.of(edge.spent))
        functions.setdefault(names[callee], _Function())  # which has executed nothing if its first instruction trapped
    for key, told in profile.commands.items():
        pc, split = key.place.pc, prices.split(key.place.pc, key.descriptor, told)
        issuer = functions[names[profile.nodes[key.place.node].frame.function]]
        command = title(profile.trace.names, key.operation, key.descriptor)
        whole = Costs()
        whole.add(split.own)
        functions[command].own[pc].add(split.own)
        for layer, share, costs in split.layers:
            name = layer.title(profile.trace.names)
            whole.add(costs)
            functions[name].own[pc].add(costs)
            functions[command].call(pc, name, round(layer.count * share), costs)
        issuer.own[pc].add(whole, -1)
        issuer.call(pc, command, told.count, whole)
    return functions
