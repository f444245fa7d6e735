"""Spikes, events and graded values between NumPy arrays and the stream buffers of specification 6.6."""

from __future__ import annotations

import math
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from coprocessor.errors import CoprocessorError
from coprocessor.network.checks import integers
from coprocessor.network.parts import Input

Bytes = NDArray[np.uint8]


class Rows(NamedTuple):
    """What an input gets: contiguous rows [..., steps, bytes], with `raster` the 0 and 1 [..., steps, n] themselves."""

    data: NDArray[Any]
    raster: bool


class Encoded:
    """Inputs made ready for many runs of one network (`Network.encode`); `samples` is None if they are one sample."""

    __slots__ = ("inputs", "rows", "samples", "steps")

    def __init__(
        self, inputs: tuple[Input, ...], rows: tuple[Rows | None, ...], samples: int | None, steps: int
    ) -> None:
        self.inputs, self.rows, self.samples, self.steps = inputs, rows, samples, steps

    def is_spikes(self) -> bool:
        """Whether the rasters have only 0 and 1."""
        rasters = [rows.data.view(np.uint8) for rows in self.rows if rows is not None and rows.raster]
        return all(raster.size == 0 or int(raster.max()) <= 1 for raster in rasters)

    def packed(self) -> Encoded:
        """The same with every raster as rows; CoprocessorError if one has another value than 0 and 1."""
        pairs = zip(self.inputs, self.rows, strict=True)
        rows = [Rows(pack(i, r.data), False) if r is not None and r.raster else r for i, r in pairs]
        return Encoded(self.inputs, tuple(rows), self.samples, self.steps)

    def __repr__(self) -> str:
        samples = "" if self.samples is None else f"{self.samples} samples of "
        return f"<{samples}{self.steps} steps of {', '.join(i.name for i in self.inputs) or 'nothing'}>"


def rows_of(stream: Input, values: NDArray[Any]) -> Rows:
    """Values [..., steps, n] as rows; CoprocessorError for shape or range. The values of rasters are not looked at."""
    kind = values.dtype.char
    if stream.encoding == "spikes" and (kind == "?" or kind == "B") and values.shape[-1] == stream.n:
        return Rows(values if values.flags.c_contiguous else np.ascontiguousarray(values), True)
    return Rows(pack(stream, values), False)


def pack_bits(raster: NDArray[Any], size: int) -> Bytes:
    """0 and 1 [..., n] as bits, low bit first, in rows of `size` bytes."""
    packed = np.packbits(np.ascontiguousarray(raster), axis=-1, bitorder="little")
    if packed.shape[-1] == size:
        return packed
    padded = np.zeros((*packed.shape[:-1], size), dtype=np.uint8)
    padded[..., : packed.shape[-1]] = packed
    return padded


def pack(stream: Input, values: ArrayLike) -> Bytes:
    """Values [..., steps, n] as rows [..., steps, bytes]; CoprocessorError for shape or range."""
    where = f"input {stream.name!r}"
    array = np.asarray(values)
    if array.ndim < 2 or array.shape[-1] != stream.n:
        axes = "samples x steps x inputs" if array.ndim > 2 else "steps x inputs"
        raise CoprocessorError(
            f"{where}: the array has shape {array.shape}, expected {axes} with {stream.n} inputs; check the axes"
        )
    if stream.encoding == "graded":
        largest = 2**31 - 1 if stream.largest is None else stream.largest
        return integers(where, array, -largest, largest).astype("<i4").view(np.uint8)
    small = array.dtype == np.bool_ or (array.dtype == np.uint8 and (array.size == 0 or array.max() <= 1))
    spikes = array if small else integers(where, array, 0, 1, cure="spikes are 0 or 1").astype(np.bool_)
    if stream.capacity:
        return _event_lists(stream, np.argwhere(spikes.reshape(-1, stream.n)), array.shape[:-1])
    return pack_bits(spikes, stream.buffer_bytes)


def pack_events(stream: Input, events: ArrayLike, shape: tuple[int, ...]) -> Bytes:
    """Events [k, 2] of (step, address), with `shape` (samples, steps) [k, 3] of (sample, step, address), as buffers
    [*shape, bytes]; CoprocessorError for range or repetition."""
    where = f"events of input {stream.name!r}"
    if stream.encoding == "graded":
        raise CoprocessorError(f"{where}: a graded input takes values; pass them as `spikes`")
    array = integers(where, events, 0, 2**31 - 1)
    columns = ("sample", "step", "address")[-1 - len(shape) :]
    if array.size == 0:
        array = array.reshape(0, len(columns))
    if array.ndim != 2 or array.shape[1] != len(columns):
        raise CoprocessorError(
            f"{where}: the array has shape {array.shape}, expected events x ({', '.join(columns)})"
            + ("; with samples they are for run_batch" if array.ndim == 2 and array.shape[1] == 3 else "")
        )
    for k, (name, length) in enumerate(zip(columns, shape, strict=False)):
        integers(f"{where}: {name}s", array[:, k], 0, length - 1, cure=f"run more {name}s")
    integers(f"{where}: addresses", array[:, -1], 0, stream.n - 1, cure=f"the input has {stream.n} addresses")
    rows = np.ravel_multi_index(tuple(array[:, :-1].T), shape) if len(array) else array[:, 0]
    if stream.capacity:
        order = np.argsort(rows, kind="stable")
        return _event_lists(stream, np.stack([rows[order], array[order, -1]], axis=1), shape)
    places = np.sort(rows * stream.n + array[:, -1])
    twice = places[:-1][places[1:] == places[:-1]]
    if len(twice):
        row, address = divmod(int(twice[0]), stream.n)
        raise CoprocessorError(
            f"{where}: address {address} has two events in {_row_name(row, shape)}, a bitmap holds one; "
            'declare the input with encoding="events"'
        )
    packed = np.zeros((*shape, stream.buffer_bytes), dtype=np.uint8)
    index, bit = np.divmod(places, stream.n)
    np.bitwise_or.at(packed.reshape(-1), index * stream.buffer_bytes + (bit >> 3), (1 << (bit & 7)).astype(np.uint8))
    return packed


def _row_name(row: int, shape: tuple[int, ...]) -> str:
    """A row for a message."""
    place = np.unravel_index(row, shape)
    return f"step {place[-1]}" + (f" of sample {place[0]}" if len(shape) > 1 else "")


def _event_lists(stream: Input, events: NDArray[np.int64], shape: tuple[int, ...]) -> Bytes:
    """AER buffers [*shape, bytes] of events (row, address) that are ordered by row."""
    counts = np.bincount(events[:, 0], minlength=math.prod(shape))
    if counts.size and counts.max() > stream.capacity:
        row = int(counts.argmax())
        raise CoprocessorError(
            f"input {stream.name!r}: {_row_name(row, shape)} has {int(counts[row])} events, "
            f"the capacity is {stream.capacity}; declare the input with more"
        )
    words = np.zeros((*shape, 1 + stream.capacity), dtype="<u4")
    lists = words.reshape(-1, 1 + stream.capacity)
    lists[:, 0] = counts
    places = np.arange(len(events)) - np.repeat(np.cumsum(counts) - counts, counts)
    lists[events[:, 0], 1 + places] = (events[:, 0] % shape[-1] & 0xFFF) << 20 | events[:, 1]
    return words.view(np.uint8)


class Unpacking(Protocol):
    """0 and 1 [..., n] of this shape: the first n bits of rows of `size` bytes, which begin at `start` of the block."""

    def __call__(self, block: Bytes, start: int, size: int, shape: tuple[int, ...], threads: int = 1) -> Bytes:
        """At most so many threads may be used."""


def unpack_bits(block: Bytes, start: int, size: int, shape: tuple[int, ...], threads: int = 1) -> Bytes:
    """See `Unpacking`; needs no threads."""
    *axes, n = shape
    rows = block[start : start + math.prod(axes) * size].reshape(*axes, size)
    return np.unpackbits(rows, axis=-1, count=n, bitorder="little")


def set_bits(data: Bytes) -> NDArray[np.int64]:
    """The numbers of the bits that are set, bit k of byte i being 8*i + k; quick where few are."""
    whole = len(data) // 8 * 8
    words = data[:whole].view(np.uint64)
    some = np.flatnonzero(words != 0)
    packed = np.concatenate([words[some].view(np.uint8), data[whole:]])
    where = np.concatenate([some * 8, np.arange(whole, len(data), 8)])
    hit = np.flatnonzero(packed != 0)
    bits = np.flatnonzero(np.unpackbits(packed[hit], bitorder="little").view(np.bool_))
    byte = hit[bits >> 3]
    return np.asarray((where[byte >> 3] + (byte & 7)) * 8 + (bits & 7), dtype=np.int64)


def events(rows: Bytes) -> NDArray[np.int64]:
    """The bits that are set in rows [rows, bytes], as pairs [k, 2] of (row, bit) in order."""
    return np.stack(np.divmod(set_bits(rows.reshape(-1)), 8 * rows.shape[1]), axis=1)
