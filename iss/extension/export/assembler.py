"""Macros for GNU as and LLVM: `spk.lif a0, a1, a2` can then be written in any assembly file that includes them."""

from __future__ import annotations

from iss.extension.extension import Extension
from iss.isa.definitions import Definition
from iss.isa.directives import REGISTER_FIELDS, REGISTER_SLOTS, Slot, slots_of
from iss.isa.encoding import Encoding, Piece
from iss.isa.intrinsics import c_name
from iss.isa.registers import ABI_NAMES

OPENING = """\
# {name}.inc: {title}, version {version}, for GNU as and LLVM.
# Written by `neurohart ext export` from {file}; do not edit. Use: .include "{name}.inc"
"""
# Bits of immediates as the standard formats have them: (lowest bit of the value, of the word, width).
I_FORM = {Piece(0, 20, 12)}
S_FORM = {Piece(5, 25, 7), Piece(0, 7, 5)}
B_FORM = {Piece(12, 31, 1), Piece(5, 25, 6), Piece(1, 8, 4), Piece(11, 7, 1)}
J_FORM = {Piece(20, 31, 1), Piece(1, 21, 10), Piece(11, 20, 1), Piece(12, 12, 8)}


def macros(extension: Extension) -> str:
    """The text of the file."""
    bodies = [_macro(definition) for definition in extension.instructions]
    opening = OPENING.format(
        name=extension.name, title=extension.title, version=extension.version, file=extension.path.name
    )
    registers = _register_numbers() if any(".Lnh_" in body for body in bodies) else ""
    parts = [opening, registers, *bodies]
    for csr in extension.csrs:
        name = c_name(csr.name)
        parts.append(f"# {csr.documentation}\n.macro read_{name} rd\n    csrr \\rd, {csr.number:#x}\n.endm\n")
        if csr.write is not None:
            parts.append(f".macro write_{name} rs\n    csrw {csr.number:#x}, \\rs\n.endm\n")
    return "\n".join(part for part in parts if part)


def _macro(definition: Definition) -> str:
    encoding, mnemonic = definition.encoding, definition.mnemonic
    comment = f"# {definition.syntax.text}: {definition.documentation}\n"
    found = _insn(definition) or _word(definition)
    if found is None:
        return f"{comment}# {mnemonic} has no macro: neither .insn nor a word can be told its encoding here.\n"
    arguments, line = found
    head = f".macro {mnemonic} {', '.join(arguments)}".rstrip()
    return f"{comment}{head}\n    {line}\n.endm\n" if encoding.width == 32 else comment


def _insn(definition: Definition) -> tuple[list[str], str] | None:
    """Return arguments and line of a macro with one of the forms of `.insn`."""
    encoding = definition.encoding
    slots = slots_of(encoding)
    if slots is None:
        return None
    immediates = [field for field in encoding.fields.values() if field.name not in REGISTER_FIELDS]
    opcode, funct3 = f"{slots['opcode'].fixed:#x}", slots["funct3"].fixed
    registers = {name: _register(slots[name]) for name in REGISTER_SLOTS}
    operands = definition.syntax.operands
    if not immediates:
        numbers = ", ".join(registers.values())
        text = f".insn r {opcode}, {funct3}, {slots['funct7'].fixed}, {numbers}"
        return [operand.field for operand in operands], text
    if len(immediates) != 1 or slots["funct3"].parts or slots["opcode"].parts:
        return None
    field = immediates[0]
    pieces = set(field.pieces)
    kinds = {operand.kind for operand in operands if operand.field == field.name}
    if kinds == {"target"}:
        arguments = [operand.field for operand in operands]
        if pieces == B_FORM:
            line = f".insn sb {opcode}, {funct3}, {registers['rs1']}, {registers['rs2']}, \\{field.name}"
            return arguments, line
        if pieces == J_FORM:
            return arguments, f".insn uj {opcode}, {registers['rd']}, \\{field.name}"
        return None
    memory = kinds == {"memory"} and registers["rs1"] == "\\rs1"
    if kinds - {"memory", "immediate"} or (kinds == {"memory"} and not memory):
        return None
    arguments = ["address" if operand.kind == "memory" else operand.field for operand in operands]
    if memory and not field.signed:
        return None
    value = f"\\{field.name}" if field.signed else f"((\\{field.name}) ^ 0x800) - 0x800"
    place = "\\address" if memory else f"{registers['rs1']}, {value}"
    if pieces == I_FORM:
        return arguments, f".insn i {opcode}, {funct3}, {registers['rd']}, {place}"
    if pieces == S_FORM:
        place = "\\address" if memory else f"{value}({registers['rs1']})"
        return arguments, f".insn s {opcode}, {funct3}, {registers['rs2']}, {place}"
    return None


def _register(slot: Slot) -> str:
    return f"\\{slot.register}" if slot.register else f"x{slot.fixed}"


def _word(definition: Definition) -> tuple[list[str], str] | None:
    """Return arguments and line of a macro that puts the bits together by itself."""
    encoding = definition.encoding
    operands = definition.syntax.operands
    if any(operand.kind == "target" for operand in operands) or encoding.width != 32:
        return None
    arguments = [name for operand in operands for name in (operand.field, operand.base) if name is not None]
    shifts = {operand.field: operand.shift for operand in operands}
    return arguments, f".4byte {' | '.join([f'{encoding.match:#x}', *_terms(encoding, arguments, shifts)])}"


def _terms(encoding: Encoding, arguments: list[str], shifts: dict[str, int]) -> list[str]:
    terms: list[str] = []
    for name in arguments:
        value = f".Lnh_\\{name}" if name in REGISTER_FIELDS else f"(\\{name})"
        if shifts.get(name):
            value = f"({value} << {shifts[name]})"
        terms += [
            f"(({value} >> {piece.value_low}) & {(1 << piece.width) - 1:#x}) << {piece.word_low}"
            for piece in encoding.fields[name].pieces
        ]
    return [f"({term})" for term in terms]


def _register_numbers() -> str:
    """The numbers of the registers as symbols that no object file keeps."""
    names = [(f"x{number}", number) for number in range(32)]
    names += [(name, number) for number, name in enumerate(ABI_NAMES)] + [("fp", 8)]
    return "".join(f".set .Lnh_{name}, {number}\n" for name, number in names)
