"""Symbols of one source: labels, equates, commons, and names only referred to so far."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from asm.expressions import Expression
    from asm.fragments import Fragment, Section
    from asm.source import Line


@dataclass(frozen=True, slots=True)
class Place:
    """A line and a column (from 0) in it: where something stands, for messages that come later."""

    line: Line
    column: int


@dataclass(frozen=True, slots=True)
class Label:
    """A position: `offset` bytes into a fragment of a section."""

    section: Section
    fragment: Fragment
    offset: int


@dataclass(frozen=True, slots=True)
class Common:
    """Storage for `.comm`: the largest of all sources' sizes is set aside once."""

    size: int
    alignment: int


class Symbol:
    """A name and what it stands for; a later `.set` makes a new Symbol, so that earlier uses keep their value.

    `text` is the expression of an `.eqv`, which is read anew wherever the symbol is used.
    """

    __slots__ = (
        "binding",
        "common",
        "defined_at",
        "explicitly_local",
        "expression",
        "kind",
        "label",
        "name",
        "size",
        "text",
        "used_at",
        "visibility",
    )

    def __init__(self, name: str) -> None:
        self.name = name
        self.label: Label | None = None
        self.expression: Expression | None = None
        self.common: Common | None = None
        self.binding = "local"
        self.kind = "notype"
        self.visibility = "default"
        self.size: Expression | None = None
        self.text = ""
        self.explicitly_local = False
        self.defined_at: Place | None = None
        self.used_at: Place | None = None

    @property
    def defined(self) -> bool:
        return self.label is not None or self.expression is not None or self.common is not None

    @property
    def is_temporary(self) -> bool:
        """Tell whether the name is the assembler's own (`.L...`, numeric) and stays out of symbol tables."""
        return self.name.startswith(".L") or "\x01" in self.name

    @property
    def shown_name(self) -> str:
        """The name as the user wrote it; numeric labels carry a hidden counter."""
        return self.name.split("\x01")[0].removeprefix(".L") if "\x01" in self.name else self.name

    def __repr__(self) -> str:
        return f"Symbol({self.name!r})"
