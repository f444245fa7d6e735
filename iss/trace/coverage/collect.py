"""Counts how often each instruction was executed and each branch went which way, one block after the other."""

from __future__ import annotations

from collections import Counter

import numpy as np

from iss.trace.jumps import is_branch
from iss.trace.reader import Trace
from iss.trace.view import View


class Executions:
    """Takes the blocks of a trace."""

    def __init__(self, trace: Trace) -> None:
        self.trace = trace
        self.executed: Counter[int] = Counter()
        """By pc."""
        self.taken: Counter[int] = Counter()
        """By pc of the branch; those not taken are the rest. One to the next instruction counts as not taken."""
        self.branches: set[int] = set(trace.description.get("branches", ()))
        """The pcs of branches, also of those that were never executed, as far as the trace knows its program."""

    def take(self, view: View) -> None:
        """Count the next block."""
        block = view.block
        sites = len(block.site_pc)
        pcs = block.site_pc.tolist()
        counts = np.bincount(block.site, minlength=sites)
        taken = np.bincount(block.site[view.taken], minlength=sites)
        for counter, column in ((self.executed, counts), (self.taken, taken)):
            for site in np.flatnonzero(column).tolist():
                counter[pcs[site]] += int(column[site])
        self.branches.update(block.site_pc[is_branch(block.site_word)].tolist())

    def finish(self) -> None:
        """Nothing is left to be done."""


def count(trace: Trace) -> Executions:
    """Count a whole trace."""
    executions = Executions(trace)
    for view in trace.views():
        executions.take(view)
    return executions
