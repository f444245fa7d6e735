"""Directives that choose the section and the alignment of what follows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from asm.directives.registry import directive
from asm.errors import StatementError
from asm.places import defaults

if TYPE_CHECKING:
    from asm.arguments import Arguments
    from asm.assembler import Assembler

_FLAGS: Final = "awxMSGoTe?R"
_KINDS: Final = (
    "progbits",
    "nobits",
    "note",
    "init_array",
    "fini_array",
    "preinit_array",
)
_MAXIMUM_ALIGNMENT: Final = 1 << 24


@directive(".text", ".data", ".bss")
def standard(assembler: Assembler, name: str, arguments: Arguments) -> None:
    """`.text subsection`"""
    number = 0 if arguments.at_end else arguments.constant("the subsection")
    arguments.end()
    assembler.places.switch(assembler.places.open(name, None, None), number)


@directive(".rodata", ".sdata", ".sbss")
def shorthand(assembler: Assembler, name: str, arguments: Arguments) -> None:
    """`.rodata`, short for `.section .rodata`."""
    arguments.end()
    assembler.places.switch(assembler.places.open(name, None, None))


@directive(".section", ".pushsection")
def section(assembler: Assembler, name: str, arguments: Arguments) -> None:
    """`.section name, "flags", @kind, entry size`"""
    column = arguments.column
    wanted = arguments.name("the name of the section")
    while arguments.peek().startswith("-"):
        wanted += "-" + arguments.peek()[1:].split(",")[0].strip()
        arguments.rest()
    flags: str | None = None
    kind: str | None = None
    entry_size, number = 0, 0
    if arguments.comma():
        if name == ".pushsection" and not arguments.peek().startswith('"'):
            number = arguments.constant("the subsection")
            arguments.comma()
        if arguments.peek().startswith('"'):
            flags_column = arguments.column
            flags = arguments.string().decode("ascii", "replace")
            unknown = [flag for flag in flags if flag not in _FLAGS]
            if unknown:
                raise StatementError(
                    f'unknown section flag "{unknown[0]}", expected some of "{_FLAGS}"',
                    flags_column,
                )
        if arguments.comma():
            kind = _read_kind(arguments)
            if arguments.comma():
                entry_size = arguments.constant("the entry size")
                if arguments.comma():
                    arguments.rest()
    arguments.end()
    if flags is None and wanted not in assembler.unit.sections and defaults(wanted) is None:
        assembler.session.report(
            assembler.line,
            column,
            f'section {wanted} has no flags, so it is not loaded; write .section {wanted},"aw" (or "ax", "a")',
            "warning",
        )
    if name == ".pushsection":
        assembler.places.push()
    assembler.places.switch(assembler.places.open(wanted, flags, kind, entry_size), number)


def _read_kind(arguments: Arguments) -> str:
    text = arguments.peek()
    if text[:1] not in ("@", "%", '"'):
        raise arguments.fail("expected a section type such as @progbits or @nobits")
    column = arguments.column
    word = text[1:].split(",")[0].strip().strip('"')
    arguments.skip_to_comma()
    if word not in _KINDS:
        raise StatementError(
            f'unknown section type "{word}", expected one of {", ".join(_KINDS)}',
            column,
        )
    return word


@directive(".popsection")
def pop_section(assembler: Assembler, name: str, arguments: Arguments) -> None:
    arguments.end()
    assembler.places.pop()


@directive(".previous")
def previous_section(assembler: Assembler, name: str, arguments: Arguments) -> None:
    arguments.end()
    assembler.places.previous()


@directive(".subsection")
def subsection(assembler: Assembler, name: str, arguments: Arguments) -> None:
    number = arguments.constant("the subsection")
    arguments.end()
    assembler.places.switch(assembler.section, number)


@directive(".align", ".p2align", ".p2alignw", ".p2alignl", ".balign", ".balignw", ".balignl")
def align(assembler: Assembler, name: str, arguments: Arguments) -> None:
    """`.align power, fill, limit` (as .p2align) or `.balign bytes, fill, limit`."""
    if arguments.at_end:
        return
    column = arguments.column
    value = arguments.constant("the alignment")
    if name.startswith(".balign"):
        alignment = value
        if value < 0 or value & (value - 1):
            raise StatementError(f"the alignment {value} is not a power of 2", column)
    else:
        if not 0 <= value <= 24:
            raise StatementError(
                f"the alignment 2**{value} is out of range, expected a power 0..24",
                column,
            )
        alignment = 1 << value
    if alignment > _MAXIMUM_ALIGNMENT:
        raise StatementError(f"the alignment {alignment} is larger than {_MAXIMUM_ALIGNMENT}", column)
    fill: bytes | None = None
    limit: int | None = None
    if arguments.comma():
        if not arguments.peek().startswith(","):
            width = {"w": 2, "l": 4}.get(name[-1], 1) if name not in (".align", ".balign") else 1
            fill = (arguments.constant("the fill value") & ((1 << 8 * width) - 1)).to_bytes(width, "little")
        if arguments.comma():
            limit = arguments.constant("the largest padding") or None
    arguments.end()
    assembler.align(alignment, fill, limit)
