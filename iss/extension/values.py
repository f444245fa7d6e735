"""Operand values for random programs: many at once, corners of a width and what definitions compare with among them.

Bits come from Python's generator, whose sequence is the same everywhere; NumPy only puts them together.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from iss.extension.dut import DATA
from iss.extension.vectors import corners
from iss.extension.widths import Width

if TYPE_CHECKING:
    from numpy.typing import NDArray

POINTED: int = 0x400  # bytes from DATA on that pointers point to
_AT_ONCE = 32
UNMAPPED = (0x4000_0000, 0x4000_0004, 0xFFFF_F000, 0x7FFF_FFFC)


@dataclass(frozen=True)
class Kind:
    """What numbers are drawn: of some width, small indices, or addresses of `pointer` aligned bytes."""

    bits: int
    signed: bool = False
    pointer: int = 0
    wild: bool = False  # pointers may be misaligned or point to nothing
    index: bool = False


class Draw:
    """A source of values for one program, which has a few favourites of each kind."""

    def __init__(self, source: random.Random, constants: frozenset[int]) -> None:
        self._random, self._constants = source, constants
        self._favourites: dict[Kind, NDArray[np.uint32]] = {}
        self._ready: dict[Kind, list[int]] = {}

    def value(self, kind: Kind) -> int:
        """Return one value."""
        ready = self._ready.get(kind)
        if not ready:
            ready = self._ready[kind] = self.values(kind, _AT_ONCE).tolist()
        return ready.pop()

    def values(self, kind: Kind, count: int) -> NDArray[np.uint32]:
        """Return so many values."""
        bits = np.frombuffer(self._random.randbytes(12 * count), "<u4").reshape(3, count)
        if kind.pointer:
            return self._pointers(kind, bits)
        pool = _pool(kind, self._constants)
        if kind not in self._favourites:
            chosen = [self._random.randrange(len(pool)) for _ in range(4)]
            self._favourites[kind] = pool[chosen]
        mask = np.uint32((1 << kind.bits) - 1)
        choice = bits[0] & 0xFF
        picked = pool[(bits[1] % np.uint32(len(pool))).astype(np.intp)]
        favourite = self._favourites[kind][(bits[1] & np.uint32(3)).astype(np.intp)]
        shift = bits[0] >> 8 & 31
        small = bits[1] >> shift
        value = np.select([choice < 110, choice < 150, choice < 190], [picked, favourite, small], bits[1])
        if kind.bits == 32:
            return _column(value)
        low = value & mask
        if kind.signed:
            sign = np.uint32(1 << (kind.bits - 1))
            low = (low ^ sign) - sign
        # What lies above the declared width must not matter.
        above = np.where((bits[2] & 7 == 0) & (not kind.index), low & mask | bits[2] & ~mask, low)
        return _column(above)

    def _pointers(self, kind: Kind, bits: NDArray[np.uint32]) -> NDArray[np.uint32]:
        step = np.uint32(kind.pointer)
        near = bits[0] & 0x0100 != 0  # few places, which are met again
        offset = np.where(near, bits[1] % np.uint32(4), bits[1] % np.uint32(POINTED // kind.pointer)) * step
        value = np.uint32(DATA) + offset.astype(np.uint32)
        if kind.wild:
            choice = bits[0] & 0xFF
            value = np.where(choice < 20, value + (bits[2] & np.uint32(3)), value)
            nowhere = np.array(UNMAPPED, np.uint32)[(bits[2] % np.uint32(len(UNMAPPED))).astype(np.intp)]
            value = np.where(choice >= 248, nowhere, value)
        return _column(value)


@lru_cache(maxsize=256)
def _pool(kind: Kind, constants: frozenset[int]) -> NDArray[np.uint32]:
    """Return the corners of a kind, and what stands near constants twice."""
    width = Width(kind.bits, kind.signed)
    near = sorted({number + delta for number in constants for delta in (-1, 0, 1)})
    numbers = corners(width) + [number for number in near if width.minimum <= number <= width.maximum] * 2
    if kind.bits == 32:
        numbers += [-number for number in numbers]
    return np.array([number & 0xFFFF_FFFF for number in numbers], np.uint32)


def _column(values: Any) -> NDArray[np.uint32]:
    column: NDArray[np.uint32] = values.astype(np.uint32, copy=False)
    return column
