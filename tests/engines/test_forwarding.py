"""Each instruction directly behind each other one, with every overlap of their registers.

The interpreter hands a destination on to the next instruction and joins frequent pairs; both must not show.
"""

from __future__ import annotations

import random
import struct

import pytest

from iss.isa.catalogue import instruction_set
from iss.isa.csrs import NUMBER_BY_NAME
from iss.isa.definitions import Definition
from iss.machine import End, Machine
from tests.engines.lockstep import BASE, ISA, Setup, compare_engines, image_of

INSTRUCTIONS = instruction_set(ISA)
BY_NAME = INSTRUCTIONS.by_mnemonic
PLAIN = [d for d in INSTRUCTIONS if d.cost_class in ("alu", "multiply", "divide", "branch", "load", "store", "jump")]
PLAIN.append(BY_NAME["fence.i"])
REGISTERS = (0, 10, 11, 12)
POINTER, OTHER_POINTER = 13, 14
DATA = BASE + 0x8_0000
SIZE = 0x10_0000


def random_word(source: random.Random, definition: Definition) -> int:
    """An instruction on few registers; memory accesses stay in the data, jumps go to the next instruction."""
    operands: dict[str, int] = {}
    for name, field in definition.encoding.fields.items():
        if name == "imm" and definition.cost_class in ("branch", "jump"):
            operands[name] = 4
        elif name == "imm" and definition.cost_class in ("load", "store"):
            operands[name] = source.randrange(-64, 64, 4)
        elif name.startswith("r"):
            operands[name] = source.choice(REGISTERS)
        else:
            operands[name] = source.randrange(field.minimum, field.maximum + 1, 1 << field.low)
    if definition.cost_class in ("load", "store"):
        operands["rs1"] = source.choice((POINTER, OTHER_POINTER))
    if definition.mnemonic == "jalr":
        operands["rs1"], operands["imm"] = 0, 0  # a trap; its handler goes on behind it
    return definition.encoding.encode(**operands)


def program(source: random.Random, words: list[int]) -> Setup:
    """The words between a start that fills registers and an endless loop."""
    handler = [
        BY_NAME["csrrs"].encoding.encode(rd=31, csr=0x341),
        BY_NAME["addi"].encoding.encode(rd=31, rs1=31, imm=4),
        BY_NAME["csrrw"].encoding.encode(rs1=31, csr=0x341),
        BY_NAME["mret"].encoding.encode(),
    ]
    code = [*words, BY_NAME["jal"].encoding.encode(imm=0)]
    segments = [
        (BASE, struct.pack(f"<{len(code)}I", *code)),
        (DATA - 0x100, struct.pack("<4I", *handler)),
        (DATA, source.randbytes(256)),
    ]

    registers = [source.choice((0, 1, 0xFFFF_FFFF, 0x8000_0000, source.getrandbits(32))) for _ in REGISTERS]

    def fill(machine: Machine) -> None:
        hart = machine.hart
        hart.write_csr(NUMBER_BY_NAME["mtvec"], DATA - 0x100)
        for register, value in zip(REGISTERS, registers, strict=True):
            hart.x[register] = value
        hart.x[POINTER], hart.x[OTHER_POINTER] = DATA + 64, DATA + 128

    return Setup(image_of(segments), prepare=fill, ram_size=SIZE)


@pytest.mark.parametrize("first", PLAIN, ids=lambda definition: definition.mnemonic)
def test_every_pair(first: Definition) -> None:
    source = random.Random(first.mnemonic)
    words = []
    for second in PLAIN:
        for _ in range(4):
            words += [random_word(source, first), random_word(source, second)]
    setup = program(source, words)
    outcome = compare_engines(setup, [5000], first.mnemonic)
    assert outcome is not None and outcome.end is End.LIMIT


def test_destination_field_that_is_not_written() -> None:
    """The rd field of a fence is reserved and ignored."""
    add = BY_NAME["add"].encoding
    words = [
        add.encode(rd=10, rs1=11, rs2=12),
        BY_NAME["fence"].encoding.encode(rd=11, pred=15, succ=15),
        add.encode(rd=12, rs1=11, rs2=11),
    ]
    setup = program(random.Random(1), words)
    compare_engines(setup, [5000], "fence")
