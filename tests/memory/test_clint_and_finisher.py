"""Timer, software interrupt, and the device that ends a run."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from iss.memory.clint import Clint
from iss.memory.device import BusError, DeviceError
from iss.memory.finisher import Finisher
from tests.memory.recording import Recorder

MSIP, MTIMECMP, MTIME = 0x0, 0x4000, 0xBFF8
SOFTWARE, TIMER = 3, 7
U64 = (1 << 64) - 1


def clint(divider: int = 1) -> tuple[Clint, Recorder]:
    device, machine = Clint(divider), Recorder()
    device.connect(machine)
    return device, machine


def store64(device: Clint, offset: int, value: int) -> None:
    device.store(offset, 4, value & 0xFFFF_FFFF)
    device.store(offset + 4, 4, value >> 32)


def load64(device: Clint, offset: int) -> int:
    return device.load(offset, 4) | device.load(offset + 4, 4) << 32


def test_after_reset() -> None:
    device, machine = clint()
    assert load64(device, MTIMECMP) == U64
    assert (load64(device, MTIME), device.load(MSIP, 4)) == (0, 0)
    assert device.next_event() is None or device.next_event() == U64
    machine.now = 12345
    assert load64(device, MTIME) == device.mtime == 12345


def test_software_interrupt() -> None:
    device, machine = clint()
    device.store(MSIP, 4, 0xFFFF_FFFF)
    assert (device.load(MSIP, 4), machine.lines[SOFTWARE]) == (1, True)
    device.store(MSIP, 4, 0xFFFF_FFFE)
    assert (device.load(MSIP, 4), machine.lines[SOFTWARE]) == (0, False)


def test_timer_interrupt() -> None:
    device, machine = clint()
    machine.now = 100
    store64(device, MTIMECMP, 150)
    assert (device.next_event(), machine.lines[TIMER]) == (150, False)
    assert machine.changes
    machine.now = 149
    device.tick(149)
    assert not machine.lines[TIMER]
    machine.now = 150
    device.tick(150)
    assert machine.lines[TIMER]
    store64(device, MTIMECMP, 151)
    assert (machine.lines[TIMER], device.next_event()) == (False, 151)
    device.store(MTIME, 4, 151)
    assert machine.lines[TIMER]


def test_halves_are_written_apart() -> None:
    device, machine = clint()
    device.store(MTIMECMP + 4, 4, 1)
    device.store(MTIMECMP, 4, 2)
    assert device.mtimecmp == 1 << 32 | 2
    device.store(MTIME + 4, 4, 1)
    assert (device.mtime, machine.lines[TIMER], device.next_event()) == (1 << 32, False, 2)
    device.store(MTIME, 4, 7)
    assert (device.mtime, machine.lines[TIMER]) == (1 << 32 | 7, True)
    machine.now += 5
    assert device.mtime == 1 << 32 | 12


def test_divider() -> None:
    device, machine = clint(10)
    machine.now = 25
    assert device.mtime == 2
    device.store(MTIMECMP + 4, 4, 0)
    device.store(MTIMECMP, 4, 5)
    assert device.next_event() == 50
    device.store(MTIME, 4, 4)
    assert (device.mtime, device.next_event()) == (4, 30)
    machine.now = 29
    device.tick(29)
    assert not machine.lines[TIMER]
    machine.now = 30
    device.tick(30)
    assert machine.lines[TIMER]
    with pytest.raises(DeviceError, match="divider 0 is impossible"):
        Clint(0)


@given(
    st.integers(1, 7), st.integers(0, 1 << 20), st.integers(0, U64), st.one_of(st.integers(0, 40), st.integers(0, U64)),
    st.booleans(),
)  # fmt: skip
def test_next_event_is_the_cycle_at_which_the_line_changes(
    divider: int, now: int, time: int, distance: int, below: bool
) -> None:
    device, machine = clint(divider)
    machine.now = now
    store64(device, MTIME, time)
    store64(device, MTIMECMP, (time - distance if below else time + distance) & U64)
    assert device.mtime == time
    event, before = device.next_event(), machine.lines[TIMER]
    if event is None:
        return
    assert event > now
    machine.now = event - 1
    device.tick(event - 1)
    assert machine.lines[TIMER] == before
    machine.now = event
    device.tick(event)
    assert machine.lines[TIMER] != before or device.mtimecmp == 0


def test_snapshot() -> None:
    device, machine = clint()
    machine.now = 1000
    store64(device, MTIME, 5)
    store64(device, MTIMECMP, 9)
    device.store(MSIP, 4, 1)
    other, elsewhere = clint()
    elsewhere.now = 1004
    other.restore(device.snapshot())
    assert (other.mtime, other.mtimecmp, elsewhere.lines) == (9, 9, {SOFTWARE: True, TIMER: True})


@pytest.mark.parametrize(
    ("offset", "size"), [(MSIP, 1), (MSIP, 2), (MTIME, 1), (MTIMECMP, 2), (MTIMECMP + 2, 4), (MTIME + 1, 1)]
)
def test_only_aligned_words(offset: int, size: int) -> None:
    device, _ = clint()
    with pytest.raises(BusError):
        device.load(offset, size)
    with pytest.raises(BusError):
        device.store(offset, size, 1)


@pytest.mark.parametrize("offset", [4, 0x3FFC, 0x4008, 0xBFF0, 0xC000, 0xFFFC])
def test_other_harts_are_not_there(offset: int) -> None:
    device, machine = clint()
    device.store(offset, 4, 0xFFFF_FFFF)
    assert device.load(offset, 4) == 0
    assert not any(machine.lines.values())


@pytest.mark.parametrize(
    ("value", "size", "stops"),
    [
        (0x5555, 4, [(0, "test finisher: pass")]),
        (0x5555, 2, [(0, "test finisher: pass")]),
        (0x002A_3333, 4, [(42, "test finisher: fail, code 42")]),
        (0xFFFF_3333, 4, [(65535, "test finisher: fail, code 65535")]),
        (0x7777, 4, [(0, "test finisher: reset")]),
        (0x0000, 4, []),
        (0x1234, 4, []),
    ],
)
def test_finisher(value: int, size: int, stops: list[tuple[int, str]]) -> None:
    device, machine = Finisher(), Recorder()
    device.connect(machine)
    device.store(0, size, value)
    assert machine.stops == stops
    assert device.load(0, 4) == 0


def test_finisher_other_accesses() -> None:
    device, machine = Finisher(), Recorder()
    device.connect(machine)
    device.store(4, 4, 0x5555)
    for access in (lambda: device.load(0, 1), lambda: device.store(0, 1, 0x55)):
        with pytest.raises(BusError):
            access()
    assert not machine.stops
