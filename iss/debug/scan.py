"""One observed pass over a stretch of time that notes candidate moments."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from iss.debug.arrivals import Arrival, Stretch, Walk
from iss.debug.history import History
from iss.debug.search import AtAddress, AtChosen, Chunk, Places, Wanted
from iss.machine import Outcome


class Scan:
    """Candidates of `wanted` later than `after`; with `until_found` the pass ends soon after the first one.

    It ends, too, soon after `arrival` has found a moment, which is `arrived` then.
    """

    def __init__(
        self,
        history: History,
        wanted: Sequence[Wanted],
        after: int,
        *,
        until_found: bool,
        arrival: Arrival | None = None,
    ) -> None:
        self._arrival = arrival
        self.arrived: int | None = None
        self._history, self._wanted, self._after, self._until_found = history, wanted, after, until_found
        self._time = history.now
        self._found: list[Places] = []
        self.following: dict[int, int] = {}
        """Address of the instruction that retires next, at those moments at which an address was looked for."""

    @property
    def found(self) -> Places:
        """The candidates, ascending."""
        return np.unique(np.concatenate(self._found)) if self._found else np.zeros(0, dtype=np.int64)

    def run(self, instructions: int) -> Outcome:
        """Pass over so many instructions; the end is LIMIT when there is more to see."""
        machine = self._history.machine
        machine.observe(self._consume, spikes=any(isinstance(wanted, AtChosen) for wanted in self._wanted))
        try:
            return self._history.run(instructions)
        finally:
            machine.observe(None)

    def _consume(self, records: Any) -> None:
        if self._history.interrupted and self._until_found:
            self._history.machine.pause()
        self._history.machine.take_spikes()
        chunk = Chunk.of(records, self._time)
        self._time += chunk.count
        self.look(chunk)
        found = [wanted.moments(chunk) for wanted in self._wanted]
        for wanted, times in zip(self._wanted, found, strict=True):
            if isinstance(wanted, AtAddress) and len(times):
                pcs = chunk.retired["a"][times - chunk.start]
                self.following |= dict(zip(times.tolist(), pcs.tolist(), strict=True))
        moments = np.unique(np.concatenate(found)) if found else np.zeros(0, np.int64)
        moments = moments[moments > self._after]
        if len(moments):
            self._found.append(moments)
            if self._until_found:
                self._history.machine.pause()

    def look(self, chunk: Chunk) -> None:
        """Look for the end of the motion in a chunk."""
        if self._arrival is not None and self.arrived is None:
            self.arrived = self._arrival.look(chunk)
            if self.arrived is not None:
                self._history.machine.pause()


class Record(Scan):
    """A pass that notes where the hart was at each moment, and how deep in calls."""

    def __init__(self, history: History, wanted: Sequence[Wanted]) -> None:
        super().__init__(history, wanted, -1, until_found=False)
        self._begin, self._walk = history.now, Walk()
        self._pcs: list[NDArray[np.uint32]] = []
        self._depths: list[NDArray[np.int32]] = []

    def look(self, chunk: Chunk) -> None:
        pcs, before = self._walk.take(chunk)
        self._pcs.append(pcs)
        self._depths.append(before.astype(np.int32))

    def stretch(self, depth: int) -> Stretch:
        """What was noted; behind it the depth of calls is `depth`."""
        pcs = np.concatenate(self._pcs) if self._pcs else np.zeros(0, np.uint32)
        levels = np.concatenate(self._depths).astype(np.int64) if self._depths else np.zeros(0, np.int64)
        return Stretch(self._begin, pcs, levels - self._walk.depth + depth)
