"""RAM as the engine sees it: little-endian, bounded, addresses modulo 2^32; atomic units on top (specification 7.2)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from coprocessor.golden.numbers import signed, u32

if TYPE_CHECKING:
    from typing_extensions import Buffer

LOAD_FAULT: Final = 5
STORE_FAULT: Final = 7
BAD: Final = 24
MISALIGNED: Final = 25
UNSUPPORTED: Final = 26
LIMIT: Final = 27


class Fault(Exception):
    """An error of 4.5: cause or code, and the address that belongs to it."""

    def __init__(self, code: int, address: int) -> None:
        super().__init__(f"code {code} at {u32(address):#010x}")
        self.code = code
        self.address = u32(address)


class Memory:
    """A RAM buffer at `base`; `written_low > written_high` means that nothing has been stored.

    `absent` are types of descriptors that this implementation does not have (1.5).
    """

    def __init__(self, buffer: Buffer, base: int) -> None:
        self.bytes = memoryview(buffer).cast("B")
        self.base = base
        self.size = len(self.bytes)
        self.written_low = u32(-1)
        self.written_high = 0
        self.absent: frozenset[int] = frozenset()

    def offset(self, address: int, size: int, code: int) -> int:
        """Offset of an access inside RAM; Fault(code) outside."""
        offset = (address - self.base) & 0xFFFF_FFFF
        if offset + size > self.size:
            raise Fault(code, address)
        return offset

    def load(self, address: int, size: int) -> int:
        """Load `size` bytes as an unsigned number."""
        offset = self.offset(address, size, LOAD_FAULT)
        return int.from_bytes(self.bytes[offset : offset + size], "little")

    def store(self, address: int, size: int, value: int) -> None:
        """Store the low `size` bytes of `value`."""
        offset = self.offset(address, size, STORE_FAULT)
        self.bytes[offset : offset + size] = (value & (1 << 8 * size) - 1).to_bytes(size, "little")
        self.written_low = min(self.written_low, offset)
        self.written_high = max(self.written_high, offset + size - 1)

    def unit(self) -> Unit:
        """A new atomic unit on this memory."""
        return Unit(self)


class Unit:
    """One atomic unit: loads see its own stores, which happen at `commit`, all or none; `events` for the counters."""

    def __init__(self, memory: Memory) -> None:
        self.memory = memory
        self.stores: dict[tuple[int, int], int] = {}
        self.events: dict[str, int] = {}

    def load(self, address: int, size: int = 4) -> int:
        """Load an unsigned number; Fault 5 outside RAM."""
        value = self.memory.load(address, size)
        return self.stores.get((u32(address), size), value)

    def load_signed(self, address: int, size: int = 4) -> int:
        """Load a signed number; Fault 5 outside RAM."""
        return signed(self.load(address, size), 8 * size)

    def store(self, address: int, value: int, size: int = 4) -> None:
        """Note a store, in the order of first mention."""
        self.stores[u32(address), size] = value

    def commit(self) -> None:
        """Perform the stores; the first one outside RAM raises Fault 7 before any is done."""
        for address, size in self.stores:
            self.memory.offset(address, size, STORE_FAULT)
        for (address, size), value in self.stores.items():
            self.memory.store(address, size, value)
