"""Console input and the 16550, as its data sheet tells."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable

import pytest

from iss.memory.console import ConsoleInput
from iss.memory.device import BusError
from iss.memory.uart16550 import Uart16550

RBR = THR = DLL = 0
IER = DLM = 1
IIR = FCR = 2
LCR, MCR, LSR, MSR, SCR = 3, 4, 5, 6, 7
DR, OE, EMPTY = 0x01, 0x02, 0x60
NONE, MODEM, TRANSMITTER, RECEIVED, TIMEOUT, LINE = 0x1, 0x0, 0x2, 0x4, 0xC, 0x6
LOOP = 0x10


class Port:
    """A UART with its output, its interrupt line and byte accesses."""

    def __init__(self, source: Iterable[int | bytes | None] = b"") -> None:
        self.output = bytearray()
        self.levels: list[bool] = []
        self.console = ConsoleInput(source)
        self.uart = Uart16550(self.output.extend, self.console, self.levels.append)

    def read(self, register: int) -> int:
        return self.uart.load(register, 1)

    def write(self, register: int, value: int) -> None:
        self.uart.store(register, 1, value)

    @property
    def line(self) -> bool:
        return self.levels[-1] if self.levels else False

    def drain(self) -> bytes:
        received = bytearray()
        while self.read(LSR) & DR:
            received.append(self.read(RBR))
        return bytes(received)


@pytest.mark.parametrize(
    "source",
    [b"hello", bytearray(b"hello"), deque(b"hello"), iter([b"he", ord("l"), b"", b"lo"]), [104, 101, 108, 108, 111]],
    ids=["bytes", "bytearray", "deque", "iterator", "list"],
)
def test_console_sources(source: Iterable[int | bytes | None]) -> None:
    console = ConsoleInput(source)
    assert console.available() == 5
    assert bytes(byte for byte in iter(console.take, None)) == b"hello"
    assert (console.take(), console.peek(), console.available(), console.position) == (None, None, 0, 5)


def test_console_waits_for_more() -> None:
    queue: deque[int] = deque()
    console = ConsoleInput(queue)
    assert console.take() is None
    queue.extend(b"ab")
    assert (console.take(), console.available()) == (ord("a"), 1)
    console.feed(b"c")
    assert [console.take() for _ in range(3)] == [ord("b"), ord("c"), None]

    def slow() -> Iterable[int | bytes | None]:
        yield None
        yield b"x"
        yield None

    console = ConsoleInput(slow())
    assert [console.take() for _ in range(4)] == [None, ord("x"), None, None]


def test_console_fetches_only_what_is_asked_for() -> None:
    fetched: list[int] = []

    def endless() -> Iterable[int]:
        while True:
            fetched.append(1)
            yield 0x155

    console = ConsoleInput(endless())
    assert not fetched
    assert console.peek() == console.take() == 0x55
    assert len(fetched) == 1
    assert console.available() == len(fetched) - 1 == ConsoleInput.LOOKAHEAD


def test_console_rewinds() -> None:
    console = ConsoleInput(iter([b"ab", b"c"]))
    assert [console.take(), console.take()] == [ord("a"), ord("b")]
    console.rewind(1)
    assert [console.take() for _ in range(3)] == [ord("b"), ord("c"), None]


def test_after_reset() -> None:
    port = Port()
    assert [port.read(register) for register in range(8)] == [0, 0, NONE, 0, 0, EMPTY, 0xB0, 0]
    assert not port.line


def test_output_goes_out_at_once() -> None:
    port = Port()
    for byte in b"Hi\n\x80":
        assert port.read(LSR) == EMPTY
        port.write(THR, byte)
    assert bytes(port.output) == b"Hi\n\x80"


def test_input_is_read_in_order() -> None:
    port = Port(b"abc")
    assert port.read(LSR) == EMPTY | DR
    assert port.drain() == b"abc"
    assert (port.read(RBR), port.read(LSR)) == (0, EMPTY)


def test_divisor_latch_hides_data_and_interrupt_enable() -> None:
    port = Port(b"x")
    port.write(IER, 0x05)
    port.write(LCR, 0x83)
    port.write(DLL, 0x0D)
    port.write(DLM, 0xF1)
    assert (port.read(DLL), port.read(DLM), port.read(LCR)) == (0x0D, 0xF1, 0x83)
    port.write(LCR, 0x03)
    assert (port.read(RBR), port.read(IER), bytes(port.output)) == (ord("x"), 0x05, b"")


def test_plain_registers() -> None:
    port = Port()
    for register, value, stored in ((SCR, 0xA5, 0xA5), (IER, 0xFF, 0x0F), (MCR, 0xFF, 0x1F), (LCR, 0x5B, 0x5B)):
        port.write(register, value)
        assert port.read(register) == stored
    port.write(MCR, 0)
    port.write(LSR, 0xFF)
    assert port.read(LSR) == EMPTY


@pytest.mark.parametrize("size", [2, 4])
def test_wider_accesses_see_one_register(size: int) -> None:
    port = Port(b"a")
    port.uart.store(THR, size, 0x1234_5678)
    assert bytes(port.output) == b"\x78"
    assert (port.uart.load(RBR, size), port.uart.load(LSR, size)) == (ord("a"), EMPTY)


@pytest.mark.parametrize("offset", [8, 9, 0xFF])
def test_rest_of_the_window_is_refused(offset: int) -> None:
    port = Port()
    with pytest.raises(BusError):
        port.read(offset)
    with pytest.raises(BusError):
        port.write(offset, 0)


def test_received_data_interrupts() -> None:
    port = Port(b"ab")
    assert port.read(IIR) == NONE
    port.write(IER, 1)
    assert (port.line, port.read(IIR)) == (True, RECEIVED)
    port.read(RBR)
    assert port.line
    port.read(RBR)
    assert (port.line, port.read(IIR)) == (False, NONE)
    port.console.feed(b"c")
    assert (port.line, port.read(IIR)) == (True, RECEIVED)
    port.write(IER, 0)
    assert not port.line
    assert port.levels == [True, False, True, False], "the line is driven only when it changes"


@pytest.mark.parametrize(("bits", "trigger"), [(0x00, 1), (0x40, 4), (0x80, 8), (0xC0, 14)])
def test_fifo_trigger_levels(bits: int, trigger: int) -> None:
    """Below the trigger only the time-out interrupt is left, at once, as no more characters are coming."""
    port = Port(bytes(range(20)))
    port.write(FCR, 0x01 | bits)
    port.write(IER, 1)
    for count in range(20, 0, -1):
        assert port.read(IIR) == 0xC0 | (RECEIVED if count >= trigger else TIMEOUT)
        port.read(RBR)
    assert port.read(IIR) == 0xC0 | NONE


def test_clearing_the_fifo_loses_no_host_input() -> None:
    port = Port(b"keep")
    assert port.read(LSR) & DR
    port.write(FCR, 0x07)
    assert port.drain() == b"keep"


def test_transmitter_interrupt() -> None:
    port = Port()
    port.write(IER, 2)
    assert port.line, "enabling it while THR is empty interrupts"
    assert (port.read(IIR), port.line, port.read(IIR)) == (TRANSMITTER, False, NONE)
    port.write(THR, ord("x"))
    assert port.line
    port.write(IER, 2)
    assert (port.read(IIR), port.read(IIR)) == (TRANSMITTER, NONE)
    port.write(IER, 2)
    assert port.read(IIR) == NONE, "enabling it again does not"


def test_interrupt_priorities() -> None:
    port = Port()
    port.write(MCR, LOOP)
    port.read(MSR)
    port.write(IER, 0x0F)
    port.write(THR, 1)
    port.write(THR, 2)
    port.write(MCR, LOOP | 0x02)
    assert port.read(IIR) == LINE
    assert port.read(LSR) == EMPTY | DR | OE
    assert port.read(LSR) == EMPTY | DR
    assert (port.read(IIR), port.read(RBR)) == (RECEIVED, 2)
    assert [port.read(IIR), port.read(IIR)] == [TRANSMITTER, MODEM]
    assert port.read(MSR) == 0x11
    assert (port.read(IIR), port.line) == (NONE, False)


def test_loopback_keeps_bytes_inside() -> None:
    port = Port(b"host")
    port.write(FCR, 0x01)
    port.write(MCR, LOOP)
    assert port.read(LSR) == EMPTY
    for byte in range(17):
        port.write(THR, byte)
    assert port.read(LSR) == EMPTY | DR | OE
    assert port.drain() == bytes(range(16)), "the FIFO has 16 places; what comes too late is lost"
    assert bytes(port.output) == b""
    port.write(THR, 1)
    port.write(FCR, 0x03)
    assert port.read(LSR) == EMPTY, "the FIFO was cleared"
    port.write(MCR, 0)
    assert port.drain() == b"host"


def test_loopback_joins_modem_lines() -> None:
    port = Port()
    assert port.read(MSR) == 0xB0
    port.write(MCR, LOOP)
    assert port.read(MSR) == 0x0B, "carrier, data set ready and clear to send went away"
    for output, line in ((0x01, 0x20), (0x02, 0x10), (0x08, 0x80)):
        port.write(MCR, LOOP | output)
        assert port.read(MSR) == line | line >> 4
        port.write(MCR, LOOP)
        assert port.read(MSR) == line >> 4
    port.write(MCR, LOOP | 0x04)
    assert port.read(MSR) == 0x40, "ring is remembered when it ends"
    port.write(MCR, LOOP)
    assert port.read(MSR) == 0x04
    assert port.read(MSR) == 0


def test_snapshot() -> None:
    port = Port(b"abcdef")
    for register, value in ((LCR, 0x80), (DLL, 1), (DLM, 2), (LCR, 3), (SCR, 9), (FCR, 0xC1), (MCR, LOOP), (IER, 3)):
        port.write(register, value)
    for byte in b"12345678901234567":
        port.write(THR, byte)
    state = port.uart.snapshot()

    def behaviour() -> list[int]:
        values = [port.read(register) for register in (IER, IIR, LCR, MCR, LSR, SCR, IIR)] + list(port.drain())
        port.write(MCR, 0)
        values += port.drain()
        port.write(LCR, 0x80)
        return [*values, port.read(DLL), port.read(DLM), port.line]

    first = behaviour()
    port.uart.restore(state)
    assert behaviour() == first
    assert b"1234567890123456abcdef" in bytes(first[7:-3])
