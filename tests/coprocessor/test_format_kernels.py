"""Bulk kernels of dense rows, convolutions and crossbars, from every kind of source, against the engine without."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Final

import numpy as np
import pytest

from coprocessor.interface import Operation
from tests.coprocessor.implementations import BASE, Machine
from tests.coprocessor.levels import same_on_every_level
from tests.coprocessor.memory_image import Image
from tests.effort import EFFORT

BITS: Final = {0: 8, 1: 4, 2: 2, 3: 1}
CONV, CROSSBAR = 5, 6
BITMAP, AER, GRADED, QUEUE = range(4)
FIXED, PER_SOURCE, PER_SYNAPSE = range(3)
QUEUE_PLACES: Final = 64
TRAPPED: Final = 2
EXTREMES: Final = (-(2**31), 2**31 - 1, -1, 1, 255, -77_777)


class Region(IntEnum):
    """What a projection points at."""

    WEIGHTS = 0
    ROWS = 1
    COLUMNS = 2
    DELAYS = 3
    SOURCE = 4
    RING = 5


@dataclass
class Case:
    """A projection with random content. RAM ends right behind the region `last`, or `cut` bytes before its end."""

    fmt: int
    n: int
    m: int
    seed: int = 0
    source: int = BITMAP
    density: float = 0.3
    exponent: int = 0
    delay: int = FIXED
    fixed_delay: int = 0
    log_depth: int = 0
    geometry: tuple[int, int, int] = (0, 0, 0)
    table_bytes: int = 0
    """Of the weights of a convolution."""
    deterministic: float = 0.0
    """Part of the weights of a crossbar that draws nothing."""
    last: Region = Region.WEIGHTS
    cut: int = 0
    slice: int = 0
    time: int = 0
    overlap: tuple[Region, int] | None = None
    """The ring begins so many bytes behind the beginning of that region."""
    bad: int | None = None
    """The active row (in order) that has a bad delay, axon type or event."""

    def contents(self, random: np.random.Generator) -> dict[Region, bytes]:
        """The regions there are."""
        found = {Region.WEIGHTS: self.weights(random)}
        active = np.flatnonzero(random.random(self.n) < self.density)
        if self.source in (AER, QUEUE) and len(active):
            active = random.choice(active, min(len(active), QUEUE_PLACES - 1))  # in any order, and some come twice
        if self.delay == PER_SOURCE:
            delays = random.integers(0, (1 << self.log_depth) - self.fixed_delay, self.n)
            if self.bad is not None and self.bad < len(active):
                delays[active[self.bad]] = 1 << self.log_depth
            found[Region.DELAYS] = delays.astype(np.uint8).tobytes()
        elif self.delay == PER_SYNAPSE:
            largest = min(16, (1 << self.log_depth) - self.fixed_delay)
            nibbles = random.integers(0, largest, (self.n, -(-self.m // 8) * 8), dtype=np.uint8)
            if self.bad is not None and self.bad < len(active) and largest < 16:
                nibbles[active[self.bad], random.integers(self.m)] = largest
            found[Region.DELAYS] = (nibbles[:, ::2] | nibbles[:, 1::2] << 4).tobytes()
        elif self.bad is not None and self.source in (AER, QUEUE) and self.bad < len(active):
            active[self.bad] = self.n
        self.events = active | 0x5A5 << 20
        if self.source == GRADED:
            values = np.zeros(self.n, dtype=np.int64)
            values[active] = random.choice(EXTREMES, len(active))
            found[Region.SOURCE] = (values & 0xFFFF_FFFF).astype("<u4").tobytes()
        elif self.source == AER:
            found[Region.SOURCE] = np.array([len(active), *self.events], dtype="<u4").tobytes()
        elif self.source == BITMAP:
            spikes = np.zeros(-(-self.n // 32) * 32, dtype=np.uint8)
            spikes[active] = 1
            spikes[self.n :] = 1  # to be ignored
            found[Region.SOURCE] = np.packbits(spikes, bitorder="little").tobytes()
        if self.fmt == CROSSBAR:
            types = random.integers(0, 4, self.n, dtype=np.uint8)
            if self.bad is not None and self.bad < len(active) and active[self.bad] < self.n:
                types[active[self.bad]] = 4
            words = random.integers(0, 512, (self.m, 4), dtype=np.uint16)
            words |= (random.random((self.m, 4)) >= self.deterministic).astype(np.uint16) << 9
            found |= {Region.ROWS: types.tobytes(), Region.COLUMNS: words.astype("<u2").tobytes()}
        ring = random.integers(0, 256, 4 * self.m << self.log_depth, dtype=np.uint8)
        return found | {Region.RING: ring.tobytes()}

    def weights(self, random: np.random.Generator) -> bytes:
        """The weight table."""
        pitch = 4 * -(-self.m * BITS.get(self.fmt, 1) // 32)
        size = self.table_bytes or self.n * pitch
        if self.seed % 7 == 0 and self.fmt == 0:
            return random.choice(np.array([-128, 127], dtype=np.int8), size).tobytes()
        return random.bytes(size)

    def build(self) -> tuple[bytes, int]:
        """RAM and the address of the SYN."""
        random = np.random.default_rng((self.seed, self.fmt, self.n, self.m, self.source))
        contents = self.contents(random)
        last = self.last if self.last in contents else Region.RING
        image = Image(sum(map(len, contents.values())) + 1024)
        syn = image.allocate(64, 16)
        places = {}
        for region in sorted(contents, key=lambda region: (region == last, random.random())):
            image.allocate(int(random.integers(9)), 1)
            places[region] = image.allocate(len(contents[region]), 4, contents[region])
        end = places[last] + len(contents[last]) - min(self.cut, len(contents[last]))
        if self.overlap is not None:
            region, offset = self.overlap
            places[Region.RING] = places.get(region, places[Region.WEIGHTS]) + offset
        described = Image(1024)
        described.syn(
            self.n,
            self.m,
            weights=places[Region.WEIGHTS],
            cur=places[Region.RING],
            source_address=places.get(Region.SOURCE, 1),
            fmt=self.fmt,
            source=self.source,
            delay=self.delay,
            fixed_delay=self.fixed_delay,
            log_depth=self.log_depth,
            exponent=self.exponent,
            rows=places.get(Region.ROWS, 0),
            columns=places.get(Region.COLUMNS, 0),
            delays=places.get(Region.DELAYS, 0),
            geometry=self.geometry,
        )
        image.ram[syn - BASE : syn - BASE + 64] = described.ram[16:80]
        return bytes(image.ram[: end - BASE]), syn

    def prepare(self, machine: Machine) -> None:
        """Registers and the queue."""
        machine.write("slice", self.slice)
        machine.write("t", self.time)
        machine.write("rng", self.seed)
        for event in self.events if self.source == QUEUE else ():
            machine.issue(Operation.INJ, int(event), 1)

    def check(self) -> int:
        """Every level gives the same; gives the outcome."""
        ram, syn = self.build()
        return same_on_every_level(ram, Operation.SYN, syn, self.prepare)


def conv(
    height: int, width: int, channels: int, outputs: int, kernel: int, stride: int = 1, padding: int = 0
) -> dict[str, object]:
    """Arguments of a convolution; outputs 0: depthwise."""
    down, across = ((side + 2 * padding - kernel) // stride + 1 for side in (height, width))
    runs = outputs or 1
    outputs = outputs or channels
    w14 = channels | outputs << 10 | kernel << 20 | stride << 24 | padding << 28
    return {
        "fmt": CONV,
        "n": height * width * channels,
        "m": down * across * outputs,
        "geometry": (height | width << 12, w14, int(runs == 1 and outputs == channels)),
        "table_bytes": channels * kernel**2 * 4 * -(-runs // 4),
    }


def random_case(seed: int, fmt: int) -> Case:
    """Anything, up to a few hundred rows and columns."""
    random = np.random.default_rng((seed, fmt))

    def one_of(*values: int) -> int:
        return int(random.choice(values))

    shape: dict[str, object] = {"fmt": fmt, "n": one_of(1, 31, 64, 250), "m": one_of(1, 33, 64, 129, 255)}
    if fmt < CONV and seed % 3 == 0:
        shape |= {"n": one_of(1, 700), "m": one_of(512, 1031)}
    if fmt == CONV:
        kernel, padding = one_of(1, 2, 3, 3, 5), one_of(0, 1, 3)
        side = max(1, kernel - 2 * padding)
        height, width = (int(side + random.integers(12)) for _ in range(2))
        shape = conv(
            height,
            width,
            one_of(1, 2, 3, 8),
            one_of(0, 1, 3, 4, 8, 10, 16, 29, 32),
            kernel,
            one_of(1, 1, 2, 3),
            padding,
        )
    log_depth = one_of(0, 2, 5)
    source = one_of(BITMAP, AER, GRADED, QUEUE)
    return Case(
        **shape,  # type: ignore[arg-type]
        seed=seed,
        source=BITMAP if fmt == CROSSBAR and source == GRADED else source,
        density=float(random.choice((0.0, 0.02, 0.3, 1.0))),
        exponent=one_of(0, 0, 3, 24),
        delay=one_of(FIXED, PER_SOURCE, PER_SYNAPSE if fmt in BITS else FIXED),
        fixed_delay=int(random.integers(1 << log_depth)),
        log_depth=log_depth,
        deterministic=float(random.choice((0.0, 0.9, 1.0))),
        last=Region(int(random.integers(6))),
        slice=one_of(0, 0, 1 + int(shape["n"]) // 5, 1 + int(shape["n"]) // 30),  # type: ignore[call-overload]
        time=int(random.integers(2**32)),
    )


FORMATS = (*BITS, CONV, CROSSBAR)


@pytest.mark.parametrize("fmt", FORMATS)
@pytest.mark.parametrize("seed", range(20 * EFFORT))
def test_random_projections(fmt: int, seed: int) -> None:
    assert random_case(seed, fmt).check() == 0


@pytest.mark.parametrize("fmt", BITS)
@pytest.mark.parametrize("source", [BITMAP, GRADED])
def test_every_width(fmt: int, source: int) -> None:
    for m in (*range(1, 71), 127, 128, 130, 511, 513):
        assert Case(fmt, 40, m, seed=m, source=source, last=Region(m % 2 * 5)).check() == 0


@pytest.mark.parametrize("fmt", BITS)
def test_more_rows_than_narrow_sums_hold(fmt: int) -> None:
    """All rows active, extreme weights: blocks of 3, 5, 17, 85, 255, 256 and 4096 rows overflow to wider lanes."""
    for n in (3, 4, 15, 16, 17, 18, 85, 86, 255, 256, 257, 4097):
        random = np.random.default_rng(n)
        for weight in (0x00, 0x80, 0x88, 0xAA, 0x77, 0x55, 0xFF):
            case = Case(fmt, n, 5, seed=int(random.integers(1000)), density=1.0)
            ram, syn = case.build()
            place = int.from_bytes(ram[syn - BASE + 20 : syn - BASE + 24], "little") - BASE
            size = 4 * -(-5 * BITS[fmt] // 32) * n
            filled = ram[:place] + bytes([weight]) * size + ram[place + size :]
            assert same_on_every_level(filled, Operation.SYN, syn, case.prepare) == 0


@pytest.mark.parametrize("fmt", FORMATS)
@pytest.mark.parametrize("region", Region)
def test_regions_outside(fmt: int, region: Region) -> None:
    """The first access that fails is the same, whichever table it is in; the rows before it are done."""
    outcomes = set()
    for seed, cut in enumerate((1, 4, 9, 40, 333, 10_000)):
        case = random_case(3 * seed + 1, fmt)
        case.density, case.last, case.cut = 0.5, region, cut
        outcomes.add(case.check())
    present = region in (Region.WEIGHTS, Region.RING, Region.SOURCE) or (fmt == CROSSBAR and region != Region.DELAYS)
    assert not present or TRAPPED in outcomes


@pytest.mark.parametrize("fmt", FORMATS)
def test_bad_delays_types_and_events(fmt: int) -> None:
    outcomes = set()
    for seed in range(12):
        case = random_case(seed, fmt)
        case.density, case.bad, case.log_depth, case.fixed_delay = 0.5, seed % 5, 2, 1
        outcomes.add(case.check())
    assert TRAPPED in outcomes


@pytest.mark.parametrize("fmt", FORMATS)
@pytest.mark.parametrize("region", [Region.WEIGHTS, Region.SOURCE, Region.DELAYS, Region.ROWS, Region.COLUMNS])
def test_overlaps(fmt: int, region: Region) -> None:
    """Accumulators over what is read: whatever happens, it happens on every level."""
    for seed, offset in enumerate((0, 4, 60, -8)):
        case = random_case(seed, fmt)
        case.density, case.last, case.overlap = 0.5, Region.RING, (region, offset)
        case.check()


STANDARD = [
    (34, 34, 2, 8, 3, 1, 1),
    (17, 17, 8, 16, 3, 1, 1),
    (34, 34, 8, 0, 2, 2, 0),
    (12, 9, 3, 32, 5, 1, 2),
    (11, 14, 4, 7, 4, 3, 1),
    (5, 5, 16, 0, 3, 1, 1),
    (3, 2, 5, 5, 1, 1, 0),
    (1, 40, 2, 6, 7, 2, 3),
    (9, 9, 1, 1, 15, 1, 15),
    (6, 6, 3, 4, 2, 15, 0),
]


@pytest.mark.parametrize("shape", STANDARD, ids=["x".join(map(str, shape)) for shape in STANDARD])
def test_convolutions(shape: tuple[int, ...]) -> None:
    for seed, (source, density) in enumerate(((BITMAP, 0.02), (GRADED, 0.1), (BITMAP, 1.0), (AER, 0.05))):
        case = Case(**conv(*shape), seed=seed, source=source, density=density, exponent=seed)  # type: ignore[arg-type]
        assert case.check() == 0


def test_cycles_by_lanes() -> None:
    """Rows of a convolution have different lengths, and lanes need not divide any."""
    for lanes in (1, 3, 5, 32, 255):
        case = Case(**conv(7, 9, 2, 6, 3, 1, 1), density=0.5)  # type: ignore[arg-type]
        ram, syn = case.build()

        def prepare(machine: Machine, lanes: int = lanes, case: Case = case) -> None:
            case.prepare(machine)
            machine.unit.lanes = lanes

        assert same_on_every_level(ram, Operation.SYN, syn, prepare) == 0


def test_long_event_lists() -> None:
    """More events than there can be rows: addresses repeat."""
    case = Case(1, 50, 9, source=AER, density=1.0)
    ram, syn = case.build()
    count = 70_000
    events = np.random.default_rng(0).integers(0, 50, count).astype("<u4").tobytes()
    place = BASE + -(-len(ram) // 4) * 4
    grown = bytearray(ram) + bytes(-len(ram) % 4) + count.to_bytes(4, "little") + events
    grown[syn - BASE + 36 : syn - BASE + 40] = place.to_bytes(4, "little")
    assert same_on_every_level(grown, Operation.SYN, syn, case.prepare) == 0
