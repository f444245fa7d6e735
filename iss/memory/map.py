"""Where everything lies in the physical address space: the one place with these addresses."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from itertools import pairwise
from typing import NamedTuple

from iss.errors import NeuroHartError

ADDRESS_SPACE = 1 << 32
PAGE = 0x1000


class MemoryMapError(NeuroHartError):
    """An address map that cannot be built: overlapping, misaligned or outside of 32 bits."""


class Region(NamedTuple):
    """A range of physical addresses."""

    base: int
    size: int
    """Bytes."""

    @property
    def end(self) -> int:
        """The first address behind the region."""
        return self.base + self.size

    def covers(self, address: int) -> bool:
        """Whether the address lies in the region."""
        return self.base <= address < self.end

    def overlaps(self, other: Region) -> bool:
        """Whether the two regions share an address."""
        return self.base < other.end and other.base < self.end

    def __str__(self) -> str:
        return f"{self.base:#010x}..{self.end - 1:#010x}"


@dataclass(frozen=True)
class MemoryMap:
    """All regions of the machine, as Spike and QEMU's `virt` board have them.

    Raises MemoryMapError when regions overlap, are empty, leave the 32-bit address space or do not start and end at
    multiples of 4 (RAM: of 4096).
    """

    boot_rom: Region = Region(0x0000_1000, 0x1000)
    exit_device: Region = Region(0x0010_0000, 0x1000)
    clint: Region = Region(0x0200_0000, 0x1_0000)
    plic: Region = Region(0x0C00_0000, 0x400_0000)
    uart: Region = Region(0x1000_0000, 0x100)
    ram: Region = Region(0x8000_0000, 64 << 20)

    def __post_init__(self) -> None:
        for name, region in self.regions().items():
            unit = PAGE if name == "ram" else 4
            if region.size <= 0 or region.base < 0 or region.end > ADDRESS_SPACE:
                raise MemoryMapError(
                    f"{name} ({region.size} bytes at {region.base:#x}) is impossible; "
                    "give at least one byte below 0x1_0000_0000"
                )
            if region.base % unit or region.size % unit:
                raise MemoryMapError(
                    f"{name} ({region.size} bytes at {region.base:#x}) is misaligned; base and size must be multiples "
                    f"of {unit}"
                )
        ordered = sorted(self.regions().items(), key=lambda item: item[1])
        for (low_name, low), (high_name, high) in pairwise(ordered):
            if low.overlaps(high):
                raise MemoryMapError(f"{low_name} ({low}) and {high_name} ({high}) overlap; move or shrink one")

    def regions(self) -> dict[str, Region]:
        """Name to region, in the order of the fields."""
        return {field.name: getattr(self, field.name) for field in fields(self)}

    def with_ram(self, size: int | None = None, base: int | None = None) -> MemoryMap:
        """The same map with another RAM; `size` in bytes."""
        ram = Region(self.ram.base if base is None else base, self.ram.size if size is None else size)
        return replace(self, ram=ram)
