"""What happened before the present moment, by replaying it: the last instructions, branches taken, engine commands.

Everything here leaves the machine where it was.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from iss.debug.history import History
from iss.debug.search import ENGINE, Chunk, Places
from iss.trace.block import SPIKES
from iss.trace.jumps import OPCODE
from iss.trace.reader import Trace


@contextmanager
def unmoved(history: History) -> Iterator[None]:
    """Bring the machine back to the present moment afterwards, unobserved."""
    now, interrupted = history.now, history.interrupted
    try:
        yield
    finally:
        history.machine.observe(None)
        if history.now != now:
            history.seek(now)
        history.interrupted = interrupted


def _observed(history: History, start: int) -> Iterator[Chunk]:
    """The records from `start` up to now; the machine has to be at `start`."""
    chunks: list[Chunk] = []
    time = start

    def consume(records: Any) -> None:
        nonlocal time
        chunk = Chunk.of(bytes(records), time)
        time += len(chunk.retired)
        chunks.append(chunk)

    end = history.now
    history.seek(start)
    history.machine.observe(consume)
    history.run(end - start)
    history.machine.observe(None)
    yield from chunks


def branches(trace: Trace, begin: int, end: int) -> dict[int, tuple[int, int]]:
    """How often each branch was (taken, met) among instructions begin..end-1 of a trace, by address."""
    found: dict[int, tuple[int, int]] = {}
    for view in trace.views(begin, end):
        low, high = max(begin - view.base, 0), min(end - view.base, len(view))
        branch = view.each(lambda decoded: decoded.is_branch, bool)[low:high]
        met, ways = np.unique(view.pc[low:high][branch], return_counts=True)
        taken = view.pc[low:high][view.taken[low:high]]
        for pc, times in zip(met.tolist(), ways.tolist(), strict=True):
            before = found.get(pc, (0, 0))
            found[pc] = before[0] + int((taken == pc).sum()), before[1] + times
    return found


def spikes(trace: Trace, begin: int, end: int, *, numbered: bool = False) -> tuple[NDArray[np.int64], NDArray[np.void]]:
    """Spikes of instructions begin..end-1 of a trace, in order: the index of each one's instruction, and SPIKES.

    With `numbered` the number of the instruction instead of its index.
    """
    indices, records = [], []
    for view in trace.views(begin, end):
        counts = np.diff(view.spike_starts)
        owners = np.minimum(view.block.event_index.astype(np.int64), max(0, len(view) - 1))
        names = view.number.astype(np.int64) if numbered else np.arange(len(view)) + view.base
        indices.append(np.repeat(names[owners] if len(view) else owners, counts))
        records.append(view.block.spike[: int(view.spike_starts[-1])])
    if not records:
        return np.zeros(0, np.int64), np.zeros(0, SPIKES)
    where, what = np.concatenate(indices), np.concatenate(records)
    inside = np.full(len(where), True) if numbered else (where >= begin) & (where < end)
    return where[inside], what[inside]


class Command(NamedTuple):
    """An engine instruction that retired: the moment before it, its word, and its operands."""

    moment: int
    word: int
    rs1: int
    rs2: int

    @property
    def operation(self) -> int:
        """`funct3 << 7 | funct7`, as coprocessor.interface.Operation numbers them."""
        return (self.word >> 12 & 7) << 7 | self.word >> 25


def commands(history: History, before: int | None = None) -> Iterator[Command]:
    """The engine instructions (opcode 0x2B) that retired before a moment (default: now), the latest first.

    The machine moves between two of them; use it inside of `unmoved`.
    """
    end = history.now if before is None else before
    while end > history.earliest:
        history.seek(end)
        start = max((moment for moment in history.checkpoints if moment < end), default=history.earliest)
        times: list[Places] = []
        words: list[Any] = []
        for chunk in _observed(history, start):
            chosen = np.flatnonzero(chunk.retired["b"] & OPCODE == ENGINE)
            times.append(chunk.start + chosen.astype(np.int64))
            words.append(chunk.retired["b"][chosen])
        found = zip(np.concatenate(times).tolist(), np.concatenate(words).tolist(), strict=True) if times else []
        for moment, word in reversed(list(found)):
            history.seek(moment)
            x = history.machine.hart.x
            yield Command(moment, word, x[word >> 15 & 31], x[word >> 20 & 31])
        end = start
