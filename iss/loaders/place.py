"""Copying an image into RAM, with the one message for programs that do not fit."""

from __future__ import annotations

from typing import Protocol

from iss.loaders.image import Image, kib, refusal
from iss.memory.map import Region


class Memory(Protocol):
    """Where an image can be placed; `iss.memory.ram.Ram` is one."""

    @property
    def base(self) -> int: ...

    @property
    def size(self) -> int: ...

    def write(self, address: int, data: bytes) -> None: ...

    def fill_zero(self, address: int, size: int) -> None: ...


def require_room(image: Image, ram: Memory) -> None:
    """Raise LoadError when a segment lies outside of RAM."""
    for segment in image.segments:
        if not segment.optional and (segment.address < ram.base or segment.end > ram.base + ram.size):
            raise refusal(
                image.source,
                f"segment {segment.region} is outside of RAM ({Region(ram.base, ram.size)}, {kib(ram.size)})",
                f"link or load the program at {ram.base:#010x} or give the machine more RAM",
            )


def place_image(image: Image, ram: Memory) -> None:
    """Write every segment into RAM; raises LoadError, before anything is written, when one lies outside."""
    require_room(image, ram)
    for segment in image.segments:
        if segment.optional:
            first = max(segment.address, ram.base)
            inside = segment.data[first - segment.address : max(0, ram.base + ram.size - segment.address)]
            if inside:
                ram.write(first, inside)
        else:
            ram.write(segment.address, segment.data)
            ram.fill_zero(segment.address + len(segment.data), segment.size - len(segment.data))
