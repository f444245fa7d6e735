"""What a section is made of: bytes with gaps to fill in later (fixups), and pieces whose size depends on the layout."""

from __future__ import annotations

from dataclasses import dataclass, field

from asm.expressions import (
    Expression,
    Locator,
    NotConstant,
    evaluate,
    label_in_fragment,
)
from asm.symbols import Place
from iss.isa.encoding import Encoding

NOP = 0x0000_0013
COMPRESSED_NOP = 0x0001


@dataclass(frozen=True, slots=True)
class Word:
    """An instruction with operand values; `field` is the one operand still missing, if any."""

    encoding: Encoding
    operands: dict[str, int]
    field: str = ""

    def encode(self, value: int | None = None) -> bytes:
        """Return the instruction's bytes, with `value` for the missing operand. Raises ValueError."""
        operands = self.operands if value is None else {**self.operands, self.field: value}
        return self.encoding.encode(**operands).to_bytes(self.encoding.width // 8, "little")


@dataclass(frozen=True, slots=True)
class DataFixup:
    """`size` bytes at `offset` of a fragment get the value of an expression."""

    offset: int
    size: int
    expression: Expression
    place: Place


@dataclass(frozen=True, slots=True)
class InstructionFixup:
    """An operand of the instruction at `offset` gets the value of an expression as seen through `modifier`.

    Modifiers: `absolute`, `target` (distance from the instruction), `upper` (bits from `shift` up), and the names
    `hi lo pcrel_hi pcrel_lo` of the psABI's operators.
    """

    offset: int
    word: Word
    modifier: str
    expression: Expression
    place: Place


class Fragment:
    """A piece of a section; `address` is its offset in the section and `size` its length as last laid out.

    While the source is read, `from_origin` is the distance to the fragment `origin`, before which nothing has a size
    that is not known yet: distances from the same origin are numbers already.
    """

    __slots__ = ("address", "from_origin", "origin", "size")

    def __init__(self) -> None:
        self.address = 0
        self.size = 0
        self.origin: Fragment = self
        self.from_origin = 0

    def measure(self, address: int, locate: Locator) -> int:
        """Return the size this fragment needs at `address`."""
        return self.size

    def known_size(self, at_start: bool) -> int | None:
        """Return the size if it does not depend on the layout; `at_start`: the origin is the start of the section."""
        return None


class Data(Fragment):
    """Bytes, some of them to be filled in by fixups."""

    __slots__ = ("content", "fixups")

    def __init__(self) -> None:
        super().__init__()
        self.content = bytearray()
        self.fixups: list[DataFixup | InstructionFixup] = []

    def measure(self, address: int, locate: Locator) -> int:
        return len(self.content)

    def known_size(self, at_start: bool) -> int | None:
        return len(self.content)


class Align(Fragment):
    """Padding up to a multiple of `alignment`, unless it would take more than `limit` bytes; fill None means nops."""

    __slots__ = ("alignment", "fill", "limit")

    def __init__(self, alignment: int, fill: bytes | None, limit: int | None) -> None:
        super().__init__()
        self.alignment, self.fill, self.limit = alignment, fill, limit

    def measure(self, address: int, locate: Locator) -> int:
        size = -address % self.alignment
        return 0 if self.limit is not None and size > self.limit else size

    def known_size(self, at_start: bool) -> int | None:
        return self.measure(self.from_origin, label_in_fragment) if at_start else None

    def content(self) -> bytes:
        """Return the padding; code is padded with whole nops, what is left over before them with smaller pieces."""
        if self.fill is not None:
            return (self.fill * (self.size // len(self.fill) + 1))[: self.size]
        odd, half, words = self.size & 1, self.size & 2, self.size // 4
        return bytes(odd) + (COMPRESSED_NOP.to_bytes(2, "little") if half else b"") + NOP.to_bytes(4, "little") * words


class Space(Fragment):
    """`count` repetitions of `fill`, where the count may depend on the layout."""

    __slots__ = ("count", "fill", "place")

    def __init__(self, count: Expression, fill: bytes, place: Place) -> None:
        super().__init__()
        self.count, self.fill, self.place = count, fill, place

    def measure(self, address: int, locate: Locator) -> int:
        base, count = evaluate(self.count, locate)
        if base is not None:
            raise NotConstant("the size must be a number that does not depend on where the program is placed")
        return count * len(self.fill)

    def known_size(self, at_start: bool) -> int | None:
        return self.count * len(self.fill) if isinstance(self.count, int) else None


class Origin(Fragment):
    """Fill up to an offset of the section (`.org`)."""

    __slots__ = ("fill", "place", "section", "target")

    def __init__(self, target: Expression, fill: int, section: Section, place: Place) -> None:
        super().__init__()
        self.target, self.fill, self.section, self.place = target, fill, section, place

    def measure(self, address: int, locate: Locator) -> int:
        base, target = evaluate(self.target, locate)
        if base is not None and base is not self.section:
            raise NotConstant("the new position must be a number or a label of this section")
        return target - address


class Leb128(Fragment):
    """A number in DWARF's variable-length form."""

    __slots__ = ("expression", "place", "signed", "value")

    def __init__(self, expression: Expression, signed: bool, place: Place) -> None:
        super().__init__()
        self.expression, self.signed, self.place = expression, signed, place
        self.value = 0

    def measure(self, address: int, locate: Locator) -> int:
        base, self.value = evaluate(self.expression, locate)
        if base is not None:
            raise NotConstant("the value must be a number that does not depend on where the program is placed")
        if self.value < 0 and not self.signed:
            raise NotConstant(f"the value {self.value} is negative, expected an unsigned number")
        return len(leb128(self.value, self.signed))


class Branch(Fragment):
    """A conditional branch: short if it reaches its target, else its inverse over a `jump` (as GNU as does)."""

    __slots__ = ("far", "inverse", "jump", "place", "short", "target")

    def __init__(self, short: Word, inverse: Word, jump: Word, target: Expression, place: Place) -> None:
        super().__init__()
        self.short, self.inverse, self.jump = short, inverse, jump
        self.target, self.place = target, place
        self.far = False

    def sizes(self) -> tuple[int, int]:
        """Return the sizes in bytes of the short and of the far form."""
        return self.short.encoding.width // 8, (self.inverse.encoding.width + self.jump.encoding.width) // 8

    def reaches(self, distance: int) -> bool:
        field = self.short.encoding.fields[self.short.field]
        return field.minimum <= distance <= field.maximum + (1 << field.low) - 1


def leb128(value: int, signed: bool) -> bytes:
    """Return a number in (signed) little-endian base 128 (DWARF, section "Variable Length Data")."""
    encoded = bytearray()
    while True:
        septet, value = value & 0x7F, value >> 7
        if (value == 0 and not (signed and septet & 0x40)) or (signed and value == -1 and septet & 0x40):
            return bytes(encoded) + bytes((septet,))
        encoded.append(septet | 0x80)


@dataclass(slots=True)
class Row:
    """A row of the line table: the instruction at this position comes from this line."""

    fragment: Fragment
    offset: int
    file: str
    line: int
    column: int = 0
    statement: bool = True


@dataclass(slots=True)
class Mark:
    """From this position on a section holds code (`code`) or data."""

    fragment: Fragment
    offset: int
    code: bool
    place: Place


@dataclass(slots=True, eq=False)
class Section:
    """One source's part of a section; `address` is where the linker put it."""

    name: str
    flags: str
    kind: str = "progbits"
    entry_size: int = 0
    alignment: int = 1
    subsections: dict[int, list[Fragment]] = field(default_factory=dict)
    rows: list[Row] = field(default_factory=list)
    marks: list[Mark] = field(default_factory=list)
    address: int = 0
    size: int = 0

    @property
    def is_code(self) -> bool:
        return "x" in self.flags

    @property
    def is_allocated(self) -> bool:
        return "a" in self.flags

    @property
    def fragments(self) -> list[Fragment]:
        """All fragments, subsections in numeric order."""
        if len(self.subsections) == 1:
            return next(iter(self.subsections.values()))
        return [fragment for number in sorted(self.subsections) for fragment in self.subsections[number]]

    def position(self, fragment: Fragment, offset: int) -> int:
        """Return the address of a position in this section."""
        return self.address + fragment.address + offset
