"""What a second implementation of an extension is, what it runs and what it gives back to be compared.

A `TestProgram` becomes one image that every implementation runs from its first word: registers and trap vector are
set, the body runs, and 1 is stored to `tohost`. Implementations are made in `iss.extension.implementations`.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Final, Protocol

import numpy as np

from iss.builtin import builtin_architecture
from iss.isa.definitions import InstructionSet
from iss.loaders.image import Image, Segment, Symbol
from iss.memory.map import MemoryMap

if TYPE_CHECKING:
    from numpy.typing import NDArray

ABILITIES: Final = frozenset({"csr", "traps", "state", "memory", "muldiv"})
"""csr: Zicsr and the extension's CSRs; traps: exceptions as the privileged manual has them, with mtvec, mepc, mcause,
mtval and mret; state: what the extension keeps between instructions; memory: loads and stores of the extension;
muldiv: the M extension."""
HALTS: Final = "halts"
"""What some implementations have instead of `traps`: they stop at the first one."""

BASE: Final = MemoryMap().ram.base
CODE_SIZE: Final = 0x8000
TOHOST: Final = BASE + CODE_SIZE
DATA: Final = BASE + 0x9000
DATA_SIZE: Final = 0x1000
RAM_SIZE: Final = 0x1_0000
"""Memory that a program needs from BASE on: code, tohost, the data area."""
SYMBOLS: Final = {"tohost": TOHOST, "fromhost": TOHOST + 8}

HANDLER_REGISTERS: Final = (29, 30, 31)
"""The trap handler leaves mcause, mtval and mepc + 4 in them; the body must not count on them after a trap."""
_BASE_ISA: Final = "rv32im_zicsr_zifencei_zicntr"
_CSR: Final = {"mtvec": 0x305, "mepc": 0x341, "mcause": 0x342, "mtval": 0x343}
_MRET: Final = 0x3020_0073


@cache
def base_instructions() -> InstructionSet:
    """Return the instructions that programs are made of beside those of the extension."""
    return builtin_architecture(_BASE_ISA).instructions


def encode(mnemonic: str, **operands: int) -> int:
    """Return the word of a base instruction."""
    return base_instructions().by_mnemonic[mnemonic].encoding.encode(**operands)


@lru_cache(maxsize=1 << 14)
def constant(register: int, value: int) -> tuple[int, ...]:
    """Return the one or two words that load a 32-bit value: what `li` assembles to."""
    value &= 0xFFFF_FFFF
    low = (value & 0xFFF) - ((value & 0x800) << 1)
    high = (value - low) & 0xFFFF_FFFF
    if not high:
        return (encode("addi", rd=register, imm=low),)
    words = [encode("lui", rd=register, imm=high - ((high & 0x8000_0000) << 1))]
    if low:
        words.append(encode("addi", rd=register, rs1=register, imm=low))
    return tuple(words)


@dataclass(frozen=True)
class TestProgram:
    """A body of instruction words, the registers it begins with (x1 to x31) and the bytes of the data area.

    With `traps` there is a handler, which goes on behind the instruction that trapped. Branches in the body stay in it;
    falling out of its end ends the program.
    """

    __test__ = False  # no test class of pytest

    words: tuple[int, ...]
    registers: tuple[int, ...] = (0,) * 31
    data: bytes = bytes(DATA_SIZE)
    traps: bool = True
    seed: int = 0
    number: int = 0
    preamble: tuple[int, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Put the words in front of the body together; ValueError if the program is too long."""
        words: list[int] = []
        if self.traps:  # the handler's address depends on this preamble's own length: two words always load it
            words = [0, 0, encode("csrrw", rs1=31, csr=_CSR["mtvec"])]
        for register, value in enumerate(self.registers, 1):
            words += constant(register, value)
        length = 4 * (len(words) + len(self.words) + len(_ending()) + len(_handler()))
        if length > CODE_SIZE:
            raise ValueError(f"{length} bytes of code are more than the {CODE_SIZE} that there are")
        if len(self.data) != DATA_SIZE:
            raise ValueError(f"{len(self.data)} bytes of data, expected {DATA_SIZE}")
        if self.traps:
            offset = 4 * (len(words) + len(self.words) + len(_ending()))
            low = (offset & 0xFFF) - ((offset & 0x800) << 1)
            words[:2] = encode("auipc", rd=31, imm=offset - low), encode("addi", rd=31, rs1=31, imm=low)
        object.__setattr__(self, "preamble", tuple(words))

    @property
    def start(self) -> int:
        """Address of the body's first word."""
        return BASE + 4 * len(self.preamble)

    @property
    def end(self) -> int:
        """The first address behind the body."""
        return self.start + 4 * len(self.words)

    def code(self) -> tuple[int, ...]:
        """Return all words from BASE on."""
        return (*self.preamble, *self.words, *_ending(), *(_handler() if self.traps else ()))

    def code_bytes(self) -> bytes:
        """Return `code` in memory order."""
        words = self.code()
        return struct.pack(f"<{len(words)}I", *words)

    def flat(self) -> bytes:
        """Return all memory from BASE to the end of the data area."""
        code = self.code_bytes()
        return code + bytes(DATA - BASE - len(code)) + self.data

    def image(self) -> Image:
        """Return it as a loader would."""
        parts = ((BASE, self.code_bytes(), "rwx"), (TOHOST, bytes(16), "rw"), (DATA, self.data, "rw"))
        segments = tuple(Segment(address, data, len(data), flags) for address, data, flags in parts)
        symbols = {name: Symbol(name, address, 8, "object") for name, address in SYMBOLS.items()}
        return Image(BASE, segments, symbols, f"program {self.seed}:{self.number}")


@cache
def _ending() -> tuple[int, ...]:
    """Store 1 to tohost, the high word first, then stand still."""
    return (
        *constant(31, TOHOST),
        encode("addi", rd=30, imm=1),
        encode("sw", rs1=31, rs2=0, imm=4),
        encode("sw", rs1=31, rs2=30, imm=0),
        encode("jal", imm=0),
    )


@cache
def _handler() -> tuple[int, ...]:
    """Show what happened in registers and go on behind the instruction."""
    cause, value, place = HANDLER_REGISTERS
    return (
        encode("csrrs", rd=cause, csr=_CSR["mcause"]),
        encode("csrrs", rd=value, csr=_CSR["mtval"]),
        encode("csrrs", rd=place, csr=_CSR["mepc"]),
        encode("addi", rd=place, rs1=place, imm=4),
        encode("csrrw", rs1=place, csr=_CSR["mepc"]),
        _MRET,
    )


@dataclass
class Run:
    """What a program did; what an implementation does not tell is None and is not compared.

    Columns have one row for each retired instruction, from BASE on (boot code is left out).
    """

    pc: NDArray[np.uint32]
    word: NDArray[np.uint32] | None
    rd: NDArray[np.uint32]  # the register written, 0: none
    value: NDArray[np.uint32]  # of rd afterwards; 0 where there is none
    accesses: NDArray[np.uint32] | None = None
    """Rows (row of the instruction, address, size in bytes, value without sign, 1 for a store) in order."""
    traps: NDArray[np.uint32] | None = None
    """Rows (instructions retired before it, pc, mcause, mtval)."""
    x: tuple[int, ...] | None = None  # x0 to x31 at the end
    state: bytes | None = None  # of the extension, in the layout of `Architecture.states`
    csrs: dict[int, int] | None = None  # values of the extension's CSRs at the end
    data: bytes | None = None  # the data area at the end
    ended: str = "exit"
    """`exit`: tohost was written; `limit`: it was not after so many instructions; else in words what went wrong: a
    crash, a timeout. Then the columns hold what is known up to there."""


class Implementation(Protocol):
    """Something that runs test programs."""

    name: str
    abilities: frozenset[str]  # programs use only what it has
    mnemonics: frozenset[str] | None  # of the extension's instructions those it has; None: all

    def run(self, program: TestProgram, limit: int) -> Run:
        """Run a program from reset until it has ended or `limit` instructions have retired."""

    def close(self) -> None:
        """Let go of processes and files."""


def empty_columns(ended: str) -> Run:
    """Return a run of which nothing is known but how it ended."""
    none: NDArray[np.uint32] = np.zeros(0, np.uint32)
    return Run(none, none, none, none, ended=ended)


def column(values: Sequence[int]) -> NDArray[np.uint32]:
    """Return numbers as a column."""
    return np.array(values, np.uint32)
