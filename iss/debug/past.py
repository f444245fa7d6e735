"""What happened before the present moment, by replaying it: the last instructions, branches taken, engine commands.

Everything here leaves the machine where it was.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from iss.debug.figures import coprocessor_counters
from iss.debug.history import History
from iss.debug.search import ENGINE, Chunk, Places
from iss.trace.block import SPIKES
from iss.trace.events import RECORD, Kind
from iss.trace.jumps import OPCODE

_BRANCH: Final = 0x63
_WITH_PC: Final = (Kind.RETIRED, Kind.TRAP, Kind.INTERRUPT)
"""Records that tell where the hart came to: what follows a branch may trap or be interrupted."""


class Access(NamedTuple):
    """A load or store of the hart; size in bytes."""

    address: int
    size: int
    value: int
    is_store: bool


@dataclass(frozen=True, slots=True)
class Executed:
    """A retired instruction: the `index`-th since reset, from 0. `destination` 0 means that no register was written.

    `cycles` is what it took; `events` what the coprocessor counted meanwhile (without the prefix `nm_`), `trap` the
    (mcause, mepc) of a trap or interrupt that was taken before it, since the instruction before.
    """

    index: int
    pc: int
    word: int
    destination: int
    value: int
    cycles: int
    accesses: tuple[Access, ...] = ()
    csr_writes: tuple[tuple[int, int], ...] = ()
    events: dict[str, int] = field(default_factory=dict)
    trap: tuple[int, int] | None = None


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


def executed(history: History, start: int, stop: int) -> list[Executed]:
    """The instructions from the `start`-th up to before the `stop`-th, as far as the history knows them."""
    start, stop = max(start, history.earliest), min(stop, history.latest)
    found: list[Executed] = []
    if start >= stop:
        return found
    machine = history.machine
    with unmoved(history):
        history.seek(start)
        records = bytearray()
        machine.observe(lambda data: records.extend(bytes(data)))
        counters, traps, cycles = coprocessor_counters(machine), machine.hart.traps, machine.hart.cycles
        while history.now < stop:
            index = history.now
            history.run(1)
            if history.now == index:  # the program ended
                break
            after, hart = coprocessor_counters(machine), machine.hart
            events = {name: after[name] - counters[name] for name in after if after[name] != counters[name]}
            trap = (hart.mcause, hart.mepc) if hart.traps != traps else None
            found.append(_decoded(index, bytes(records), hart.cycles - cycles, events, trap))
            records.clear()
            counters, traps, cycles = after, hart.traps, hart.cycles
    return found


def _decoded(index: int, records: bytes, cycles: int, events: dict[str, int], trap: tuple[int, int] | None) -> Executed:
    accesses, csr_writes = [], []
    pc = word = destination = value = 0
    for tag, a, b, c in RECORD.iter_unpack(records):
        kind = tag & 0xFF
        if kind in (Kind.LOAD, Kind.STORE):
            accesses.append(Access(a, tag >> 8 & 0xFF, b, kind == Kind.STORE))
        elif kind == Kind.CSR:
            csr_writes.append((tag >> 8 & 0xFFF, a))
        elif kind == Kind.RETIRED:
            pc, word, destination, value = a, b, tag >> 8 & 0xFF, c
    return Executed(index, pc, word, destination, value, cycles, tuple(accesses), tuple(csr_writes), events, trap)


def _observed(history: History, start: int) -> Iterator[Chunk]:
    """The records from `start` up to now; the machine has to be at `start`."""
    chunks: list[Chunk] = []
    time = start

    def consume(records: Any) -> None:
        nonlocal time
        chunk = Chunk.of(records, time)
        time += len(chunk.retired)
        chunks.append(chunk)

    end = history.now
    history.seek(start)
    history.machine.observe(consume)
    history.run(end - start)
    history.machine.observe(None)
    yield from chunks


def branches(history: History, length: int) -> dict[int, tuple[int, int]]:
    """How often each branch was (taken, met) among the last `length` instructions, by address."""
    start = max(history.earliest, history.now - length)
    found: dict[int, tuple[int, int]] = {}
    if start == history.now:
        return found
    with unmoved(history):
        records = [chunk.records[np.isin(chunk.kinds, _WITH_PC)] for chunk in _observed(history, start)]
    if not records:
        return found
    together = np.concatenate(records)
    pcs, kinds = together["a"].astype(np.int64), together["tag"] & 0xFF
    branch = (kinds[:-1] == Kind.RETIRED) & (together["b"][:-1] & OPCODE == _BRANCH)
    met = np.flatnonzero(branch)
    taken = pcs[met + 1] != pcs[met] + 4
    for pc in np.unique(pcs[met]).tolist():
        here = pcs[met] == pc
        found[pc] = int(taken[here].sum()), int(here.sum())
    return found


def spikes(history: History, start: int) -> NDArray[np.void]:
    """All spikes of the coprocessor from a moment up to now, in the order they came, as records of SPIKES."""
    end = history.now
    with unmoved(history):
        history.seek(max(start, history.earliest))
        history.machine.observe(lambda data: None, spikes=True)
        history.run(end - history.now)
        data = history.machine.take_spikes()
    return np.frombuffer(data, SPIKES)


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
