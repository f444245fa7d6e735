"""The hart's state besides pc and x registers: the one list that the Python hart and the C hart are made from.

State that an extension brings is described by `StateField`s; `StateLayout` says where they lie in memory.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

from iss.isa.values import bounds

# name: bits. `cycles` and `retired` count since reset; mcycle and minstret are what software sees and may write.
HART_FIELDS: dict[str, int] = {
    "instruction_word": 32,  # of the instruction in execution
    "mstatus": 32,
    "mtvec": 32,
    "mscratch": 32,
    "mepc": 32,
    "mcause": 32,
    "mtval": 32,
    "mie": 32,
    "mip": 32,
    "custom_interrupts": 32,  # bits of mie that extensions use
    "mcountinhibit": 32,
    "uncounted": 32,  # bits as in mcountinhibit: counters that the instruction in execution does not advance
    "misa": 32,
    "mhartid": 32,
    "marchid": 32,
    "traps": 63,  # taken since reset: exceptions and interrupts
    "interrupts": 63,
    "mcycle": 64,
    "minstret": 64,
    "cycles": 64,
    "retired": 64,
    "accesses": 64,  # loads and stores of the instructions that have retired since reset
    "time_offset": 64,  # mtime minus cycles, modulo 2^64
}


@dataclass(frozen=True, slots=True)
class StateField:
    """`count` numbers of `bits` bits (1 to 64) that an extension keeps, signed or not, and their value after reset."""

    name: str
    bits: int
    signed: bool = False
    count: int = 1
    reset: int = 0
    documentation: str = ""

    @property
    def minimum(self) -> int:
        """The least value it holds."""
        return bounds(self.bits, self.signed)[0]

    @property
    def maximum(self) -> int:
        """The greatest value it holds."""
        return bounds(self.bits, self.signed)[1]

    @property
    def storage_bits(self) -> int:
        """Bits of the C type that holds one number: 8, 16, 32 or 64."""
        return next(width for width in (8, 16, 32, 64) if self.bits <= width)

    @property
    def c_type(self) -> str:
        """The C type that holds one number."""
        return f"{'' if self.signed else 'u'}int{self.storage_bits}_t"

    def wrap(self, value: int) -> int:
        """Return what is read back after `value` has been written: its low bits."""
        value &= (1 << self.bits) - 1
        return value - (1 << self.bits) if value > self.maximum else value


class StateLayout:
    """Where the state of the extensions of an architecture lies: a C structure, members in the order given."""

    def __init__(self, fields: Iterable[StateField] = ()) -> None:
        self.fields: dict[str, StateField] = {}
        self.offsets: dict[str, int] = {}
        end = 0
        for field in fields:
            size = field.storage_bits // 8
            end = -(-end // size) * size
            self.fields[field.name], self.offsets[field.name] = field, end
            end += size * field.count
        self.size = -(-end // 8) * 8

    def __iter__(self) -> Iterator[StateField]:
        return iter(self.fields.values())

    def __len__(self) -> int:
        return len(self.fields)

    @cached_property
    def initial(self) -> bytes:
        """The structure after reset."""
        out = bytearray(self.size)
        for field in self:
            size, start = field.storage_bits // 8, self.offsets[field.name]
            number = field.wrap(field.reset).to_bytes(size, "little", signed=field.signed)
            out[start : start + size * field.count] = number * field.count
        return bytes(out)

    def members(self) -> str:
        """Return the members as C declarations; the structure is to be aligned to 8 bytes."""
        return "".join(
            f"    {field.c_type} {field.name}{f'[{field.count}]' if field.count > 1 else ''};\n" for field in self
        )
