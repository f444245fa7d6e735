"""Rows of small elements in memory (specification 6.4), written and read in blocks so that no second copy exists."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from coprocessor.network.checks import Integers

Bytes = NDArray[np.uint8]
BLOCK: Final = 1 << 17
"""Elements that are worked on at a time: small beside any network, large beside what a call of NumPy costs."""


LINE: Final = 64
"""Bytes of a cache line and of the widest vector: regions begin with one, so that no access needs two."""


def zeroed(size: int) -> Bytes:
    """Fresh memory that begins with a line; pages that stay empty take no room."""
    ram = np.zeros(size + LINE, dtype=np.uint8)
    start = -ram.ctypes.data % LINE
    return ram[start : start + size]


def pitch(m: int, bits: int) -> int:
    """Bytes of a dense row: padded to whole words."""
    return 4 * -(-m * bits // 32)


def blocks(shape: tuple[int, int]) -> Iterator[tuple[slice, slice]]:
    """Parts of an array of this shape with at most BLOCK elements each, whole rows if possible."""
    n, m = shape
    tall = max(1, BLOCK // max(m, 1))
    for i in range(0, n, tall):
        for j in range(0, m, BLOCK):
            yield slice(i, min(n, i + tall)), slice(j, min(m, j + BLOCK))


def pack_rows(to: Bytes, rows: NDArray[Any], bits: int) -> None:
    """Dense rows [n, m] of `bits`-bit elements, low bits first, into zeroed memory; each row is padded to words."""
    n, m = rows.shape
    places, each = to.reshape(n, pitch(m, bits)), 8 // bits
    for i, j in blocks((n, m)):
        elements = rows[i, j].astype(np.uint8)
        if bits == 8:
            places[i, j] = elements
            continue
        elements &= (1 << bits) - 1
        for k in range(each):
            part = elements[:, k::each]
            first = j.start // each
            places[i, first : first + part.shape[1]] |= part << k * bits


def unpack_rows(data: Bytes, n: int, m: int, bits: int) -> Bytes:
    """The reverse of `pack_rows`: unsigned elements [n, m]."""
    packed = data.reshape(n, -1)
    each = 8 // bits
    elements = np.empty((n, packed.shape[1] * each), dtype=np.uint8)
    for place in range(each):
        elements[:, place::each] = packed >> place * bits & (1 << bits) - 1
    return elements[:, :m]


def signed(elements: NDArray[np.integer[Any]], bits: int) -> Integers:
    """Unsigned elements of `bits` bits as signed numbers."""
    numbers = elements.astype(np.int64)
    return numbers - (numbers >> bits - 1 << bits)


def sums(weights: NDArray[np.integer[Any]], limits: tuple[int, int] | None) -> tuple[Integers, Integers]:
    """Over axis 0, the sum of the positive and of the negative weights, all of them at `limits` if it is given."""
    n, m = weights.shape
    if limits is not None:
        low, high = (np.full(m, n * limit) for limit in (min(limits[0], 0), max(limits[1], 0)))
        return high, low
    positive, negative = np.zeros(m, dtype=np.int64), np.zeros(m, dtype=np.int64)
    for i, j in blocks((n, m)):
        part = weights[i, j]
        positive[j] += np.maximum(part, 0).sum(axis=0, dtype=np.int64)
        negative[j] += np.minimum(part, 0).sum(axis=0, dtype=np.int64)
    return positive, negative
