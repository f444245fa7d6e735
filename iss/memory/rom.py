"""Read-only memory, and the code a hart runs from it after reset."""

from __future__ import annotations

from iss.memory.device import BusError, DeviceError


class BootRom:
    """Bytes the hart can read and execute but not write; the rest of the window reads as zero.

    Raises DeviceError when `contents` do not fit into `size` bytes.
    """

    executable = True

    def __init__(self, contents: bytes, size: int = 0x1000) -> None:
        if len(contents) > size:
            raise DeviceError(
                f"boot ROM: {len(contents)} bytes do not fit into {size}; shorten them or enlarge the ROM"
            )
        self.size = size
        self._contents = contents.ljust(size, b"\0")

    def load(self, offset: int, size: int) -> int:
        return int.from_bytes(self._contents[offset : offset + size], "little")

    def store(self, offset: int, size: int, value: int) -> None:
        raise BusError(offset)
