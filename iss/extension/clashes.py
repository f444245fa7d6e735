"""Which words of an extension's instructions belong to something else, and which slots of its opcodes are free."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from iss.extension.findings import Grade
from iss.extension.known import Catalogue, Known
from iss.isa.definitions import Definition
from iss.isa.encoding import Encoding

GRADES = {
    "base": Grade.ERROR,
    "ratified": Grade.ERROR,
    "standard": Grade.ERROR,
    "draft": Grade.WARNING,
    "vendor": Grade.WARNING,
    "research": Grade.NOTE,
    "convention": Grade.NOTE,
}
FUNCT3, FUNCT7 = (3, 12), (7, 25)  # width, lowest bit
DESIGNATED = ("custom.hints", "custom.compressed")
"""Spaces inside standard instructions that are for custom use: a clash there is meant to be."""


@dataclass(frozen=True, slots=True)
class Clash:
    """A word, the witness, that belongs to an instruction of the extension and to a known encoding."""

    definition: Definition
    known: Known
    witness: int
    grade: Grade

    def plain(self) -> dict[str, Any]:
        """The clash as JSON."""
        return {
            "mnemonic": self.definition.mnemonic,
            "with": self.known.name,
            "extension": self.known.owner.name,
            "kind": self.known.owner.kind,
            "source": self.known.owner.source,
            "xlen": list(self.known.owner.xlen),
            "witness": f"{self.witness:#0{2 + self.known.width // 4}x}",
            "grade": str(self.grade),
        }


def clashes(
    name: str, definitions: Iterable[Definition], catalogue: Catalogue, beside: Iterable[Known] = ()
) -> list[Clash]:
    """Return every clash of every definition with what is known and what is `beside` it.

    What is known of an extension of the same name is left out.
    """
    rows = [*catalogue.others(name), *beside]
    by_width = {width: [row for row in rows if row.width == width] for width in (16, 32)}
    found = []
    for definition in definitions:
        encoding = definition.encoding
        width, mask, match = encoding.width, encoding.mask, encoding.match
        designated = any(_inside(encoding, space) for space in catalogue.spaces if space.owner.name in DESIGNATED)
        for row in by_width[width]:
            if (match ^ row.match) & mask & row.mask == 0:
                grade = Grade.NOTE if designated and row.owner.kind in ("base", "ratified") else GRADES[row.owner.kind]
                found.append(Clash(definition, row, match | row.match, grade))
        if designated or any(_inside(encoding, space) for space in catalogue.spaces if space.owner.kind == "custom"):
            continue
        found += [
            Clash(definition, space, match | space.match, Grade.ERROR)
            for space in catalogue.spaces
            if space.owner.kind == "standard" and _overlaps(encoding, space)
        ]
    return found


def space_of(encoding: Encoding, catalogue: Catalogue) -> str:
    """Return the name of the narrowest space an encoding lies in, or of all that it touches."""
    inside = [space for space in catalogue.spaces if _inside(encoding, space)]
    if inside:
        return max(inside, key=lambda space: space.mask.bit_count()).name
    return ", ".join(space.name for space in catalogue.spaces if _overlaps(encoding, space))


def _overlaps(encoding: Encoding, row: Known) -> bool:
    return encoding.width == row.width and (encoding.match ^ row.match) & encoding.mask & row.mask == 0


def _inside(encoding: Encoding, space: Known) -> bool:
    """Tell whether every word of an encoding is in a space."""
    return _overlaps(encoding, space) and space.mask & ~encoding.mask == 0


# Free slots -------------------------------------------------------------------------------------------------------
@dataclass(frozen=True, slots=True)
class FreeSlots:
    """The funct7 values that are free under one opcode and funct3: beside the extension's own, and beside all known.

    `takers` are the known extensions that have taken some of them.
    """

    space: str
    opcode: int
    funct3: int
    free: tuple[int, ...]
    unclaimed: tuple[int, ...]
    takers: tuple[str, ...]


def free_slots(definitions: Iterable[Definition], catalogue: Catalogue) -> list[FreeSlots]:
    """Return the free slots of every custom opcode that the definitions use."""
    own = [definition.encoding for definition in definitions if definition.encoding.width == 32]
    slots = []
    for space in catalogue.spaces:
        opcodes = space.owner.name == "custom"
        if not opcodes or not any(_overlaps(encoding, space) for encoding in own):
            continue
        taken = _slots((encoding.mask, encoding.match) for encoding in own if _overlaps(encoding, space))
        claims: dict[str, set[tuple[int, int]]] = {}
        for row in catalogue.encodings:
            inside = row.width == 32 and (row.match ^ space.match) & row.mask & space.mask == 0
            if inside and GRADES[row.owner.kind] != Grade.NOTE:
                claims.setdefault(row.owner.name, set()).update(_slots([(row.mask, row.match)]))
        for funct3 in range(8):
            free = [funct7 for funct7 in range(128) if (funct3, funct7) not in taken]
            here = {name: claim & {(funct3, funct7) for funct7 in free} for name, claim in claims.items()}
            takers = tuple(sorted(name for name, claim in here.items() if claim))
            claimed = set().union(*here.values())
            unclaimed = tuple(funct7 for funct7 in free if (funct3, funct7) not in claimed)
            slots.append(FreeSlots(space.name, space.match, funct3, tuple(free), unclaimed, takers))
    return slots


def _slots(encodings: Iterable[tuple[int, int]]) -> set[tuple[int, int]]:
    """Return the (funct3, funct7) pairs of which some word is taken."""
    taken: set[tuple[int, int]] = set()
    for mask, match in encodings:
        funct3, funct7 = (_values(mask, match, *bits) for bits in (FUNCT3, FUNCT7))
        taken.update((low, high) for low in funct3 for high in funct7)
    return taken


def _values(mask: int, match: int, width: int, low: int) -> list[int]:
    """Return the values that some bits of an encoding can have."""
    fixed, value = mask >> low & ((1 << width) - 1), match >> low & ((1 << width) - 1)
    return [number for number in range(1 << width) if number & fixed == value]


def ranges(numbers: Iterable[int]) -> str:
    """Return `0x02..0x7f` and the like for ascending numbers."""
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][1] + 1:
            runs[-1][1] = number
        else:
            runs.append([number, number])
    return ", ".join(f"{first:#04x}" if first == last else f"{first:#04x}..{last:#04x}" for first, last in runs)
