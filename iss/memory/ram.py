"""Main memory: one buffer that Python, C and the coprocessor share."""

from __future__ import annotations

import mmap
from collections.abc import Iterator

from iss.memory.map import PAGE, Region

_ZERO_PAGE = bytes(PAGE)


class Ram:
    """`size` zeroed bytes at physical address `base`; host memory is taken when a page is first touched.

    `buffer` is the shared storage (`ffi.from_buffer(ram.buffer)` in C). It stays the same object and address for the
    life of the Ram; `clear` and `restore` change its contents only.
    """

    def __init__(self, region: Region) -> None:
        self.base, self.size = region
        # Private: a fork of the host process must not share the guest's memory.
        self.buffer = mmap.mmap(-1, self.size, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)

    def offset(self, address: int, size: int = 1) -> int:
        """Where `size` bytes at `address` lie in the buffer; raises IndexError unless all are inside."""
        offset = address - self.base
        if size < 0 or not 0 <= offset <= self.size - size:
            raise IndexError(f"{size} bytes at {address:#010x} are outside of RAM ({Region(self.base, self.size)})")
        return offset

    def read(self, address: int, size: int) -> bytes:
        """A copy of `size` bytes; raises IndexError outside of RAM."""
        offset = self.offset(address, size)
        return self.buffer[offset : offset + size]

    def write(self, address: int, data: bytes) -> None:
        """Put bytes into memory; raises IndexError outside of RAM."""
        offset = self.offset(address, len(data))
        self.buffer[offset : offset + len(data)] = data

    def fill_zero(self, address: int, size: int) -> None:
        """Zero a range, touching only pages that hold something; raises IndexError outside of RAM."""
        offset = self.offset(address, size)
        for start, end in self._written_pages(offset, offset + size):
            self.buffer[start:end] = bytes(end - start)

    def clear(self) -> None:
        """Zero everything and give the pages back to the host."""
        self.buffer.madvise(mmap.MADV_DONTNEED)

    def snapshot(self) -> dict[int, bytes]:
        """Offset to contents of every page of 4096 bytes that is not all zero."""
        return {start: self.buffer[start:end] for start, end in self._written_pages(0, self.size)}

    def restore(self, state: dict[int, bytes]) -> None:
        """Go back to a snapshot of a RAM of the same size."""
        self.clear()
        for offset, page in state.items():
            self.buffer[offset : offset + len(page)] = page

    def _written_pages(self, start: int, end: int) -> Iterator[tuple[int, int]]:
        """The parts of [start, end), cut at page borders, that are not all zero."""
        while start < end:
            stop = min(end, (start // PAGE + 1) * PAGE)
            if self.buffer[start:stop] != _ZERO_PAGE[: stop - start]:
                yield start, stop
            start = stop
