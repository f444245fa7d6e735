"""What each instruction of a block has cost, and which commands to the coprocessor were part of it.

Time that passes between two instructions belongs to the first, sleep therefore to `wfi`; that of a command which was
suspended belongs to the command, wherever it goes on.
"""

from __future__ import annotations

import numpy as np

from iss.trace.calls import traps
from iss.trace.commands import Issue, issues
from iss.trace.events import Kind
from iss.trace.view import View, delays


class BlockCosts:
    """Columns of a block of n instructions; what comes behind the last is part of it."""

    def __init__(self, view: View) -> None:
        count = len(view)
        self.traps = traps(view)
        """The pcs at which traps came before an instruction, by its index."""
        self.own: list[Issue] = []
        """Commands in order that are the instruction at their index, or the one behind the last."""
        self.interrupted: dict[int, list[Issue]] = {}
        """Those for which a trap came instead, by the instruction before which it came."""
        for issue in issues(view):
            if issue.retired or issue.index not in self.traps:
                self.own.append(issue)
            else:
                self.interrupted.setdefault(issue.index, []).append(issue)
        waits, took, _ = delays(view.block)
        sleeps = view.kinds[np.isin(view.kinds, (Kind.SLEEP, Kind.COST))] == Kind.SLEEP
        self.sleeps: list[tuple[int, int]] = list(zip((waits[sleeps] - 1).tolist(), took[sleeps].tolist(), strict=True))
        """(instruction, cycles) of each sleep; -1 is the instruction before the block."""
        self.cycles = view.cost.astype(np.int64)
        """[n]"""
        for index, cycles in self.sleeps:
            if index >= 0:
                self.cycles[index] += cycles
        for issue in self.own:
            if not issue.retired and issue.index < count:
                self.cycles[issue.index] += issue.cycles
        self.accesses = np.bincount(view.block.access_index, minlength=count + 1)[:count]
        """[n] loads and stores."""
        self.cycles_before, self.accesses_before = (
            np.concatenate([[0], np.cumsum(column)]) for column in (self.cycles, self.accesses)
        )
        """[n + 1] sums of what comes before each instruction."""
