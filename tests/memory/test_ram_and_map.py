"""RAM and the address map."""

from __future__ import annotations

import os

import pytest

from iss.errors import NeuroHartError
from iss.memory.map import MemoryMap, MemoryMapError, Region
from iss.memory.ram import Ram

BASE = 0x8000_0000


def test_usual_addresses() -> None:
    assert {name: region.base for name, region in MemoryMap().regions().items()} == {
        "boot_rom": 0x1000,
        "exit_device": 0x0010_0000,
        "clint": 0x0200_0000,
        "plic": 0x0C00_0000,
        "uart": 0x1000_0000,
        "ram": 0x8000_0000,
    }
    assert MemoryMap().ram.size == 64 << 20


def test_region() -> None:
    region = Region(0x1000, 0x10)
    assert (region.end, str(region)) == (0x1010, "0x00001000..0x0000100f")
    assert [region.covers(address) for address in (0xFFF, 0x1000, 0x100F, 0x1010)] == [False, True, True, False]


@pytest.mark.parametrize(
    ("other", "message"),
    [
        ({"uart": Region(0x0200_8000, 0x100)}, "clint .* and uart .* overlap; move or shrink one"),
        ({"ram": Region(0x8000_0000, 0)}, "ram .0 bytes at 0x80000000. is impossible"),
        ({"ram": Region(0x8000_0000, 0x8000_1000)}, "ram .* is impossible"),
        ({"ram": Region(0x8000_0000, 0x1001)}, "ram .* is misaligned; base and size must be multiples of 4096"),
        ({"uart": Region(0x1000_0002, 0x100)}, "uart .* is misaligned; base and size must be multiples of 4"),
    ],
)
def test_impossible_maps(other: dict[str, Region], message: str) -> None:
    with pytest.raises(MemoryMapError, match=message):
        MemoryMap(**other)


def test_other_ram() -> None:
    assert MemoryMap().with_ram(size=0x2000).ram == Region(BASE, 0x2000)
    assert MemoryMap().with_ram(base=0x4000_0000).ram == Region(0x4000_0000, 64 << 20)
    with pytest.raises(NeuroHartError):
        MemoryMap().with_ram(size=-4096)


def test_ram_reads_what_was_written() -> None:
    ram = Ram(Region(BASE, 0x4000))
    assert ram.read(BASE, 0x4000) == bytes(0x4000)
    ram.write(BASE + 0x3FFC, b"last")
    assert ram.read(BASE + 0x3FFC, 4) == b"last"


@pytest.mark.parametrize(("address", "size"), [(BASE - 1, 2), (BASE + 0x3FFF, 2), (0, 1), (BASE, 0x4001), (BASE, -1)])
def test_ram_ends(address: int, size: int) -> None:
    ram = Ram(Region(BASE, 0x4000))
    with pytest.raises(IndexError, match="outside of RAM"):
        ram.read(address, size)
    with pytest.raises(IndexError):
        ram.fill_zero(address, size)


def test_ram_fill_zero() -> None:
    ram = Ram(Region(BASE, 0x4000))
    ram.write(BASE, b"\xff" * 0x4000)
    ram.fill_zero(BASE + 0xFF0, 0x1020)
    assert ram.read(BASE, 0x4000) == b"\xff" * 0xFF0 + bytes(0x1020) + b"\xff" * 0x1FF0


def test_ram_clear_keeps_the_buffer() -> None:
    ram = Ram(Region(BASE, 0x4000))
    shared = memoryview(ram.buffer)
    ram.write(BASE + 0x1000, b"old")
    ram.clear()
    assert ram.read(BASE, 0x4000) == bytes(0x4000)
    ram.write(BASE, b"new")
    assert bytes(shared[:3]) == b"new"


def test_ram_snapshot_holds_written_pages_only() -> None:
    ram = Ram(Region(BASE, 64 << 20))
    ram.write(BASE + 0x1FFE, b"abcd")
    state = ram.snapshot()
    assert sorted(state) == [0x1000, 0x2000]
    ram.write(BASE, b"other")
    ram.write(BASE + 0x1FFE, b"wxyz")
    ram.restore(state)
    assert ram.read(BASE, 8) == bytes(8)
    assert ram.read(BASE + 0x1FFE, 4) == b"abcd"


def test_ram_is_not_shared_with_forks() -> None:
    ram = Ram(Region(BASE, 0x1000))
    child = os.fork()
    if child == 0:
        ram.write(BASE, b"child")
        os._exit(0)
    os.waitpid(child, 0)
    assert ram.read(BASE, 5) == bytes(5)
