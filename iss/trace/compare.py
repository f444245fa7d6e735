"""The first difference of two traces: alignment, columns compared in bulk, and what exactly differs there."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from iss.isa.registers import ABI_NAMES
from iss.trace.block import STORE_BIT, Array
from iss.trace.events import CsrWrite, Kind, MemoryAccess, Retired
from iss.trace.reader import Trace
from iss.trace.view import View

_AHEAD: Final = 4096  # instructions in which the beginning of the other trace is looked for
_PIECE: Final = 1 << 16


@dataclass(frozen=True)
class Difference:
    """Where two traces part: indices in both; `fields` says what is not the same, None that one of them ends."""

    left: int
    right: int
    fields: tuple[str, ...] | None


@dataclass(frozen=True)
class Start:
    """Where comparison begins in both."""

    left: int
    right: int


def align(left: Trace, right: Trace) -> Start:
    """Skip what one trace has in front of the other, such as a boot ROM; the beginnings if nothing fits."""
    if not left.count or not right.count:
        return Start(0, 0)
    heads = [_pcs(trace, 0, min(_AHEAD, trace.count)) for trace in (left, right)]
    in_left, in_right = np.flatnonzero(heads[0] == heads[1][0]), np.flatnonzero(heads[1] == heads[0][0])
    skip_left = int(in_left[0]) if len(in_left) else None
    skip_right = int(in_right[0]) if len(in_right) else None
    if skip_left is None and skip_right is None:
        return Start(0, 0)
    if skip_right is None or (skip_left is not None and skip_left <= skip_right):
        return Start(skip_left or 0, 0)
    return Start(0, skip_right)


def _pcs(trace: Trace, begin: int, end: int) -> Array:
    return np.concatenate([view.pc for view in trace.views(begin, end)])[:end]


def first_difference(left: Trace, right: Trace, start: Start) -> Difference | None:
    """The first instruction that is not the same in both, as far as both know it; None if all are."""
    length = min(left.count - start.left, right.count - start.right)
    compares = _Comparison(left, right)
    done = 0
    while done < length:
        mine, mine_at = _piece(left, start.left + done)
        other, other_at = _piece(right, start.right + done)
        count = min(len(mine) - mine_at, len(other) - other_at, length - done)
        found = compares.piece(mine, mine_at, other, other_at, count)
        if found is not None:
            index = done + found
            one, two = left.instruction(start.left + index), right.instruction(start.right + index)
            return Difference(one.index, two.index, compares.fields(one, two))
        done += count
    if left.count - start.left != right.count - start.right:
        return Difference(start.left + length, start.right + length, None)
    return None


def _piece(trace: Trace, index: int) -> tuple[View, int]:
    view = trace.view_at(index)
    return view, index - view.base


class _Comparison:
    def __init__(self, left: Trace, right: Trace) -> None:
        self._words, self._values, self._memory, self._csrs = (
            left.has(what) and right.has(what) for what in ("word", "value", "memory", "csr")
        )

    def piece(self, left: View, at: int, right: View, other: int, count: int) -> int | None:
        """The first of `count` instructions that differs."""
        mine, theirs = slice(at, at + count), slice(other, other + count)
        same = left.pc[mine] == right.pc[theirs]
        if self._words:
            same &= left.word[mine] == right.word[theirs]
        if self._values:
            same &= left.destination[mine] == right.destination[theirs]
            same &= (left.value[mine] == right.value[theirs]) | (left.destination[mine] == 0)
        found = np.flatnonzero(~same)
        limit = int(found[0]) if len(found) else count
        places = [limit] if len(found) else []
        if self._memory and (place := _memory_difference(left, at, right, other, limit)) is not None:
            places.append(place)
        if self._csrs:
            for place in _csr_candidates(left, at, right, other, min([limit, *places])):
                if self.fields(left.retired(at + place), right.retired(other + place)):
                    places.append(place)
                    break
        return min(places) if places else None

    def fields(self, left: Retired, right: Retired) -> tuple[str, ...]:
        """What is not the same of two instructions."""
        if left.pc != right.pc:
            return ("pc",)
        found = []
        if self._words and left.word != right.word:
            found.append("word")
        if self._values:
            if left.destination != right.destination:
                found.append("destination")
            elif left.destination and left.value != right.value:
                found.append(ABI_NAMES[left.destination])
        if self._memory and _accesses(left) != _accesses(right):
            found.append("memory")
        if self._csrs:
            mine, other = _csrs(left), _csrs(right)
            if any(mine[number] != other[number] for number in mine.keys() & other.keys()):
                found.append("CSR")
        return tuple(found)


def _accesses(retired: Retired) -> list[MemoryAccess]:
    return sorted(event for event in retired.events if isinstance(event, MemoryAccess))


def _csrs(retired: Retired) -> dict[int, int]:
    return {event.number: event.value for event in retired.events if isinstance(event, CsrWrite)}


def _memory_difference(left: View, at: int, right: View, other: int, count: int) -> int | None:
    """The first of `count` instructions whose accesses differ."""
    columns = [_own_accesses(view, begin, count) for view, begin in ((left, at), (right, other))]
    length = min(len(columns[0][0]), len(columns[1][0]))
    same = np.ones(length, bool)
    for mine, theirs in zip(*columns, strict=True):
        same &= mine[:length] == theirs[:length]
    wrong = np.flatnonzero(~same)
    if len(wrong):
        return int(min(columns[0][0][wrong[0]], columns[1][0][wrong[0]]))
    longer = max(columns, key=lambda one: len(one[0]))[0]
    return int(longer[length]) if len(longer) > length else None


def _own_accesses(view: View, begin: int, count: int) -> tuple[Array, ...]:
    block = view.block
    low, high = np.searchsorted(block.access_index, [begin, begin + count])
    index = block.access_index[low:high].astype(np.int64) - begin
    # A load into x0 has no value in some logs, and its register none in any.
    data = np.where(
        (block.access_kind[low:high] & STORE_BIT == 0) & (view.destination[index + begin] == 0), 0, block.data[low:high]
    )
    return index, block.access_kind[low:high], block.address[low:high], data


def _csr_candidates(left: View, at: int, right: View, other: int, count: int) -> list[int]:
    """Which of `count` instructions write CSRs in both traces."""
    found = []
    for view, begin in ((left, at), (right, other)):
        indices = view.block.event_index[view.kinds == Kind.CSR].astype(np.int64) - begin
        found.append(np.unique(indices[(indices >= 0) & (indices < count)]))
    common: list[int] = np.intersect1d(found[0], found[1]).tolist()
    return common


def last_writes(trace: Trace, index: int, registers: int) -> dict[int, Retired]:
    """The instructions before `index` that last wrote each of some registers (as bits), as far back as is sensible."""
    found: dict[int, Retired] = {}
    wanted = {number for number in range(1, 32) if registers >> number & 1}
    for stop in range(index, max(-1, index - 4 * _PIECE), -_PIECE):
        begin = max(0, stop - _PIECE)
        for view in reversed(list(trace.views(begin, stop))):
            high = min(stop - view.base, len(view))
            for number in wanted - found.keys():
                places = np.flatnonzero(view.destination[:high] == number)
                if len(places):
                    found[number] = view.retired(int(places[-1]))
        if wanted <= found.keys():
            break
    return found
