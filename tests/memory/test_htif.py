"""The tohost/fromhost protocol."""

from __future__ import annotations

import struct

import pytest

from iss.memory.console import ConsoleInput
from iss.memory.device import DeviceError
from iss.memory.htif import PATIENCE, Htif
from tests.memory.recording import Recorder

BASE = 0x8000_0000
TOHOST, FROMHOST = BASE + 0x100, BASE + 0x140
BLOCK, TEXT = BASE + 0x200, BASE + 0x300


class Guest:
    """RAM, output and the stores a program makes."""

    def __init__(self, source: bytes = b"", fromhost: int | None = FROMHOST) -> None:
        self.ram = bytearray(0x1000)
        self.output = bytearray()
        self.machine = Recorder()
        self.console = ConsoleInput(source)
        self.htif = Htif(self.ram, BASE, TOHOST, fromhost, self.output.extend, self.console)
        self.htif.connect(self.machine)
        self.retired = 0

    def half(self, index: int, value: int) -> None:
        """Store a word to tohost, retiring one instruction."""
        self.retired += 1
        struct.pack_into("<I", self.ram, TOHOST - BASE + 4 * index, value)
        self.htif.stored(TOHOST - BASE + 4 * index, self.retired)

    def command(self, value: int) -> None:
        """Store both halves and let the host work."""
        self.half(0, value & 0xFFFF_FFFF)
        self.half(1, value >> 32)
        assert self.htif.next_event() == self.retired
        self.htif.process()
        assert self.htif.next_event() is None
        assert self.read(TOHOST) == 0

    def read(self, address: int) -> int:
        return int(struct.unpack_from("<Q", self.ram, address - BASE)[0])

    def call(self, *words: int) -> int:
        """A system call through the proxy; its result."""
        struct.pack_into("<8Q", self.ram, BLOCK - BASE, *words, *[0] * (8 - len(words)))
        self.command(BLOCK)
        assert self.read(FROMHOST) == 1
        struct.pack_into("<Q", self.ram, FROMHOST - BASE, 0)
        return int(struct.unpack_from("<q", self.ram, BLOCK - BASE)[0])


@pytest.mark.parametrize(("value", "code"), [(1, 0), (3, 1), (2 * 1337 + 1, 1337), (0xFFFF_FFFF, 0x7FFF_FFFF)])
def test_exit(value: int, code: int) -> None:
    guest = Guest()
    guest.command(value)
    assert guest.machine.stops == [(code, "htif: exit")]


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_both_halves_complete_a_command(order: tuple[int, int]) -> None:
    guest = Guest()
    halves = (ord("A"), 0x0101_0000)
    guest.half(order[0], halves[order[0]])
    assert guest.htif.next_event() == 1 + PATIENCE
    guest.half(order[1], halves[order[1]])
    assert guest.htif.next_event() == 2
    guest.htif.process()
    assert bytes(guest.output) == b"A"
    assert guest.read(FROMHOST) == 0x0101_0000_0000_0000


def test_one_half_is_enough_after_a_while() -> None:
    """Old tests store only the low word, some again and again: the first store starts the clock."""
    guest = Guest()
    guest.half(0, 7)
    for _ in range(50):
        guest.half(0, 7)
    assert guest.htif.next_event() == 1 + PATIENCE
    guest.htif.process()
    assert guest.machine.stops == [(3, "htif: exit")]


def test_zero_is_no_command() -> None:
    guest = Guest()
    guest.command(0)
    assert (guest.machine.stops, bytes(guest.output), guest.read(FROMHOST)) == ([], b"", 0)


@pytest.mark.parametrize("value", [0x0201_0000_0000_0041, 0x0102_0000_0000_0041, 0x0001_0000_0000_0041])
def test_unknown_devices_and_commands_are_ignored(value: int) -> None:
    guest = Guest()
    guest.command(value)
    assert (guest.machine.stops, bytes(guest.output), guest.read(FROMHOST)) == ([], b"", 0)


def test_console_read() -> None:
    guest = Guest(b"k")
    guest.command(1 << 56)
    assert guest.read(FROMHOST) == 1 << 56 | 0x100 | ord("k")
    struct.pack_into("<Q", guest.ram, FROMHOST - BASE, 0)
    guest.command(1 << 56)
    assert guest.read(FROMHOST) == 0, "nothing to read yet"
    guest.console.feed(b"z")
    assert guest.read(FROMHOST) == 1 << 56 | 0x100 | ord("z")


def test_without_fromhost() -> None:
    guest = Guest(b"k", fromhost=None)
    guest.command(0x0101_0000_0000_0041)
    guest.command(1 << 56)
    assert bytes(guest.output) == b"A"
    assert guest.read(FROMHOST) == 0


def test_system_call_write() -> None:
    guest = Guest()
    guest.ram[TEXT - BASE : TEXT - BASE + 5] = b"hello"
    assert [guest.call(64, 1, TEXT, 5), guest.call(64, 2, TEXT + 4, 1), guest.call(64, 1, TEXT, 0)] == [5, 1, 0]
    assert bytes(guest.output) == b"helloo"


@pytest.mark.parametrize(
    ("words", "result"),
    [
        ((64, 1, BASE - 1, 2), -14),
        ((64, 1, BASE + 0xFFF, 2), -14),
        ((64, 1, BASE, 1 << 40), -14),
        ((64, 1, BASE, (1 << 64) - 1), -14),
        ((64, 1, 1 << 63, 1), -14),
        ((64, 0, TEXT, 1), -9),
        ((64, 3, TEXT, 1), -9),
        ((63, 0, TEXT, 1), -38),
        ((56, 0, TEXT, 1), -38),
        ((1 << 63, 0, 0, 0), -38),
    ],
)
def test_system_calls_refused(words: tuple[int, ...], result: int) -> None:
    guest = Guest()
    assert guest.call(*words) == result
    assert bytes(guest.output) == b""


def test_system_call_exit() -> None:
    guest = Guest()
    struct.pack_into("<8Q", guest.ram, BLOCK - BASE, 93, 5, *[0] * 6)
    guest.command(BLOCK)
    assert guest.machine.stops == [(5, "htif: exit")]


@pytest.mark.parametrize("block", [2, BASE - 2, BASE + 0xFC2, 0xFFFF_FFFE])
def test_system_call_block_outside_of_ram_ends_the_run(block: int) -> None:
    guest = Guest()
    guest.command(block)
    assert guest.machine.stops == [(1, f"htif: system call block {block:#x} is outside of RAM")]


@pytest.mark.parametrize(("tohost", "fromhost"), [(BASE - 8, None), (BASE + 0xFFC, None), (BASE, BASE + 0x1000)])
def test_symbols_outside_of_ram(tohost: int, fromhost: int | None) -> None:
    with pytest.raises(DeviceError, match=r"is outside of RAM, which starts at 0x80000000 and has 4096 bytes; link"):
        Htif(bytearray(0x1000), BASE, tohost, fromhost, lambda data: None)


def test_snapshot() -> None:
    guest = Guest(b"ab")
    guest.command(1 << 56)
    guest.half(0, 3)
    state, memory = guest.htif.snapshot(), bytes(guest.ram)
    guest.htif.process()
    guest.command(1 << 56)
    guest.htif.restore(state)
    guest.ram[:] = memory
    assert guest.htif.next_event() == guest.retired - 2 + PATIENCE
    guest.htif.process()
    assert guest.machine.stops == [(1, "htif: exit")] * 2
    guest.command(1 << 56)
    assert guest.read(FROMHOST) & 0xFF == ord("b")
