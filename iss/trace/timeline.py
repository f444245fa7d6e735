"""What was executed when: counts in stretches of cycles that grow with the run, so that their number stays small."""

from __future__ import annotations

from typing import Final

import numpy as np

from iss.trace.block import Array
from iss.trace.profile.blocks import BlockCosts
from iss.trace.profile.collect import Counted
from iss.trace.profile.costs import Prices
from iss.trace.view import View

STRETCHES: Final = 512
FIRMWARE, COPROCESSOR, LEAKAGE = "firmware", "coprocessor", "leakage"


class Timeline:
    """Takes the blocks of a trace; `width` cycles a stretch, the first begins at cycle `start`."""

    def __init__(self) -> None:
        self.start, self.end, self.width = -1, 0, 1
        self.instructions, self.accesses = np.zeros(STRETCHES), np.zeros(STRETCHES)
        self.engine: dict[int, Array] = {}
        """Cycles of commands in each stretch, by the address that issued them."""

    def take(self, view: View) -> None:
        """Count the next block."""
        costs = BlockCosts(view)
        if self.start < 0:
            self.start = view.time(0) if len(view) else view.block.cycle
        self._reach(view.end_cycle)
        places = (view.cycle.astype(np.int64) - self.start) // self.width
        self.instructions += np.bincount(places, minlength=STRETCHES)
        self.accesses += np.bincount(places, weights=costs.accesses, minlength=STRETCHES)
        for issue in costs.own if len(view) else ():
            begin = view.time(issue.index) - (0 if issue.retired else issue.cycles)
            self._spread(int(view.pc[min(issue.index, len(view) - 1)]), begin, issue.cycles)
        for index, issues in costs.interrupted.items():
            for issue in issues:
                self._spread(costs.traps[index][0], view.time(index) - issue.cycles, issue.cycles)

    def finish(self) -> None:
        """Nothing is left to be done."""

    def _reach(self, end: int) -> None:
        """Let the stretches be long enough for a cycle."""
        self.end = max(self.end, end)
        while self.end - self.start > STRETCHES * self.width:
            self.width *= 2
            self.instructions, self.accesses = _halved(self.instructions), _halved(self.accesses)
            self.engine = {site: _halved(cycles) for site, cycles in self.engine.items()}

    def _spread(self, site: int, begin: int, cycles: int) -> None:
        column = self.engine.setdefault(site, np.zeros(STRETCHES))
        edges = self.start + self.width * np.arange(STRETCHES + 1)
        first = max(0, (begin - self.start) // self.width)
        last = min(STRETCHES - 1, (begin + cycles - self.start) // self.width)
        inside = edges[first : last + 2].clip(begin, begin + cycles)
        column[first : last + 1] += np.diff(inside)

    def energy(self, prices: Prices) -> dict[str, Array]:
        """Energy of firmware, coprocessor and leakage in pJ, of each stretch up to the end of the run."""
        count = max(1, -(-(self.end - self.start) // self.width))
        counts = zip(self.instructions.astype(int), self.accesses.astype(int), strict=True)
        firmware = [prices.of(Counted(instructions, 0, accesses)).fj for instructions, accesses in counts]
        engine = np.zeros(STRETCHES)
        for site, cycles in self.engine.items():
            engine += cycles * prices.rate(site)
        lengths = np.minimum(self.width, self.end - self.start - self.width * np.arange(STRETCHES)).clip(0)
        parts = {FIRMWARE: np.array(firmware), COPROCESSOR: engine, LEAKAGE: lengths * prices.leakage(1)}
        return {name: values[:count] / 1000 for name, values in parts.items()}


def _halved(column: Array) -> Array:
    """Two stretches become one."""
    return np.concatenate([column.reshape(-1, 2).sum(axis=1), np.zeros(STRETCHES // 2)])
