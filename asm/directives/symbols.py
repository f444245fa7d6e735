"""Directives about symbols: values, visibility, type and size, common storage."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from asm.directives.registry import directive
from asm.errors import StatementError
from asm.fragments import Align, Space
from asm.symbols import Common, Label, Place, Symbol

if TYPE_CHECKING:
    from asm.arguments import Arguments
    from asm.assembler import Assembler

_TYPES: Final = {
    "function": "func", "STT_FUNC": "func",
    "object": "object", "STT_OBJECT": "object",
    "notype": "notype", "STT_NOTYPE": "notype",
    "common": "object", "STT_COMMON": "object",
    "tls_object": "object", "gnu_unique_object": "object",
}  # fmt: skip
_COMMON_SUBSECTION: Final = 1  # as in GNU as: after what .bss holds by itself
_TYPE = re.compile(r"""[@%#]?\s*"?(\w+)"?""")


@directive(".set", ".equ", ".equiv", ".eqv")
def set_value(assembler: Assembler, name: str, arguments: Arguments) -> None:
    """`.set symbol, expression`; .equiv refuses a defined symbol, .eqv looks its terms up anew at each use."""
    column = arguments.column
    symbol = arguments.name()
    arguments.expect_comma()
    text = arguments.peek()
    value = arguments.expression()
    arguments.end()
    assembler.assign(
        symbol,
        value,
        column,
        once=name in (".equiv", ".eqv"),
        text=text if name == ".eqv" else "",
    )


def _symbols(assembler: Assembler, arguments: Arguments) -> list[Symbol]:
    symbols = []
    while True:
        symbols.append(assembler.symbol(arguments.name()))
        if not arguments.comma():
            arguments.end()
            return symbols


@directive(".globl", ".global", ".weak", ".local")
def binding(assembler: Assembler, name: str, arguments: Arguments) -> None:
    """`.globl symbol, ...`: visible to the other sources; .weak gives way to another definition."""
    for symbol in _symbols(assembler, arguments):
        if symbol.is_temporary and name != ".local":
            raise arguments.fail(f'"{symbol.shown_name}" is a local label and cannot be made visible to other sources')
        symbol.binding = {".weak": "weak", ".local": "local"}.get(name, "global")
        symbol.explicitly_local = name == ".local"


@directive(".hidden", ".internal", ".protected")
def visibility(assembler: Assembler, name: str, arguments: Arguments) -> None:
    for symbol in _symbols(assembler, arguments):
        symbol.visibility = name[1:]


@directive(".type")
def symbol_type(assembler: Assembler, name: str, arguments: Arguments) -> None:
    """`.type symbol, @function`"""
    symbol = assembler.symbol(arguments.name())
    arguments.comma()
    column = arguments.column
    found = arguments.take(_TYPE)
    if found is None or found[1] not in _TYPES:
        raise StatementError("expected a symbol type such as @function or @object", column)
    arguments.end()
    symbol.kind = _TYPES[found[1]]


@directive(".size")
def symbol_size(assembler: Assembler, name: str, arguments: Arguments) -> None:
    """`.size symbol, expression`"""
    symbol = assembler.symbol(arguments.name())
    arguments.expect_comma()
    symbol.size = arguments.expression()
    arguments.end()


def _common_arguments(arguments: Arguments) -> tuple[str, int, int, int]:
    column = arguments.column
    symbol = arguments.name()
    arguments.expect_comma()
    size = arguments.constant("the size")
    if size < 0:
        raise StatementError(f"the size {size} is negative", column)
    alignment = 0
    if arguments.comma():
        alignment = arguments.constant("the alignment")
        if alignment <= 0 or alignment & (alignment - 1):
            raise StatementError(f"the alignment {alignment} is not a power of 2", column)
    arguments.end()
    return symbol, column, size, alignment


@directive(".comm", ".common")
def common(assembler: Assembler, name: str, arguments: Arguments) -> None:
    """`.comm symbol, size, alignment`: storage shared with the same symbol of other sources, zero at start."""
    wanted, column, size, alignment = _common_arguments(arguments)
    symbol = assembler.symbol(wanted)
    if symbol.explicitly_local:
        _reserve(assembler, symbol, column, size, alignment or 1)
        return
    if symbol.label is not None or symbol.expression is not None:
        assembler.check_undefined(symbol, column)
    symbol.common = Common(size, alignment or min(16, 1 << max(0, size - 1).bit_length()))
    symbol.binding, symbol.kind = "global", "object"
    symbol.defined_at = Place(assembler.line, column)


@directive(".lcomm")
def local_common(assembler: Assembler, name: str, arguments: Arguments) -> None:
    """`.lcomm symbol, size, alignment`: storage of this source, zero at start."""
    wanted, column, size, alignment = _common_arguments(arguments)
    natural = min(8, 1 << max(0, size.bit_length() - 1))
    _reserve(assembler, assembler.symbol(wanted), column, size, alignment or natural)


def _reserve(assembler: Assembler, symbol: Symbol, column: int, size: int, alignment: int) -> None:
    """Reserve zero bytes for a symbol in .bss."""
    assembler.check_undefined(symbol, column)
    places = assembler.places
    places.push()
    places.switch(places.open(".bss", None, None), _COMMON_SUBSECTION)
    if alignment > 1:
        assembler.section.alignment = max(assembler.section.alignment, alignment)
        assembler.reserve(Align(alignment, b"\0", None))
    symbol.label = Label(assembler.section, *assembler.here())
    symbol.kind, symbol.size = "object", size
    symbol.defined_at = Place(assembler.line, column)
    assembler.reserve(Space(size, b"\0", Place(assembler.line, column)))
    places.pop()
