"""Reading traces: one instruction, many as columns, and the next one that a filter wants, in either direction."""

from __future__ import annotations

from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any, Final, Protocol

import numpy as np

from iss.builtin import builtin_architecture
from iss.isa.catalogue import DEFAULT_ISA, Architecture
from iss.loaders.image import Symbol
from iss.loaders.lines import LineRow, LineTable, SourceLine
from iss.loaders.names import Names
from iss.trace.block import Array, Block
from iss.trace.decoding import Decoder, timing_of
from iss.trace.events import Event, Kind, Retired
from iss.trace.store import TraceReader
from iss.trace.view import View, delays

_KEPT: Final = 8  # blocks


class Chooser(Protocol):
    """What `find` looks for: `iss.trace.filters.Filter` is one."""

    def mask(self, view: View) -> Array:
        """Which instructions of a block are wanted, [n] of bool."""


class Blocks(Protocol):
    """Where a trace's blocks come from."""

    def __len__(self) -> int: ...

    def instructions(self, index: int) -> int: ...

    def first(self, index: int) -> int: ...

    def sparse(self, index: int) -> bool: ...

    def block(self, index: int) -> Block: ...

    def release(self, index: int) -> None: ...


class StoredBlocks:
    """Those of a file."""

    def __init__(self, reader: TraceReader) -> None:
        self._reader = reader

    def __len__(self) -> int:
        return len(self._reader.heads)

    def instructions(self, index: int) -> int:
        return self._reader.heads[index].counts[0]

    def first(self, index: int) -> int:
        return self._reader.heads[index].first

    def sparse(self, index: int) -> bool:
        return self._reader.heads[index].sparse

    def block(self, index: int) -> Block:
        return self._reader.block(index)

    def release(self, index: int) -> None:
        self._reader.release(index)


class KeptBlocks:
    """Those of a list."""

    def __init__(self, blocks: Sequence[Block]) -> None:
        self._blocks = blocks

    def __len__(self) -> int:
        return len(self._blocks)

    def instructions(self, index: int) -> int:
        return len(self._blocks[index])

    def first(self, index: int) -> int:
        return self._blocks[index].first

    def sparse(self, index: int) -> bool:
        return self._blocks[index].number is not None

    def block(self, index: int) -> Block:
        return self._blocks[index]

    def release(self, index: int) -> None:
        """They stay in memory."""


class Trace:
    """A trace; instructions count from 0 on."""

    def __init__(self, blocks: Blocks, description: Mapping[str, Any], end: Mapping[str, Any] | None = None) -> None:
        """`description` and `end` are as in `iss.trace.recorder.describe`."""
        self._source = blocks
        self.description, self.end = description, dict(end or {})
        self._bases = [0]
        for index in range(len(blocks)):
            self._bases.append(self._bases[-1] + blocks.instructions(index))
        self._views: OrderedDict[int, View] = OrderedDict()
        self._read: tuple[int, Block] | None = None

    @property
    def count(self) -> int:
        """Instructions in the trace."""
        return self._bases[-1]

    @property
    def isa(self) -> str:
        """ISA string."""
        return str(self.description.get("isa") or DEFAULT_ISA)

    @property
    def program(self) -> str:
        """Path of the program, or what it was called."""
        return str(self.description.get("program", {}).get("path", ""))

    @cached_property
    def first(self) -> int:
        """Instructions retired before the first of the trace."""
        return self._source.first(0) if len(self._source) else 0

    def has(self, what: str) -> bool:
        """Whether the trace knows of each instruction its "word", "value", "memory", "csr", "trap" or "cycle"."""
        given = self.description.get("has")
        return given is None or what in given

    @cached_property
    def architecture(self) -> Architecture:
        """The architecture of the ISA string."""
        return builtin_architecture(self.isa)

    @cached_property
    def decoder(self) -> Decoder:
        """Decodes its words."""
        return Decoder(self.architecture, timing_of(self.description))

    @cached_property
    def symbols(self) -> dict[str, Symbol]:
        """Symbols of the program by name."""
        return {row[0]: Symbol(*row) for row in self.description.get("symbols", ())}

    @cached_property
    def names(self) -> Names:
        """Names of addresses."""
        return Names(self.symbols.values())

    @cached_property
    def lines(self) -> LineTable:
        """Source lines of addresses."""
        files = self.description.get("files", [])
        rows = self.description.get("lines", ())
        return LineTable(
            LineRow(address, None if file < 0 else SourceLine(files[file], line)) for address, file, line in rows
        )

    def __len__(self) -> int:
        return self.count

    # Blocks -------------------------------------------------------------------------------------------------------
    def view(self, number: int) -> View:
        """The block of a number, with the events that stand behind the last instruction of the one before."""
        view = self._views.get(number)
        if view is None:
            view = self._views[number] = View(self, self._with_carried(number), self._bases[number])
            if len(self._views) > _KEPT:
                self._source.release(self._views.popitem(last=False)[0])
        else:
            self._views.move_to_end(number)
        return view

    def _with_carried(self, number: int) -> Block:
        before = self._block(number - 1) if number else None
        block = self._block(number)
        if number + 1 < len(self._source) and len(block):  # what is behind the last is the next block's
            block = _without_tail(block)
        if before is None:
            return block
        return _with_tail(before if len(before) else self._with_carried(number - 1), block)

    def _block(self, number: int) -> Block:
        """A block as it is stored; the last one is kept, because the next one begins with what is behind it."""
        if self._read is None or self._read[0] != number:
            self._read = number, self._source.block(number)
        return self._read[1]

    def views(self, begin: int = 0, end: int | None = None) -> Iterator[View]:
        """The blocks that hold instructions begin..end-1, in order; of the first and last maybe more."""
        stop = self.count if end is None else min(end, self.count)
        for number in range(len(self._source)):
            if self._bases[number + 1] > begin and self._bases[number] < stop:
                yield self.view(number)

    def pc_after(self, view: View) -> int | None:
        """The pc of the first instruction behind a block; None if there is none."""
        number = bisect_right(self._bases, view.base + len(view)) - 1
        if number < len(self._source):
            block = self._source.block(number)
            return int(block.site_pc[block.site[0]])
        return None

    def view_at(self, index: int) -> View:
        """The block of an instruction."""
        return self.view(bisect_right(self._bases, index) - 1)

    # Instructions ---------------------------------------------------------------------------------------------------
    def instruction(self, index: int) -> Retired:
        """Instruction `index`; IndexError if there is none."""
        if not 0 <= index < self.count:
            raise IndexError(f"instruction {index} of a trace of {self.count}")
        number = bisect_right(self._bases, index) - 1
        return self.view(number).retired(index - self._bases[number])

    def instructions(self, begin: int = 0, end: int | None = None) -> Iterator[Retired]:
        """Instructions begin..end-1."""
        stop = self.count if end is None else min(end, self.count)
        for view in self.views(begin, stop):
            yield from view.instructions(max(begin - view.base, 0), min(stop - view.base, len(view)))

    @property
    def behind(self) -> list[Event]:
        """What happened after the last instruction."""
        if not len(self._source):
            return []
        view = self.view(len(self._source) - 1)
        return view.events(len(view))

    @cached_property
    def sparse(self) -> bool:
        """Whether instructions between those of the trace were left out."""
        return any(self._source.sparse(index) for index in range(len(self._source)))

    @property
    def blocks(self) -> int:
        """How many blocks there are: numbers for `view`."""
        return len(self._source)

    def index_of(self, number: int) -> int:
        """The first instruction before which at least `number` have retired; `count` if there is none."""
        block = bisect_right(range(self.blocks), number, key=self._source.first) - 1
        if block < 0:
            return 0
        view = self.view(block)
        return view.base + int(np.searchsorted(view.number, number))

    def matching(self, wanted: Chooser | None, begin: int, end: int) -> Iterator[int]:
        """Those of instructions begin..end-1 that are wanted (None: all), in order."""
        for view in self.views(begin, end):
            low, high = max(begin - view.base, 0), min(end - view.base, len(view))
            if wanted is None:
                yield from range(view.base + low, view.base + high)
            else:
                yield from (np.flatnonzero(wanted.mask(view)[low:high]) + view.base + low).tolist()

    def find(self, wanted: Chooser, start: int = 0, direction: int = 1) -> int | None:
        """The first instruction that is wanted at or behind `start`, or before it with direction -1."""
        number = min(bisect_right(self._bases, min(max(start, 0), self.count)), len(self._source)) - 1
        while 0 <= number < len(self._source):
            base = self._bases[number]
            found = np.flatnonzero(wanted.mask(self.view(number))) + base
            found = found[found >= start] if direction > 0 else found[found < start]
            if len(found):
                return int(found[0] if direction > 0 else found[-1])
            number += direction
        return None


def _without_tail(block: Block) -> Block:
    accesses, events = (np.searchsorted(index, len(block)) for index in (block.access_index, block.event_index))
    if accesses == len(block.address) and events == len(block.event):
        return block
    costs = block.event[:events]
    spikes = int(costs["b"][costs["tag"] & 0xFF == Kind.COST].sum(dtype=np.int64))
    return replace(
        block,
        access_index=block.access_index[:accesses],
        access_kind=block.access_kind[:accesses],
        address=block.address[:accesses],
        data=block.data[:accesses],
        event_index=block.event_index[:events],
        event=block.event[:events],
        spike=block.spike[:spikes],
    )


def _with_tail(before: Block, block: Block) -> Block:
    """`block` with what is behind the last instruction of `before` in front."""
    tail = before.part(len(before), len(before), before.cycle)
    if not len(tail.address) and not len(tail.event):
        return block

    def joined(name: str) -> Array:
        return np.concatenate([getattr(tail, name), getattr(block, name)])

    names = ("access_index", "access_kind", "address", "data", "event_index", "event", "spike")
    cycle = block.cycle - int(delays(tail)[1].sum(dtype=np.uint64))  # before what was carried over
    columns: dict[str, Any] = {name: joined(name) for name in names}
    return replace(block, cycle=cycle, **columns)


class TraceFile(Trace):
    """A trace in a file of NeuroHart's own format."""

    @classmethod
    def open(cls, path: str | Path) -> TraceFile:
        """Open a file; TraceError if it is none or damaged, OSError."""
        reader = TraceReader(path)
        trace = cls(StoredBlocks(reader), reader.description, reader.end)
        trace.complete, trace.path = reader.complete, str(path)
        return trace

    complete = True
    """Whether the recording was brought to its end."""
    path = ""
