"""Assembly text of every instruction: our rendering is capstone's, and the assembler reads it back."""

from __future__ import annotations

import random

import capstone
import pytest

import asm
from iss.isa.definitions import Definition
from iss.isa.registers import ABI_NAMES, NUMBER
from iss.isa.syntax import parse_syntax
from tests.engines.encode import ARCHITECTURE, INSTRUCTIONS

PC = 0x8000_1000
NAMES = {csr.number: csr.name for csr in ARCHITECTURE.csrs}
each = pytest.mark.parametrize("definition", list(INSTRUCTIONS), ids=lambda definition: definition.mnemonic)


def random_operands(definition: Definition, source: random.Random) -> dict[str, int]:
    """Any operands; reserved ones that have no text are 0."""
    operands = {}
    for name, field in definition.encoding.fields.items():
        corners = (field.minimum, field.maximum, 0)
        anything = source.randrange(field.minimum, field.maximum + 1, 1 << field.low)
        operands[name] = source.choice((anything, anything, *corners)) if name in definition.syntax.fields else 0
        if name == "csr":
            operands[name] = source.choice(list(NAMES))
        elif name == "imm" and definition.cost_class in ("branch", "jump"):
            operands[name] &= ~3
    return operands


@each
def test_rendered_text_assembles_to_the_word(definition: Definition) -> None:
    source = random.Random(definition.mnemonic)
    words: list[int] = []
    lines: list[str] = []
    for _ in range(12):
        operands = random_operands(definition, source)
        words.append(definition.encoding.encode(**operands))
        pc = PC + 4 * len(lines)
        lines.append(definition.syntax.render(operands, pc, NAMES))
    text = "\n".join([".globl _start", "_start:", *lines, ""])
    program = asm.assemble([asm.Source("text.S", text)], architecture=ARCHITECTURE, base=PC, relax_branches=False)
    assert [f"{word:08x}" for word in program.code_words()] == [f"{word:08x}" for word in words], lines


KNOWN_TO_CAPSTONE = [definition for definition in INSTRUCTIONS if definition.unit is None]
# capstone shows pseudo-instructions and the manual's short forms; these are the same words.
SHORT = {"fence.i", "mret", "wfi", "ecall", "ebreak"}


@pytest.mark.parametrize("definition", KNOWN_TO_CAPSTONE, ids=lambda definition: definition.mnemonic)
def test_text_is_capstone_s(definition: Definition) -> None:
    engine = capstone.Cs(capstone.CS_ARCH_RISCV, capstone.CS_MODE_RISCV32)
    source = random.Random(definition.mnemonic)
    compared = 0
    for _ in range(40):
        operands = random_operands(definition, source)
        word = definition.encoding.encode(**operands)
        (found,) = engine.disasm(word.to_bytes(4, "little"), PC)
        if found.mnemonic != definition.mnemonic or len(found.op_str.split(",")) < len(definition.syntax.operands):
            continue  # a pseudo-instruction such as nop, li, mv, j, beqz, csrr, or fence alone
        ours = definition.syntax.render(operands, PC)
        theirs = [part.strip() for part in found.op_str.split(",")] if found.op_str else []
        if definition.mnemonic == "jalr":
            theirs[1:] = [f"{theirs[2]}({theirs[1]})"]  # the same operands, written without parentheses
        mine = [part.strip() for part in ours.partition(" ")[2].split(",")] if " " in ours else []
        assert len(theirs) == len(mine), (ours, found.op_str)
        for our_part, their_part, operand in zip(mine, theirs, definition.syntax.operands, strict=True):
            if operand.kind == "target":
                assert int(our_part, 0) == PC + int(their_part, 0) & 0xFFFF_FFFF
            elif operand.kind in ("csr",):
                assert our_part == f"{operands['csr']:#x}"
                assert their_part in (our_part, NAMES[operands["csr"]], str(operands["csr"])), found.op_str
            elif operand.kind in ("immediate", "upper"):
                assert int(our_part, 0) == int(their_part, 0), (ours, found.op_str)
            elif operand.kind == "memory":
                assert our_part.partition("(")[2] == their_part.partition("(")[2]
                assert int(our_part.partition("(")[0], 0) == int(their_part.partition("(")[0] or "0", 0)
            elif operand.kind == "fence_set":
                assert our_part in (their_part, "0" if their_part in ("", "unknown") else their_part), found.op_str
            else:
                assert our_part == their_part
        compared += 1
    assert compared >= (1 if definition.mnemonic in SHORT else 5)


@pytest.mark.parametrize(
    ("text", "values", "pc", "expected"),
    [
        ("add rd, rs1, rs2", {"rd": 0, "rs1": 31, "rs2": 8}, 0, "add zero, t6, s0"),
        ("lw rd, imm(rs1)", {"rd": 10, "rs1": 2, "imm": -4}, 0, "lw a0, -4(sp)"),
        ("beq rs1, rs2, pc+imm", {"rs1": 5, "rs2": 6, "imm": -8}, 4, "beq t0, t1, 0xfffffffc"),
        ("lui rd, imm>>12", {"rd": 5, "imm": -4096}, 0, "lui t0, 0xfffff"),
        ("csrrw rd, csr, rs1", {"rd": 1, "rs1": 2, "csr": 0x300}, 0, "csrrw ra, mstatus, sp"),
        ("csrrw rd, csr, rs1", {"rd": 1, "rs1": 2, "csr": 0x5C0}, 0, "csrrw ra, 0x5c0, sp"),
        ("fence pred, succ", {"pred": 15, "succ": 0}, 0, "fence iorw, 0"),
        ("fence pred, succ", {"pred": 8, "succ": 5}, 0, "fence i, ow"),
        ("ecall", {}, 0, "ecall"),
    ],
)
def test_render(text: str, values: dict[str, int], pc: int, expected: str) -> None:
    assert parse_syntax(text).render(values, pc, NAMES) == expected


@pytest.mark.parametrize(
    ("text", "mnemonic", "operands", "fields"),
    [
        ("ecall", "ecall", [], set()),
        (
            "divu rd, rs1, rs2",
            "divu",
            [("register", "rd"), ("register", "rs1"), ("register", "rs2")],
            {"rd", "rs1", "rs2"},
        ),
        ("  lw   rd ,imm(rs1) ", "lw", [("register", "rd"), ("memory", "imm")], {"rd", "imm", "rs1"}),
        ("jal rd, pc+imm", "jal", [("register", "rd"), ("target", "imm")], {"rd", "imm"}),
        ("lui rd, imm>>12", "lui", [("register", "rd"), ("upper", "imm")], {"rd", "imm"}),
        (
            "csrrwi rd, csr, uimm",
            "csrrwi",
            [("register", "rd"), ("csr", "csr"), ("immediate", "uimm")],
            {"rd", "csr", "uimm"},
        ),
        ("fence pred, succ", "fence", [("fence_set", "pred"), ("fence_set", "succ")], {"pred", "succ"}),
        ("nm.rnd rd", "nm.rnd", [("register", "rd")], {"rd"}),
    ],
)
def test_parse(text: str, mnemonic: str, operands: list[tuple[str, str]], fields: set[str]) -> None:
    syntax = parse_syntax(text)
    assert syntax.mnemonic == mnemonic
    assert [(operand.kind, operand.field) for operand in syntax.operands] == operands
    assert syntax.fields == fields


@pytest.mark.parametrize("part", ["rd rs1", "imm(rs1", "(rs1)", "12", "pc+", "imm>>", "imm>>x", "", "RD"])
def test_bad_syntax_names_the_part(part: str) -> None:
    with pytest.raises(ValueError, match=r"syntax 'op rd, .*': operand '.*' is none of rd, imm"):
        parse_syntax(f"op rd, {part}")


def test_registers() -> None:
    assert len(ABI_NAMES) == len(set(ABI_NAMES)) == 32
    assert [NUMBER[name] for name in ABI_NAMES] == list(range(32)) == [NUMBER[f"x{k}"] for k in range(32)]
    assert NUMBER["fp"] == NUMBER["s0"] == 8
    assert len(NUMBER) == 65
