"""Breakpoints and watchpoints: what they look for, when they are met, and how they say so."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

from iss.debug.expressions import Expression, ExpressionError
from iss.debug.search import AfterAccess, AfterCsr, AfterRegister, Anywhere, AtAddress, Wanted
from iss.isa.registers import NUMBER
from iss.machine import Machine


class PointKind(Enum):
    """What a point is; the value is what lists call it."""

    BREAK = "break"
    WATCH = "watch"  # the value has changed
    READ = "rwatch"  # the memory was read
    WRITE = "write"  # it was written, whatever its value was
    ACCESS = "awatch"  # the memory was read or written


@dataclass
class Point:
    """A break- or watchpoint. `text` is what the user wrote; `ignore` meetings are still to be passed over."""

    number: int
    kind: PointKind
    text: str
    wanted: Wanted
    value: Expression | None = None
    condition: Expression | None = None
    ignore: int = 0
    temporary: bool = False
    enabled: bool = True
    hits: int = 0
    last: int | None = field(default=None, repr=False)

    def prepare(self, machine: Machine) -> None:
        """Note the value from which changes are seen."""
        self.last = self._value(machine)

    def _value(self, machine: Machine) -> int | None:
        """The watched value; None where it has none at this moment."""
        try:
            return self.value.evaluate(machine) if self.value is not None else None
        except ExpressionError:
            return None

    def met(self, machine: Machine, following: int) -> tuple[int | None, int | None] | None:
        """At a candidate moment: the old and new value (None for breakpoints) if the point is met, else None.

        `following` is the address of the instruction that retires next: not pc if that one traps.
        """
        values: tuple[int | None, int | None] = (None, None)
        if isinstance(self.wanted, AtAddress):
            if following not in self.wanted.addresses:
                return None
        elif self.value is not None:
            values = self.last, self._value(machine)
            self.last = values[1]
            if self.kind is PointKind.WATCH and values[0] == values[1]:
                return None
        if self.condition is not None and not self.condition.evaluate(machine):
            return None
        return values

    def __str__(self) -> str:
        extra = f" if {self.condition}" if self.condition is not None else ""
        extra += f", ignored {self.ignore} times more" if self.ignore else ""
        extra += "" if self.enabled else ", disabled"
        times = "once" if self.hits == 1 else f"{self.hits} times"
        return f"{self.number} {self.kind.value} {self.text}{extra}, hit {times}"


def watched(text: str, kind: PointKind, machine: Machine) -> tuple[Wanted, Expression]:
    """What to look for to watch an expression; ExpressionError for one that cannot be watched so."""
    expression = Expression(text)
    expression.evaluate(machine)
    place = expression.location(machine)
    if place is not None:
        address, size = place
        loads, stores = kind is not PointKind.WATCH, kind is not PointKind.READ
        return AfterAccess(address, address + size, loads, stores), expression
    if kind is not PointKind.WATCH:
        raise ExpressionError(f"{text!r} names no memory; {kind.value} needs a place such as [address] or name[0]")
    if text in NUMBER:
        return AfterRegister(NUMBER[text]), expression
    csr = machine.architecture.csrs.named(text)
    if csr is not None:
        return AfterCsr(csr.number), expression
    return Anywhere(), expression
