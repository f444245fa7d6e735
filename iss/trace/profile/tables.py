"""A profile as rows: functions with their own and total costs, and who calls whom."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from iss.trace.profile.costs import Costs
from iss.trace.profile.stacks import Kind, Profile, frame_of


@dataclass
class Row:
    """A function, handler, command or layer; a recursive one counts once in its total."""

    name: str
    kind: Kind
    calls: int = 0  # of commands and layers: how often they were carried out
    own: Costs = field(default_factory=Costs)
    total: Costs = field(default_factory=Costs)
    sops: int = 0
    spikes: int = 0

    def plain(self, energy: bool) -> dict[str, Any]:
        """As an object of JSON."""
        found: dict[str, Any] = {"name": self.name, "kind": self.kind.value, "calls": self.calls}
        found |= {"self": plain_costs(self.own, energy), "total": plain_costs(self.total, energy)}
        if self.kind is Kind.COPROCESSOR:
            found |= {"sops": self.sops, "spikes": self.spikes}
        return found


@dataclass
class Call:
    """Calls of one function by another one, and what they cost until they returned."""

    caller: str
    callee: str
    count: int = 0
    costs: Costs = field(default_factory=Costs)


def plain_costs(costs: Costs, energy: bool) -> dict[str, Any]:
    """Costs as an object of JSON; the energy in pJ, if it is known."""
    found: dict[str, Any] = {"instructions": costs.instructions, "cycles": costs.cycles}
    return found | {"pj": round(costs.fj / 1000, 3)} if energy else found


def rows(profile: Profile) -> list[Row]:
    """All frames by name, those with the most of their own first."""
    found: dict[tuple[str, Kind], Row] = {}
    for path in profile.root.walk():
        frame = path[-1]
        row = found.setdefault((frame.name, frame.kind), Row(frame.name, frame.kind))
        row.own.add(frame.own)
        if all((below.name, below.kind) != (frame.name, frame.kind) for below in path[:-1]):
            row.total.add(frame.total)
        row.calls += frame.count
        row.sops += frame.sops
        row.spikes += frame.spikes
    for entered, count in profile.counted.entered.items():
        if (key := frame_of(profile.counted, entered)) in found:
            found[key].calls += count
    measure = profile.measure
    return sorted(found.values(), key=lambda row: (-row.own.by(measure), -row.total.by(measure), row.name))


def calls(profile: Profile) -> list[Call]:
    """Who calls whom, the most expensive first."""
    names, found = profile.counted.functions.names, dict[tuple[str, str], Call]()
    for (calling, _, called), edge in profile.counted.edges.items():
        caller, callee = names[calling], names[called]
        call = found.setdefault((caller, callee), Call(caller, callee))
        call.count += edge.count
        call.costs.add(profile.prices.of(edge.spent))
    return sorted(found.values(), key=lambda call: (-call.costs.by(profile.measure), call.caller, call.callee))


@dataclass
class Instruction:
    """An instruction of an annotated function and what it has cost; of one that never retired nothing."""

    pc: int
    word: int
    costs: Costs


def annotated(profile: Profile, function: str) -> Iterator[Instruction]:
    """The instructions of a function that were executed, by address; ValueError if the function was not entered."""
    counted, sums = profile.counted, dict[int, Costs]()
    number = counted.functions.names.index(function)
    for place, own in counted.own.items():
        if counted.functions.number(place.pc) == number:
            sums.setdefault(place.pc, Costs()).add(profile.prices.of(own))
    for pc in sorted(sums):
        yield Instruction(pc, counted.words.get(pc, 0), sums[pc])


def summary(profile: Profile) -> dict[str, Any]:
    """The profile as an object of JSON."""
    trace, preset = profile.counted.trace, profile.prices.preset
    energy = preset is not None
    return {
        "program": trace.program,
        "isa": trace.isa,
        "preset": preset.name if preset is not None else None,
        "by": profile.measure,
        "total": plain_costs(profile.root.total, energy),
        "kinds": kinds(profile),
        "functions": [row.plain(energy) for row in rows(profile)],
        "calls": [
            {"caller": call.caller, "callee": call.callee, "count": call.count} | plain_costs(call.costs, energy)
            for call in calls(profile)
        ],
    }


def kinds(profile: Profile) -> dict[str, int]:
    """How much of the total belongs to each kind of frames; kinds that there are not are left out."""
    found = dict.fromkeys((kind.value for kind in Kind), 0)
    for path in profile.root.walk():
        found[path[-1].kind.value] += path[-1].own.by(profile.measure)
    return {kind: amount for kind, amount in found.items() if amount}
