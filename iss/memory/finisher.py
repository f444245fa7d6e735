"""The test finisher (SiFive "test" device): a store to its first word ends the run."""

from __future__ import annotations

from enum import IntEnum

from iss.memory.device import BusError, Context


class Finish(IntEnum):
    """What the low half of the stored word asks for; with FAIL the high half is the exit code."""

    FAIL = 0x3333
    PASS = 0x5555
    RESET = 0x7777


class Finisher:
    """One write-only word at offset 0: PASS exits with 0, FAIL with the code in bits 31:16, RESET stops with 0.

    Accesses of 2 or 4 bytes; bytes are refused (as QEMU does). Reads give 0, other values and offsets do nothing.
    """

    def __init__(self, size: int = 0x1000) -> None:
        self.size = size
        self._context: Context | None = None

    def connect(self, context: Context) -> None:
        self._context = context

    def load(self, offset: int, size: int) -> int:
        if size == 1:
            raise BusError(offset)
        return 0

    def store(self, offset: int, size: int, value: int) -> None:
        if size == 1:
            raise BusError(offset)
        if offset or self._context is None:
            return
        match value & 0xFFFF:
            case Finish.PASS:
                self._context.stop(0, "test finisher: pass")
            case Finish.FAIL:
                self._context.stop(value >> 16, f"test finisher: fail, code {value >> 16}")
            case Finish.RESET:
                self._context.stop(0, "test finisher: reset")
