"""Directives that emit data: numbers, strings, repeated fill and the contents of files."""

from __future__ import annotations

import math
import re
import struct
from typing import TYPE_CHECKING, Final

from asm.directives.registry import directive
from asm.errors import StatementError
from asm.expressions import Expression, constant
from asm.files import find_file
from asm.fragments import DataFixup, Leb128, Space, leb128
from asm.symbols import Place

if TYPE_CHECKING:
    from asm.arguments import Arguments
    from asm.assembler import Assembler

_SIZES: Final = {
    ".byte": 1, ".1byte": 1, ".dc.b": 1,
    ".half": 2, ".short": 2, ".hword": 2, ".2byte": 2, ".dc.w": 2,
    ".word": 4, ".long": 4, ".int": 4, ".4byte": 4, ".dc.l": 4, ".dc": 2,
    ".dword": 8, ".quad": 8, ".8byte": 8,
    ".octa": 16,
}  # fmt: skip
_LARGE: Final = 4096
_FLOAT = re.compile(
    r"(?:0[a-zA-Z:])?([-+]?(?:\d+\.?\d*(?:[eE][-+]?\d+)?|\.\d+(?:[eE][-+]?\d+)?|inf|nan))",
    re.IGNORECASE,
)


def truncated(assembler: Assembler, value: int, size: int, column: int) -> bytes:
    """Return the little-endian bytes of a value; what does not fit is cut off with a warning (as GNU as does)."""
    bits = 8 * size
    if not -(1 << bits) < value < (1 << bits) and bits < 64:
        cut = value & ((1 << bits) - 1)
        assembler.session.report(
            assembler.line,
            column,
            f"value {value:#x} does not fit in {bits} bits, {cut:#x} is stored",
            "warning",
        )
    return (value & ((1 << bits) - 1)).to_bytes(size, "little")


@directive(*_SIZES)
def numbers(assembler: Assembler, name: str, arguments: Arguments) -> None:
    """`.word expression, ...`"""
    size = _SIZES[name]
    while not arguments.at_end:
        column = arguments.column
        expression = arguments.expression()
        emit_value(assembler, expression, size, column)
        if not arguments.comma():
            arguments.end()
        elif arguments.at_end:
            raise arguments.fail("expected another value after the comma")


def emit_value(assembler: Assembler, expression: Expression, size: int, column: int) -> None:
    """Emit a number, now or as a fixup."""
    value = constant(expression)
    if value is not None:
        content = truncated(assembler, value, size, column)
        if assembler.section.kind == "nobits" and not any(content):
            assembler.reserve(Space(size, b"\0", Place(assembler.line, column)))
        else:
            assembler.emit(content)
        return
    assembler.emit(
        bytes(size),
        lambda offset, place: DataFixup(offset, size, expression, Place(place.line, column)),
    )


@directive(".ascii", ".string", ".asciz", ".string8")
def strings(assembler: Assembler, name: str, arguments: Arguments) -> None:
    """`.string "text", ...`; all but .ascii end each with a zero byte. Strings side by side are joined."""
    end = b"" if name == ".ascii" else b"\0"
    while not arguments.at_end:
        content = arguments.string()
        while arguments.peek().startswith('"'):
            content += arguments.string()
        assembler.emit(content + end)
        if not arguments.comma():
            arguments.end()
        elif arguments.at_end:
            raise arguments.fail("expected another string after the comma")


@directive(".string16", ".string32")
def wide_strings(assembler: Assembler, name: str, arguments: Arguments) -> None:
    """`.string16 "text"`: each byte of the text widened, with a zero at the end."""
    width = int(name[-2:]) // 8
    while not arguments.at_end:
        assembler.emit(b"".join(byte.to_bytes(width, "little") for byte in (*arguments.string(), 0)))
        if not arguments.comma():
            arguments.end()


@directive(".zero", ".space", ".skip")
def space(assembler: Assembler, name: str, arguments: Arguments) -> None:
    """`.space size, fill`"""
    if arguments.at_end:
        return
    column = arguments.column
    size = arguments.expression()
    fill = arguments.constant("the fill value") if arguments.comma() else 0
    arguments.end()
    repeat(assembler, size, (fill & 255).to_bytes(1, "little"), column)


@directive(".fill")
def fill(assembler: Assembler, name: str, arguments: Arguments) -> None:
    """`.fill repeat, size, value`; of the value 4 bytes at most are used, the rest is zero."""
    if arguments.at_end:
        return
    column = arguments.column
    count = arguments.expression()
    size, value = 1, 0
    if arguments.comma():
        if not arguments.peek().startswith(","):
            size = arguments.constant("the size")
        if arguments.comma():
            value = arguments.constant("the value")
    arguments.end()
    if not size >= 0:
        raise StatementError(f"the size {size} is negative", column)
    size = min(size, 8)
    content = (value & ((1 << 8 * min(size, 4)) - 1)).to_bytes(size, "little")
    if size:
        repeat(assembler, count, content, column)


def repeat(assembler: Assembler, count: Expression, fill: bytes, column: int) -> None:
    """Emit `fill` so many times."""
    known = constant(count)
    if known is not None:
        if known < 0:
            raise StatementError(f"the size {known} is negative", column)
        if known * len(fill) <= _LARGE and assembler.section.kind != "nobits":
            assembler.emit(fill * known)
            return
        if known * len(fill) > 0xFFFF_FFFF:
            raise StatementError(
                f"the size {known * len(fill)} does not fit in the 32-bit address space",
                column,
            )
        count = known
    assembler.reserve(Space(count, fill, Place(assembler.line, column)))


@directive(".org")
def origin(assembler: Assembler, name: str, arguments: Arguments) -> None:
    """`.org position, fill`: go on at an offset of the section."""
    column = arguments.column
    target = arguments.expression()
    fill = arguments.constant("the fill value") if arguments.comma() else 0
    arguments.end()
    assembler.set_origin(target, fill & 255, column)


@directive(".uleb128", ".sleb128")
def variable_length(assembler: Assembler, name: str, arguments: Arguments) -> None:
    """`.uleb128 expression, ...`"""
    signed = name == ".sleb128"
    while True:
        column = arguments.column
        expression = arguments.expression()
        value = constant(expression)
        if value is None:
            assembler.emit_fragment(Leb128(expression, signed, Place(assembler.line, column)), code=False)
        elif value < 0 and not signed:
            raise StatementError(f"the value {value} is negative, expected an unsigned number", column)
        else:
            assembler.emit(leb128(value, signed))
        if not arguments.comma():
            arguments.end()
            return


@directive(".float", ".single", ".double", ".dc.s", ".dc.d")
def floats(assembler: Assembler, name: str, arguments: Arguments) -> None:
    """`.float number, ...`: IEEE 754 single or double precision."""
    form = "<d" if name in (".double", ".dc.d") else "<f"
    while not arguments.at_end:
        column = arguments.column
        found = arguments.take(_FLOAT)
        if found is None:
            raise arguments.fail("expected a floating-point number such as 1.5 or -2e-3")
        value = float(found[1])
        try:
            content = struct.pack(form, value)
        except OverflowError:
            content = b""
        if not content or (math.isinf(value) and "n" not in found[1].lower()):
            raise StatementError(f"{found[1]} is too large for {name}", column)
        assembler.emit(content)
        if not arguments.comma():
            arguments.end()


@directive(".incbin")
def include_binary(assembler: Assembler, name: str, arguments: Arguments) -> None:
    """`.incbin "file", skip, count`: the bytes of a file."""
    column = arguments.column
    wanted = arguments.string("a file name in double quotes").decode("utf-8", "surrogateescape")
    skip, count = 0, None
    if arguments.comma():
        if not arguments.peek().startswith(","):
            skip = arguments.constant("the number of bytes to skip")
        if arguments.comma():
            count = arguments.constant("the number of bytes")
    arguments.end()
    path = find_file(assembler, wanted, column)
    try:
        content = path.read_bytes()
    except OSError as error:
        raise StatementError(f'cannot read "{path}": {error.strerror}', column) from None
    if skip < 0 or skip > len(content) or (count is not None and (count < 0 or skip + count > len(content))):
        raise StatementError(
            f'"{wanted}" has {len(content)} bytes, asked for {count or "all"} from {skip} on',
            column,
        )
    assembler.emit(content[skip:] if count is None else content[skip : skip + count])
