"""Lists of active rows of bitmaps against row-by-row code: every length, density and cluster, resumed at every row."""

from __future__ import annotations

from random import Random

import pytest

from coprocessor.interface import Operation
from tests.coprocessor.implementations import Levels
from tests.coprocessor.memory_image import Image

LENGTHS = (*range(1, 68), 95, 96, 97, 127, 128, 129, 511, 512, 513, 545, 575, 576, 577, 1023, 1024, 1025, 1090, 4999)
DENSITIES = (0, 0.001, 0.02, 0.1, 0.3, 0.9, 1)


def rows_of(random: Random, n: int) -> set[int]:
    """Active rows: everywhere alike, or only in some stretches, so that words and groups of words are empty."""
    density = random.choice(DENSITIES)
    stretches = range(0, n, random.choice((32, 64, 128, 512)))
    chosen = set(random.sample(stretches, random.randint(0, len(stretches))))
    everywhere = random.random() < 0.5
    return {i for i in range(n) if random.random() < density and (everywhere or any(0 <= i - s < 32 for s in chosen))}


def projection(random: Random, n: int) -> tuple[Image, int]:
    """RAM with a projection of two columns, whose sums tell rows apart; its bitmap has bits behind the last row."""
    image = Image(4096 + n * 4 + n // 8)
    weights = b"".join(bytes((i % 127, (i // 127 * 5) % 127, 0, 0)) for i in range(n))
    words = [0] * -(-n // 32)
    for i in rows_of(random, n):
        words[i // 32] |= 1 << i % 32
    words[-1] |= random.getrandbits(32) << n % 32 & 0xFFFF_FFFF if n % 32 else 0
    image.allocate(4 * random.randrange(16))
    cur, source = image.words([0, 0]), image.words(words)
    place = image.words([int.from_bytes(weights[k : k + 4], "little") for k in range(0, len(weights), 4)])
    return image, image.syn(n, 2, weights=place, cur=cur, source_address=source)


@pytest.mark.parametrize("part", range(4))
def test_every_length(part: int) -> None:
    for n in LENGTHS[part::4]:
        for seed in range(6):
            random = Random(f"{n} {seed}")
            image, address = projection(random, n)
            levels = Levels(image.ram)
            levels.write("slice", random.choice((0, 1, 3, 40) if n < 600 else (0, 40, 333)))
            levels.run(Operation.SYN, address)
