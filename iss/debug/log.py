"""What the trace pane shows: instructions in their order, from a replayed history or from a trace file.

An index counts the instructions of a log; `moment` tells where in time the debugger is before one of them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from time import perf_counter
from typing import Final, NamedTuple, Protocol

import numpy as np

from iss.debug.figures import coprocessor_counters
from iss.debug.history import History
from iss.debug.past import unmoved
from iss.debug.recent import Recent, empty
from iss.trace.block import Array
from iss.trace.events import Retired
from iss.trace.filters import Filter
from iss.trace.jumps import OPCODE
from iss.trace.reader import Chooser, Trace

WINDOW: Final = 20_000
"""Instructions of a history that are replayed to show some of them."""
SEARCHED: Final = 2_000_000
"""Instructions of a history that a filter looks at, the latest ones."""
COPROCESSOR: Final = (0x0B, 0x2B)
"""Opcodes of its instructions."""
_NONE: Final = np.zeros(0, np.int64)


class Entry(NamedTuple):
    """An instruction with the cycles it took, and what the coprocessor counted; None where nobody knows."""

    retired: Retired
    cycles: int
    counted: dict[str, int] | None


class Log(Protocol):
    """Instructions 0..count-1."""

    names: Trace
    """A trace with the program's symbols, for filters."""

    @property
    def count(self) -> int: ...

    def moment(self, index: int) -> int: ...

    def index_of(self, moment: int) -> int: ...

    def entries(self, begin: int, end: int) -> list[Entry]: ...

    def matching(self, wanted: Chooser) -> Iterator[Array]: ...


class HistoryLog:
    """All that is known of a history."""

    def __init__(self, history: History) -> None:
        self._history = history
        self.names = empty(history)
        self.recent = Recent(history, WINDOW, Filter.parse("command", self.names))
        self._counted: dict[int, dict[str, int]] = {}
        self._version = 0

    @property
    def count(self) -> int:
        """Instructions from reset to the latest moment that was reached."""
        return self._history.latest

    def moment(self, index: int) -> int:
        """The same: instructions count from reset on."""
        return index

    def index_of(self, moment: int) -> int:
        """The same."""
        return moment

    def entries(self, begin: int, end: int) -> list[Entry]:
        """Instructions begin..end-1, replayed."""
        history = self._history
        begin, end = max(begin, history.earliest), min(end, history.latest)
        if begin >= end:
            return []
        trace = self.recent.trace(begin, end)
        start = begin - self.recent.begin
        found = []
        for retired, cost in timed(trace, start, start + end - begin):
            last = retired.number == self.recent.end - 1  # whether its branch was taken, nobody has seen yet
            cycles = self.recent.end_cycle - retired.cycle if last else cost
            counted = self._counts(retired.number, retired.word)
            found.append(Entry(replace(retired, index=retired.number), cycles, counted))
        return found

    def _counts(self, number: int, word: int) -> dict[str, int]:
        """What the coprocessor counted in an instruction."""
        history = self._history
        if word & OPCODE not in COPROCESSOR or history.machine.coprocessor is None:
            return {}
        if self._version != history.version:
            self._counted, self._version = {}, history.version
        if number not in self._counted:
            with unmoved(history):
                history.seek(number)
                before = coprocessor_counters(history.machine)
                history.run(1)
                after = coprocessor_counters(history.machine)
            self._counted[number] = {name: after[name] - before[name] for name in after if after[name] != before[name]}
        return self._counted[number]

    def matching(self, wanted: Chooser) -> Iterator[Array]:
        """Indices of those that are wanted among the last SEARCHED, in pieces."""
        history = self._history
        begin = max(history.earliest, history.latest - SEARCHED)
        trace = Recent(history, 0, wanted).wanted(begin, history.latest)
        yield np.concatenate([view.number.astype(np.int64) for view in trace.views()] or [_NONE])


class TraceLog:
    """A trace of a file. Moments are instructions retired; of a trace that is played with gaps, indices."""

    def __init__(self, trace: Trace, *, played: bool) -> None:
        self.names = self.trace = trace
        self._by_index = played and trace.sparse

    @property
    def count(self) -> int:
        """Instructions in the trace."""
        return self.trace.count

    def moment(self, index: int) -> int:
        """Instructions retired before one; behind the last, of all."""
        if self._by_index or not self.trace.count:
            return index
        if not self.trace.sparse:
            return self.trace.first + index
        if index >= self.count:
            return self.moment(self.count - 1) + 1
        view = self.trace.view_at(index)
        return int(view.number[index - view.base])

    def index_of(self, moment: int) -> int:
        """The first instruction at or behind a moment."""
        if self._by_index:
            return min(max(moment, 0), self.count)
        if not self.trace.sparse:
            return min(max(moment - self.trace.first, 0), self.count)
        return self.trace.index_of(moment)

    def entries(self, begin: int, end: int) -> list[Entry]:
        """Instructions begin..end-1."""
        found = timed(self.trace, max(0, begin), min(end, self.count))
        return [Entry(retired, cycles, None) for retired, cycles in found]

    def matching(self, wanted: Chooser) -> Iterator[Array]:
        """Indices of those that are wanted, a block after the other."""
        for view in self.trace.views():
            yield np.flatnonzero(wanted.mask(view)) + view.base

    def find(self, wanted: Chooser, start: int, direction: int) -> int | None:
        """The first that is wanted at or behind `start`, or before it."""
        return self.trace.find(wanted, start, direction)


def timed(trace: Trace, begin: int, end: int) -> Iterator[tuple[Retired, int]]:
    """Instructions of a trace with the cycles of each."""
    for view in trace.views(begin, end):
        low, high = max(begin - view.base, 0), min(end - view.base, len(view))
        yield from zip(view.instructions(low, high), view.cost[low:high].tolist(), strict=True)


class Matches:
    """The indices that a filter wants, found little by little."""

    def __init__(self, log: Log, wanted: Chooser) -> None:
        self._source = log.matching(wanted)
        self.complete = False
        self._indices: Array = _NONE

    def look(self, seconds: float) -> None:
        """Go on for about so long."""
        until = perf_counter() + seconds
        fresh: list[Array] = []
        while not self.complete and perf_counter() < until:
            piece = next(self._source, None)
            self.complete = piece is None
            if piece is not None:
                fresh.append(piece)
        if fresh:
            self._indices = np.concatenate([self._indices, *fresh])

    def __len__(self) -> int:
        return len(self._indices)

    def indices(self, begin: int, end: int) -> list[int]:
        """Those of places begin..end-1."""
        found: list[int] = self._indices[max(0, begin) : max(0, end)].tolist()
        return found

    def place(self, index: int) -> int:
        """How many are before an index."""
        return int(np.searchsorted(self._indices, index))
