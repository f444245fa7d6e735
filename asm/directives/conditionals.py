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


@directive(*_COMPARISONS, always=True)
def compare(assembler: Assembler, name: str, arguments: Arguments) -> None:
    """`.if expression`"""
    column = arguments.column
    condition = False
    if assembler.conditions.active:
        # A condition that cannot be told counts as false, so that its .endif still has its .if.
        assembler.conditions.begin(assembler.line, column, False)
        value = arguments.constant("the condition")
        arguments.end()
        assembler.conditions.end()
        condition = _COMPARISONS[name](value)
    assembler.conditions.begin(assembler.line, column, condition)


@directive(".ifdef", ".ifndef", ".ifnotdef", always=True)
def if_defined(assembler: Assembler, name: str, arguments: Arguments) -> None:
    """`.ifdef symbol`"""
    column = arguments.column
    condition = False
    if assembler.conditions.active:
        condition = assembler.is_defined(arguments.name()) == (name == ".ifdef")
        arguments.end()
    assembler.conditions.begin(assembler.line, column, condition)


@directive(".ifb", ".ifnb", always=True)
def if_blank(assembler: Assembler, name: str, arguments: Arguments) -> None:
    """`.ifb text`: nothing is there."""
    column = arguments.column
    assembler.conditions.begin(assembler.line, column, (arguments.rest() == "") == (name == ".ifb"))


@directive(".ifc", ".ifnc", always=True)
def if_same_text(assembler: Assembler, name: str, arguments: Arguments) -> None:
    """`.ifc text, text`: the same text, blanks aside."""
    column = arguments.column
    first, _, second = arguments.rest().partition(",")
    same = squeeze(first).strip("'") == squeeze(second).strip("'")
    assembler.conditions.begin(assembler.line, column, same == (name == ".ifc"))


@directive(".ifeqs", ".ifnes", always=True)
def if_same_string(assembler: Assembler, name: str, arguments: Arguments) -> None:
    """`.ifeqs "text", "text"`"""
    column = arguments.column
    condition = False
    if assembler.conditions.active:
        first = arguments.string()
        arguments.expect_comma()
        condition = (first == arguments.string()) == (name == ".ifeqs")
        arguments.end()
    assembler.conditions.begin(assembler.line, column, condition)


@directive(".elseif", always=True)
def else_if(assembler: Assembler, name: str, arguments: Arguments) -> None:
    """`.elseif expression`"""
    condition = False
    if assembler.conditions.needs_condition():
        condition = arguments.constant("the condition") != 0
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
