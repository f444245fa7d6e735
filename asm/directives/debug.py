"""Line information that compilers write (`.file`, `.loc`), and call-frame directives, which are accepted and unused."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from asm.directives.registry import directive

if TYPE_CHECKING:
    from asm.arguments import Arguments
    from asm.assembler import Assembler

_CALL_FRAME: Final = """
    sections startproc endproc personality personality_id lsda inline_lsda def_cfa def_cfa_register def_cfa_offset
    adjust_cfa_offset offset rel_offset register restore undefined same_value remember_state restore_state
    return_column signal_frame window_save escape val_encoded_addr
""".split()
_WORD = re.compile(r"[a-z_]+")


@directive(".file")
def file(assembler: Assembler, name: str, arguments: Arguments) -> None:
    """`.file "name"` or `.file number "directory" "name"`"""
    if arguments.peek().startswith('"'):
        arguments.string()
        arguments.end()
        return
    number = arguments.constant("the file number")
    path = arguments.string().decode("utf-8", "surrogateescape")
    if arguments.peek().startswith('"'):
        base = arguments.string().decode("utf-8", "surrogateescape")
        path = base if base.startswith("/") else f"{path}/{base}"
    arguments.rest()
    assembler.unit.files[number] = path


@directive(".loc")
def location(assembler: Assembler, name: str, arguments: Arguments) -> None:
    """`.loc file line column is_stmt value`: where the next instruction comes from."""
    number_column = arguments.column
    number = arguments.constant("the file number")
    line = arguments.constant("the line")
    column = 0 if arguments.at_end or arguments.peek()[0].isalpha() else arguments.constant("the column")
    while (word := arguments.take(_WORD)) is not None:
        if word[0] in ("is_stmt", "view", "isa", "discriminator"):
            value = arguments.expression() if not arguments.at_end else 0
            if word[0] == "is_stmt":
                assembler.is_statement = value != 0
    arguments.end()
    path = assembler.unit.files.get(number)
    if path is None:
        assembler.session.report(
            assembler.line,
            number_column,
            f"there is no .file {number} before this .loc",
        )
        return
    assembler.start_location(path, line, column)


@directive(*(f".cfi_{word}" for word in _CALL_FRAME))
def call_frame(assembler: Assembler, name: str, arguments: Arguments) -> None:
    arguments.rest()
