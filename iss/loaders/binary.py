"""Raw binaries: the bytes as they lie in memory, without any header."""

from __future__ import annotations

from iss.loaders.image import Image, Segment, check_segments, refusal
from iss.memory.map import ADDRESS_SPACE, MemoryMap


def load(source: str, data: bytes, *, base: int | None = None) -> Image:
    """The bytes at `base` (the start of RAM unless given), entered at their first byte; raises LoadError."""
    address = MemoryMap().ram.base if base is None else base
    if not data:
        raise refusal(source, "the file is empty", "give a file with code")
    if not 0 <= address < ADDRESS_SPACE or address % 2:
        raise refusal(
            source, f"base address {address:#x} is impossible", "give an even address between 0 and 0xfffffffe"
        )
    return Image(address, check_segments(source, [Segment(address, data, len(data), "rwx")]), {}, source)
