"""Words come back as text that assembles to the same words, and that capstone agrees with."""

from __future__ import annotations

import importlib
import random
from typing import Any

import pytest

from asm import Source, assemble, disassemble
from asm.disassembler import Disassembler
from iss.builtin import full_architecture
from iss.isa.catalogue import DEFAULT_ISA, architecture
from iss.isa.definitions import Definition
from iss.isa.registers import ABI_NAMES
from tests.oracles.toolchain import ToolMissing, require

TARGET = architecture(DEFAULT_ISA)
FULL = full_architecture()
BASE = 0x8010_0000


def random_words(definition: Definition, count: int, source: random.Random) -> list[int]:
    """Words of an instruction with random operands; fields its text does not name stay 0."""
    written = definition.syntax.fields
    words = []
    for _ in range(count):
        operands = {}
        for name in written:
            field = definition.encoding.fields[name]
            step = 1 << field.low
            operands[name] = source.randrange(field.minimum // step, field.maximum // step + 1) * step
        words.append(definition.encoding.encode(**operands))
    return words


def reassemble(texts: list[str]) -> bytes:
    """Assemble with branches kept short, so that far targets are as far as they were."""
    source = Source("x.s", "\n".join(texts))
    return assemble([source], architecture=FULL, base=BASE, relax_branches=False, debug=False).binary()


@pytest.mark.parametrize("definition", list(FULL.instructions), ids=lambda definition: definition.mnemonic)
def test_round_trip(definition: Definition) -> None:
    words = random_words(definition, 40, random.Random(definition.mnemonic))
    texts = [item.text for item in disassemble(words, BASE, FULL)]
    assert all(text.split()[0] == definition.mnemonic for text in texts)
    expected = b"".join(word.to_bytes(definition.encoding.width // 8, "little") for word in words)
    assert reassemble(texts) == expected


def test_random_words_round_trip() -> None:
    """Whatever a word is, its text assembles to it: reserved bits and unknown words come out as data."""
    source = random.Random(3)
    words = [source.getrandbits(32) for _ in range(2000)]
    words += [source.getrandbits(32) & ~0x7F | source.choice([0x13, 0x33, 0x63, 0x73, 0x0F, 0x67]) for _ in range(2000)]
    for aliases in (False, True):
        texts = [item.text for item in disassemble(words, BASE, FULL, aliases=aliases)]
        assert reassemble(texts) == b"".join(word.to_bytes(4, "little") for word in words)


@pytest.mark.parametrize("definition", list(FULL.instructions), ids=lambda definition: definition.mnemonic)
def test_round_trip_of_pseudo_instructions(definition: Definition) -> None:
    """With registers and numbers that pseudo-instructions are made of."""
    source = random.Random("alias" + definition.mnemonic)
    words = []
    for _ in range(150):
        operands = {}
        for name in definition.syntax.fields:
            field = definition.encoding.fields[name]
            usual = [0, 1] if name.startswith("r") else [0, 1 << field.low, field.maximum, field.minimum, -1, 255]
            chosen = source.choice(usual)
            allowed = field.minimum <= chosen <= field.maximum and chosen % (1 << field.low) == 0
            operands[name] = chosen if allowed else 0
        words.append(definition.encoding.encode(**operands))
    texts = [item.text for item in disassemble(words, BASE, FULL, aliases=True)]
    assert reassemble(texts) == b"".join(word.to_bytes(4, "little") for word in words)


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("nop", "nop"),
        ("li a0, 5", "li a0, 5"),
        ("mv a0, a1", "mv a0, a1"),
        ("not a0, a1", "not a0, a1"),
        ("neg a0, a1", "neg a0, a1"),
        ("zext.b a0, a1", "zext.b a0, a1"),
        ("snez a0, a1", "snez a0, a1"),
        ("sgt a0, a1, a2", "slt a0, a2, a1"),
        ("ret", "ret"),
        ("jr a0", "jr a0"),
        ("jr 4(a0)", "jr 4(a0)"),
        ("jalr a0", "jalr ra, 0(a0)"),
        ("j .", "j 0x80100000"),
        ("beqz a0, .", "beqz a0, 0x80100000"),
        ("bgtz a0, .", "bgtz a0, 0x80100000"),
        ("csrr a0, mepc", "csrr a0, mepc"),
        ("csrw mepc, a0", "csrw mepc, a0"),
        ("csrwi mepc, 3", "csrwi mepc, 3"),
        ("rdcycle a0", "rdcycle a0"),
        ("fence", "fence iorw, iorw"),
        ("li a0, 0", "li a0, 0"),
        ("fence.tso", ".4byte 0x8330000f"),
        ("ecall", "ecall"),
        ("add a0, a0, 1", "addi a0, a0, 1"),
        ("lw a0, 4(sp)", "lw a0, 4(sp)"),
    ],
)
def test_pseudo_instructions(source: str, text: str) -> None:
    words = assemble([Source("x.s", source)], base=BASE, relax_branches=False).binary()
    assert [item.text for item in disassemble(words, BASE, TARGET, aliases=True)] == [text]


def test_addresses_made_of_two_instructions_are_named() -> None:
    text = "la a0, d\nlw a1, d\ncall f\nlui a2, %hi(d)\nsw a1, %lo(d)(a2)\nf: ret\n.data\n.word 0\nd: .word 1"
    program = assemble([Source("x.s", text)])
    items = list(disassemble(program.loaded[0].content, program.entry, TARGET, program.names))
    assert [item.comment for item in items] == ["", "d", "", "d", "", "f", "", "d", ""]


def test_reserved_bits_are_shown_as_data() -> None:
    (item,) = disassemble([0x8330_000F], 0, TARGET)
    assert item.text == ".4byte 0x8330000f"
    assert item.comment == "fence with reserved bits"


def test_targets_are_named() -> None:
    word = TARGET.instructions.by_mnemonic["jal"].encoding.encode(rd=0, imm=0x100)
    (item,) = disassemble([word], 0x8000_0000, TARGET, {"main": 0x8000_0000, "other": 0x8000_2000})
    assert str(item).startswith("jal zero, 0x80000100")
    assert str(item).endswith("# main+0x100")


def test_bytes_that_are_not_whole_words() -> None:
    items = list(disassemble(bytes.fromhex("13000000 0102 03"), 0, TARGET))
    assert [item.text for item in items] == ["addi zero, zero, 0", ".byte 0x1, 0x2, 0x3"]
    items = list(disassemble(bytes.fromhex("0102"), 0, TARGET))
    assert [item.text for item in items] == [".2byte 0x0201"]


def test_csr_names() -> None:
    assert Disassembler(TARGET).word(0x3000_2573).text == "csrrs a0, mstatus, zero"
    assert [item.text for item in disassemble([0x7C00_2573])] == ["csrrs a0, 0x7c0, zero"]


def import_capstone() -> Any:
    try:
        return importlib.import_module("capstone")
    except ImportError:
        raise ToolMissing("capstone is missing; run: pip install capstone") from None


class Capstone:
    """Capstone's reading of a word as (mnemonic, operand texts)."""

    def __init__(self) -> None:
        capstone = require(import_capstone)
        self.engine = capstone.Cs(capstone.CS_ARCH_RISCV, capstone.CS_MODE_RISCV32)

    def __call__(self, word: int, pc: int) -> tuple[str, list[str]]:
        instruction = next(self.engine.disasm(word.to_bytes(4, "little"), pc), None)
        assert instruction is not None, hex(word)
        return instruction.mnemonic, [part.strip() for part in instruction.op_str.split(",") if part.strip()]


def number(text: str) -> int:
    return int(text, 0)


def agrees(definition: Definition, word: int, mnemonic: str, operands: list[str]) -> bool:
    """Compare with our operand values; capstone writes some instructions as their pseudo-instruction."""
    values = definition.encoding.decode(word)
    if mnemonic != definition.mnemonic:
        of_floats = values.get("csr") in (1, 2, 3) and mnemonic.startswith("f")
        return of_floats or mnemonic in ALIASES.get(definition.mnemonic, ())
    if mnemonic == "jalr":
        registers = [ABI_NAMES[values["rd"]], ABI_NAMES[values["rs1"]]]
        immediate = next((number(text) for text in operands if text not in ABI_NAMES), 0)
        return immediate == values["imm"] and [text for text in operands if text in ABI_NAMES] in (
            registers,
            registers[1:],
        )
    if mnemonic == "jal" and len(operands) == 1:
        operands = ["ra", *operands]
    for operand, text in zip(definition.syntax.operands, operands, strict=False):
        value = values[operand.field]
        match operand.kind:
            case "register":
                same = text == ABI_NAMES[value]
            case "memory":
                offset, _, base = text.rstrip(")").partition("(")
                same = number(offset or "0") == value and base == ABI_NAMES[values[operand.base or ""]]
            case "upper":
                same = number(text) == value >> operand.shift & 0xF_FFFF
            case "target" | "immediate":
                same = number(text) & 0xFFFF_FFFF == value & 0xFFFF_FFFF
            case _:
                same = True
        if not same:
            return False
    return True


ALIASES = {
    "addi": ("mv", "li", "nop"),
    "xori": ("not",),
    "sub": ("neg",),
    "sltiu": ("seqz",),
    "sltu": ("snez",),
    "slt": ("sltz", "sgtz"),
    "jal": ("j",),
    "jalr": ("jr", "ret"),
    "beq": ("beqz",),
    "bne": ("bnez",),
    "bge": ("bgez", "blez"),
    "blt": ("bltz", "bgtz"),
    "csrrw": ("csrw", "unimp"),
    "csrrs": ("csrr", "csrs", "rdcycle", "rdtime", "rdinstret", "rdcycleh", "rdtimeh", "rdinstreth"),
    "csrrc": ("csrc",),
    "csrrwi": ("csrwi",),
    "csrrsi": ("csrsi",),
    "csrrci": ("csrci",),
}


@pytest.mark.parametrize("definition", list(TARGET.instructions), ids=lambda definition: definition.mnemonic)
def test_capstone_agrees(definition: Definition) -> None:
    reader = Capstone()
    for word in random_words(definition, 60, random.Random("capstone" + definition.mnemonic)):
        mnemonic, operands = reader(word, 0)
        assert agrees(definition, word, mnemonic, operands), f"{word:#010x}: {mnemonic} {operands}"
