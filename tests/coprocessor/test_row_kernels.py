"""Vector kernels of dense projections against row-by-row code, for every width, alignment, density and extreme sum."""

from __future__ import annotations

from random import Random

import pytest

from coprocessor.interface import Operation
from tests.coprocessor.implementations import BASE, Levels
from tests.coprocessor.memory_image import Image
from tests.effort import EFFORT

BITS = {0: 8, 1: 4, 2: 2, 3: 1}
"""Bits of a weight in the dense formats."""
FORMATS = pytest.mark.parametrize("fmt", BITS, ids=["s8", "s4", "s2", "binary"])
WIDTHS = (*range(1, 131), 255, 256, 257, 511, 513, 1000, 2100)
BITMAP, AER, GRADED = range(3)


def source_words(random: Random, source: int, n: int, density: float) -> list[int]:
    """A source of n rows of which this share is active."""
    active = [i for i in range(n) if random.random() < density]
    if source == AER:
        events = active + random.choices(active, k=len(active) // 4) if active else []
        random.shuffle(events)
        return [len(events), *(random.getrandbits(12) << 20 | i for i in events)]
    if source == GRADED:
        graded = [0] * n
        for i in active:
            graded[i] = random.choice((1, -1, random.getrandbits(32), random.getrandbits(10)))
        return graded
    words = [random.getrandbits(32) << n % 32 & 0xFFFF_FFFF if i == n // 32 else 0 for i in range(-(-n // 32))]
    for i in active:
        words[i // 32] |= 1 << i % 32
    return words


def weights_of(random: Random, size: int) -> bytes:
    """Any weights, or all of one extreme, so that sums grow."""
    return random.choice((random.randbytes(size), b"\x80" * size, b"\x7f" * size, b"\xff" * size, b"\0" * size))


def projection(random: Random, fmt: int, n: int, m: int, source: int = BITMAP, apart: bool = True) -> tuple[Image, int]:
    """RAM with a projection and its address. The weights end with the RAM: nothing may be read behind them."""
    pitch = 4 * -(-m * BITS[fmt] // 32)
    table = weights_of(random, n * pitch)
    depth_bits = random.choice((0, 0, 1, 2))
    content = source_words(random, source, n, random.choice((0, 0.02, 0.1, 0.5, 1)))
    image = Image(4096 + 4 * (m << depth_bits) + 4 * len(content) + len(table))
    spread = random.choice((8, 20, 32))
    cur = [random.getrandbits(spread) - (1 << spread >> 1) for _ in range(m << depth_bits)]
    image.allocate(4 * random.randrange(16))
    cur_place = image.words(cur)
    image.allocate(4 * random.randrange(16))
    source_place = image.words(content)
    weights = BASE + len(image.ram) - len(table)
    image.ram[weights - BASE :] = table
    if not apart:
        place = cur_place + 4 * random.randint(-min(4, m), m)
        weights, source_place = random.choice(((weights, place), (place, source_place)))
    address = image.syn(
        n,
        m,
        fmt=fmt,
        source=source,
        weights=weights,
        cur=cur_place,
        source_address=source_place,
        log_depth=depth_bits,
        fixed_delay=random.randrange(1 << depth_bits),
        exponent=random.choice((0, 0, 1, 6, 24)),
    )
    return image, address


def check(random: Random, image: Image, address: int, golden: bool = False) -> None:
    """Two steps, in slices at times; the second adds to what the first left."""
    levels = Levels(image.ram, golden)
    levels.write("slice", random.choice((0, 0, 1, 7, 1024)))
    levels.write("t", random.getrandbits(2))
    for _ in range(2):
        levels.run(Operation.SYN, address)


@FORMATS
def test_every_width(fmt: int) -> None:
    for m in WIDTHS:
        random = Random(f"{fmt} {m}")
        check(random, *projection(random, fmt, random.choice((1, 5, 40)), m))


@FORMATS
def test_many_rows(fmt: int) -> None:
    """More rows than partial sums of 16 bits can take at once."""
    for n in (255, 256, 257, 300, 600, 1100):
        random = Random(f"rows {fmt} {n}")
        for m in (1, 16, 70):
            check(random, *projection(random, fmt, n, m))


@FORMATS
@pytest.mark.parametrize("source", [BITMAP, AER, GRADED], ids=["bitmap", "aer", "graded"])
def test_sources(fmt: int, source: int) -> None:
    for seed in range(15 * EFFORT):
        random = Random(f"{fmt} {source} {seed}")
        case = projection(random, fmt, random.choice((3, 32, 75)), random.choice((2, 33, 64, 90)), source)
        check(random, *case, golden=seed % 5 == 0)


@FORMATS
def test_overlapping_arrays(fmt: int) -> None:
    """UNSPECIFIED in the manual, and yet the same on every machine."""
    for seed in range(20 * EFFORT):
        random = Random(f"overlapping {fmt} {seed}")
        check(random, *projection(random, fmt, random.choice((3, 32, 50)), random.choice((8, 33, 64)), apart=False))
