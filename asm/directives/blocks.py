"""Macros, repetitions and included sources."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from asm.directives.registry import directive
from asm.errors import StatementError
from asm.files import find_file
from asm.macros import split_arguments
from asm.source import Source

if TYPE_CHECKING:
    from asm.arguments import Arguments
    from asm.assembler import Assembler


@directive(".macro")
def macro(assembler: Assembler, name: str, arguments: Arguments) -> None:
    """`.macro name parameter, parameter=default, parameter:req, parameter:vararg`"""
    column = arguments.column
    assembler.blocks.define_macro(arguments.rest(), column)


@directive(".endm", ".endmacro", ".endr")
def unexpected_end(assembler: Assembler, name: str, arguments: Arguments) -> None:
    opening = ".rept, .irp or .irpc" if name == ".endr" else ".macro"
    raise StatementError(f"{name} without {opening} before it")


@directive(".exitm")
def exit_macro(assembler: Assembler, name: str, arguments: Arguments) -> None:
    arguments.rest()
    assembler.blocks.exit_macro()


@directive(".purgem")
def purge_macro(assembler: Assembler, name: str, arguments: Arguments) -> None:
    while True:
        column = arguments.column
        assembler.blocks.purge_macro(arguments.name("the name of a macro"), column)
        if not arguments.comma():
            arguments.end()
            return


@directive(".rept")
def repeat(assembler: Assembler, name: str, arguments: Arguments) -> None:
    """`.rept count`"""
    column = arguments.column
    try:
        count = arguments.constant("the number of repetitions")
        arguments.end()
    except StatementError:
        assembler.blocks.collect(name, ".endr")
        raise
    if count < 0:
        assembler.blocks.collect(name, ".endr")
        raise StatementError(f"the number of repetitions {count} is negative", column)
    assembler.blocks.repeat(name, count)


@directive(".irp", ".irpc")
def repeat_for(assembler: Assembler, name: str, arguments: Arguments) -> None:
    """`.irp parameter, value, ...` or `.irpc parameter, characters`"""
    column = arguments.column
    parts = split_arguments(arguments.rest())
    if not parts or not parts[0]:
        assembler.blocks.collect(name, ".endr")
        raise StatementError(f"expected the name of a parameter after {name}", column)
    values = parts[1:] or [""]
    if name == ".irpc":
        values = list("".join(values)) or [""]
    assembler.blocks.repeat_for(name, parts[0], values)


@directive(".include")
def include(assembler: Assembler, name: str, arguments: Arguments) -> None:
    """`.include "file"`"""
    column = arguments.column
    wanted = arguments.string("a file name in double quotes").decode("utf-8", "surrogateescape")
    arguments.end()
    path: Path = find_file(assembler, wanted, column)
    line = assembler.line
    try:
        source = Source.read(path)
    except OSError as error:
        raise StatementError(f'cannot read "{path}": {error.strerror}', column) from None
    note = f"{line.file}:{line.number}:{column + 1}: note: included here"
    assembler.include(source, (note, *line.reached))


@directive(".end")
def end(assembler: Assembler, name: str, arguments: Arguments) -> None:
    """Nothing after this is read."""
    arguments.rest()
    assembler.blocks.stop()
