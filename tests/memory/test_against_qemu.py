"""QEMU's `virt` board is asked for every register through its qtest protocol and must answer as our devices do."""

from __future__ import annotations

import random
import shutil
import subprocess
from collections.abc import Iterator

import pytest

from iss.memory.clint import Clint
from iss.memory.finisher import Finisher
from iss.memory.map import MemoryMap
from iss.memory.uart16550 import Uart16550
from tests.memory.recording import Recorder

QEMU = shutil.which("qemu-system-riscv32")
pytestmark = pytest.mark.skipif(QEMU is None, reason="no qemu-system-riscv32 (Debian: qemu-system-misc)")

MAP = MemoryMap()
RBR, IER, FCR, LCR, MCR, LSR, MSR, SCR = range(8)
LETTERS = {1: "b", 2: "w", 4: "l"}


class Qtest:
    """A stopped board (-S: no time passes) whose bus the test works by hand."""

    def __init__(self) -> None:
        assert QEMU
        self.process = subprocess.Popen(
            [QEMU, "-S", "-machine", "virt", "-bios", "none", "-display", "none", "-monitor", "none", "-serial", "null",
             "-qtest", "stdio"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
        )  # fmt: skip

    def command(self, text: str) -> list[str]:
        assert self.process.stdin and self.process.stdout
        self.process.stdin.write(text + "\n")
        self.process.stdin.flush()
        for line in self.process.stdout:
            words = line.split()
            if words and words[0] in ("OK", "FAIL", "ERR"):
                assert words[0] == "OK", line
                return words[1:]
        return []

    def load(self, address: int, size: int) -> int:
        return int(self.command(f"read{LETTERS[size]} {address:#x}")[0], 16)

    def store(self, address: int, size: int, value: int) -> None:
        self.command(f"write{LETTERS[size]} {address:#x} {value:#x}")


@pytest.fixture
def qemu() -> Iterator[Qtest]:
    board = Qtest()
    yield board
    board.process.kill()
    board.process.communicate()


@pytest.mark.parametrize("seed", range(4))
def test_uart(qemu: Qtest, seed: int) -> None:
    """Random accesses, most of them in loopback.

    Left out, as QEMU does not follow the data sheet or uses its clock: MSR changes, bytes read from an empty RBR,
    FCR bits without FIFO enable, the time-out of a FIFO filled below its trigger, and what it has after reset in MCR
    and DLL.
    """
    ours = Uart16550(lambda data: None)
    chance = random.Random(seed)
    log: list[str] = []

    def store(register: int, value: int) -> None:
        log.append(f"store {register} {value:#04x}")
        qemu.store(MAP.uart.base + register, 1, value)
        ours.store(register, 1, value)

    def load(register: int, mask: int = 0xFF) -> int:
        theirs, own = qemu.load(MAP.uart.base + register, 1) & mask, ours.load(register, 1) & mask
        log.append(f"load {register}: QEMU {theirs:#04x}, we {own:#04x}")
        assert own == theirs, "\n".join(log[-20:])
        return own

    for register, value in ((LCR, 0x80), (RBR, 0), (IER, 0), (LCR, 0), (MCR, 0)):
        store(register, value)
    for _ in range(800):
        register = chance.choice((RBR, RBR, RBR, IER, IER, FCR, FCR, LCR, MCR, MCR, LSR, MSR, SCR))
        if chance.random() < 0.5:
            value = chance.getrandbits(8)
            match register:
                case 1:
                    value &= 0xF7
                case 2:
                    value = chance.choice((0, 1, 3, 5, 7))
                case 3:
                    value &= 0x83
                case 4:
                    value |= 0x10 if chance.random() < 0.8 else 0
            store(register, value)
        elif register == RBR:
            latch = load(LCR) & 0x80
            if latch or load(LSR) & 1:
                load(RBR)
        else:
            load(register, 0xF0 if register == MSR else 0xFF)


def test_clint(qemu: Qtest) -> None:
    """Registers and their halves while time stands still."""
    ours, machine = Clint(), Recorder()
    ours.connect(machine)
    chance = random.Random(5)
    registers = (0x0, 0x4000, 0x4004, 0xBFF8, 0xBFFC)
    for register in registers[3:]:
        qemu.store(MAP.clint.base + register, 4, 0)
        ours.store(register, 4, 0)
    for _ in range(600):
        register = chance.choice(registers)
        match chance.randrange(2):
            case 0:
                value = chance.choice((0, 1, 0xFFFF_FFFF, chance.getrandbits(32)))
                qemu.store(MAP.clint.base + register, 4, value)
                ours.store(register, 4, value)
            case 1:
                assert ours.load(register, 4) == qemu.load(MAP.clint.base + register, 4), hex(register)


@pytest.mark.parametrize("value", [0x5555, 0x0001_3333, 0x00FF_3333])
def test_finisher_exit_code(qemu: Qtest, value: int) -> None:
    ours, machine = Finisher(), Recorder()
    ours.connect(machine)
    ours.store(0, 4, value)
    qemu.store(MAP.exit_device.base, 4, value)
    assert qemu.process.wait(10) == machine.stops[0][0]
