"""Copies of a memory image for the threads of a batch: what no run changes lies in memory once for all of them."""

from __future__ import annotations

import mmap
import os

import numpy as np

from coprocessor.network.packing import Bytes, zeroed

SHARED_FROM = 1 << 24
"""Bytes from which sharing pays: a copy of less is made at once, and can lie in large pages."""


class Copies:
    """Makes writable images of `size` bytes that begin with `fixed`; the rest is zero.

    Large ones are private mappings of one anonymous file: pages are copied when they are written. Where the system has
    no such files each is a copy.
    """

    def __init__(self, fixed: Bytes, size: int) -> None:
        self._fixed, self._size = fixed, size
        self._file: int | None = None

    def make(self) -> Bytes:
        """One more image."""
        if len(self._fixed) >= SHARED_FROM and hasattr(os, "memfd_create"):
            mapped = mmap.mmap(self._shared(), self._size, mmap.MAP_PRIVATE, mmap.PROT_READ | mmap.PROT_WRITE)
            return np.frombuffer(mapped, dtype=np.uint8)
        ram = zeroed(self._size)
        ram[: len(self._fixed)] = self._fixed
        return ram

    def _shared(self) -> int:
        if self._file is None:
            self._file = os.memfd_create("network")
            os.ftruncate(self._file, self._size)
            with open(self._file, "wb", closefd=False) as file:
                file.write(self._fixed.data)
        return self._file

    def __del__(self) -> None:
        if self._file is not None:
            os.close(self._file)
