"""Trace records as every engine writes them: 16 bytes each, accesses first, then the retirement that commits them.

`RETIRED` is written for every instruction that retires, in order; `LOAD`, `STORE` and `CSR` stand before the
`RETIRED` of their instruction. An instruction that traps or suspends leaves no record.
"""

from __future__ import annotations

from enum import IntEnum
from struct import Struct

RECORD = Struct("<IIII")


class Kind(IntEnum):
    """Low byte of a record's first word; the meaning of the rest by kind."""

    RETIRED = 1  # [15:8] destination register, 0 = none; pc; instruction word; value of the destination
    LOAD = 2  # [15:8] size in bytes; address; value, zero-extended
    STORE = 3  # [15:8] size in bytes; address; value
    CSR = 4  # [19:8] CSR number; value after the write


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

    def take(self) -> bytes:
        """Return and forget what has been committed."""
        data, self._committed = bytes(self._committed), bytearray()
        return data
