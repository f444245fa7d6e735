"""Where motions end that are no points: after a call, after a function, at the next source line, in both directions.

Depths of calls count from where a motion began. Of a motion back, the records come from the end: the latest first.
"""

from __future__ import annotations

from typing import Any, Final, Protocol

import numpy as np
from numpy.typing import NDArray

from iss.debug.search import Chunk, Places
from iss.loaders.lines import LineTable
from iss.trace.events import Kind
from iss.trace.jumps import is_call, is_return

_MRET: Final = 0x30200073
Array = NDArray[Any]


class Walk:
    """Follows a hart through chunks that come one after the other."""

    def __init__(self) -> None:
        self.depth = 0
        self._entered: int | None = None  # where the hart was before it entered a handler, in the chunk before

    def take(self, chunk: Chunk) -> tuple[NDArray[np.uint32], Places]:
        """pc and depth of calls at each moment of a chunk: before a trap or interrupt, which is a call, as well."""
        retired = chunk.retired
        words, pcs = retired["b"], retired["a"].copy()
        change = is_call(words).astype(np.int64) - (is_return(words) | (words == _MRET))
        before = np.cumsum(change) - change + self.depth
        self.depth += int(change.sum())
        entered = (chunk.kinds == Kind.TRAP) | (chunk.kinds == Kind.INTERRUPT)
        if self._entered is not None and len(pcs):
            pcs[0], self._entered = self._entered, None
        if entered.any():
            owners = np.cumsum(chunk.kinds == Kind.RETIRED)[entered]  # the instruction each of them comes before
            before += np.searchsorted(owners, np.arange(len(words)), side="left")
            self.depth += int(entered.sum())
            places = chunk.records["a"][entered]
            inside = owners < len(pcs)
            pcs[owners[inside][::-1]] = places[inside][::-1]  # of several the first one
            if not inside.all():
                self._entered = int(places[~inside][0])
        return pcs, before


class Lines:
    """A line table as arrays: the line of addresses as a number, -1 where none is known, and where lines begin."""

    def __init__(self, table: LineTable) -> None:
        rows = table.rows
        numbers: dict[object, int] = {}
        places = [-1 if place is None else numbers.setdefault(place, len(numbers)) for _, place in rows]
        self._addresses = np.array([address for address, _ in rows], np.int64)
        self._lines = np.array([*places, -1], np.int64)
        begins = np.diff(self._lines[:-1], prepend=-1) != 0
        self._starts = self._addresses[begins & (self._lines[:-1] >= 0)]

    def of(self, addresses: Array) -> Places:
        """The line of each address."""
        found: Places = self._lines[np.searchsorted(self._addresses, addresses.astype(np.int64), side="right") - 1]
        return found

    def begins(self, addresses: Array) -> NDArray[np.bool_]:
        """Whether a line begins at each address."""
        found: NDArray[np.bool_] = np.isin(addresses.astype(np.int64), self._starts)
        return found


class Arrival(Protocol):
    """Looks for the end of a motion forwards, in one chunk after the other."""

    def look(self, chunk: Chunk) -> int | None: ...


class AtDepth:
    """The first moment at which the depth of calls has come down to `target`."""

    def __init__(self, target: int) -> None:
        self._target, self._walk = target, Walk()

    def look(self, chunk: Chunk) -> int | None:
        _, before = self._walk.take(chunk)
        levels = np.append(before[1:], self._walk.depth)  # behind each instruction
        reached = np.flatnonzero(levels <= self._target)
        return chunk.start + 1 + int(reached[0]) if len(levels) and len(reached) else None


class AtLine:
    """The first moment at the beginning of another line; `into` functions that have lines, or calls as a whole."""

    def __init__(self, lines: Lines, start: int, pc: int, *, into: bool) -> None:
        self._lines, self._start, self._into = lines, start, into
        self._line = int(lines.of(np.array([pc]))[0])
        self._walk, self._least = Walk(), 0

    def look(self, chunk: Chunk) -> int | None:
        pcs, before = self._walk.take(chunk)
        lines, begins = self._lines.of(pcs), self._lines.begins(pcs)
        index = 1 if chunk.start == self._start else 0
        while index < len(pcs):
            returned = np.flatnonzero(before[index:] < self._least)
            end = index + int(returned[0]) if len(returned) else len(pcs)
            other = lines[index:end] != self._line
            inner = before[index:end] > self._least
            found = np.flatnonzero(begins[index:end] & (other | inner if self._into else other & ~inner))
            if len(found):
                return chunk.start + index + int(found[0])
            if end == len(pcs):
                return None
            if begins[end]:  # the call was the end of its line
                return chunk.start + end
            self._line, self._least, index = int(lines[end]), int(before[end]), end + 1
        return None


class Stretch:
    """What was recorded of a stretch of time: for each moment pc and depth of calls, counted from the motion's start.

    The moments are `begin` on; the one behind them is where the last stretch, or the motion, has begun.
    """

    def __init__(self, begin: int, pcs: Array, depth: Places) -> None:
        self.begin, self.pcs, self.depth = begin, pcs, depth


class BackArrival(Protocol):
    """Looks for the end of a motion back; `best` is where it would end if the history began with the last stretch."""

    best: int | None

    def look(self, stretch: Stretch) -> int | None: ...


class BackToDepth:
    """The latest moment at which the depth of calls was `target` or less."""

    best: int | None = None

    def __init__(self, target: int) -> None:
        self._target = target

    def look(self, stretch: Stretch) -> int | None:
        fits = np.flatnonzero(stretch.depth <= self._target)
        return stretch.begin + int(fits[-1]) if len(fits) else None


class BackToLine:
    """The beginning of this line or, from there, of the line that was run before."""

    def __init__(self, lines: Lines, *, into: bool) -> None:
        self._lines, self._into = lines, into
        self._least = 0
        self._run: tuple[int, int] | None = None  # line and depth
        self._begins = False
        self.best: int | None = None

    def look(self, stretch: Stretch) -> int | None:
        """Follow the runs of lines from the latest one on."""
        lines = self._lines.of(stretch.pcs)
        fits = lines >= 0
        if not self._into:
            later = np.minimum.accumulate(np.append(stretch.depth[1:], self._least)[::-1])[::-1]
            fits &= stretch.depth <= np.minimum(later, self._least)
            self._least = min(self._least, int(stretch.depth.min(initial=self._least)))
        places = np.flatnonzero(fits)[::-1]
        lines, depth, begins = lines[places], stretch.depth[places], self._lines.begins(stretch.pcs[places])
        index = 0
        while index < len(places):
            run = int(lines[index]), int(depth[index])
            if self._run is not None and run != self._run and (self._begins or not self._goes_on(run[1])):
                return self.best
            self._run = run
            others = np.flatnonzero((lines[index:] != run[0]) | (depth[index:] != run[1]))
            index = index + int(others[0]) if len(others) else len(places)
            self.best, self._begins = stretch.begin + int(places[index - 1]), bool(begins[index - 1])
        return None

    def _goes_on(self, depth: int) -> bool:
        """Whether the motion does not end here: the line has only gone on behind a call, which is gone into."""
        return self._into and self._run is not None and depth > self._run[1]
