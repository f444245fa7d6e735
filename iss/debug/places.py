"""Places in a program as users write them: symbol, symbol+offset, *address."""

from __future__ import annotations

from iss.debug.expressions import Expression, ExpressionError
from iss.machine import Machine

_CURE = "expected a symbol, symbol+offset or *address, for example main, main+8 or *0x80000010"


def address_of(place: str, machine: Machine) -> int:
    """The address of a place; ExpressionError if it is none or no instruction can be there."""
    text = place.strip()
    address = Expression(text.removeprefix("*").strip()).evaluate(machine)
    if address % 4:
        raise ExpressionError(f"{place!r} is {address:#x}, which is no multiple of 4; {_CURE}")
    if not 0 <= address < 1 << 32:
        raise ExpressionError(f"{place!r} is {address:#x}, outside of the address space; {_CURE}")
    return address
