"""Finding moments in the records of an observed run: what breakpoints, watchpoints and reverse motions look for.

Times are counts of retired instructions. A wanted moment is `before` an instruction (a breakpoint) or after it (a
watchpoint); candidates come in the order of time. To look for something new, add a class with `moments`.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from asm.disassembler import Disassembler
from iss.trace.block import RECORDS
from iss.trace.events import RECORD, Kind
from iss.trace.jumps import OPCODE
from iss.trace.reader import Chooser, Trace
from iss.trace.recorder import Packer
from iss.trace.view import View

_KIND: Final = 0xFF
ENGINE: Final = 0x2B
Places = NDArray[np.int64]
_NONE: Final = np.zeros(0, np.int64)


@dataclass(frozen=True)
class Chunk:
    """Records of complete instructions; the first of them is the `start`-th to retire."""

    records: NDArray[np.void]
    start: int

    @classmethod
    def of(cls, data: bytes | memoryview, start: int) -> Chunk:
        """What an engine hands to its observer; valid as long as that."""
        return cls(np.frombuffer(data, dtype=RECORDS), start)

    @cached_property
    def kinds(self) -> NDArray[np.uint32]:
        """The Kind of each record."""
        kinds: NDArray[np.uint32] = self.records["tag"] & np.uint32(_KIND)
        return kinds

    @cached_property
    def retirements(self) -> NDArray[np.bool_]:
        """Which records are of retirement."""
        retirements: NDArray[np.bool_] = self.kinds == Kind.RETIRED
        return retirements

    @cached_property
    def count(self) -> int:
        """Instructions that retired."""
        return int(np.count_nonzero(self.retirements))

    @cached_property
    def retired(self) -> NDArray[np.void]:
        """The records of retirement, one an instruction; a copy."""
        retired: NDArray[np.void] = self.records[self.retirements]
        return retired

    def time_of(self, chosen: NDArray[np.bool_]) -> Places:
        """Times before the instructions to which the chosen records belong."""
        before = np.cumsum(self.retirements)
        places = np.flatnonzero(chosen)
        own = self.kinds[places] == Kind.RETIRED
        times: Places = self.start + before[places].astype(np.int64) - own
        return times


class Wanted(Protocol):
    """What is looked for: the times of its candidates in a chunk, ascending."""

    def moments(self, chunk: Chunk) -> Places: ...


@dataclass(frozen=True)
class AtAddress:
    """The moment before the instruction at one of some addresses."""

    addresses: tuple[int, ...]

    def moments(self, chunk: Chunk) -> Places:
        pcs = chunk.records["a"]
        met = pcs == np.uint32(self.addresses[0])
        for address in self.addresses[1:]:
            met |= pcs == np.uint32(address)
        met &= chunk.retirements
        return chunk.time_of(met) if met.any() else _NONE


class AtChosen:
    """The moment before an instruction that a filter of traces wants; `trace` has what that needs to know."""

    def __init__(self, chooser: Chooser, trace: Trace) -> None:
        self._chooser, self._trace = chooser, trace
        self._packer = Packer()
        self._tail, self._time = b"", -1

    def moments(self, chunk: Chunk) -> Places:
        own = chunk.records.tobytes()
        retired = np.flatnonzero(chunk.kinds == Kind.RETIRED)
        whole = RECORD.size * (int(retired[-1]) + 1 if len(retired) else 0)
        before = self._tail if self._time == chunk.start else b""
        self._tail = own[whole:]  # what came before an instruction that is in the next chunk
        self._time = chunk.start + len(retired)
        found, records, time = [], memoryview(before + own[:whole]), chunk.start
        while records:
            done = self._packer.take(records)
            view = View(self._trace, self._packer.block(), 0)
            found.append(np.flatnonzero(self._chooser.mask(view)).astype(np.int64) + time)
            time += len(view)
            self._packer.reset(0)
            records = records[done * RECORD.size :]
        return np.concatenate(found) if found else np.zeros(0, np.int64)


class WithText:
    """A filter that wants instructions with something in their text."""

    def __init__(self, text: str, disassembler: Disassembler) -> None:
        self._text, self._disassembler = text.lower(), disassembler

    def mask(self, view: View) -> NDArray[np.bool_]:
        block = view.block
        places = zip(block.site_word.tolist(), block.site_pc.tolist(), strict=True)
        fits = [self._text in self._disassembler.word(word, pc).text.lower() for word, pc in places]
        found: NDArray[np.bool_] = np.array(fits, bool)[block.site]
        return found


@dataclass(frozen=True)
class AfterAccess:
    """The moment after an access to [low, high). The coprocessor may store anywhere, so its `commands` count."""

    low: int
    high: int
    loads: bool = False
    stores: bool = True
    commands: bool = True

    def moments(self, chunk: Chunk) -> Places:
        records, kinds = chunk.records, chunk.kinds
        kind = (kinds == Kind.LOAD) & self.loads | (kinds == Kind.STORE) & self.stores
        first = records["a"].astype(np.int64)
        meets: NDArray[np.bool_] = kind & (first < self.high) & (first + (records["tag"] >> 8 & _KIND) > self.low)
        if self.stores and self.commands:
            # Also one that was suspended has stored something: it stands before whatever retires next.
            meets |= (kinds == Kind.RETIRED) & (records["b"] & OPCODE == ENGINE) | (kinds == Kind.COMMAND)
        return np.unique(chunk.time_of(meets) + 1)


@dataclass(frozen=True)
class AfterRegister:
    """The moment after a write to an integer register."""

    number: int

    def moments(self, chunk: Chunk) -> Places:
        destinations = chunk.retired["tag"] >> 8 & _KIND
        return chunk.start + np.flatnonzero(destinations == self.number).astype(np.int64) + 1


@dataclass(frozen=True)
class AfterCsr:
    """The moment after a CSR was written. Instructions of the coprocessor count: they write some by themselves."""

    number: int

    def moments(self, chunk: Chunk) -> Places:
        tags, kinds = chunk.records["tag"], chunk.kinds
        written = (kinds == Kind.CSR) & (tags >> 8 & 0xFFF == self.number)
        unit = (kinds == Kind.RETIRED) & np.isin(chunk.records["b"] & OPCODE, [0x0B, ENGINE]) | (kinds == Kind.COMMAND)
        return np.unique(chunk.time_of(written | unit) + 1)


@dataclass(frozen=True)
class Anywhere:
    """The moment after every instruction."""

    def moments(self, chunk: Chunk) -> Places:
        return chunk.start + 1 + np.arange(len(chunk.retired), dtype=np.int64)
