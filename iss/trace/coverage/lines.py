"""Coverage of source files: how often each line and function was executed and each branch went which way.

Runs are merged by file and line, so programs that share sources can be merged, too.
"""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

from iss.trace.block import TraceError
from iss.trace.coverage.collect import Executions


class Branch(NamedTuple):
    """How often a branch instruction was taken and not taken."""

    taken: int
    passed: int

    @property
    def reached(self) -> bool:
        """Whether it was ever executed."""
        return self.taken + self.passed > 0

    @property
    def hit(self) -> int:
        """How many of its two ways were gone."""
        return (self.taken > 0) + (self.passed > 0)


class Rate(NamedTuple):
    """How many of how many were covered."""

    hit: int
    found: int

    @property
    def percent(self) -> float:
        """Of nothing all was covered."""
        return 100 * self.hit / self.found if self.found else 100.0


@dataclass
class FileCoverage:
    """A source file; lines count from 1, functions have the line they begin at and how often they were called."""

    lines: dict[int, int] = field(default_factory=dict)
    branches: dict[int, list[Branch]] = field(default_factory=dict)
    functions: dict[str, tuple[int, int]] = field(default_factory=dict)

    @property
    def line_rate(self) -> Rate:
        """Lines that have code."""
        return Rate(sum(count > 0 for count in self.lines.values()), len(self.lines))

    @property
    def branch_rate(self) -> Rate:
        """Ways out of branch instructions: two of each."""
        every = [branch for branches in self.branches.values() for branch in branches]
        return Rate(sum(branch.hit for branch in every), 2 * len(every))

    @property
    def function_rate(self) -> Rate:
        """Functions."""
        return Rate(sum(count > 0 for _, count in self.functions.values()), len(self.functions))

    def partial(self, line: int) -> bool:
        """Whether a line was executed, but a branch of it never went one of its ways."""
        return self.lines.get(line, 0) > 0 and any(branch.hit < 2 for branch in self.branches.get(line, ()))

    @property
    def missing(self) -> list[tuple[int, int]]:
        """First and last line of each stretch of code that was never executed; lines without code do not end it."""
        found: list[tuple[int, int]] = []
        open_ = False
        for line, count in sorted(self.lines.items()):
            if count == 0:
                found[-1:] = [(found[-1][0], line)] if open_ else [*found[-1:], (line, line)]
            open_ = count == 0
        return found

    def merge(self, other: FileCoverage) -> None:
        """Add another run. Of a line that has different branches there, further ones are branches of their own."""
        for line, count in other.lines.items():
            self.lines[line] = self.lines.get(line, 0) + count
        for line, branches in other.branches.items():
            mine = self.branches.setdefault(line, [])
            mine += [Branch(0, 0)] * (len(branches) - len(mine))
            for place, branch in enumerate(branches):
                mine[place] = Branch(mine[place].taken + branch.taken, mine[place].passed + branch.passed)
        for name, (line, count) in other.functions.items():
            self.functions[name] = (line, self.functions.get(name, (line, 0))[1] + count)


@dataclass
class Coverage:
    """Coverage by path of the source."""

    files: dict[str, FileCoverage] = field(default_factory=dict)

    def merge(self, other: Coverage) -> None:
        """Add another run."""
        for path, found in other.files.items():
            self.files.setdefault(path, FileCoverage()).merge(found)

    def only(self, wanted: Callable[[str], bool]) -> Coverage:
        """The files whose path is wanted."""
        return Coverage({path: found for path, found in self.files.items() if wanted(path)})

    def rate(self, of: Callable[[FileCoverage], Rate]) -> Rate:
        """The sum of a rate over all files."""
        rates = [of(found) for found in self.files.values()]
        return Rate(sum(rate.hit for rate in rates), sum(rate.found for rate in rates))


def coverage(executions: Executions) -> Coverage:
    """The coverage of a run. A line was executed as often as the most executed of the places where its code begins.

    TraceError if the program's source lines are not known.
    """
    trace = executions.trace
    if not trace.lines:
        raise TraceError(
            f"{trace.program or 'the trace'} has no source lines; build the program with -g, and record it again "
            "or name it with --program"
        )
    files: dict[str, FileCoverage] = defaultdict(FileCoverage)
    for address, place in trace.lines.rows:
        if place is not None:
            lines = files[os.path.normpath(place.file)].lines
            lines[place.line] = max(lines.get(place.line, 0), executions.executed[address])
    for pc in sorted(executions.branches):
        place = trace.lines.at(pc)
        if place is not None:
            taken = executions.taken[pc]
            branch = Branch(taken, executions.executed[pc] - taken)
            files[os.path.normpath(place.file)].branches.setdefault(place.line, []).append(branch)
    for symbol in trace.symbols.values():
        start = trace.lines.at(symbol.address)
        if symbol.kind == "function" and start is not None:
            found = files[os.path.normpath(start.file)]
            found.functions[symbol.name] = (start.line, executions.executed[symbol.address])
    return Coverage({path: files[path] for path in sorted(files)})
