"""Runs whose arrays lie anywhere: kept places (ready.h) are used only if no step of the run can meet another array."""

from __future__ import annotations

from random import Random

import pytest

from coprocessor.interface import Operation
from tests.coprocessor.implementations import Levels
from tests.coprocessor.memory_image import Image
from tests.effort import EFFORT

N, M, STEPS, DEPTH_BITS = 200, 33, 5, 2
SYN, UPD, COUNTED = 1, 2, 0x100


def network(random: Random, spread: int) -> tuple[Image, int]:
    """RAM with a projection and its population, and the NET: buffers of all kinds of times, a ring of four slots, and
    arrays that lie at random within `spread` words, so that some meet others in some steps only."""
    image = Image(1 << 15)
    image.ram[512:] = bytes(random.getrandbits(8) & random.getrandbits(8) for _ in range(len(image.ram) - 512))
    arrays = image.end + 1024

    def place(words: int) -> int:
        return arrays + 4 * random.randrange(max(1, spread - words))

    ring, words = place(M << DEPTH_BITS), -(-M // 32)
    table = random.choice((arrays + 4 * 4000, place(N * 9)))
    pop = image.pop(
        M,
        mode=random.choice((0, 1, 2)),
        parameters=(4000 << 16, 0, 0, 0),
        vth=random.choice((50, 5000)),
        state=place(M),
        cur=ring,
        log_depth=DEPTH_BITS,
        out=(out := random.choice((0, place(words * STEPS)))),
        output_mode=(mode := random.randrange(3) if out else 0),
        stride=4 * random.randint(words, words + 9) if mode else 0,
        acc=random.choice((0, place(M))),
    )
    source_mode, stride = random.randrange(4), random.randint(7, 40)
    source = random.choice((place(7 * STEPS), ring + 4 * (random.randrange(M) - stride * random.randrange(STEPS))))
    syn = image.syn(
        N,
        M,
        weights=table,
        cur=ring,
        log_depth=DEPTH_BITS,
        fixed_delay=random.randrange(1 << DEPTH_BITS),
        source_address=source,
        source_mode=source_mode,
        stride=4 * stride if source_mode else 0,
        population=pop,
    )
    return image, image.net([(SYN, syn), (UPD | COUNTED, pop)])


@pytest.mark.parametrize("spread", [400, 700, 1500, 3000])
def test_arrays_that_meet_in_some_steps(spread: int) -> None:
    for seed in range(60 * EFFORT):
        random = Random(f"{spread} {seed}")
        image, net = network(random, spread)
        levels = Levels(image.ram)
        levels.write("slice", random.choice((0, 0, 0, 3, 100)))
        levels.write("t", random.getrandbits(4))
        levels.run(Operation.RUN, net, STEPS)
