"""Stores into code, with and without fence.i: every engine sees them at once, whoever stores and wherever."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from iss.hart.timing import MODELS
from tests.effort import cases
from tests.engines.encode import CSR, STAY, constant, pack, random_alu, setup, word
from tests.engines.lockstep import BASE, XNM, Setup, compare_engines, compare_splits, image_of, random_steps

HANDLER = BASE + 0x8000
CODE, TABLE, VALUE, COUNT = 11, 12, 13, 14
"""Registers: start of the code, a table of instruction words behind it, the word at hand, turns."""
TABLE_WORDS = 64


def stores(source: random.Random, length: int) -> list[int]:
    """Load a word of the table and store it, or a part of it, anywhere into the code."""
    entry = source.randrange(TABLE_WORDS)
    place = source.randrange(8, length)
    words = [word("lw", rd=VALUE, rs1=TABLE, imm=4 * entry)]
    kind = source.randrange(6)
    offset = 4 * place
    if kind < 3:
        words.append(word("sw", rs1=CODE, rs2=VALUE, imm=offset))
    elif kind == 3:  # the upper half holds operands of most formats
        words += [word("srli", rd=VALUE, rs1=VALUE, shamt=16), word("sh", rs1=CODE, rs2=VALUE, imm=offset + 2)]
    elif kind == 4:
        words += [word("srli", rd=VALUE, rs1=VALUE, shamt=24), word("sb", rs1=CODE, rs2=VALUE, imm=offset + 3)]
    else:
        words.append(word("sw", rs1=CODE, rs2=VALUE, imm=offset + source.choice((-1, 1, 2))))
    if source.random() < 0.2:
        words.append(word("fence.i"))
    return words


def random_setup(seed: int) -> Setup:
    """A loop of computation, branches and stores that rewrite it; traps are skipped."""
    source = random.Random(seed)
    length = source.choice((40, 120, 400))
    body: list[int] = []
    while len(body) < length:
        kind = source.randrange(10)
        if kind < 5:
            body.append(random_alu(source))
        elif kind < 7:
            body += stores(source, min(length, 500))
        elif kind == 7:
            mnemonic = source.choice(("beq", "bne", "blt", "bgeu"))
            body.append(
                word(mnemonic, rs1=source.randrange(11), rs2=source.randrange(11), imm=4 * source.randint(1, 9))
            )
        elif kind == 8:
            body.append(word("jal", rd=source.randrange(1, 11), imm=4 * source.randint(1, 5)))
        else:
            body.append(word("lw", rd=source.randrange(1, 11), rs1=CODE, imm=4 * source.randrange(length)))
    # The end of the loop is out of the stores' way: at most 12 words of slack for branches that cross the end.
    body += [word("addi")] * 12
    body += [word("addi", rd=COUNT, rs1=COUNT, imm=-1), word("bne", rs1=COUNT, rs2=0, imm=8), STAY]
    body.append(word("jal", imm=-4 * len(body)))
    table = [random_alu(source) for _ in range(TABLE_WORDS - 8)]
    table += [
        word("ecall"),
        0,
        0xFFFF_FFFF,
        word("fence", rd=5),
        word("jal", rd=3, imm=8),
        word("csrrs", csr=CSR["mepc"]),
    ]
    table += [word("beq", imm=8), word("sw", rs1=CODE, rs2=1, imm=64)]
    words = [*body, *table]
    registers = {register: source.getrandbits(32) for register in range(1, 11)}
    registers |= {CODE: BASE, TABLE: BASE + 4 * len(body), COUNT: 30}
    return setup(
        words,
        registers,
        handler=HANDLER,
        timing=source.choice(list(MODELS)),
        misaligned=source.random() < 0.5,
        observed=source.random() < 0.3,
        ram_size=1 << 16,
    )


@pytest.mark.parametrize("seed", cases(40, 1500))
def test_random_stores_into_code(seed: int) -> None:
    made = random_setup(seed)
    compare_engines(made, [*random_steps(seed, 12, 4000), 6000], seed)
    compare_splits(made, 6000, random_steps(seed, 20, 6000), seed)


@pytest.mark.parametrize("distance", range(-3, 6))
@pytest.mark.parametrize("mnemonic", ["sw", "sh", "sb"])
def test_store_just_ahead(mnemonic: str, distance: int) -> None:
    """The store rewrites an instruction near itself, even itself, in each turn of a loop."""
    new = word("addi", rd=1, rs1=1, imm=0x7AB)
    size = {"sw": 4, "sh": 2, "sb": 1}[mnemonic]
    value = new >> 8 * (4 - size)
    words = [
        word("addi", rd=1, rs1=1, imm=1),
        word("addi", rd=2, rs1=2, imm=1),
        word("addi", rd=3, rs1=3, imm=1),
        0,  # the store
        word("addi", rd=1, rs1=1, imm=5),
        word("addi", rd=1, rs1=1, imm=6),
        word("addi", rd=4, rs1=1, imm=7),
        word("addi", rd=1, rs1=4, imm=8),
        word("addi", rd=1, rs1=1, imm=9),
        word("jal", imm=-36),
    ]
    words[3] = word(mnemonic, rs1=CODE, rs2=VALUE, imm=4 * (3 + distance) + 4 - size)
    for steps in ([6, 1, 1, 40], [3000], [1] * 24):
        for observed in (False, True):
            made = setup(words, {CODE: BASE, VALUE: value}, handler=HANDLER, observed=observed)
            compare_engines(made, steps, f"{mnemonic} {distance} {steps}")


def test_code_under_a_mixed_range_of_code_and_data() -> None:
    """Data between two pieces of code, next to the code's granule, behind and in front of it."""
    far = 0x1000
    words = [STAY] * (far // 4 + 64)
    words[:0x10] = [
        word("addi", rd=5, rs1=5, imm=1),
        *(word("sw", rs1=CODE, rs2=5, imm=offset) for offset in (60, 64, 68, 124, 128, 1024, 2044)),
        word("jal", rd=1, imm=far - 4 * 8),
        *(word("lw", rd=6 + k, rs1=CODE, imm=offset) for k, offset in enumerate((60, 64, 1024, 2044))),
        word("add", rd=10, rs1=10, rs2=6),
        word("jal", imm=-4 * 14),
        0,
    ]
    words[far // 4 : far // 4 + 5] = [
        word("sw", rs1=12, rs2=5, imm=-4),
        word("sw", rs1=12, rs2=5, imm=20),
        word("sw", rs1=12, rs2=5, imm=60),
        word("sw", rs1=12, rs2=5, imm=64),
        word("jalr", rs1=1),
    ]
    made = setup(words, {CODE: BASE, 12: BASE + far}, handler=HANDLER)
    compare_engines(made, [*random_steps(3, 20, 3000), 5000], "mixed")


# The coprocessor stores into code ------------------------------------------------------------------------------------
def bits(value: int) -> list[int]:
    """The numbers of the set bits."""
    return [bit for bit in range(32) if value >> bit & 1]


@pytest.mark.parametrize("pieces", [[5000], [1] * 60, [7, 1, 100]])
@pytest.mark.parametrize("distance", [-2, 0, 1, 2, 9])
def test_coprocessor_writes_instructions(distance: int, pieces: list[int]) -> None:
    """nm.ev2bm turns lists of set bits into words: instructions, right where they are executed next."""
    lists, transfer, start = BASE + 0x2000, BASE + 0x3000, 14
    new = [word("addi", rd=9, rs1=9, imm=0x111), word("addi", rd=9, rs1=9, imm=0x222)]
    words: list[int] = [
        *constant(1, 5),
        word("csrrw", csr=CSR["nm_ctl"], rs1=1),
        *constant(10, transfer),
        *[word("addi")] * (start - 5),
    ]
    at = len(words)
    words += [word("nm.ev2bm", rd=2, rs1=10)]
    words += [word("addi", rd=9, rs1=9, imm=1 + k) for k in range(12)]
    words += [word("addi", rd=COUNT, rs1=COUNT, imm=1), word("jal", imm=-4 * 14)]
    events = bits(new[0]) + [32 + bit for bit in bits(new[1])]
    target = BASE + 4 * (at + distance)
    made = setup(words, handler=HANDLER, isa=XNM)
    data = [
        (lists, pack([len(events), *events])),
        (transfer, pack([0x4E4D << 16 | 5 << 8 | 1, 64, lists, target, 64, 0, 0, 0])),
    ]
    parts = [(part.address, part.data) for part in made.image.segments]
    made = replace(made, image=image_of([*parts, *data]))
    compare_engines(made, pieces, f"{distance} {pieces}", golden_too=len(pieces) > 1)
    subject = made.on("interpreter")
    subject.run(at + 3)
    assert subject.machine.ram.read(target, 8) == pack(new)
