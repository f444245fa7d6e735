"""Host-target interface: the tohost/fromhost protocol of riscv-tests and Spike (riscv-isa-sim, fesvr)."""

from __future__ import annotations

from collections.abc import Callable
from enum import IntEnum
from mmap import mmap
from struct import Struct

from iss.memory.console import ConsoleInput
from iss.memory.device import Context, DeviceError

PATIENCE = 100
"""Retired instructions after which a command counts as complete although only one half was stored."""

_REGISTER = Struct("<Q")
_BLOCK = Struct("<8Q")
_STATE = Struct("<B?QQQ")
_BOTH = 0b11


class Channel(IntEnum):
    """Device numbers, bits 63:56 of tohost."""

    SYSTEM_CALL = 0
    CONSOLE = 1


class Console(IntEnum):
    """Commands of the console, bits 55:48 of tohost."""

    READ = 0
    WRITE = 1


class SystemCall(IntEnum):
    """The system calls served (numbers of Linux for RISC-V)."""

    WRITE = 64
    EXIT = 93


class Errno(IntEnum):
    """Error numbers of Linux."""

    EBADF = 9
    EFAULT = 14
    ENOSYS = 38


class Htif:
    """Serves the 8 bytes at address `tohost` in `ram`, a buffer that starts at address `base`.

    The engine reports every store into these bytes with `stored` and calls `process` when `next_event` is due. A
    command is complete when both halves have been stored, else PATIENCE retired instructions after the first store.
    Console output and the system call write to 1 and 2 go to `sink`. A new response overwrites an unread one in
    `fromhost` (None: the program has none).
    """

    def __init__(
        self,
        ram: mmap | bytearray | memoryview,
        base: int,
        tohost: int,
        fromhost: int | None,
        sink: Callable[[bytes], object],
        console: ConsoleInput | None = None,
    ) -> None:
        self.tohost_offset = tohost - base
        self._fromhost_offset = None if fromhost is None else fromhost - base
        for name, address in (("tohost", tohost), ("fromhost", fromhost)):
            if address is not None and not 0 <= address - base <= len(ram) - _REGISTER.size:
                raise DeviceError(
                    f"the symbol {name} ({address:#010x}) is outside of RAM, which starts at {base:#010x} and has "
                    f"{len(ram)} bytes; link it into RAM"
                )
        self._ram = ram
        self._base = base
        self._sink = sink
        self._console = console or ConsoleInput()
        self._console.listen(self._answer_reads)
        self._context: Context | None = None
        self._halves = 0
        self._due: int | None = None
        self._reads = 0

    def connect(self, context: Context) -> None:
        """Needed for exit: `context.stop` ends the run."""
        self._context = context

    def stored(self, offset: int, retired: int) -> None:
        """A store hit RAM `offset`, inside of the 8 bytes, when `retired` instructions had retired."""
        self._halves |= 1 << ((offset - self.tohost_offset) // 4 & 1)
        if self._halves == _BOTH:
            self._due = retired
        elif self._due is None:
            self._due = retired + PATIENCE

    def next_event(self) -> int | None:
        """The count of retired instructions at which `process` must be called; None for never."""
        return self._due

    def process(self) -> None:
        """Do what tohost says and clear it; a zero is no command."""
        self._halves, self._due = 0, None
        value = int(_REGISTER.unpack_from(self._ram, self.tohost_offset)[0])
        if not value:
            return
        _REGISTER.pack_into(self._ram, self.tohost_offset, 0)
        channel, command, payload = value >> 56, value >> 48 & 0xFF, value & (1 << 48) - 1
        if channel == Channel.SYSTEM_CALL and command == 0:
            if payload & 1:
                self._stop(payload >> 1, "exit")
            else:
                self._system_call(payload)
        elif channel == Channel.CONSOLE and command == Console.WRITE:
            self._sink(bytes((payload & 0xFF,)))
            self._respond(Channel.CONSOLE, Console.WRITE, 0)
        elif channel == Channel.CONSOLE and command == Console.READ:
            self._reads += 1
            self._answer_reads()

    def snapshot(self) -> bytes:
        return _STATE.pack(self._halves, self._due is not None, self._due or 0, self._reads, self._console.position)

    def restore(self, state: bytes) -> None:
        self._halves, pending, due, self._reads, position = _STATE.unpack(state)
        self._due = due if pending else None
        self._console.rewind(position)

    def _system_call(self, address: int) -> None:
        """The proxied call in 8 doublewords at `address`: number, then arguments; the result replaces the number."""
        offset = self._offset(address, _BLOCK.size)
        if offset is None:
            self._stop(1, f"system call block {address:#x} is outside of RAM")
            return
        number, descriptor, buffer, length = _BLOCK.unpack_from(self._ram, offset)[:4]
        result = -Errno.ENOSYS
        if number == SystemCall.EXIT:
            self._stop(descriptor & 0xFFFF_FFFF, "exit")
            return
        if number == SystemCall.WRITE:
            result = self._write(descriptor, buffer, length)
        _REGISTER.pack_into(self._ram, offset, result & (1 << 64) - 1)
        self._respond(Channel.SYSTEM_CALL, 0, 1)

    def _write(self, descriptor: int, buffer: int, length: int) -> int:
        if descriptor not in (1, 2):
            return -Errno.EBADF
        offset = self._offset(buffer, length)
        if offset is None:
            return -Errno.EFAULT
        self._sink(bytes(self._ram[offset : offset + length]))
        return length

    def _offset(self, address: int, size: int) -> int | None:
        """Where `size` bytes lie in RAM; None unless all of them do."""
        offset = address - self._base
        return offset if 0 <= offset <= len(self._ram) - size else None

    def _answer_reads(self) -> None:
        """Answer waiting console reads: 0x100 and the byte, as Spike does."""
        while self._reads and (byte := self._console.take()) is not None:
            self._reads -= 1
            self._respond(Channel.CONSOLE, Console.READ, 0x100 | byte)

    def _respond(self, channel: int, command: int, payload: int) -> None:
        if self._fromhost_offset is not None:
            _REGISTER.pack_into(self._ram, self._fromhost_offset, channel << 56 | command << 48 | payload)

    def _stop(self, exit_code: int, reason: str) -> None:
        if self._context:
            self._context.stop(exit_code, f"htif: {reason}")
