"""A block of a trace: up to 65,535 instructions in columns, and the bytes it is stored as.

What stands at a place in memory (pc, word, destination) is kept once a block, as a site; an instruction is the index of
its site and the value of its destination. To store more of each instruction, add a row to COLUMNS.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from struct import Struct
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from iss.errors import NeuroHartError
from iss.trace.events import Kind

RECORDS: Final = np.dtype([("tag", "<u4"), ("a", "<u4"), ("b", "<u4"), ("c", "<u4")])
SPIKES: Final = np.dtype([("time", "<u4"), ("descriptor", "<u4"), ("group", "<u4"), ("bits", "<u4")])
MOST: Final = 65535
"""Instructions in a block; an index of 65535 then stands for what comes behind all of them."""
STORE_BIT: Final = 0x80
MAGIC: Final = b"BLCK"
SPARSE: Final = 1
HEADER: Final = Struct("<4s7I4Q")  # magic, payload bytes, five counts, flags, first, cycle, check of payload, of header
COUNTS: Final = ("instructions", "sites", "accesses", "events", "spikes")
COLUMNS: Final = (  # attribute, type, which count
    ("value", "<u4", 0),
    ("site_pc", "<u4", 1),
    ("site_word", "<u4", 1),
    ("address", "<u4", 2),
    ("data", "<u4", 2),
    ("event", RECORDS, 3),
    ("spike", SPIKES, 4),
    ("site", "<u2", 0),
    ("access_index", "<u2", 2),
    ("event_index", "<u2", 3),
    ("site_destination", "u1", 1),
    ("access_kind", "u1", 2),
)
SPARSE_COLUMNS: Final = (("number", "<u4", 0), ("start", "<u4", 0))
Array = NDArray[Any]


class TraceError(NeuroHartError):
    """A trace that cannot be read or written: which file, what is wrong, what to do."""


@dataclass(frozen=True)
class Block:
    """Instructions that follow each other, unless `number` says otherwise; n, s, m, k, j are the counts of COUNTS.

    `first` instructions had retired before the first one and `cycle` cycles passed. An access or event with index i
    belongs to instruction i, or came between it and the one before; index n stands for what is behind the last.
    """

    first: int
    cycle: int
    value: Array  # [n] of the destination register afterwards
    site: Array  # [n] index of a site
    site_pc: Array  # [s]
    site_word: Array  # [s]
    site_destination: Array  # [s] 0: none
    access_index: Array  # [m]
    access_kind: Array  # [m] size in bytes, plus STORE_BIT
    address: Array  # [m]
    data: Array  # [m]
    event_index: Array  # [k]
    event: Array  # [k] RECORDS of the kinds from CSR on
    spike: Array  # [j] SPIKES, in the order of the commands whose COST counts them
    number: Array | None = None  # [n] instructions retired since the first, if some between were left out
    start: Array | None = None  # [n] cycles since `cycle` before each, likewise

    def __len__(self) -> int:
        return len(self.value)

    @property
    def counts(self) -> tuple[int, ...]:
        """As in COUNTS."""
        return tuple(map(len, (self.value, self.site_pc, self.address, self.event, self.spike)))

    def to_bytes(self) -> list[bytes | memoryview]:
        """Header and columns, to be written one after the other."""
        parts: list[bytes | memoryview] = []
        check = 0
        length = 0
        for position, (name, kind, _) in enumerate(_columns(self.number is not None)):
            column = np.ascontiguousarray(getattr(self, name), dtype=kind).view("u1")
            padding = -len(column) % 8
            whole = np.concatenate([column, np.zeros(padding, "u1")]) if padding else column
            check = (check + (2 * position + 1) * _sum(whole)) % 2**64
            parts.append(whole.data)
            length += len(whole)
        flags = SPARSE if self.number is not None else 0
        head = HEADER.pack(MAGIC, length, *self.counts, flags, self.first, self.cycle, check, 0)
        return [head[:-8] + _sum(np.frombuffer(head[:-8], "u1")).to_bytes(8, "little"), *parts]

    def part(self, begin: int, end: int, cycle: int) -> Block:
        """Instructions begin..end-1, the first of which began at `cycle`; with the last what stands behind it."""
        last = end >= len(self)
        own_access = (self.access_index >= begin) & ((self.access_index < end) | last)
        own_event = (self.event_index >= begin) & ((self.event_index < end) | last)
        used, site = np.unique(self.site[begin:end], return_inverse=True)
        number, start = self.number, self.start
        first = self.first + (begin if number is None else int(number[begin]) if begin < len(self) else 0)
        if number is not None and start is not None:
            number = number[begin:end] - np.uint32(first - self.first)
            start = start[begin:end] - np.uint32(cycle - self.cycle)
        owners = np.repeat(np.flatnonzero(own := self.event["tag"] & 0xFF == Kind.COST), self.event["b"][own])
        return replace(
            self,
            first=first,
            cycle=cycle,
            value=self.value[begin:end],
            site=site.astype("<u2").reshape(-1),
            site_pc=self.site_pc[used],
            site_word=self.site_word[used],
            site_destination=self.site_destination[used],
            access_index=self.access_index[own_access] - np.uint16(begin),
            access_kind=self.access_kind[own_access],
            address=self.address[own_access],
            data=self.data[own_access],
            event_index=self.event_index[own_event] - np.uint16(begin),
            event=self.event[own_event],
            spike=self.spike[: len(owners)][own_event[owners]],
            number=number,
            start=start,
        )


def _columns(sparse: bool) -> Sequence[tuple[str, Any, int]]:
    return COLUMNS + SPARSE_COLUMNS if sparse else COLUMNS


def _sum(data: Array) -> int:
    """A check word of whole 64-bit words, quick enough for recording: their sum, and what they have in odd numbers."""
    words = data.view("<u8")
    total, odd = int(words.sum(dtype=np.uint64)), int(np.bitwise_xor.reduce(words)) if len(words) else 0
    return (total + 0x9E3779B97F4A7C15 * odd + len(data)) % 2**64


@dataclass(frozen=True)
class BlockHead:
    """A block's header: what is needed to find it."""

    offset: int
    length: int
    counts: tuple[int, ...]
    sparse: bool
    first: int
    cycle: int
    check: int

    @property
    def end(self) -> int:
        """The offset behind the block."""
        return self.offset + HEADER.size + self.length


def read_head(data: Any, offset: int) -> BlockHead | None:
    """The header at an offset of a file; None if there is none, or not all of its block."""
    head = bytes(data[offset : offset + HEADER.size])
    if len(head) < HEADER.size or head[:4] != MAGIC:
        return None
    _, length, *counts, flags, first, cycle, check, own = HEADER.unpack(head)
    found = BlockHead(offset, length, tuple(counts), bool(flags & SPARSE), first, cycle, check)
    expected = sum(
        -(-counts[which] * np.dtype(kind).itemsize // 8) * 8 for _, kind, which in _columns(bool(flags & SPARSE))
    )
    sound = own == _sum(np.frombuffer(head[:-8], "u1")) and length == expected and counts[0] <= MOST
    return found if sound and found.end <= len(data) else None


def read_block(data: Any, head: BlockHead, where: str) -> Block:
    """The block of a header, its columns as views of `data`; TraceError if the check word does not fit."""
    columns: dict[str, Array] = {}
    position, check = head.offset + HEADER.size, 0
    for order, (name, kind, which) in enumerate(_columns(head.sparse)):
        size = head.counts[which] * np.dtype(kind).itemsize
        padded = -(-size // 8) * 8
        check = (check + (2 * order + 1) * _sum(np.frombuffer(data, "u1", padded, position))) % 2**64
        columns[name] = np.frombuffer(data, kind, head.counts[which], position)
        position += padded
    sound = check == head.check and (not len(columns["site"]) or int(columns["site"].max()) < head.counts[1])
    if not sound:
        raise TraceError(f"{where}: the block at byte {head.offset} is damaged; record the trace again")
    return Block(head.first, head.cycle, **columns)
