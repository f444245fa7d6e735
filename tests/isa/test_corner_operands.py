"""Every computing instruction on corner operands and with every overlap of its registers, on all engines.

A new instruction is covered when it is in an instruction set: the tests are made from its encoding.
"""

from __future__ import annotations

import random
import struct

import pytest

from coprocessor.csrs import TABLE
from iss.isa.definitions import Definition
from iss.machine import End
from tests.coprocessor import operands
from tests.effort import LONG
from tests.engines.encode import CSR, INSTRUCTIONS, STAY, constant, pack, word
from tests.engines.lockstep import BASE, XNM, Setup, compare_engines, image_of

CORNERS = (
    *(0, 1, 2, 3, 31, 32, 0x7F, 0x80, 0xFF, 0x7FFF, 0x8000, 0xFFFF, 0x1_0000),
    *(0x7FFF_FFFF, 0x8000_0000, 0x8000_0001, 0xFFFF_8000, 0xFFFF_FF80, 0xFFFF_FFFE, 0xFFFF_FFFF),
)
# rd, rs1, rs2: all different, every overlap, and x0 in each place
OVERLAPS = ((7, 5, 6), (5, 5, 6), (6, 5, 6), (7, 5, 5), (5, 5, 5), (0, 5, 6), (7, 0, 6), (7, 5, 0), (0, 0, 0))
ROWS_OF_UNIT, PARAMETER_SETS = (300, 20) if LONG else (40, 3)
ROW, RESULT, COUNT = 20, 21, 22
"""Registers: the row of operands, where results go, rows to do."""
TABLE_ADDRESS, RESULT_ADDRESS = BASE + 0x1_0000, BASE + 0x2_0000
PARAMETERS = [row.name for row in TABLE if row.writable and 0x800 <= row.number < 0x810]

COMPUTING = [
    definition
    for definition in INSTRUCTIONS
    if definition.cost_class in ("alu", "multiply", "divide")
    or (definition.cost_class == "coprocessor" and definition.cycles)
]


def forms(definition: Definition) -> list[int]:
    """The instruction with every overlap of its registers and the extremes of its immediate."""
    fields = definition.encoding.fields
    immediates = [name for name in fields if name not in ("rd", "rs1", "rs2") and name in definition.syntax.fields]
    found = []
    for rd, rs1, rs2 in OVERLAPS:
        registers = {name: number for name, number in (("rd", rd), ("rs1", rs1), ("rs2", rs2)) if name in fields}
        choices: list[dict[str, int]] = [{}]
        for name in immediates:
            field = fields[name]
            step = 1 << field.low
            values = {field.minimum, field.minimum + step, -step if field.signed else 0, 0, step, field.maximum}
            choices = [choice | {name: value} for choice in choices for value in sorted(values)]
        found += [definition.encoding.encode(**registers, **choice) for choice in choices]
    return list(dict.fromkeys(found))


def program(definition: Definition, rows: list[tuple[int, int, int]], parameters: dict[str, int]) -> Setup:
    """A loop over the rows that does every form on fresh registers and stores what rd then holds."""
    words: list[int] = []
    for name, value in {"nm_ctl": 1, **parameters}.items() if definition.unit else ():
        words += [*constant(5, value), word("csrrw", csr=CSR[name], rs1=5)]
    words += [*constant(ROW, TABLE_ADDRESS), *constant(RESULT, RESULT_ADDRESS), *constant(COUNT, len(rows))]
    loop = len(words)
    made = forms(definition)
    for insn in made:
        rd = definition.encoding.decode(insn).get("rd", 0)
        words += [word("lw", rd=register, rs1=ROW, imm=4 * k) for k, register in enumerate((5, 6, 7))]
        words += [insn, word("sw", rs1=RESULT, rs2=rd), word("addi", rd=RESULT, rs1=RESULT, imm=4)]
    words += [word("addi", rd=ROW, rs1=ROW, imm=12), word("addi", rd=COUNT, rs1=COUNT, imm=-1)]
    words += [word("beq", rs1=COUNT, imm=8), word("jal", imm=4 * (loop - len(words) - 1))]
    words += [word("lui", rd=5, imm=0x10_0000), *constant(6, 0x5555), word("sw", rs1=5, rs2=6), STAY]
    table = struct.pack(f"<{3 * len(rows)}I", *[value for row in rows for value in row])
    assert TABLE_ADDRESS + len(table) <= RESULT_ADDRESS and BASE + 4 * len(words) <= TABLE_ADDRESS
    size = RESULT_ADDRESS - BASE + 4 * len(rows) * len(made)
    image = image_of([(BASE, pack(words)), (TABLE_ADDRESS, table)])
    return Setup(image, XNM, ram_size=size + 0xFFF & ~0xFFF)


def word_operand(source: random.Random) -> int:
    return source.choice((source.choice(CORNERS), operands.word(source)))


@pytest.mark.parametrize(
    "definition", [d for d in COMPUTING if d.unit is None], ids=lambda definition: definition.mnemonic
)
def test_base(definition: Definition) -> None:
    source = random.Random(definition.mnemonic)
    has_second = "rs2" in definition.encoding.fields
    pairs = [(a, b) for a in CORNERS for b in (CORNERS if has_second else CORNERS[:2])]
    rows = [(a, b, source.getrandbits(32)) for a, b in pairs]
    outcome = compare_engines(program(definition, rows, {}), [None], definition.mnemonic)
    assert outcome is not None and outcome.end is End.EXIT


def random_parameters(source: random.Random) -> dict[str, int]:
    """Values for the coprocessor's parameter CSRs."""
    chosen = {name: word_operand(source) for name in PARAMETERS}
    decays = {f"nm_p{k}": operands.decay_pair(source) for k in range(4) if source.random() < 0.5}
    return chosen | decays | {"nm_mode": operands.mode(source), "nm_rng": source.getrandbits(32)}


@pytest.mark.parametrize("definition", [d for d in COMPUTING if d.unit], ids=lambda definition: definition.mnemonic)
def test_coprocessor(definition: Definition) -> None:
    """Results and all that the coprocessor remembers, the golden model included."""
    source = random.Random(definition.mnemonic)
    for _ in range(PARAMETER_SETS):
        rows = [tuple(word_operand(source) for _ in range(3)) for _ in range(ROWS_OF_UNIT)]
        made = program(definition, rows, random_parameters(source))  # type: ignore[arg-type]
        outcome = compare_engines(made, [None], definition.mnemonic, golden_too=True)
        assert outcome is not None and outcome.end is End.EXIT


def with_one_register(definition: Definition) -> list[int]:
    """A load, store or jump whose registers are all x5, which must hold the address."""
    fields = definition.encoding.fields
    registers = dict.fromkeys({"rd", "rs1", "rs2"} & set(fields), 5)
    if definition.cost_class == "branch":
        return [definition.encoding.encode(**registers, imm=8), word("addi", rd=6, rs1=6, imm=1)]
    offsets = (0, 4, -4, 2044, -2048) if definition.cost_class in ("load", "store") else (12,)
    words = []
    for offset in offsets:
        address = TABLE_ADDRESS + 0x800
        if definition.cost_class == "jump":
            words += [word("auipc", rd=5), definition.encoding.encode(**registers, imm=offset), 0]
        else:
            words += [*constant(5, address), definition.encoding.encode(**registers, imm=offset)]
        words += [word("add", rd=7, rs1=7, rs2=5), word("xor", rd=7, rs1=7, rs2=6)]
    return words


MEMORY_AND_JUMPS = [d for d in INSTRUCTIONS if d.cost_class in ("load", "store", "jump", "branch")]


@pytest.mark.parametrize("definition", MEMORY_AND_JUMPS, ids=lambda definition: definition.mnemonic)
def test_one_register_in_every_role(definition: Definition) -> None:
    """The address is taken before the destination is written."""
    words = with_one_register(definition)
    words.append(word("jal", imm=-4 * len(words)))
    data = random.Random(definition.mnemonic).randbytes(0x1000)
    made = Setup(image_of([(BASE, pack(words)), (TABLE_ADDRESS, data)]), XNM, "edge2", ram_size=1 << 17)
    outcome = compare_engines(made, [1] * 7 + [5000], definition.mnemonic)
    assert outcome is not None and outcome.end is End.LIMIT


def test_what_is_not_covered_here() -> None:
    """Everything else belongs to the system or the engine of the coprocessor; other tests do it."""
    classes = {d.cost_class for d in INSTRUCTIONS if d not in (*COMPUTING, *MEMORY_AND_JUMPS)}
    assert classes == {"csr", "system", "coprocessor"}
