"""Encodings as pictures: the cells of a word from its highest bit, and the box that the manuals draw."""

from __future__ import annotations

from typing import NamedTuple

from iss.isa.encoding import Encoding


class Cell(NamedTuple):
    """One group of a pattern: fixed digits or (part of) an operand, and the bits it takes."""

    text: str
    high: int
    low: int

    @property
    def is_fixed(self) -> bool:
        """Whether it holds binary digits."""
        return set(self.text) <= {"0", "1"}


def cells(encoding: Encoding) -> list[Cell]:
    """Return the groups of an encoding's pattern."""
    found = []
    position = encoding.width
    for group in encoding.pattern.split():
        width = _width(group, encoding)
        found.append(Cell(group, position - 1, position - width))
        position -= width
    return found


def bit_fields(encoding: Encoding) -> str:
    """Return the encoding as a box with bit numbers above, as the manuals draw it."""
    above, line, edge = "  ", "  │", "  "
    for index, (text, high, low) in enumerate(cells(encoding)):
        inside = max(len(text), len(f"{high}{low}") + 1) + 2
        above += f" {high:<{inside - len(str(low))}}{low}" if high > low else f" {high:^{inside}}"
        line += f"{text:^{inside}}│"
        edge += ("┌" if index == 0 else "┬") + "─" * inside
    top = edge + "┐"
    return "\n".join((above, top, line, top.replace("┌", "└").replace("┬", "┴").replace("┐", "┘")))


def _width(group: str, encoding: Encoding) -> int:
    """Return how many bits of the word a group of the pattern stands for."""
    if set(group) <= {"0", "1"}:
        return len(group)
    name, _, slices = group.partition("[")
    if not slices:
        return encoding.fields[name].width
    bounds = [part.split(":") for part in slices.rstrip("]").split("|")]
    return sum(int(bound[0]) - int(bound[-1]) + 1 for bound in bounds)
