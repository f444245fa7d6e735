"""Bit patterns as the manual prints them, read both ways: operands to word and word to operands.

A pattern is a list of groups from bit 31 (or 15) down: binary digits are fixed bits, `rd`, `rs1`, `rs2` are
five-bit register numbers, and `name[7:2]` or `name[12|10:5]` is a slice of an operand's value.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_REGISTER_FIELDS = {"rd": 5, "rs1": 5, "rs2": 5}
_GROUP = re.compile(r"(?P<name>[a-z][a-z0-9_]*)(?:\[(?P<slices>[0-9:|]+)\])?\Z")


@dataclass(frozen=True, slots=True)
class Piece:
    """`width` bits of an operand, from bit `value_low` of its value, stand at bit `word_low` of the word."""

    value_low: int
    word_low: int
    width: int


class Field:
    """One operand of an encoding: where its bits are and which values it can hold.

    `low` is the lowest bit of the value that is encoded (1 for branch offsets, 12 for upper immediates), `width` the
    number of bits of the value, counted from bit 0.
    """

    __slots__ = ("low", "maximum", "minimum", "name", "pieces", "signed", "width")

    def __init__(self, name: str, pieces: tuple[Piece, ...], signed: bool) -> None:
        self.name, self.pieces, self.signed = name, pieces, signed
        self.low = min(piece.value_low for piece in pieces)
        self.width = max(piece.value_low + piece.width for piece in pieces)
        self.minimum = -(1 << (self.width - 1)) if signed else 0
        self.maximum = ((1 << (self.width - 1)) if signed else (1 << self.width)) - (1 << self.low)

    def __repr__(self) -> str:
        return f"Field({self.name!r}, {self.pieces!r}, signed={self.signed})"

    def insert(self, value: int) -> int:
        """Return the word bits that encode `value`; ValueError says what would have been allowed."""
        if not self.minimum <= value <= self.maximum:
            raise ValueError(f"{self.name} = {value} is outside {self.minimum}..{self.maximum}")
        if value & ((1 << self.low) - 1):
            raise ValueError(f"{self.name} = {value} is not a multiple of {1 << self.low}")
        word = 0
        for piece in self.pieces:
            word |= (value >> piece.value_low & ((1 << piece.width) - 1)) << piece.word_low
        return word

    def extract(self, word: int) -> int:
        """Return the operand's value in an instruction word."""
        value = 0
        for piece in self.pieces:
            value |= (word >> piece.word_low & ((1 << piece.width) - 1)) << piece.value_low
        if self.signed and value >> (self.width - 1):
            value -= 1 << self.width
        return value


class Encoding:
    """The fixed bits (`match` under `mask`) and operand fields of one instruction."""

    __slots__ = ("fields", "mask", "match", "pattern", "width")

    def __init__(self, pattern: str) -> None:
        self.pattern = pattern
        groups = [_parse_group(group, pattern) for group in pattern.split()]
        self.width = sum(width for _, width, _ in groups)
        if self.width not in (16, 32):
            raise ValueError(f"pattern {pattern!r} has {self.width} bits, expected 16 or 32")
        self.match = self.mask = 0
        pieces: dict[str, list[Piece]] = {}
        position = self.width
        for name, width, content in groups:
            position -= width
            if name is None:
                self.mask |= ((1 << width) - 1) << position
                self.match |= int(content, 2) << position
                continue
            word_low = position + width
            for high, low in _slices(content, pattern):
                word_low -= high - low + 1
                pieces.setdefault(name, []).append(Piece(low, word_low, high - low + 1))
        self.fields = {name: Field(name, tuple(parts), signed=name.startswith("imm")) for name, parts in pieces.items()}
        for field in self.fields.values():
            bits = [bit for piece in field.pieces for bit in range(piece.value_low, piece.value_low + piece.width)]
            if len(set(bits)) != len(bits):
                raise ValueError(f"pattern {pattern!r} gives a bit of {field.name} twice")
            if sorted(bits) != list(range(field.low, field.width)):
                raise ValueError(f"pattern {pattern!r} leaves a hole in the bits of {field.name}")

    def __repr__(self) -> str:
        return f"Encoding({self.pattern!r})"

    def matches(self, word: int) -> bool:
        return word & self.mask == self.match

    def overlaps(self, other: Encoding) -> bool:
        """Tell whether some word belongs to both encodings."""
        return self.width == other.width and (self.match ^ other.match) & self.mask & other.mask == 0

    def encode(self, **operands: int) -> int:
        """Return the instruction word; operands not given are 0. ValueError names the operand at fault."""
        word = self.match
        for name, value in operands.items():
            if name not in self.fields:
                raise ValueError(f"no operand {name!r}, expected one of {', '.join(self.fields) or 'none'}")
            word |= self.fields[name].insert(value)
        return word

    def decode(self, word: int) -> dict[str, int]:
        """Return the operands of a word that matches this encoding."""
        return {name: field.extract(word) for name, field in self.fields.items()}


def _parse_group(group: str, pattern: str) -> tuple[str | None, int, str]:
    """Return (field name or None, width in bits, digits or slices) of one group."""
    if set(group) <= {"0", "1"}:
        return None, len(group), group
    found = _GROUP.match(group)
    if found is None:
        raise ValueError(f"pattern {pattern!r}: {group!r} is neither binary digits nor name[high:low]")
    name, slices = found["name"], found["slices"]
    if slices is None:
        if name not in _REGISTER_FIELDS:
            raise ValueError(f"pattern {pattern!r}: {name!r} needs its bits, as in {name}[11:0]")
        slices = f"{_REGISTER_FIELDS[name] - 1}:0"
    return name, sum(high - low + 1 for high, low in _slices(slices, pattern)), slices


def _slices(text: str, pattern: str) -> list[tuple[int, int]]:
    """Return the (high, low) pairs of `12|10:5`."""
    pairs = []
    for part in text.split("|"):
        high, _, low = part.partition(":")
        try:
            pair = (int(high), int(low or high))
        except ValueError:
            raise ValueError(f"pattern {pattern!r}: bad bit slice {text!r}") from None
        if pair[0] < pair[1]:
            raise ValueError(f"pattern {pattern!r}: slice {part!r} must be written high:low")
        pairs.append(pair)
    return pairs
