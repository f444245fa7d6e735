"""16550A serial port (National Semiconductor PC16550D data sheet, 1995): the console of bare-metal programs."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from struct import Struct

from iss.memory.console import ConsoleInput
from iss.memory.device import BusError

# Plain ints in classes, not enums: an enum's `|` and `&` would take most of the time of an access.


class Register:
    """Offsets; DLL and DLM replace the first two while LCR.DLAB is set."""

    RBR_THR = 0
    IER = 1
    IIR_FCR = 2
    LCR = 3
    MCR = 4
    LSR = 5
    MSR = 6
    SCR = 7


class Enable:
    """Bits of IER: what may interrupt."""

    RECEIVED = 1
    TRANSMITTER_EMPTY = 2
    LINE_STATUS = 4
    MODEM_STATUS = 8


class Identity:
    """Bits 3:0 of IIR, highest priority first."""

    LINE_STATUS = 0x6
    RECEIVED = 0x4
    TIMEOUT = 0xC
    TRANSMITTER_EMPTY = 0x2
    MODEM_STATUS = 0x0
    NONE = 0x1


class Line:
    """Bits of LSR this model can set."""

    DR = 0x01
    OE = 0x02
    THRE = 0x20
    TEMT = 0x40


class Modem:
    """Bits of MCR."""

    DTR = 0x01
    RTS = 0x02
    OUT1 = 0x04
    OUT2 = 0x08
    LOOP = 0x10


DLAB = 0x80
FIFO_ENABLE, FIFO_CLEAR_RECEIVER, FIFO_CLEAR_TRANSMITTER, FIFO_TRIGGER_BITS = 0x01, 0x02, 0x04, 0xC0
FIFO_DEPTH = 16
FIFO_TRIGGER = (1, 4, 8, 14)
MODEM_LINES = 0xB0
"""MSR without loopback: carrier, data set ready and clear to send are there."""

_STATE = Struct("<9B?QB16s")


class Uart16550:
    """Eight byte registers; the window's other offsets are refused. Half and word accesses see one register.

    Sending takes no time: a byte stored to THR goes to `sink` at once, so THRE and TEMT are always set. Host input
    waits outside of the chip until it is read, as with flow control: nothing overruns, and clearing the receiver FIFO
    loses no input. Line speed and format are stored and have no effect. `interrupt` is called with the level of the
    interrupt output whenever it changes.
    """

    def __init__(
        self,
        sink: Callable[[bytes], object],
        console: ConsoleInput | None = None,
        interrupt: Callable[[bool], object] | None = None,
        size: int = 0x100,
    ) -> None:
        self.size = size
        self._sink = sink
        self._console = console or ConsoleInput()
        self._interrupt = interrupt
        self._level = False
        self._ier = self._fcr = self._lcr = self._mcr = self._scr = 0
        self._dll = self._dlm = 0
        self._overrun = self._modem_changes = 0
        self._empty_pending = False
        self._looped: deque[int] = deque()
        self._console.listen(self._drive)

    def load(self, offset: int, size: int) -> int:
        """Read a register; RBR, IIR, LSR and MSR change by being read."""
        match offset:
            case Register.LSR:
                value = Line.THRE | Line.TEMT | self._overrun | (Line.DR if self._ready() else 0)
                self._overrun = 0
            case Register.RBR_THR:
                value = self._dll if self._lcr & DLAB else self._receive()
            case Register.IER:
                value = self._dlm if self._lcr & DLAB else self._ier
            case Register.IIR_FCR:
                identity = self._identity()
                if identity == Identity.TRANSMITTER_EMPTY:
                    self._empty_pending = False
                value = identity | (0xC0 if self._fcr & FIFO_ENABLE else 0)
            case Register.LCR:
                value = self._lcr
            case Register.MCR:
                value = self._mcr
            case Register.MSR:
                value = self._modem_lines() | self._modem_changes
                self._modem_changes = 0
            case Register.SCR:
                value = self._scr
            case _:
                raise BusError(offset)
        self._drive()
        return value

    def store(self, offset: int, size: int, value: int) -> None:
        """Write a register; LSR and MSR ignore it."""
        value &= 0xFF
        match offset:
            case Register.RBR_THR if self._lcr & DLAB:
                self._dll = value
            case Register.RBR_THR:
                self._transmit(value)
            case Register.IER if self._lcr & DLAB:
                self._dlm = value
            case Register.IER:
                if value & Enable.TRANSMITTER_EMPTY and not self._ier & Enable.TRANSMITTER_EMPTY:
                    self._empty_pending = True
                self._ier = value & 0x0F
            case Register.IIR_FCR:
                self._control_fifo(value)
            case Register.LCR:
                self._lcr = value
            case Register.MCR:
                self._control_modem(value & 0x1F)
            case Register.SCR:
                self._scr = value
            case Register.LSR | Register.MSR:
                pass
            case _:
                raise BusError(offset)
        self._drive()

    def snapshot(self) -> bytes:
        looped = bytes(self._looped)
        return _STATE.pack(
            self._ier, self._fcr, self._lcr, self._mcr, self._scr, self._dll, self._dlm, self._overrun,
            self._modem_changes, self._empty_pending, self._console.position, len(looped), looped,
        )  # fmt: skip

    def restore(self, state: bytes) -> None:
        (
            self._ier, self._fcr, self._lcr, self._mcr, self._scr, self._dll, self._dlm, self._overrun,
            self._modem_changes, self._empty_pending, position, length, looped,
        ) = _STATE.unpack(state)  # fmt: skip
        self._console.rewind(position)
        self._looped = deque(looped[:length])
        self._drive()

    def _receive(self) -> int:
        """RBR; 0 when nothing has been received."""
        if self._looped:
            return self._looped.popleft()
        if self._mcr & Modem.LOOP:
            return 0
        byte = self._console.take()
        return 0 if byte is None else byte

    def _ready(self) -> bool:
        """Whether a byte can be read from RBR."""
        if self._looped or self._mcr & Modem.LOOP:
            return bool(self._looped)
        return self._console.peek() is not None

    def _waiting(self) -> int:
        """Received bytes that can be read, counted up to the depth of the FIFO."""
        if self._looped or not self._fcr & FIFO_ENABLE or self._mcr & Modem.LOOP:
            return len(self._looped) or int(self._ready())
        return self._console.available()

    def _transmit(self, byte: int) -> None:
        if self._mcr & Modem.LOOP:
            if len(self._looped) < (FIFO_DEPTH if self._fcr & FIFO_ENABLE else 1):
                self._looped.append(byte)
            else:
                self._overrun = Line.OE
                if not self._fcr & FIFO_ENABLE:
                    self._looped[0] = byte
        else:
            self._sink(bytes((byte,)))
        self._empty_pending = True

    def _control_fifo(self, value: int) -> None:
        """FCR: the other bits count only together with FIFO enable; switching it clears both FIFOs."""
        if (value ^ self._fcr) & FIFO_ENABLE:
            value |= FIFO_CLEAR_RECEIVER | FIFO_CLEAR_TRANSMITTER
        elif not value & FIFO_ENABLE:
            return
        if value & FIFO_CLEAR_RECEIVER:
            self._looped.clear()
        if value & FIFO_CLEAR_TRANSMITTER:
            self._empty_pending = True
        self._fcr = value & (FIFO_ENABLE | FIFO_TRIGGER_BITS) if value & FIFO_ENABLE else 0

    def _control_modem(self, value: int) -> None:
        """MCR; changed inputs are remembered in the low half of MSR (RI only when it falls)."""
        before = self._modem_lines()
        self._mcr = value
        after = self._modem_lines()
        changed = (before ^ after) >> 4
        if after & 0x40:
            changed &= ~0x04
        self._modem_changes |= changed

    def _modem_lines(self) -> int:
        """Bits 7:4 of MSR (DCD, RI, DSR, CTS); looped back from OUT2, OUT1, DTR and RTS."""
        if not self._mcr & Modem.LOOP:
            return MODEM_LINES
        pairs = ((Modem.RTS, 0x10), (Modem.DTR, 0x20), (Modem.OUT1, 0x40), (Modem.OUT2, 0x80))
        return sum(line for output, line in pairs if self._mcr & output)

    def _identity(self) -> int:
        """The most urgent enabled interrupt."""
        if self._ier & Enable.LINE_STATUS and self._overrun:
            return Identity.LINE_STATUS
        if self._ier & Enable.RECEIVED and (waiting := self._waiting()):
            if self._fcr & FIFO_ENABLE and waiting < FIFO_TRIGGER[self._fcr >> 6]:
                return Identity.TIMEOUT
            return Identity.RECEIVED
        if self._ier & Enable.TRANSMITTER_EMPTY and self._empty_pending:
            return Identity.TRANSMITTER_EMPTY
        if self._ier & Enable.MODEM_STATUS and self._modem_changes:
            return Identity.MODEM_STATUS
        return Identity.NONE

    def _drive(self) -> None:
        """Put the interrupt output to its level."""
        level = self._ier != 0 and self._identity() != Identity.NONE
        if level != self._level:
            self._level = level
            if self._interrupt:
                self._interrupt(level)
