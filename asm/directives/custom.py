"""`.insn`: any instruction word by format and fields (GNU as, "RISC-V-Instruction-Formats")."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from asm.arguments import Arguments, split_operands
from asm.directives.registry import directive
from asm.errors import StatementError
from asm.expressions import constant
from asm.forms import memory_base, shape_of
from asm.fragments import Word
from asm.instructions import (
    OperandText,
    emit_branch,
    emit_pending,
    fit,
    jump_word,
    read_operand,
)
from iss.isa.encoding import Encoding
from iss.isa.registers import NUMBER
from iss.isa.syntax import Operand

if TYPE_CHECKING:
    from asm.assembler import Assembler

_MAJOR_OPCODES: Final = """
    LOAD   LOAD_FP  CUSTOM_0 MISC_MEM OP_IMM AUIPC  OP_IMM_32 -
    STORE  STORE_FP CUSTOM_1 AMO      OP     LUI    OP_32     -
    MADD   MSUB     NMSUB    NMADD    OP_FP  -      CUSTOM_2  -
    BRANCH JALR     -        JAL      SYSTEM -      CUSTOM_3  -
""".split()
_OPCODES: Final = {name: number << 2 | 3 for number, name in enumerate(_MAJOR_OPCODES) if name != "-"} | {
    "C0": 0,
    "C1": 1,
    "C2": 2,
}

_R: Final = "funct7[6:0] rs2 rs1 funct3[2:0] rd opcode[6:0]"
_R4: Final = "rs3[4:0] funct2[1:0] rs2 rs1 funct3[2:0] rd opcode[6:0]"
_I: Final = "imm[11:0] rs1 funct3[2:0] rd opcode[6:0]"
_S: Final = "imm[11:5] rs2 rs1 funct3[2:0] imm[4:0] opcode[6:0]"
_B: Final = "imm[12|10:5] rs2 rs1 funct3[2:0] imm[4:1|11] opcode[6:0]"
_U: Final = "imm[31:12] rd opcode[6:0]"
_J: Final = "imm[20|10:1|11|19:12] rd opcode[6:0]"

# Format name -> the ways it can be written: (pattern, operands). Operands: registers by field, `imm`, `imm(rs1)`.
_FORMATS: Final[dict[str, tuple[tuple[str, str], ...]]] = {
    "r": (
        (_R, "opcode funct3 funct7 rd rs1 rs2"),
        (_R4, "opcode funct3 funct2 rd rs1 rs2 rs3"),
    ),
    "r4": ((_R4, "opcode funct3 funct2 rd rs1 rs2 rs3"),),
    "i": ((_I, "opcode funct3 rd rs1 imm"), (_I, "opcode funct3 rd imm(rs1)")),
    "s": ((_S, "opcode funct3 rs2 imm(rs1)"),),
    "sb": ((_B, "opcode funct3 rs1 rs2 pc+imm"),),
    "u": ((_U, "opcode rd imm>>12"),),
    "uj": ((_J, "opcode rd pc+imm"),),
    "cr": (("funct4[3:0] rd rs2 opcode[1:0]", "opcode funct4 rd rs2"),),
    "ci": (("funct3[2:0] imm[5] rd imm[4:0] opcode[1:0]", "opcode funct3 rd imm"),),
    "ciw": (("funct3[2:0] uimm[7:0] crd[2:0] opcode[1:0]", "opcode funct3 crd uimm"),),
    "css": (("funct3[2:0] uimm[5:0] rs2 opcode[1:0]", "opcode funct3 rs2 uimm"),),
    "cl": (
        (
            "funct3[2:0] uimm[4:2] crs1[2:0] uimm[1:0] crd[2:0] opcode[1:0]",
            "opcode funct3 crd uimm(crs1)",
        ),
    ),
    "cs": (
        (
            "funct3[2:0] uimm[4:2] crs1[2:0] uimm[1:0] crs2[2:0] opcode[1:0]",
            "opcode funct3 crs2 uimm(crs1)",
        ),
    ),
    "ca": (
        (
            "funct6[5:0] crd[2:0] funct2[1:0] crs2[2:0] opcode[1:0]",
            "opcode funct6 funct2 crd crs2",
        ),
    ),
    "cb": (
        (
            "funct3[2:0] imm[8|4:3] crs1[2:0] imm[7:6|2:1|5] opcode[1:0]",
            "opcode funct3 crs1 pc+imm",
        ),
    ),
    "cj": (("funct3[2:0] imm[11|4|9:8|10|6|7|3:1|5] opcode[1:0]", "opcode funct3 pc+imm"),),
}
_ALIASES: Final = {"b": "sb", "j": "uj"}
_REGISTERS: Final = {"rd", "rs1", "rs2", "rs3"}
_SHORT_REGISTERS: Final = {"crd", "crs1", "crs2"}


@directive(".insn")
def insn(assembler: Assembler, name: str, arguments: Arguments) -> None:
    """`.insn r opcode, funct3, funct7, rd, rs1, rs2`, the other formats, or `.insn length, value`."""
    column = arguments.column
    word = arguments.peek().split(None, 1)[0] if not arguments.at_end else ""
    form = _ALIASES.get(word, word)
    if form not in _FORMATS:
        _raw(assembler, arguments, column)
        return
    text = arguments.rest()
    operands = split_operands(text[len(word) :], column + len(word))
    ways = _FORMATS[form]
    way = next(
        (way for way in ways if _shapes(way[1]) == [_letter(operand) for operand in operands]),
        None,
    )
    if way is None:
        expected = " or ".join(f'"{word} {", ".join(way[1].split())}"' for way in ways).replace("pc+", "")
        raise StatementError(f"wrong operands for .insn {word}, expected {expected}", column)
    _emit(assembler, Encoding(way[0]), way[1].split(), operands)


def _raw(assembler: Assembler, arguments: Arguments, column: int) -> None:
    """`.insn value` or `.insn length, value`"""
    if arguments.peek()[:1].isalpha():
        known = ", ".join([*_FORMATS, *_ALIASES])
        raise StatementError(f"unknown instruction format, expected one of {known} or a number", column)
    value = arguments.constant("the instruction")
    length = 0
    if arguments.comma():
        length, value = value, arguments.constant("the instruction")
    arguments.end()
    natural = 4 if value & 3 == 3 else 2
    if length not in (0, natural) or not 0 <= value < 1 << 8 * natural:
        raise StatementError(f"{value:#x} is not an instruction of {length or natural} bytes", column)
    assembler.emit_instruction(value.to_bytes(natural, "little"))


def _shapes(operands: str) -> list[str]:
    return ["m" if "(" in name else "r" if name in _REGISTERS | _SHORT_REGISTERS else "e" for name in operands.split()]


def _letter(operand: OperandText) -> str:
    return shape_of(operand[0])


def _emit(
    assembler: Assembler,
    encoding: Encoding,
    names: list[str],
    operands: list[OperandText],
) -> None:
    values: dict[str, int] = {}
    pending = None
    for name, (written, column) in zip(names, operands, strict=True):
        text = written
        field, _, base = name.rstrip(")").partition("(")
        if base:
            start = memory_base(text)
            assert start is not None
            values[base] = _register(base, text[start + 1 : -1].strip(), column)
            text = text[:start].rstrip() or "0"
        if field in _REGISTERS | _SHORT_REGISTERS:
            values[field] = _register(field, text, column)
        elif field == "opcode":
            values[field] = _opcode(assembler, encoding, text, column)
        elif field.startswith("pc+"):
            pending = ("imm", "target", assembler.expression(text, column), column)
        elif field.startswith("imm"):
            operand = Operand("upper", "imm", shift=12) if ">>" in field else Operand("immediate", "imm")
            pending = read_operand(assembler, encoding, operand, text, column, values) or pending
        else:
            values[field] = _number(assembler, encoding, field, text, column)
    if pending is None:
        assembler.emit_instruction(Word(encoding, values).encode())
        return
    word = Word(encoding, values, "imm")
    jump = jump_word(assembler)
    relaxed = encoding.pattern == _B and assembler.session.relax_branches
    if pending[1] == "target" and relaxed and jump is not None:
        inverse = Word(encoding, {**values, "funct3": values["funct3"] ^ 1}, "imm")
        emit_branch(assembler, word, inverse, jump, pending[2], pending[3])
    else:
        emit_pending(assembler, word, pending)


def _register(field: str, text: str, column: int) -> int:
    number = NUMBER[text]
    if field not in _SHORT_REGISTERS:
        return number
    if not 8 <= number < 16:
        raise StatementError(f'register "{text}" does not fit in 3 bits, expected x8..x15', column)
    return number - 8


def _opcode(assembler: Assembler, encoding: Encoding, text: str, column: int) -> int:
    opcode = _OPCODES.get(text.upper())
    return _number(assembler, encoding, "opcode", text, column) if opcode is None else opcode


def _number(assembler: Assembler, encoding: Encoding, field: str, text: str, column: int) -> int:
    value = constant(assembler.expression(text, column))
    if value is None:
        raise StatementError(f"{field} must be a number known at this point", column)
    return fit(encoding.fields[field], value, 0, column)
