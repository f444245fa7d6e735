"""Directives that speak to the user: `.error`, `.warning`, `.print`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from asm.directives.registry import directive
from asm.errors import StatementError

if TYPE_CHECKING:
    from asm.arguments import Arguments
    from asm.assembler import Assembler


def _text(arguments: Arguments, default: str) -> str:
    if arguments.at_end:
        return default
    text = arguments.string().decode("utf-8", "replace")
    arguments.end()
    return text


@directive(".error")
def error(assembler: Assembler, name: str, arguments: Arguments) -> None:
    raise StatementError(_text(arguments, ".error in the source"))


@directive(".err")
def plain_error(assembler: Assembler, name: str, arguments: Arguments) -> None:
    raise StatementError(".err in the source")


@directive(".fail")
def fail(assembler: Assembler, name: str, arguments: Arguments) -> None:
    """`.fail value`: an error below 500, else a warning."""
    value = arguments.constant("the value")
    arguments.end()
    if value < 500:
        raise StatementError(f".fail {value} in the source")
    assembler.session.report(assembler.line, 0, f".fail {value} in the source", "warning")


@directive(".warning")
def warning(assembler: Assembler, name: str, arguments: Arguments) -> None:
    column = arguments.column
    assembler.session.report(assembler.line, column, _text(arguments, ".warning in the source"), "warning")


@directive(".print")
def print_text(assembler: Assembler, name: str, arguments: Arguments) -> None:
    """`.print "text"`: a note in the messages of the run."""
    column = arguments.column
    assembler.session.report(assembler.line, column, _text(arguments, ""), "note")
