"""Places in a program as users write them: symbol, symbol+offset, *address, file:line."""

from __future__ import annotations

import re
from pathlib import Path

from iss.debug.expressions import Expression, ExpressionError
from iss.machine import Machine

_CURE = "expected a symbol, symbol+offset, *address or file:line, for example main, main+8, *0x80000010, main.c:12"
_LINE = re.compile(r"(?P<file>[^:]+):(?P<line>\d+)\Z")


def address_of(place: str, machine: Machine) -> int:
    """The address of a place; ExpressionError if it is none or no instruction can be there."""
    text = place.strip()
    found = _LINE.match(text)
    if found is not None:
        return _of_line(found["file"], int(found["line"]), machine)
    address = Expression(text.removeprefix("*").strip()).evaluate(machine)
    if address % 4:
        raise ExpressionError(f"{place!r} is {address:#x}, which is no multiple of 4; {_CURE}")
    if not 0 <= address < 1 << 32:
        raise ExpressionError(f"{place!r} is {address:#x}, outside of the address space; {_CURE}")
    return address


def _of_line(file: str, line: int, machine: Machine) -> int:
    table = machine.image.lines if machine.image is not None else None
    if not table:
        raise ExpressionError(f"{file}:{line}: the program has no source lines; assemble or compile it with -g")
    addresses = table.addresses(file, line)
    if not addresses:
        known = ", ".join(sorted({Path(name).name for name in table.files}))
        raise ExpressionError(f"{file}:{line}: no code begins there or behind it; the sources are {known}")
    return addresses[0]
