"""Instruction words by mnemonic, for programs that tests put together word by word."""

from __future__ import annotations

import random
import struct
from collections.abc import Sequence

from iss.builtin import builtin_architecture
from iss.isa.definitions import Definition
from iss.machine import Machine
from tests.engines.lockstep import BASE, XNM, Setup, image_of

ARCHITECTURE = builtin_architecture(XNM)
INSTRUCTIONS = ARCHITECTURE.instructions
CSR = {csr.name: csr.number for csr in ARCHITECTURE.csrs}


def word(mnemonic: str, **operands: int) -> int:
    """One instruction; operands not given are 0."""
    return INSTRUCTIONS.by_mnemonic[mnemonic].encoding.encode(**operands)


def constant(rd: int, value: int) -> list[int]:
    """Two words that load a 32-bit value."""
    low = (value & 0xFFF ^ 0x800) - 0x800
    high = (value - low & 0xFFFF_F000 ^ 0x8000_0000) - 0x8000_0000
    return [word("lui", rd=rd, imm=high), word("addi", rd=rd, rs1=rd, imm=low)]


def pack(words: Sequence[int]) -> bytes:
    """Words as bytes."""
    return struct.pack(f"<{len(words)}I", *words)


SKIP = [
    word("csrrs", rd=31, csr=CSR["mepc"]),
    word("addi", rd=31, rs1=31, imm=4),
    word("csrrw", rs1=31, csr=CSR["mepc"]),
    word("mret"),
]
"""A trap handler that goes on behind the instruction; clobbers x31."""
STAY = word("jal", imm=0)
"""An endless loop."""


def random_alu(source: random.Random, registers: Sequence[int] = range(1, 11)) -> int:
    """A register or immediate instruction of the base ISA on some of the registers."""
    definition = source.choice(ALU)
    operands: dict[str, int] = {}
    for name, field in definition.encoding.fields.items():
        if name in ("rd", "rs1", "rs2"):
            operands[name] = source.choice(registers)
        else:
            operands[name] = source.randrange(field.minimum, field.maximum + 1, 1 << field.low)
    return definition.encoding.encode(**operands)


def is_alu(definition: Definition) -> bool:
    """Whether it only computes, on registers of the base ISA."""
    return definition.cost_class in ("alu", "multiply", "divide") and definition.unit is None


ALU = [definition for definition in INSTRUCTIONS if is_alu(definition) and definition.mnemonic != "fence"]


def setup(
    words: Sequence[int], registers: dict[int, int] | None = None, *, handler: int | None = None, **options: object
) -> Setup:
    """Words at the start of RAM, begun with these register values; `handler` is the address of SKIP."""
    segments = [(BASE, pack(words))]
    if handler is not None:
        segments.append((handler, pack(SKIP)))

    def prepare(machine: Machine) -> None:
        for register, value in (registers or {}).items():
            machine.hart.x[register] = value
        if handler is not None:
            machine.hart.write_csr(CSR["mtvec"], handler)

    return Setup(image_of(segments), prepare=prepare, **options)  # type: ignore[arg-type]
