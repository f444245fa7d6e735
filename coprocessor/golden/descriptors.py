"""The words of a descriptor and the checks that recur in the tables of specification chapter 6."""

from __future__ import annotations

from enum import IntEnum

from coprocessor.golden.memory import BAD, LIMIT, MISALIGNED, UNSUPPORTED, Fault, Memory

MAGIC = 0x4E4D
VERSION = 1
LARGEST_SIZE = 65536


class Type(IntEnum):
    """Descriptor types, w0[15:8]."""

    POP = 1
    SYN = 2
    RULE = 3
    NET = 4
    XFER = 5


LENGTH = {Type.POP: 16, Type.SYN: 16, Type.RULE: 20, Type.NET: 4, Type.XFER: 8}


class Words:
    """The loaded words of one descriptor and the checks that recur in the tables."""

    def __init__(self, memory: Memory, address: int, kind: Type) -> None:
        if address % 16:
            raise Fault(MISALIGNED, address)
        self.address = address
        self.values = [memory.load(address + 4 * k, 4) for k in range(LENGTH[kind])]
        self.require(self[0] >> 8 == MAGIC << 8 | kind, BAD, 0)
        self.require(self[0] & 0xFF == VERSION and kind not in memory.absent, UNSUPPORTED, 0)

    def __getitem__(self, k: int) -> int:
        return self.values[k]

    def require(self, good: bool, code: int, k: int) -> None:
        """Fault(code) at word k unless `good`."""
        if not good:
            raise Fault(code, self.address + 4 * k)

    def masked(self, k: int, mask: int) -> None:
        """Word k has no bit outside the mask (24)."""
        self.require(self[k] & ~mask == 0, BAD, k)

    def zero(self, k: int) -> None:
        """Word k is zero (24)."""
        self.masked(k, 0)

    def size(self, k: int) -> None:
        """Word k is a size: 0 gives 24, above 65536 gives 27."""
        self.require(self[k] != 0, BAD, k)
        self.require(self[k] <= LARGEST_SIZE, LIMIT, k)

    def optional(self, k: int, alignment: int) -> None:
        """Word k is a multiple of `alignment` (25)."""
        self.require(self[k] % alignment == 0, MISALIGNED, k)

    def pointer(self, k: int, alignment: int) -> None:
        """Word k is not null (24) and a multiple of `alignment` (25)."""
        self.require(self[k] != 0, BAD, k)
        self.optional(k, alignment)
