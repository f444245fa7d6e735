"""A profile as a tree of frames: functions, handlers of traps, commands to the coprocessor and their layers, sleep."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum

from coprocessor.energy import EnergyPreset
from iss.trace.calls import Frame
from iss.trace.commands import title
from iss.trace.profile.collect import ROOT, Collector, Commanded, CommandKey
from iss.trace.profile.costs import Costs, Prices

ASLEEP = "(asleep)"


class Kind(Enum):
    """What a frame is."""

    FIRMWARE = "firmware"
    TRAP = "trap handler"
    COPROCESSOR = "coprocessor"
    ASLEEP = "asleep"


@dataclass
class Stack:
    """A frame with its own costs and the frames above it by name."""

    name: str
    kind: Kind
    own: Costs = field(default_factory=Costs)
    total: Costs = field(default_factory=Costs)
    count: int = 0  # of commands and their layers
    sops: int = 0
    spikes: int = 0
    above: dict[str, Stack] = field(default_factory=dict)

    def frame(self, name: str, kind: Kind) -> Stack:
        """The frame of a name above this one."""
        return self.above.setdefault(name, Stack(name, kind))

    def walk(self, path: tuple[Stack, ...] = ()) -> Iterator[tuple[Stack, ...]]:
        """The paths to all frames above this one, in the order of names; those below come first."""
        pending = [(*path, frame) for frame in sorted(self.above.values(), key=lambda frame: frame.name, reverse=True)]
        while pending:
            found = pending.pop()
            yield found
            above = sorted(found[-1].above.values(), key=lambda frame: frame.name, reverse=True)
            pending += [(*found, frame) for frame in above]


def frame_of(profile: Collector, frame: Frame) -> tuple[str, Kind]:
    """Name and kind of a frame that the walker has found."""
    name = profile.functions.names[frame.function]
    return (f"trap:{name}", Kind.TRAP) if frame.is_trap else (name, Kind.FIRMWARE)


@dataclass(frozen=True)
class Profile:
    """What was counted and what it cost, shown by one of `costs.MEASURES`."""

    counted: Collector
    prices: Prices
    root: Stack
    """No frame itself; its total is that of the profile."""
    measure: str = "cycles"

    @classmethod
    def of(cls, counted: Collector, preset: EnergyPreset | None = None, measure: str = "cycles") -> Profile:
        """The profile of what was counted; without a preset it knows no energy."""
        prices = Prices(preset, counted.trace.end)
        return cls(counted, prices, _stacks(counted, prices), measure)

    @property
    def whole(self) -> int:
        """The total of the measure."""
        return self.root.total.by(self.measure)


def _stacks(profile: Collector, prices: Prices) -> Stack:
    root = Stack("all", Kind.FIRMWARE)
    frames: list[Stack] = []
    for node in profile.nodes:  # what is below has a lower number
        below = root if node.below == ROOT else frames[node.below]
        frames.append(below.frame(*frame_of(profile, node.frame)))
    for place, counted in profile.own.items():
        frames[place.node].own.add(prices.of(counted))
    for key, told in profile.commands.items():
        _command(profile, prices, frames[key.place.node], key, told)
    for node_number, cycles in profile.asleep.items():
        slept = Costs(0, cycles, prices.leakage(cycles))
        frames[node_number].own.add(slept, -1)
        frames[node_number].frame(ASLEEP, Kind.ASLEEP).own.add(slept)
    _sum(root)
    return root


def _command(profile: Collector, prices: Prices, below: Stack, key: CommandKey, told: Commanded) -> None:
    """Put a frame for a command above the function that has issued it, and the layers it worked on above that."""
    names, split = profile.trace.names, prices.split(key.place.pc, key.descriptor, told)
    frame = below.frame(title(names, key.operation, key.descriptor), Kind.COPROCESSOR)
    frame.own.add(split.own)
    below.own.add(split.own, -1)
    frame.count += told.count
    frame.sops += split.sops
    frame.spikes += told.spikes
    for layer, share, costs in split.layers:
        above = frame.frame(layer.title(names), Kind.COPROCESSOR)
        above.own.add(costs)
        below.own.add(costs, -1)
        above.count += round(layer.count * share)
        above.sops += round(layer.counters["sop"] * share)
        above.spikes += round(layer.counters["spkout"] * share)


def _sum(root: Stack) -> None:
    """Give each frame the sum of its own costs and of all above it."""
    paths = list(root.walk())
    for frame in (root, *(path[-1] for path in paths)):
        frame.total.add(frame.own)
    for path in sorted(paths, key=len, reverse=True):
        (path[-2] if len(path) > 1 else root).total.add(path[-1].total)
