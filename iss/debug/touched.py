"""Which pages of an anonymous mapping were ever touched: the others are zero, and nobody needs to look at them."""

from __future__ import annotations

import mmap
import os
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

_PAGEMAP: Final = "/proc/self/pagemap"
_ENTRY: Final = 8
_PRESENT_OR_SWAPPED: Final = np.uint64(3 << 62)  # bits 63 and 62: Documentation/admin-guide/mm/pagemap.rst


def touched_parts(buffer: mmap.mmap) -> list[tuple[int, int]]:
    """Where the touched pages begin and end, as offsets, ascending."""
    edges = np.flatnonzero(np.diff(touched_pages(buffer), prepend=False, append=False)) * mmap.PAGESIZE
    return [(start, min(end, len(buffer))) for start, end in edges.reshape(-1, 2).tolist()]


def touched_pages(buffer: mmap.mmap) -> NDArray[np.bool_]:
    """For each page of the host: False if the buffer has certainly only zeros there. All True where nobody knows."""
    count = -(-len(buffer) // mmap.PAGESIZE)
    address: Any = np.frombuffer(buffer, np.uint8).ctypes.data
    try:
        descriptor = os.open(_PAGEMAP, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return np.ones(count, bool)
    try:
        data = os.pread(descriptor, _ENTRY * count, address // mmap.PAGESIZE * _ENTRY)
    except OSError:
        data = b""
    finally:
        os.close(descriptor)
    if len(data) != _ENTRY * count:
        return np.ones(count, bool)
    found: NDArray[np.bool_] = np.frombuffer(data, np.uint64) & _PRESENT_OR_SWAPPED != 0
    return found
