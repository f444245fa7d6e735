"""Bulk kernels of compressed rows and one-to-one synapses against the engine without kernels."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from random import Random

import numpy as np
import pytest

from coprocessor.interface import Operation
from tests.coprocessor.implementations import BASE, LEVELS, Machine
from tests.coprocessor.memory_image import Image
from tests.effort import EFFORT

CSR, ONE_TO_ONE = 4, 7
BITMAP, AER, GRADED, QUEUE = range(4)
FIXED, PER_SOURCE, PER_SYNAPSE = range(3)
SIZE = 1 << 18


@dataclass
class Synapses:
    """A projection with everything it points at; `place` leaves bytes free before a table, so that it lies anywhere."""

    rows: Sequence[Sequence[tuple[int, int]]]
    m: int
    active: Sequence[tuple[int, int]]
    source: int = BITMAP
    fmt: int = CSR
    delay: int = FIXED
    fixed_delay: int = 0
    log_depth: int = 0
    exponent: int = 0
    delays: Sequence[int] = ()
    place: tuple[int, int] = (0, 0)
    weighted: bool = True
    image: Image = field(default_factory=lambda: Image(SIZE))
    bounds: int = 0
    columns: int = 0
    weights: int = 0
    table: int = 0
    events: int = 0
    ring: int = 0

    def build(self) -> int:
        """Place everything; gives the address of the SYN."""
        image, n = self.image, len(self.rows)
        elements = [element for row in self.rows for element in row]
        if self.fmt == CSR:
            starts = [0]
            for row in self.rows:
                starts.append(starts[-1] + len(row))
            self.bounds = image.words(starts)
            content = b"".join(j.to_bytes(2, "little") for j, _ in elements)
            self.columns = image.allocate(self.place[0], 2) + self.place[0]
            image.allocate(len(content), 1, content)
        if self.weighted:
            image.allocate(1 + self.place[1], 1)
            self.weights = image.allocate(len(elements), 1, bytes(w & 0xFF for _, w in elements))
        if self.delay == PER_SOURCE:
            self.table = image.allocate(n, 1, bytes(self.delays))
        elif self.delay == PER_SYNAPSE:
            low, high = self.delays[0::2], [*self.delays[1::2], 0]
            pairs = zip(low, high[: len(low)], strict=True)
            self.table = image.allocate(len(low) + 1, 1, bytes(a | b << 4 for a, b in pairs))
        self.events = self._source(n)
        depth = 1 << self.log_depth
        self.ring = image.words([0x7FFF_FF00 + k for k in range(depth * self.m)])
        return image.syn(
            n,
            self.m,
            weights=self.weights,
            cur=self.ring,
            source_address=self.events,
            fmt=self.fmt,
            source=self.source,
            delay=self.delay,
            fixed_delay=self.fixed_delay,
            log_depth=self.log_depth,
            exponent=self.exponent,
            rows=self.bounds,
            columns=self.columns,
            delays=self.table,
        )

    def _source(self, n: int) -> int:
        if self.source == GRADED:
            values = dict(self.active)
            return self.image.words([values.get(i, 0) & 0xFFFF_FFFF for i in range(n)])
        if self.source == BITMAP:
            bits = sum(1 << i for i, _ in self.active)
            return self.image.words([bits >> 32 * k & 0xFFFF_FFFF for k in range(-(-n // 32))])
        if self.source == AER:
            return self.image.words([len(self.active), *(i | 0xABC << 20 for i, _ in self.active)])
        return 2


def same_everywhere(
    synapses: Synapses, *, units: int = 0, time: int = 0, repair: Callable[[Image], None] | None = None
) -> None:
    """Every level does what the one without kernels does: RAM, counters, progress, faults; after `repair` too."""
    syn = synapses.build()
    seen = {}
    for name, level in LEVELS.items():
        machine = Machine(level, synapses.image.ram)
        machine.write("slice", units)
        machine.write("t", time)
        if synapses.source == QUEUE:
            for i, _ in synapses.active:
                machine.issue(Operation.INJ, i, synapses.events)
        trail: list[object] = []
        while (outcome := machine.issue(Operation.SYN, syn)) == 1:
            trail.append((machine.seen(), bytes(machine.ram)))
        if outcome == 2 and repair is not None:
            trail.append(machine.seen())
            mended = Image(SIZE)
            mended.ram = machine.ram
            repair(mended)
            while (outcome := machine.issue(Operation.SYN, syn)) == 1:
                pass
            assert outcome == 0
        before, after = (np.frombuffer(ram, dtype=np.uint8) for ram in (synapses.image.ram, machine.ram))
        changed = np.flatnonzero(before != after)
        low, high = machine.unit.written_low, machine.unit.written_high
        assert repair is not None or changed.size == 0 or (low <= changed[0] and changed[-1] <= high)
        seen[name] = (trail, outcome, machine.seen(), bytes(machine.ram))
    expected = seen.pop("scalar")
    for name, found in seen.items():
        assert found == expected, name


def row_of(random: Random, length: int, m: int, *, ordered: bool) -> list[tuple[int, int]]:
    columns = [random.randrange(m) for _ in range(length)]
    return [(j, random.randint(-128, 127)) for j in (sorted(columns) if ordered else columns)]


def random_synapses(random: Random) -> Synapses:
    n, m = random.randint(1, 90), random.choice((1, 7, 64, 300, 2000))
    longest = random.choice((0, 5, 40, 200))
    rows = [row_of(random, random.randint(0, longest), m, ordered=random.random() < 0.5) for _ in range(n)]
    log_depth = random.randint(0, 4)
    fixed = random.randrange(1 << log_depth)
    room = (1 << log_depth) - fixed
    delay = random.choice((FIXED, PER_SOURCE, PER_SYNAPSE))
    count = n if delay == PER_SOURCE else sum(map(len, rows))
    density = random.choice((0, 0.1, 0.5, 1))
    active = [(i, random.choice((1, -1, 77, -(2**31)))) for i in range(n) if random.random() < density]
    source = random.choice((BITMAP, AER, GRADED, QUEUE))
    if source in (AER, QUEUE):
        random.shuffle(active)
        active = (active * 2)[:60]
    return Synapses(
        rows,
        m,
        active,
        source=source,
        delay=delay,
        fixed_delay=fixed,
        log_depth=log_depth,
        exponent=random.choice((0, 0, 3, 24)),
        delays=[random.randrange(min(room, 16)) for _ in range(count)] if delay != FIXED else (),
        place=(2 * random.randrange(8), random.randrange(16)),
    )


@pytest.mark.parametrize("place", [(0, 0), (2, 1), (6, 3), (10, 15)])
@pytest.mark.parametrize("delay", [FIXED, PER_SYNAPSE])
def test_every_row_length(place: tuple[int, int], delay: int) -> None:
    random = Random(repr((place, delay)))
    rows = [row_of(random, length, 100, ordered=length % 2 == 0) for length in range(71)]
    delays = [random.randrange(4) for _ in range(sum(map(len, rows)))] if delay else ()
    active = [(i, 1) for i in range(71)]
    same_everywhere(Synapses(rows, 100, active, delay=delay, log_depth=2, delays=delays, exponent=2, place=place))


def test_long_rows_and_largest_columns() -> None:
    random = Random(4)
    m = 20_000
    rows = [[(0, -128), *row_of(random, length, m, ordered=True), (m - 1, 127)] for length in (900, 1022, 1500, 3000)]
    same_everywhere(Synapses(rows, m, [(i, 1) for i in range(4)], exponent=9))


def test_one_column_many_times() -> None:
    rows = [[(3, 100)] * 65, [(3, -128), (2, 5)] * 40]
    same_everywhere(Synapses(rows, 5, [(0, 1), (1, 1)], exponent=24))


@pytest.mark.parametrize("seed", range(40 * EFFORT))
def test_random_rows(seed: int) -> None:
    random = Random(seed)
    same_everywhere(random_synapses(random), units=random.choice((0, 0, 1, 2, 7)), time=random.randrange(2**32))


def simple(source: int = BITMAP, delay: int = FIXED) -> Synapses:
    """Six rows of ten synapses to 50 neurons."""
    random = Random(1)
    rows = [row_of(random, 10, 50, ordered=True) for _ in range(6)]
    count = {FIXED: 0, PER_SOURCE: 6, PER_SYNAPSE: 60}[delay]
    active = [(i, i + 1) for i in range(6)]
    return Synapses(rows, 50, active, source=source, delay=delay, log_depth=2, fixed_delay=1, delays=[2] * count)


@pytest.mark.parametrize("source", [BITMAP, AER, GRADED, QUEUE])
@pytest.mark.parametrize("place", range(0, 60, 7))
def test_column_out_of_range(source: int, place: int) -> None:
    synapses = simple(source)
    synapses.rows[place // 10][place % 10] = (50, 1)  # type: ignore[index]

    same_everywhere(synapses, repair=lambda image: _clear(image, synapses.columns + 2 * place, 2))


@pytest.mark.parametrize("row", [1, 3, 6])
@pytest.mark.parametrize("bound", [0, 1, 61, 0x7FFF_FFFF, 0xFFFF_FFFF])
def test_bounds_out_of_order(row: int, bound: int) -> None:
    synapses = simple()
    synapses.build()
    right = synapses.image.get(synapses.bounds + 4 * row)[0]
    broken = simple()
    broken.build = lambda: _with_word(synapses, row, bound)  # type: ignore[method-assign]
    broken.image = synapses.image
    same_everywhere(broken, repair=lambda image: image.put(synapses.bounds + 4 * row, right))


def _with_word(synapses: Synapses, row: int, bound: int) -> int:
    synapses.image.put(synapses.bounds + 4 * row, bound)
    return synapses.image.end - 64


@pytest.mark.parametrize("delay", [PER_SOURCE, PER_SYNAPSE])
@pytest.mark.parametrize("place", [0, 1, 4, 5])
def test_delay_beyond_the_ring(delay: int, place: int) -> None:
    synapses = simple(delay=delay)
    delays = list(synapses.delays)
    delays[place if delay == PER_SOURCE else 10 * place + place] = 3
    synapses.delays = delays

    same_everywhere(synapses, repair=lambda image: _clear(image, synapses.table, 6 if delay == PER_SOURCE else 31))


def _clear(image: Image, address: int, size: int) -> None:
    image.ram[address - BASE : address - BASE + size] = bytes(size)


@pytest.mark.parametrize("table", ["bounds", "columns", "weights", "table", "events", "ring"])
@pytest.mark.parametrize("inside", [0, 4, 40])
def test_tables_at_the_end_of_memory(table: str, inside: int) -> None:
    """The first `inside` bytes of one table are the last of the RAM."""
    synapses = simple(delay=PER_SYNAPSE if table == "table" else FIXED)
    syn = synapses.build()
    word = {"weights": 5, "bounds": 6, "columns": 7, "table": 8, "events": 9, "ring": 11}[table]
    image, start = synapses.image, getattr(synapses, table) - BASE
    if inside:
        image.ram[SIZE - inside :] = image.ram[start : start + inside]
    image.put(syn + 4 * word, BASE + SIZE - inside)
    synapses.build = lambda: syn  # type: ignore[method-assign]
    same_everywhere(synapses)


def test_largest_delay_of_a_synapse() -> None:
    synapses = simple(delay=PER_SYNAPSE)
    synapses.log_depth, synapses.delays = 4, [14] * 25 + [15] + [14] * 34
    same_everywhere(synapses, repair=lambda image: _clear(image, synapses.table, 31))


@pytest.mark.parametrize(("table", "word", "inside"), [("columns", 7, 120), ("weights", 5, 60)])
def test_row_beyond_the_end_of_memory(table: str, word: int, inside: int) -> None:
    """The table ends with the RAM; a row in the middle claims an element more."""
    synapses = simple()
    syn = synapses.build()
    image, start = synapses.image, getattr(synapses, table) - BASE
    image.ram[SIZE - inside :] = image.ram[start : start + inside]
    image.put(syn + 4 * word, BASE + SIZE - inside)
    image.put(synapses.bounds + 4 * 3, 61)
    synapses.build = lambda: syn  # type: ignore[method-assign]
    same_everywhere(synapses, repair=lambda image: image.put(synapses.bounds + 4 * 3, 30))


@pytest.mark.parametrize("table", ["bounds", "columns", "weights", "table", "events"])
@pytest.mark.parametrize("offset", [-8, 0, 8])
def test_accumulators_over_tables(table: str, offset: int) -> None:
    """Unspecified, but the same on every machine and within the RAM."""
    synapses = simple(delay=PER_SYNAPSE if table == "table" else FIXED)
    syn = synapses.build()
    synapses.image.put(syn + 4 * 11, (getattr(synapses, table) + offset) & ~3)
    synapses.build = lambda: syn  # type: ignore[method-assign]
    same_everywhere(synapses)


@pytest.mark.parametrize("n", [*range(1, 70, 3), 300])
@pytest.mark.parametrize("source", [BITMAP, GRADED])
def test_one_to_one_sizes(n: int, source: int) -> None:
    random = Random(repr((n, source)))
    for weighted in (False, True):
        rows = [[(i, random.randint(-128, 127))] for i in range(n)]
        values = [random.choice((0, 1, -1, 2**31 - 1, -(2**31), 12345)) for _ in range(n)]
        active = [(i, value) for i, value in enumerate(values) if value]
        place = (0, random.randrange(16))
        exponent = random.choice((0, 5, 24))
        same_everywhere(
            Synapses(rows, n, active, source=source, fmt=ONE_TO_ONE, exponent=exponent, place=place, weighted=weighted)
        )


@pytest.mark.parametrize("seed", range(16 * EFFORT))
def test_random_one_to_one(seed: int) -> None:
    random = Random(seed)
    n, source = random.choice((5, 33, 100)), random.choice((BITMAP, AER, GRADED, QUEUE))
    active = [(i, random.choice((1, -1, 9))) for i in range(n) if random.random() < 0.5][:60]
    delay = random.choice((FIXED, PER_SOURCE))
    synapses = Synapses(
        [[(i, random.randint(-128, 127))] for i in range(n)],
        n,
        active,
        source=source,
        fmt=ONE_TO_ONE,
        delay=delay,
        fixed_delay=1,
        log_depth=2,
        delays=[random.randrange(4 if random.random() < 0.1 else 3) for _ in range(n if delay else 0)],
        weighted=random.random() < 0.7,
    )
    same_everywhere(synapses, units=random.choice((0, 1, 3)), time=random.randrange(9))
