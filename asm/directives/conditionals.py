"""Conditional assembly: `.if` and its relatives."""

from __future__ import annotations

from typing import TYPE_CHECKING

from asm.directives.registry import directive
from asm.macros import squeeze

if TYPE_CHECKING:
    from collections.abc import Callable

    from asm.arguments import Arguments
    from asm.assembler import Assembler

_COMPARISONS: dict[str, Callable[[int], bool]] = {
    ".if": lambda value: value != 0,
    ".ifne": lambda value: value != 0,
    ".ifeq": lambda value: value == 0,
    ".ifge": lambda value: value >= 0,
    ".ifgt": lambda value: value > 0,
    ".ifle": lambda value: value <= 0,
    ".iflt": lambda value: value < 0,
}


def _begin(assembler: Assembler, condition: Callable[[], bool]) -> None:
    """Open a block; its condition is read only where it counts, and is false where it cannot be told."""
    conditions, active = assembler.conditions, assembler.conditions.active
    conditions.begin(assembler.line, assembler.column, False)
    if active and condition():
        conditions.end()
        conditions.begin(assembler.line, assembler.column, True)


@directive(*_COMPARISONS, always=True)
def compare(assembler: Assembler, name: str, arguments: Arguments) -> None:
    """`.if expression`"""

    def condition() -> bool:
        value = arguments.constant("the condition", decide=True)
        arguments.end()
        return _COMPARISONS[name](value)

    _begin(assembler, condition)


@directive(".ifdef", ".ifndef", ".ifnotdef", always=True)
def if_defined(assembler: Assembler, name: str, arguments: Arguments) -> None:
    """`.ifdef symbol`"""

    def condition() -> bool:
        defined = assembler.is_defined(arguments.name())
        arguments.end()
        return defined == (name == ".ifdef")

    _begin(assembler, condition)


@directive(".ifb", ".ifnb", always=True)
def if_blank(assembler: Assembler, name: str, arguments: Arguments) -> None:
    """`.ifb text`: nothing is there."""
    _begin(assembler, lambda: (arguments.rest() == "") == (name == ".ifb"))


@directive(".ifc", ".ifnc", always=True)
def if_same_text(assembler: Assembler, name: str, arguments: Arguments) -> None:
    """`.ifc text, text`: the same text, blanks aside."""
    first, _, second = arguments.rest().partition(",")
    same = squeeze(first).strip("'") == squeeze(second).strip("'")
    _begin(assembler, lambda: same == (name == ".ifc"))


@directive(".ifeqs", ".ifnes", always=True)
def if_same_string(assembler: Assembler, name: str, arguments: Arguments) -> None:
    """`.ifeqs "text", "text"`"""

    def condition() -> bool:
        first = arguments.string()
        arguments.expect_comma()
        same = first == arguments.string()
        arguments.end()
        return same == (name == ".ifeqs")

    _begin(assembler, condition)


@directive(".elseif", always=True)
def else_if(assembler: Assembler, name: str, arguments: Arguments) -> None:
    """`.elseif expression`"""
    condition = False
    if assembler.conditions.needs_condition():
        condition = arguments.constant("the condition", decide=True) != 0
        arguments.end()
    assembler.conditions.otherwise(name, condition)


@directive(".else", always=True)
def otherwise(assembler: Assembler, name: str, arguments: Arguments) -> None:
    arguments.end()
    assembler.conditions.otherwise(name)


@directive(".endif", always=True)
def end_if(assembler: Assembler, name: str, arguments: Arguments) -> None:
    arguments.end()
    assembler.conditions.end()
