"""Large arrays whose memory is used again: the system would have to clear fresh pages first.

An array of `empty` and the views of it hold their piece of memory together; it is free when the last of them is gone.
"""

from __future__ import annotations

import math
from typing import Any, Final

import numpy as np

from coprocessor._native import ffi
from coprocessor.network.streams import Bytes

SMALLEST: Final = 1 << 18
LARGEST: Final = 1 << 24
SIZES: Final = 4
"""Smaller pieces are quick to get; larger ones, and free ones of more sizes, would be much memory to keep."""
_BYTE: Final = np.dtype(np.uint8)

_free: dict[int, Any] = {}
"""A piece by its size. Threads share it: each call of a method is one step."""


def empty(*shape: int) -> Bytes:
    """As `np.empty`: bytes of any value, which nobody else sees."""
    size = math.prod(shape)
    if not SMALLEST <= size <= LARGEST:
        return np.empty(shape, _BYTE)
    piece = _free.pop(size, None)
    if piece is None:
        piece = ffi.from_buffer("uint8_t[]", np.empty(size, _BYTE))
    return np.frombuffer(ffi.buffer(ffi.gc(piece, _take_back), size), _BYTE).reshape(shape)


def _take_back(piece: Any) -> None:
    if len(_free) >= SIZES:
        _free.clear()
    _free[len(piece)] = piece
