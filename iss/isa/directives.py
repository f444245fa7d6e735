"""How assemblers that do not know an instruction are told its bits: the slots of `.insn r`, whatever stands in them.

GNU as and LLVM fill opcode, funct3, funct7 and three registers; a slot may hold fixed bits, a register operand, or bits
of an immediate. Encodings with other widths, or with a register across slots, have no such form.
"""

from __future__ import annotations

from dataclasses import dataclass

from iss.isa.encoding import Encoding, Field

SLOTS = {"opcode": (0, 7), "rd": (7, 5), "funct3": (12, 3), "rs1": (15, 5), "rs2": (20, 5), "funct7": (25, 7)}
"""Lowest bit and width of each slot."""
REGISTER_FIELDS = ("rd", "rs1", "rs2")
REGISTER_SLOTS = ("rd", "rs1", "rs2")
ORDER = ("opcode", "funct3", "funct7", "rd", "rs1", "rs2")
"""The slots as `.insn r` wants them."""


@dataclass(frozen=True, slots=True)
class Part:
    """`width` bits of an immediate from bit `shift` of its value, at bit `at` of a slot."""

    field: str
    shift: int
    width: int
    at: int


@dataclass(frozen=True, slots=True)
class Slot:
    """What a slot holds: fixed bits, or a register operand, or parts of immediates beside fixed bits."""

    name: str
    fixed: int
    register: str | None = None
    parts: tuple[Part, ...] = ()


def slots_of(encoding: Encoding) -> dict[str, Slot] | None:
    """Return the slots of an encoding in the order of `.insn r`, None if it has no such form."""
    if encoding.width != 32:
        return None
    slots = {name: _slot(name, encoding) for name in ORDER}
    placed = {slot.register for slot in slots.values()} - {None}
    registers = [name for name in encoding.fields if name in REGISTER_FIELDS]
    return slots if set(registers) == placed and slots["opcode"].fixed & 3 == 3 else None


def _slot(name: str, encoding: Encoding) -> Slot:
    low, width = SLOTS[name]
    fixed = encoding.match >> low & ((1 << width) - 1)
    parts = []
    for field in encoding.fields.values():
        if field.name in REGISTER_FIELDS:
            if name in REGISTER_SLOTS and len(field.pieces) == 1 and field.pieces[0].word_low == low:
                return Slot(name, 0, register=field.name)
            continue
        parts += _parts(field, low, width)
    return Slot(name, fixed, parts=tuple(parts))


def _parts(field: Field, low: int, width: int) -> list[Part]:
    """Return what of an immediate's bits falls into a slot."""
    parts = []
    for piece in field.pieces:
        first, last = max(piece.word_low, low), min(piece.word_low + piece.width, low + width)
        if first < last:
            parts.append(Part(field.name, piece.value_low + first - piece.word_low, last - first, first - low))
    return parts
