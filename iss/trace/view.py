"""A block as part of its trace: its instructions as columns, their times, and the events of each."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from iss.trace.block import STORE_BIT, Array, Block
from iss.trace.decoding import Decoded
from iss.trace.events import (
    Command,
    CsrWrite,
    Event,
    Interrupt,
    Kind,
    MemoryAccess,
    Retired,
    Sleep,
    Spikes,
    Trap,
)

if TYPE_CHECKING:
    from iss.trace.reader import Trace


class View:
    """A block as part of its trace: its instructions are `base` on."""

    def __init__(self, trace: Trace, block: Block, base: int, following: int | None = None) -> None:
        """`following` is the pc behind the block where the trace does not know it."""
        self.trace, self.block, self.base, self._following = trace, block, base, following

    def __len__(self) -> int:
        return len(self.block)

    def each(self, what: Callable[[Decoded], Any], kind: Any) -> Array:
        """`what` of each instruction's word, [n]; called once for each site."""
        found: Array = self.trace.decoder.sites(self.block, what, kind)[self.block.site]
        return found

    @cached_property
    def pc(self) -> Array:
        """[n] u32."""
        found: Array = self.block.site_pc[self.block.site]
        return found

    @cached_property
    def word(self) -> Array:
        """[n] u32."""
        found: Array = self.block.site_word[self.block.site]
        return found

    @cached_property
    def destination(self) -> Array:
        """[n] u8, 0: none."""
        found: Array = self.block.site_destination[self.block.site]
        return found

    @property
    def value(self) -> Array:
        """[n] u32 of the destination."""
        return self.block.value

    @cached_property
    def number(self) -> Array:
        """[n] u64: instructions retired before each."""
        own = self.block.number
        found: Array = np.arange(len(self), dtype=np.uint64) if own is None else own.astype(np.uint64)
        return found + np.uint64(self.block.first)

    @cached_property
    def kinds(self) -> Array:
        """[k] Kind of each event."""
        found: Array = self.block.event["tag"] & 0xFF
        return found

    @cached_property
    def followed_by(self) -> Array:
        """[n] u32: the pc that each went on to; the one behind it where nobody knows."""
        block = self.block
        following = self.pc + np.uint32(4)
        following[:-1] = self.pc[1:]
        if len(self) and (after := self.trace.pc_after(self) if self._following is None else self._following):
            following[-1] = after
        if block.number is not None:
            gaps = np.diff(block.number, append=0) != 1
            following[gaps] = self.pc[gaps] + np.uint32(4)
        # Where a trap or interrupt came first, its record has the pc.
        entered = np.flatnonzero((self.kinds == Kind.TRAP) | (self.kinds == Kind.INTERRUPT))[::-1]
        index = block.event_index[entered].astype(np.int64)
        following[index[index > 0] - 1] = block.event["a"][entered[index > 0]]
        return following

    @cached_property
    def taken(self) -> Array:
        """[n] bool: branches that were taken. One to the next instruction cannot be seen and counts as not taken."""
        branch = self.each(lambda decoded: decoded.is_branch, bool)
        branch &= self.followed_by != self.pc + np.uint32(4)
        return branch

    @cached_property
    def cost(self) -> Array:
        """[n] u64: cycles of each instruction."""
        cost = self.each(lambda decoded: decoded.cost, np.uint64)
        cost += self.taken * np.uint64(self.trace.decoder.timing.taken_branch)
        np.add.at(cost, self._delays[0][self._delays[2]], self._delays[1][self._delays[2]])
        return cost

    @cached_property
    def _delays(self) -> tuple[Array, Array, Array]:
        return delays(self.block)

    @cached_property
    def _starts(self) -> Array:
        if self.block.start is not None:
            ends = self.block.start[-1:].astype(np.uint64) + self.cost[-1:]
            return np.uint64(self.block.cycle) + np.concatenate([self.block.start.astype(np.uint64), ends])
        before = np.zeros(len(self) + 1, np.uint64)
        index, cycles, own = self._delays
        np.add.at(before, index[~own], cycles[~own])
        before[1:] += self.cost
        return np.uint64(self.block.cycle) + np.cumsum(before, dtype=np.uint64)

    @property
    def cycle(self) -> Array:
        """[n] u64: cycles before each instruction."""
        return self._starts[: len(self)]

    def time(self, index: int) -> int:
        """Cycles before an instruction; of len(self), behind the last."""
        return int(self._starts[index])

    @property
    def ends(self) -> Array:
        """[n] u64: cycles before what follows each instruction."""
        return self._starts[1:]

    @property
    def end_cycle(self) -> int:
        """Cycles behind the block."""
        return int(self._starts[-1]) if len(self._starts) else self.block.cycle

    @cached_property
    def spike_starts(self) -> Array:
        """[k + 1] index of the first spike record of each event."""
        counts = np.where(self.kinds == Kind.COST, self.block.event["b"], 0)
        return np.concatenate([[0], np.cumsum(counts, dtype=np.int64)])

    def events(self, index: int) -> list[Event]:
        """What belongs to instruction `index` of the block; len(self): what is behind the last."""
        events = np.searchsorted(self.block.event_index, [index, index + 1]).tolist()
        accesses = np.searchsorted(self.block.access_index, [index, index + 1]).tolist()
        return self._events(*events, *accesses)

    def _events(self, first: int, last: int, first_access: int, last_access: int) -> list[Event]:
        """Those at these places of the tables of events and accesses."""
        block = self.block
        found = [event for place in range(first, last) if (event := self.event(place)) is not None]
        for place in range(first_access, last_access):
            kind = int(block.access_kind[place])
            address, data = int(block.address[place]), int(block.data[place])
            found.append(MemoryAccess(address, kind & ~STORE_BIT, data, bool(kind & STORE_BIT)))
        return found

    def event(self, place: int) -> Event | None:
        """The event at a place of the block's table; None for the COST of the COMMAND before."""
        tag, a, b, c = (int(field) for field in self.block.event[place])
        match tag & 0xFF:
            case Kind.CSR:
                return CsrWrite(tag >> 8 & 0xFFF, a)
            case Kind.TRAP:
                return Trap(a, b, c)
            case Kind.INTERRUPT:
                return Interrupt(a, b)
            case Kind.SLEEP:
                return Sleep(a | b << 32)
            case Kind.COMMAND:
                cost = self.block.event[place + 1] if place + 1 < len(self.block.event) else None
                cycles = 0 if cost is None else int(cost["a"]) | int(cost["c"]) << 32
                begin, end = (int(self.spike_starts[min(place + k, len(self.spike_starts) - 1)]) for k in (1, 2))
                spikes = tuple(Spikes(*map(int, record)) for record in self.block.spike[begin:end])
                return Command(tag >> 8 & 0x3FF, tag >> 30, a, b, c, cycles, spikes)
        return None

    def retired(self, index: int) -> Retired:
        """Instruction `index` of the block."""
        return next(self.instructions(index, index + 1))

    def instructions(self, begin: int, end: int) -> Iterator[Retired]:
        """Instructions begin..end-1 of the block."""
        bounds = np.arange(begin, end + 1)
        events = np.searchsorted(self.block.event_index, bounds).tolist()
        accesses = np.searchsorted(self.block.access_index, bounds).tolist()
        columns = (self.number, self.pc, self.word, self.destination, self.value, self.cycle)
        rows = zip(*(column[begin:end].tolist() for column in columns), strict=True)
        for place, (number, pc, word, destination, value, cycle) in enumerate(rows):
            parts = (events[place], events[place + 1], accesses[place], accesses[place + 1])
            found = tuple(self._events(*parts)) if parts[0] != parts[1] or parts[2] != parts[3] else ()
            yield Retired(self.base + begin + place, number, pc, word, destination, value, cycle, found)


def delays(block: Block) -> tuple[Array, Array, Array]:
    """Events that took time: instruction, cycles, whether it was the instruction itself that took them."""
    event, index = block.event, block.event_index.astype(np.int64)
    kinds = event["tag"] & 0xFF
    sleeps, costs = kinds == Kind.SLEEP, kinds == Kind.COST
    low, high = event["a"].astype(np.uint64), np.where(sleeps, event["b"], event["c"]).astype(np.uint64)
    own = np.zeros(len(event), bool)
    own[1:] = costs[1:] & (event["tag"][:-1] >> 30 == 0)
    own &= index < len(block)
    chosen = sleeps | costs
    return index[chosen], (low + (high << np.uint64(32)))[chosen], own[chosen]
