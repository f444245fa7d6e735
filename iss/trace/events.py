"""Trace records as every engine writes them: 16 bytes each, in the order of what happens.

`RETIRED` is written for every instruction that retires; what it did stands before it. Of an instruction that traps or
suspends nothing is written but its `COMMAND`, if it is one, and its `TRAP`.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from struct import Struct
from typing import NamedTuple

RECORD = Struct("<IIII")


class Kind(IntEnum):
    """Low byte of a record's first word; the meaning of the rest by kind."""

    RETIRED = 1  # [15:8] destination register, 0 = none; pc; instruction word; value of the destination
    LOAD = 2  # [15:8] size in bytes; address; value, zero-extended
    STORE = 3  # [15:8] size in bytes; address; value
    CSR = 4  # [19:8] CSR number; value after the write
    TRAP = 5  # an exception was taken: pc of the instruction; mcause; mtval
    INTERRUPT = 6  # an interrupt was taken: pc of the instruction it came before; mcause
    COMMAND = 7  # issue of an engine instruction: [17:8] operation, [31:30] Outcome of it; rs1; rs2; rd
    COST = 8  # follows each COMMAND: cycles it took, low word; spike words it logged; cycles, high word
    SLEEP = 9  # cycles that wfi let pass: low word, high word


class RecordBuffer:
    """Collects records of a Python engine; `take` empties it."""

    def __init__(self) -> None:
        self._committed = bytearray()

    def retired(
        self,
        pc: int,
        word: int,
        destination: int,
        value: int,
        accesses: list[tuple[int, int, int, bool]],
        csr_writes: list[tuple[int, int]],
    ) -> None:
        """Commit one instruction: accesses are (address, size, value, is_store), CSR writes (number, value)."""
        out = self._committed
        for number, written in csr_writes:
            out += RECORD.pack(Kind.CSR | number << 8, written, 0, 0)
        for address, size, stored, is_store in accesses:
            out += RECORD.pack((Kind.STORE if is_store else Kind.LOAD) | size << 8, address, stored, 0)
        out += RECORD.pack(Kind.RETIRED | destination << 8, pc, word, value)

    def trap(self, pc: int, cause: int, value: int) -> None:
        """Note an exception that was taken."""
        self._committed += RECORD.pack(Kind.TRAP, pc, cause, value)

    def interrupt(self, pc: int, cause: int) -> None:
        """Note an interrupt that was taken."""
        self._committed += RECORD.pack(Kind.INTERRUPT, pc, cause, 0)

    def command(self, tag: int, rs1: int, rs2: int, result: int, cycles: int, spikes: int) -> None:
        """Note an issue of an engine instruction; `tag` is operation | outcome << 22."""
        self._committed += RECORD.pack(Kind.COMMAND | tag << 8, rs1, rs2, result)
        self._committed += RECORD.pack(Kind.COST, cycles & 0xFFFF_FFFF, spikes, cycles >> 32)

    def sleep(self, cycles: int) -> None:
        """Note time that passed in wfi."""
        self._committed += RECORD.pack(Kind.SLEEP, cycles & 0xFFFF_FFFF, cycles >> 32, 0)

    def take(self) -> bytes:
        """Return and forget what has been committed."""
        data, self._committed = bytes(self._committed), bytearray()
        return data


# What readers of a trace give ------------------------------------------------------------------------------------
class MemoryAccess(NamedTuple):
    """A load or store of an instruction that retired; `value` has no sign."""

    address: int
    size: int
    value: int
    is_store: bool


class CsrWrite(NamedTuple):
    """A CSR that an instruction wrote, and the value it then had."""

    number: int
    value: int


class Trap(NamedTuple):
    """An exception was taken instead of retiring the instruction at `pc`."""

    pc: int
    cause: int
    value: int


class Interrupt(NamedTuple):
    """An interrupt was taken before the instruction at `pc`."""

    pc: int
    cause: int


class Spikes(NamedTuple):
    """Neurons `32 * group` on of the population at `descriptor` that spiked at nm_t = `time`, as bits."""

    time: int
    descriptor: int
    group: int
    bits: int

    @property
    def neurons(self) -> list[int]:
        """Their numbers in the population."""
        return [32 * self.group + bit for bit in range(32) if self.bits >> bit & 1]


class Command(NamedTuple):
    """An issue of an engine instruction; of those that retired, the instruction follows, of trapped ones the Trap."""

    operation: int
    outcome: int
    rs1: int
    rs2: int
    result: int
    cycles: int
    spikes: tuple[Spikes, ...]


class Sleep(NamedTuple):
    """Cycles that passed in wfi."""

    cycles: int


Event = MemoryAccess | CsrWrite | Trap | Interrupt | Command | Sleep


@dataclass(frozen=True, slots=True)
class Retired:
    """An instruction that retired, with what it did and what had happened since the one before, in order."""

    index: int  # in its trace
    number: int  # instructions retired before it
    pc: int
    word: int
    destination: int  # 0: none
    value: int  # of the destination afterwards
    cycle: int  # cycles before it
    events: tuple[Event, ...]
