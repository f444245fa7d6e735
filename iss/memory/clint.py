"""Core-local interruptor of one hart: software interrupt and timer (SiFive CLINT; RISC-V ACLINT specification)."""

from __future__ import annotations

from enum import IntEnum
from struct import Struct

from iss.isa.causes import Interrupt
from iss.memory.device import BusError, Context, DeviceError


class Register(IntEnum):
    """Offsets of the words that exist for hart 0."""

    MSIP = 0x0000
    MTIMECMP = 0x4000
    MTIMECMP_HIGH = 0x4004
    MTIME = 0xBFF8
    MTIME_HIGH = 0xBFFC


_U64 = (1 << 64) - 1
_STATE = Struct("<QQB")


class Clint:
    """msip, mtimecmp and mtime of hart 0; registers of other harts read 0 and ignore writes.

    mtime = cycles // `divider` + an offset that writing mtime sets (modulo 2**64). The timer interrupt is high while
    mtime >= mtimecmp; mtimecmp is all ones after reset. Only aligned words are served (the 64-bit registers in
    halves), other accesses are refused, as ACLINT allows no others.

    Raises DeviceError unless `divider` (cycles per tick of mtime) is positive.
    """

    def __init__(self, divider: int = 1, size: int = 0x1_0000) -> None:
        if divider < 1:
            raise DeviceError(f"CLINT: divider {divider} is impossible; give the cycles per tick of mtime, at least 1")
        self.size = size
        self.divider = divider
        self._context: Context | None = None
        self._software = 0
        self._compare = _U64
        self._offset = 0
        self._event: int | None = None

    def connect(self, context: Context) -> None:
        self._context = context

    @property
    def mtime(self) -> int:
        """Ticks now; also the value of the CSR `time`."""
        cycles = self._context.cycles() if self._context else 0
        return (cycles // self.divider + self._offset) & _U64

    @property
    def offset(self) -> int:
        """mtime minus cycles // divider, modulo 2**64."""
        return self._offset

    @property
    def mtimecmp(self) -> int:
        return self._compare

    def load(self, offset: int, size: int) -> int:
        match self._register(offset, size):
            case Register.MSIP:
                return self._software
            case Register.MTIMECMP:
                return self._compare & 0xFFFF_FFFF
            case Register.MTIMECMP_HIGH:
                return self._compare >> 32
            case Register.MTIME:
                return self.mtime & 0xFFFF_FFFF
            case Register.MTIME_HIGH:
                return self.mtime >> 32
        return 0

    def store(self, offset: int, size: int, value: int) -> None:
        match self._register(offset, size):
            case Register.MSIP:
                self._software = value & 1
            case Register.MTIMECMP | Register.MTIMECMP_HIGH as register:
                self._compare = _with_half(self._compare, register - Register.MTIMECMP, value)
            case Register.MTIME | Register.MTIME_HIGH as register:
                now = self.mtime
                self._offset = (self._offset + _with_half(now, register - Register.MTIME, value) - now) & _U64
            case _:
                return
        self._drive()

    def next_event(self) -> int | None:
        """The cycle at which the timer interrupt changes by itself, which stays due until `tick`."""
        return self._event

    def _next_change(self) -> int | None:
        """The cycle at which mtime reaches mtimecmp or, beyond it, wraps to 0."""
        now = self.mtime
        ticks = (self._compare if now < self._compare else 1 << 64) - now
        cycles = self._context.cycles() if self._context else 0
        event = (cycles // self.divider + ticks) * self.divider
        return event if event < 1 << 64 else None

    def tick(self, cycle: int) -> None:
        self._drive()

    def snapshot(self) -> bytes:
        return _STATE.pack(self._compare, self._offset, self._software)

    def restore(self, state: bytes) -> None:
        self._compare, self._offset, self._software = _STATE.unpack(state)
        self._drive()

    @staticmethod
    def _register(offset: int, size: int) -> int:
        if size != 4 or offset % 4:
            raise BusError(offset)
        return offset

    def _drive(self) -> None:
        """Put both interrupt lines to their levels and announce the next change."""
        if self._context:
            self._context.set_interrupt(Interrupt.MACHINE_SOFTWARE, bool(self._software))
            self._context.set_interrupt(Interrupt.MACHINE_TIMER, self.mtime >= self._compare)
            self._event = self._next_change()
            self._context.changed()


def _with_half(whole: int, byte: int, value: int) -> int:
    """A 64-bit register with its low (`byte` 0) or high (4) half replaced."""
    shift = 8 * byte
    return (whole & ~(0xFFFF_FFFF << shift) & _U64) | value << shift
