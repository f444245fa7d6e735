"""The bus finds RAM and devices, and refuses everything else."""

from __future__ import annotations

import random

import pytest

from iss.errors import NeuroHartError
from iss.memory.bus import Bus
from iss.memory.device import BusError, DeviceError
from iss.memory.map import MemoryMap, Region
from iss.memory.ram import Ram
from iss.memory.rom import BootRom

RAM = Region(0x8000_0000, 0x2000)


class Registers:
    """A device that remembers its accesses and answers with its offset."""

    def __init__(self, size: int = 0x10) -> None:
        self.size = size
        self.stores: list[tuple[int, int, int]] = []

    def load(self, offset: int, size: int) -> int:
        if offset == 8:
            raise BusError(offset)
        return 0xA5A5_A500 | offset

    def store(self, offset: int, size: int, value: int) -> None:
        if offset == 8:
            raise BusError(offset)
        self.stores.append((offset, size, value))


class Clock(Registers):
    """A device with one event."""

    def __init__(self, due: int | None) -> None:
        super().__init__()
        self.due = due
        self.ticks: list[int] = []

    def next_event(self) -> int | None:
        return self.due

    def tick(self, cycle: int) -> None:
        self.ticks.append(cycle)
        self.due = None

    def snapshot(self) -> bytes:
        return bytes(self.ticks)

    def restore(self, state: bytes) -> None:
        self.ticks = list(state)


@pytest.fixture
def bus() -> Bus:
    memory_map = MemoryMap(ram=RAM)
    return Bus(memory_map, Ram(memory_map.ram))


def test_ram_is_little_endian_of_any_alignment(bus: Bus) -> None:
    memory = bytearray(RAM.size)
    chance = random.Random(1)
    for _ in range(20_000):
        size = chance.choice((1, 2, 4))
        edge = chance.choice((0, RAM.size - 12, chance.randrange(RAM.size - 12)))
        offset = edge + chance.randrange(13 - size)
        if chance.random() < 0.5:
            value = chance.getrandbits(8 * size)
            memory[offset : offset + size] = value.to_bytes(size, "little")
            bus.store(RAM.base + offset, size, value)
        else:
            expected = int.from_bytes(memory[offset : offset + size], "little")
            assert bus.load(RAM.base + offset, size) == expected
            assert size == 1 or bus.fetch(RAM.base + offset, size) == expected
    assert bus.ram.read(RAM.base, RAM.size) == memory


def test_store_takes_the_low_bytes(bus: Bus) -> None:
    for size, offset in ((1, 0), (2, 4), (4, 8), (1, RAM.size - 1), (2, RAM.size - 2)):
        bus.store(RAM.base + offset, size, 0x1_2345_6789)
        assert bus.load(RAM.base + offset, size) == 0x1_2345_6789 & (1 << 8 * size) - 1


@pytest.mark.parametrize("size", [1, 2, 4])
@pytest.mark.parametrize(
    "address", [0, 0x7FFF_FFFF, RAM.end, 0xFFFF_FFFF, 0xFFFF_FFFD, 0x0C00_0000, 0x0FFF_FFFF, 0x1000_0010]
)
def test_nothing_there(bus: Bus, address: int, size: int) -> None:
    bus.attach(0x1000_0000, Registers())
    for access in (
        lambda: bus.load(address, size),
        lambda: bus.store(address, size, 0),
        lambda: bus.fetch(address, size),
    ):
        with pytest.raises(BusError) as caught:
            access()
        assert caught.value.address == address


@pytest.mark.parametrize(
    ("address", "size"), [(RAM.end - 1, 2), (RAM.end - 3, 4), (RAM.base - 1, 2), (RAM.base - 2, 4)]
)
def test_no_access_leaves_ram_halfway(bus: Bus, address: int, size: int) -> None:
    with pytest.raises(BusError):
        bus.load(address, size)
    with pytest.raises(BusError):
        bus.store(address, size, 0xFFFF_FFFF)
    assert bus.ram.read(RAM.base, RAM.size) == bytes(RAM.size)


def test_devices_get_offsets(bus: Bus) -> None:
    devices = {base: Registers() for base in (0x1000_0020, 0x1000_0000, 0x0100_0000, 0xFFFF_FFF0)}
    for base, device in devices.items():
        bus.attach(base, device)
    assert [base for base, _ in bus.devices] == sorted(devices)
    for base, device in devices.items():
        assert bus.load(base + 4, 4) == 0xA5A5_A504
        assert bus.load(base + 0xF, 1) == 0x0F, "the answer is cut to the size of the access"
        bus.store(base + 6, 2, 0x1_BEEF)
        assert device.stores == [(6, 2, 0xBEEF)]
        for access in (lambda at=base: bus.load(at + 8, 4), lambda at=base: bus.store(at + 8, 4, 0)):
            with pytest.raises(BusError) as caught:
                access()
            assert caught.value.address == base + 8, "a device's refusal carries the physical address"
        with pytest.raises(BusError):
            bus.load(base + 0xE, 4)
    with pytest.raises(BusError):
        bus.load(0x1000_0010, 4)


def test_code_is_fetched_from_ram_and_rom_only(bus: Bus) -> None:
    bus.attach(0x1000, BootRom(bytes.fromhex("1300000067800000"), 0x100))
    bus.attach(0x2000, Registers())
    assert (bus.fetch(0x1004, 4), bus.fetch(0x1004, 2)) == (0x8067, 0x8067)
    assert bus.load(0x1001, 2) == 0
    assert bus.load(0x10FC, 4) == 0
    with pytest.raises(BusError):
        bus.fetch(0x2000, 4)
    with pytest.raises(BusError):
        bus.store(0x1000, 4, 0)
    with pytest.raises(DeviceError, match="300 bytes do not fit into 256"):
        BootRom(bytes(300), 0x100)


@pytest.mark.parametrize(
    ("base", "device", "message"),
    [
        (0x1000_0008, Registers(), r"device Registers \(0x10000008..0x10000017\) overlaps Registers \(0x10000000"),
        (0x0FFF_FFF4, Registers(), "overlaps Registers"),
        (0x8000_1FF8, Registers(), r"overlaps RAM \(0x80000000..0x80001fff\); choose a free address"),
        (0x7FFF_F000, Registers(0x8000_0000), "overlaps RAM"),
        (0xFFFF_FFF8, Registers(), "16 bytes cannot lie at 0xfffffff8"),
        (0x1000_0102, Registers(), "cannot lie at 0x10000102; give a multiple of 4"),
        (-16, Registers(), "cannot lie at -0x10"),
        (0x2000, Registers(0), "its size is 0; give the bytes its registers take"),
        (0x2000, object(), "has no method load; a device needs size, load"),
    ],
)
def test_attach_refuses(bus: Bus, base: int, device: Registers, message: str) -> None:
    bus.attach(0x1000_0000, Registers())
    with pytest.raises(DeviceError, match=message):
        bus.attach(base, device)
    assert len(bus.devices) == 1


class Faulty(Registers):
    """A device with a mistake of its own."""

    def load(self, offset: int, size: int) -> int:
        return 1 // offset

    def store(self, offset: int, size: int, value: int) -> None:
        raise NeuroHartError("its own message")

    def next_event(self) -> int | None:
        raise KeyError("event")

    def tick(self, cycle: int) -> None:
        raise AssertionError


def test_mistakes_of_a_device_are_named(bus: Bus) -> None:
    bus.attach(0x1000_0000, Faulty())
    with pytest.raises(DeviceError) as caught:
        bus.load(0x1000_0000, 4)
    message = str(caught.value)
    assert message.startswith("device Faulty at 0x10000000: load(0x0, 4) failed: ZeroDivisionError: ")
    assert "test_bus.py:" in message
    with pytest.raises(NeuroHartError, match=r"^its own message$"):
        bus.store(0x1000_0000, 4, 0)
    with pytest.raises(DeviceError, match=r"next_event\(\) failed: KeyError"):
        bus.next_event()


def test_events(bus: Bus) -> None:
    late, early, never = Clock(20), Clock(10), Clock(None)
    assert bus.next_event() is None
    for base, device in enumerate((late, early, never, Registers())):
        bus.attach(0x1000 * (base + 1), device)
    assert bus.next_event() == 10
    bus.tick(10)
    assert (early.ticks, late.ticks, bus.next_event()) == ([10], [], 20)
    bus.tick(25)
    assert (early.ticks, late.ticks, never.ticks, bus.next_event()) == ([10], [25], [], None)


def test_snapshot_covers_devices_with_state(bus: Bus) -> None:
    clock = Clock(None)
    bus.attach(0x1000, clock)
    bus.attach(0x2000, Registers())
    clock.ticks = [1, 2]
    state = bus.snapshot()
    clock.ticks = []
    bus.restore(state)
    assert (clock.ticks, list(state)) == ([1, 2], [0x1000])
