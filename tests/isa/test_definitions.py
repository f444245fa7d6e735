"""Instruction sets: what a definition keeps, and what is refused with its source line."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from typing import Any

import pytest

from iss.isa.definitions import InstructionSet
from iss.isa.errors import DefinitionError
from iss.isa.rv32i import rv32i
from iss.isa.rv32m import rv32m

PATTERN, TEXT = "0000000 rs2 rs1 000 rd 0001011", "test.add rd, rs1, rs2"


def add(hart: Any, insn: Any) -> None:
    """Add, as a test."""
    hart.x[insn.rd] = hart.x[insn.rs1] + hart.x[insn.rs2]


def move(hart: Any, insn: Any) -> None:
    """Forget rs2."""
    hart.x[insn.rd] = hart.x[insn.rs1]


def undocumented(hart: Any, insn: Any) -> None:
    hart.x[insn.rd] = hart.x[insn.rs1] + hart.x[insn.rs2]


def overflowing(hart: Any, insn: Any) -> None:
    """Multiply three times."""
    a, b = hart.x[insn.rs1], hart.x[insn.rs2]
    hart.x[insn.rd] = a * b * a


def line_of(function: Callable[..., Any]) -> int:
    return inspect.getsourcelines(function)[1]


def test_definition() -> None:
    mine = InstructionSet("mine", "My instructions")
    assert mine.instruction(PATTERN, TEXT, cost_class="multiply", cycles=3)(add) is add
    (definition,) = mine
    assert mine.by_mnemonic == {"test.add": definition} and len(mine) == 1
    assert (definition.mnemonic, definition.extension, definition.documentation) == (
        "test.add",
        "mine",
        "Add, as a test.",
    )
    assert (definition.cost_class, definition.cycles, definition.unused) == ("multiply", 3, ())
    assert definition.location == f"{__file__}:{line_of(add)}"
    assert mine.decode(0x0000_000B) is definition and mine.decode(0x0000_100B) is None


@pytest.mark.parametrize(
    ("pattern", "text", "meaning", "message"),
    [
        ("0000000 rs2 rs1 000 rd 000101", TEXT, add, "has 31 bits, expected 16 or 32"),
        (PATTERN, "test.add rd, rs1 rs2", add, "operand 'rs1 rs2' is none of"),
        (PATTERN, "test.add rd, rs1, imm", add, "syntax 'test.add rd, rs1, imm' names imm, not in"),
        (PATTERN, "test.add rd, imm(rs9)", add, "names imm, rs9, not in"),
        (PATTERN, TEXT, move, "operand rs2 of '.*' has no effect; use it or name it in unused="),
        (PATTERN, TEXT, undocumented, "test.add has no docstring; say in one sentence what it does"),
    ],
)
def test_refused(pattern: str, text: str, meaning: Any, message: str) -> None:
    mine = InstructionSet("mine")
    with pytest.raises(DefinitionError, match=message) as caught:
        mine.instruction(pattern, text)(meaning)
    assert str(caught.value).startswith(f"{__file__}:{line_of(meaning)}: ")
    assert len(mine) == 0


@pytest.mark.parametrize("cycles", [-1, 256])
def test_impossible_cost(cycles: int) -> None:
    with pytest.raises(DefinitionError, match=rf"test.add costs {cycles} cycles, expected 0\.\.255"):
        InstructionSet("mine").instruction(PATTERN, TEXT, cycles=cycles)(add)


def test_overflow_names_the_line_that_computes() -> None:
    with pytest.raises(DefinitionError, match=r"mul may give 0\.\.\d+, which needs more than 64 bits") as caught:
        InstructionSet("mine").instruction(PATTERN, TEXT)(overflowing)
    assert str(caught.value).startswith(f"{__file__}:{line_of(overflowing) + 3}: ")


def test_unused_operands_are_named() -> None:
    mine = InstructionSet("mine")
    mine.instruction(PATTERN, TEXT, unused=("rs2",))(move)
    assert mine.by_mnemonic["test.add"].unused == ("rs2",)


def test_operand_that_is_used_on_one_path_only() -> None:
    def either(hart: Any, insn: Any) -> None:
        """Take one of both."""
        if hart.x[insn.rs1]:
            hart.x[insn.rd] = hart.x[insn.rs2]

    mine = InstructionSet("mine")
    mine.instruction(PATTERN, TEXT)(either)
    assert len(mine) == 1


def test_same_mnemonic() -> None:
    mine = InstructionSet("mine")
    mine.instruction(PATTERN, TEXT)(add)
    with pytest.raises(DefinitionError, match=rf"test.add is already defined at {re.escape(__file__)}:{line_of(add)}"):
        mine.instruction("0000001 rs2 rs1 000 rd 0001011", TEXT)(add)


def test_overlap_shows_a_word_that_is_both() -> None:
    mine = InstructionSet("mine")
    mine.instruction("imm[11:0] rs1 000 rd 0001011", "test.first rd, rs1, imm", unused=("imm",))(move)
    with pytest.raises(DefinitionError) as caught:
        mine.instruction("0000001 rs2 rs1 000 rd 0001011", "test.second rd, rs1, rs2")(add)
    found = re.search(r"the encoding of test.second overlaps test.first \((.*)\): (0x\w+) is both", str(caught.value))
    assert found is not None and found[1] == f"{__file__}:{line_of(move)}"
    word = int(found[2], 0)
    assert word & 0xFE00_707F == 0x0200_000B


def test_union() -> None:
    both = rv32i | rv32m
    assert len(both) == len(rv32i) + len(rv32m)
    assert (both.name, rv32i.name) == ("i_m", "i")
    assert both.decode(0x0200_0033) is rv32m.by_mnemonic["mul"]
    assert rv32i.decode(0x0200_0033) is None
    with pytest.raises(DefinitionError, match=r"lui is already defined at .*rv32i\.py"):
        _ = both | rv32i


def test_union_finds_overlaps() -> None:
    mine = InstructionSet("mine")
    mine.instruction("0000000 rs2 rs1 000 rd 0110011", TEXT)(add)
    with pytest.raises(DefinitionError, match=r"overlaps add \(.*rv32i.py:\d+\): 0x00000033 is both|overlaps test.add"):
        _ = rv32i | mine


def test_every_shipped_instruction_is_documented() -> None:
    from tests.engines.encode import INSTRUCTIONS

    for definition in INSTRUCTIONS:
        assert definition.documentation.endswith(".") and definition.documentation[0].isupper(), definition.mnemonic
        assert definition.location.rpartition(":")[0].endswith(".py")
