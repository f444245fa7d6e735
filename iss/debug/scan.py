"""One observed pass over a stretch of time that notes candidate moments."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from iss.debug.history import History
from iss.debug.search import AtAddress, AtChosen, Chunk, Places, Wanted, candidates, depths
from iss.machine import Outcome


class Scan:
    """Candidates of `wanted` later than `after`; with `until_found` the pass ends soon after the first one."""

    def __init__(self, history: History, wanted: Sequence[Wanted], after: int, *, until_found: bool) -> None:
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
        self._time += len(chunk.retired)
        self.look(chunk)
        pcs = chunk.retired["a"]
        for wanted in self._wanted:
            if isinstance(wanted, AtAddress):
                self.following |= {moment: int(pcs[moment - chunk.start]) for moment in wanted.moments(chunk).tolist()}
        moments = candidates(chunk, self._wanted)
        moments = moments[moments > self._after]
        if len(moments):
            self._found.append(moments)
            if self._until_found:
                self._history.machine.pause()

    def look(self, chunk: Chunk) -> None:
        """For scans that look at more than candidates."""


class DepthScan(Scan):
    """A pass that also follows the depth of calls, 0 at its beginning, and ends when it has come down to `target`."""

    def __init__(self, history: History, wanted: Sequence[Wanted], after: int, target: int) -> None:
        super().__init__(history, wanted, after, until_found=True)
        self._target, self.depth = target, 0
        self.arrived: int | None = None

    def look(self, chunk: Chunk) -> None:
        levels = self.depth + np.cumsum(depths(chunk))
        if not len(levels):
            return
        self.depth = int(levels[-1])
        if self.arrived is None and len(reached := np.flatnonzero(levels <= self._target)):
            self.arrived = chunk.start + 1 + int(reached[0])
            self._history.machine.pause()


class DepthRecord(Scan):
    """A pass that notes every change of the depth of calls, 0 at its beginning."""

    def __init__(self, history: History, wanted: Sequence[Wanted]) -> None:
        super().__init__(history, wanted, -1, until_found=False)
        self.depth = 0
        self._times: list[Places] = [np.array([history.now])]
        self._levels: list[Places] = [np.array([0])]

    def look(self, chunk: Chunk) -> None:
        levels = self.depth + np.cumsum(depths(chunk))
        changed = np.flatnonzero(np.diff(levels, prepend=self.depth))
        self._times.append(chunk.start + 1 + changed)
        self._levels.append(levels[changed])
        self.depth = int(levels[-1]) if len(levels) else self.depth

    def latest(self, target: int, before: int) -> int | None:
        """The latest time before `before` at which the depth was `target` above the end's, or less."""
        times, levels = np.concatenate(self._times), np.concatenate(self._levels) - self.depth
        ends = np.minimum(np.append(times[1:], before), before) - 1  # each level holds from its time to there
        fits = np.flatnonzero((levels <= target) & (ends >= times))
        return int(ends[fits[-1]]) if len(fits) else None
