"""`.option`, `.attribute` and directives of other tools that change nothing here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from asm.directives.registry import directive
from asm.errors import StatementError

if TYPE_CHECKING:
    from asm.arguments import Arguments
    from asm.assembler import Assembler

# Which instructions exist is the instruction set's matter, and calls are never relaxed: these change nothing.
_ACCEPTED: Final = {
    "rvc",
    "norvc",
    "relax",
    "norelax",
    "nopic",
    "csr-check",
    "no-csr-check",
    "arch",
}


@directive(".option")
def option(assembler: Assembler, name: str, arguments: Arguments) -> None:
    """`.option push`, `pop`, `norelax`, ..."""
    column = arguments.column
    word = arguments.rest().partition(",")[0].strip()
    if word == "push":
        assembler.option_depth += 1
    elif word == "pop":
        if assembler.option_depth == 0:
            raise StatementError(".option pop without .option push before it", column)
        assembler.option_depth -= 1
    elif word == "pic":
        raise StatementError(
            "position-independent code is not supported (there is no dynamic linker)",
            column,
        )
    elif word not in _ACCEPTED:
        expected = ", ".join(sorted({*_ACCEPTED, "push", "pop"}))
        raise StatementError(f'unknown option "{word}", expected one of {expected}', column)


@directive(".attribute", ".gnu_attribute", ".ident", ".addrsig", ".addrsig_sym", ".variant_cc")
def ignore(assembler: Assembler, name: str, arguments: Arguments) -> None:
    arguments.rest()


@directive(".altmacro", ".noaltmacro")
def alternate_macros(assembler: Assembler, name: str, arguments: Arguments) -> None:
    if name == ".altmacro":
        raise StatementError(r"the alternate macro syntax is not supported; use \name parameters and \@ for labels")


@directive(".list", ".nolist", ".title", ".sbttl", ".psize", ".eject")
def listing_control(assembler: Assembler, name: str, arguments: Arguments) -> None:
    arguments.rest()
