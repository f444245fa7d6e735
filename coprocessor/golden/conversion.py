"""nm.ev2bm and nm.bm2ev: between event lists and bitmaps, each one atomic unit (specification 7.8)."""

from __future__ import annotations

from coprocessor.golden.engine import ENTRY_CYCLES, Issue
from coprocessor.golden.memory import BAD, LIMIT, Fault
from coprocessor.golden.network import Transfer
from coprocessor.golden.numbers import bit, words


def events_to_bitmap(issue: Issue, x: Transfer) -> int:
    """Store the bitmap with exactly the listed bits set; gives the number of set bits."""
    with issue.unit() as unit:
        bitmap = [0] * words(x.n)
        count = unit.load(x.events)
        for index in range(count):
            place = x.events + 4 + 4 * index
            i = unit.load(place) & 0xFFFFF
            if i >= x.n:
                raise Fault(BAD, place)
            bitmap[i // 32] |= 1 << i % 32
        for g, word in enumerate(bitmap):
            unit.store(x.bitmap + 4 * g, word)
        unit.events = conversion_events(x.n, count, reads_events=True)
    return sum(word.bit_count() for word in bitmap)


def bitmap_to_events(issue: Issue, x: Transfer) -> int:
    """Store `(nm_t & 0xFFF) << 20 | i` for the set bits i < n, ascending; gives their number."""
    with issue.unit() as unit:
        bitmap = [unit.load(x.bitmap + 4 * g) for g in range(words(x.n))]
        indices = [i for i in range(x.n) if bit(bitmap[i // 32], i % 32)]
        if len(indices) > x.capacity:
            raise Fault(LIMIT, x.address + 16)
        unit.store(x.events, len(indices))
        for index, i in enumerate(indices):
            unit.store(x.events + 4 + 4 * index, (issue.state.csr["t"] & 0xFFF) << 20 | i)
        unit.events = conversion_events(x.n, len(indices), reads_events=False)
    return len(indices)


def conversion_events(n: int, count: int, *, reads_events: bool) -> dict[str, int]:
    """Counter events of a conversion of `count` events and a bitmap of n bits (4.4)."""
    events, bitmap = 4 + 4 * count, 4 * words(n)
    return {
        "rdb": events if reads_events else bitmap,
        "wrb": bitmap if reads_events else events,
        "cyc": ENTRY_CYCLES + count + words(n),
    }
