"""NET and XFER descriptors (specification 6.8), and the validation of any descriptor as nm.check does it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from coprocessor.golden.descriptors import MAGIC, Type, Words
from coprocessor.golden.engine import Entry
from coprocessor.golden.memory import BAD, LIMIT, MISALIGNED, UNSUPPORTED, Fault, Memory
from coprocessor.golden.numbers import bit, field
from coprocessor.golden.population import read_population
from coprocessor.golden.projection import read_projection
from coprocessor.golden.rule import read_rule


def read_network(memory: Memory, address: int) -> list[Entry]:
    """Validate a NET with all its trees (6.8)."""
    w = Words(memory, address, Type.NET)
    w.require(w[1] != 0, BAD, 1)
    w.require(w[1] <= 255, LIMIT, 1)
    w.zero(2)
    w.zero(3)
    entries = []
    for k in range(w[1]):
        place = address + 16 + 8 * k
        a, b = memory.load(place, 4), memory.load(place + 4, 4)
        operation, out = a & 0xFF, bool(bit(a, 8))
        if a >> 9 or (out and operation != 2):
            raise Fault(BAD, place)
        if not 1 <= operation <= 3:
            raise Fault(UNSUPPORTED, place)
        if b == 0:
            raise Fault(BAD, place + 4)
        if operation == 1:
            entries.append(Entry(read_projection(memory, b)))
        elif operation == 2:
            entries.append(Entry(read_population(memory, b), out))
        else:
            entries.append(Entry(read_rule(memory, b)))
    return entries


@dataclass(frozen=True)
class Transfer:
    """A validated XFER (6.8)."""

    address: int
    n: int
    events: int
    bitmap: int
    capacity: int


def read_transfer(memory: Memory, address: int) -> Transfer:
    """Validate an XFER (6.8)."""
    w = Words(memory, address, Type.XFER)
    w.size(1)
    w.pointer(2, 4)
    w.pointer(3, 4)
    for k in (5, 6, 7):
        w.zero(k)
    return Transfer(address, *w.values[1:5])


def check(memory: Memory, address: int) -> None:
    """Validate any descriptor tree as nm.check does; an unknown type gives 24 at w0 (7.1)."""
    if address % 16:
        raise Fault(MISALIGNED, address)
    head = memory.load(address, 4)
    if head >> 16 != MAGIC or field(head, 15, 8) not in list(Type):
        raise Fault(BAD, address)
    readers: dict[Type, Callable[[Memory, int], object]] = {
        Type.POP: read_population,
        Type.SYN: read_projection,
        Type.RULE: read_rule,
        Type.NET: read_network,
        Type.XFER: read_transfer,
    }
    readers[Type(field(head, 15, 8))](memory, address)
