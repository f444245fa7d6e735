"""What was counted at the moments that are known: checkpoints, stops and now. The timeline and energy panels use it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from iss.debug.debugger import Debugger

_MOST_SAMPLES: Final = 512
HART_COUNTS: Final = ("retired", "cycles", "accesses", "traps")
_ENERGY_COUNTS: Final = ("sop", "nup", "spkout", "wupd")


class Counted(NamedTuple):
    """What was counted up to a moment."""

    retired: int
    cycles: int
    accesses: int
    traps: int
    sop: int
    nup: int
    spkout: int
    wupd: int

    @classmethod
    def of(cls, hart: Mapping[str, Any], coprocessor: Mapping[str, Any]) -> Counted:
        """From the counts of a hart and of a coprocessor."""
        counts = [int(coprocessor.get(name, 0)) for name in _ENERGY_COUNTS]
        return cls(*(int(hart[name]) for name in HART_COUNTS), *counts)

    @property
    def energy_arguments(self) -> tuple[int, int, int, dict[str, int]]:
        """For `iss.debug.figures.energy_of`."""
        counts = dict(zip(_ENERGY_COUNTS, self[-len(_ENERGY_COUNTS) :], strict=True))
        return self.retired, self.accesses, self.cycles, counts


class Counts:
    """What was counted at checkpoints of a debugger, and at the stops that `sample` was called at."""

    def __init__(self, debugger: Debugger) -> None:
        self._debugger = debugger
        self._samples: list[Counted] = []

    def now(self, counters: Mapping[str, int]) -> Counted:
        """At the present moment; `counters` are the coprocessor's."""
        hart = self._debugger.machine.hart
        return Counted.of({name: getattr(hart, name) for name in HART_COUNTS}, counters)

    def sample(self, counters: Mapping[str, int]) -> None:
        """Keep what is counted at a stop; of many every other one."""
        self._samples.append(self.now(counters))
        if len(self._samples) > _MOST_SAMPLES:
            self._samples = self._samples[::2]

    def moments(self, counters: Mapping[str, int]) -> list[Counted]:
        """At all known moments in the order of time, the present one among them; never nothing."""
        history = self._debugger.history
        known = {one.retired: one for one in self._samples if one.retired <= history.latest}
        for kept in history.snapshots():
            of_unit = {} if kept.coprocessor is None else kept.coprocessor["counters"]
            known[kept.retired] = Counted.of(kept.hart, of_unit)
        known[self._debugger.now] = self.now(counters)
        return [known[moment] for moment in sorted(known)]
