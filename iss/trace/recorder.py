"""Recording a run: what an engine hands to its observer becomes blocks, which go to a file or are kept."""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final, Protocol

import numpy as np

from iss.engines._interpreter import ffi, lib
from iss.hart.timing import TimingModel
from iss.loaders.image import Image
from iss.trace.block import MOST, RECORDS, SPIKES, Block
from iss.trace.branches import branches
from iss.trace.events import RECORD, Kind
from iss.trace.reader import Chooser, KeptBlocks, Trace
from iss.trace.store import TraceWriter
from iss.trace.view import View

_NO_SPIKES: Final = np.zeros(0, SPIKES)


def describe(isa: str, timing: TimingModel | None, image: Image | None, *, lines: bool = True) -> dict[str, Any]:
    """The description of a trace: what a reader needs to know of the machine and the program."""
    description: dict[str, Any] = {"isa": isa}
    if timing is not None:
        description["timing"] = {
            "name": timing.name,
            "costs": dict(timing.costs),
            "taken_branch": timing.taken_branch,
        }
    if image is not None:
        path = Path(image.source)
        digest = hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else None
        description["program"] = {"path": image.source, "sha256": digest}
        description["symbols"] = sorted([*symbol] for symbol in image.symbols.values())
        if lines:
            description |= _lines(image)
    return description


def _lines(image: Image) -> dict[str, Any]:
    files: dict[str, int] = {}
    rows = []
    for address, place in image.lines.rows:
        number = -1 if place is None else files.setdefault(place.file, len(files))
        rows.append([address, number, 0 if place is None else place.line])
    return {"files": list(files), "lines": rows, "branches": branches(image)}


class Packer:
    """Turns records into blocks; all in front of the first block has `first` instructions and `cycle` cycles."""

    def __init__(self, first: int = 0, cycle: int = 0) -> None:
        self.first, self.cycle = first, cycle
        self._block = ffi.new("nh_block *")
        self._spikes = bytearray()

    @property
    def instructions(self) -> int:
        """In the block that is being filled."""
        return int(self._block.instructions)

    @property
    def empty(self) -> bool:
        """Whether nothing has been taken for it."""
        block = self._block
        return not (block.instructions or block.accesses or block.events)

    def fits(self, count: int) -> bool:
        """Whether so many records certainly fit into the block."""
        block = self._block
        return int(max(block.instructions, block.events, block.accesses)) + count <= MOST

    def take(self, records: bytes | memoryview, spikes: bytes = b"") -> int:
        """Take records, and the spikes of their commands; gives how many records found room."""
        self._spikes += spikes
        count = len(records) // RECORD.size
        return int(lib.nh_pack(self._block, ffi.from_buffer("nh_record[]", records), count))

    def _column(self, name: str, count: int, kind: Any) -> Any:
        column = getattr(self._block, name)
        return np.frombuffer(ffi.buffer(column), kind, count)

    def block(self) -> Block:
        """What has been taken, as views that `reset` makes invalid."""
        block = self._block
        n, s, m, k = block.instructions, block.sites, block.accesses, block.events
        event = self._column("event", k, RECORDS)
        wanted = int(event["b"][event["tag"] & 0xFF == Kind.COST].sum(dtype=np.int64))
        return Block(
            self.first,
            self.cycle,
            self._column("value", n, "<u4"),
            self._column("site", n, "<u2"),
            self._column("site_pc", s, "<u4"),
            self._column("site_word", s, "<u4"),
            self._column("site_destination", s, "u1"),
            self._column("access_index", m, "<u2"),
            self._column("access_kind", m, "u1"),
            self._column("address", m, "<u4"),
            self._column("data", m, "<u4"),
            self._column("event_index", k, "<u2"),
            event,
            np.frombuffer(bytes(self._spikes[: wanted * SPIKES.itemsize]), SPIKES) if wanted else _NO_SPIKES,
        )

    def reset(self, cycle: int) -> None:
        """Begin the next block at this cycle."""
        block = self._block
        event = self._column("event", block.events, RECORDS)
        wanted = int(event["b"][event["tag"] & 0xFF == Kind.COST].sum(dtype=np.int64))
        del self._spikes[: wanted * SPIKES.itemsize]
        self.first += block.instructions
        self.cycle = cycle
        block.instructions = block.sites = block.accesses = block.events = 0
        ffi.memmove(block.places, bytes(ffi.sizeof(block.places)), ffi.sizeof(block.places))


class Sink(Protocol):
    """Where blocks go. `write` may raise OSError."""

    def write(self, block: Block) -> None: ...

    def close(self, end: Mapping[str, Any]) -> None: ...


class Kept:
    """Keeps blocks in memory; all of them, or as many as the last `most` instructions need."""

    def __init__(self, description: Mapping[str, Any], most: int | None = None) -> None:
        self._description, self._most = description, most
        self._blocks: deque[Block] = deque()
        self._instructions = 0
        self.end: Mapping[str, Any] = {}

    def write(self, block: Block) -> None:
        self._blocks.append(copied(block))
        self._instructions += len(block)
        while self._most is not None and self._instructions - len(self._blocks[0]) >= self._most:
            self._instructions -= len(self._blocks.popleft())

    def close(self, end: Mapping[str, Any]) -> None:
        self.end = end

    @property
    def trace(self) -> Trace:
        """What was kept."""
        whole = Trace(KeptBlocks(tuple(self._blocks)), self._description, self.end)
        if self._most is None or whole.count <= self._most:
            return whole
        view = whole.view(0)
        begin = whole.count - self._most
        first = view.block.part(begin, len(view), int(view.cycle[begin]))
        return Trace(KeptBlocks((first, *list(self._blocks)[1:])), self._description, self.end)


def copied(block: Block) -> Block:
    """A block with columns of its own."""
    columns: dict[str, Any] = {
        name: value.copy() if isinstance(value, np.ndarray) else value for name, value in vars(block).items()
    }
    return Block(**columns)


def write_trace(trace: Trace, path: str | Path) -> None:
    """Write all of a trace into a file. Raises OSError."""
    writer = TraceWriter(path, trace.description)
    try:
        for view in trace.views():
            writer.write(view.block)
    finally:
        writer.close(trace.end)


class Recorder:
    """Takes what a machine is observed to do: `consume(records, spikes, cycles)` after each piece of the run.

    `wanted` keeps some instructions only. After an error of the sink nothing more is recorded: `error` has it, and
    `failed` is called once.
    """

    def __init__(
        self,
        sink: Sink,
        description: Mapping[str, Any],
        *,
        first: int = 0,
        cycle: int = 0,
        wanted: Chooser | None = None,
        failed: Callable[[], object] = lambda: None,
    ) -> None:
        """`first` instructions and `cycle` cycles have passed before."""
        self._sink, self._wanted, self._failed = sink, wanted, failed
        self._packer = Packer(first, cycle)
        self._trace = Trace(KeptBlocks(()), description)  # for the decoder
        self._cycles: int | None = cycle
        self.error: OSError | None = None

    def consume(self, records: bytes | memoryview, spikes: bytes, cycles: int | None) -> None:
        """Take records, the spikes of their commands and the cycles that have passed after the last of them.

        Where nobody knows the cycles (None) the costs of the instructions tell.
        """
        if self.error is not None:
            return
        packer = self._packer
        count = len(records) // RECORD.size
        if not packer.empty and not packer.fits(count):
            self._flush(self._cycles, _first_pc(records, 0))
        done = packer.take(records, spikes)
        while done < count:  # a piece larger than a block: where it is cut, only the costs tell the time
            self._flush(None, _first_pc(records, done))
            done += packer.take(memoryview(records)[done * RECORD.size :])
        self._cycles = cycles

    def _flush(self, cycles: int | None, following: int | None = None) -> None:
        """Hand over a block; `cycles` had passed behind it, or the run went on at `following`."""
        block = self._packer.block()
        view = View(self._trace, block, 0, following)
        if cycles is None:
            cycles = view.end_cycle
        try:
            if self.error is None:
                self._sink.write(block if self._wanted is None else chosen(view, self._wanted.mask(view)))
        except OSError as error:
            self.error = error
            self._failed()
        self._packer.reset(cycles)

    def close(self, end: Mapping[str, Any]) -> None:
        """Hand over what is left, and how the run ended. Raises no OSError: see `error`."""
        if not self._packer.empty:
            self._flush(self._cycles)
        try:
            self._sink.close(end)
        except OSError as error:
            if self.error is None:
                self.error = error
                self._failed()


def _first_pc(records: bytes | memoryview, begin: int) -> int | None:
    """The pc that the records from `begin` on tell first."""
    known = (Kind.RETIRED, Kind.TRAP, Kind.INTERRUPT)
    rest = RECORD.iter_unpack(bytes(records[begin * RECORD.size :]))
    return next((a for tag, a, _, _ in rest if tag & 0xFF in known), None)


def chosen(view: View, mask: Any) -> Block:
    """The instructions of a block for which `mask` is true, with what belongs to them."""
    block, places = view.block, np.flatnonzero(mask)
    renumbered = np.zeros(len(block) + 1, np.int64)
    renumbered[places] = np.arange(len(places))
    kept = np.append(np.asarray(mask, bool), False)
    accesses, events = kept[block.access_index], kept[block.event_index]
    owners = np.repeat(np.arange(len(block.event)), np.diff(view.spike_starts))
    used, site = np.unique(block.site[places], return_inverse=True)
    return Block(
        block.first,
        block.cycle,
        block.value[places],
        site.astype("<u2").reshape(-1),
        block.site_pc[used],
        block.site_word[used],
        block.site_destination[used],
        renumbered[block.access_index[accesses]].astype("<u2"),
        block.access_kind[accesses],
        block.address[accesses],
        block.data[accesses],
        renumbered[block.event_index[events]].astype("<u2"),
        block.event[events],
        block.spike[: len(owners)][events[owners]],
        (view.number[places] - np.uint64(block.first)).astype("<u4"),
        (view.cycle[places] - np.uint64(block.cycle)).astype("<u4"),
    )
