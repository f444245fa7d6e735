"""The short forms of neuron updates, at and beyond the bounds of what they do, against neuron-by-neuron code."""

from __future__ import annotations

from random import Random

import pytest

from coprocessor.golden.profiles import STATE_WORDS, Profile
from tests.coprocessor.memory_image import Image
from tests.coprocessor.test_update_kernels import check
from tests.effort import EFFORT

FLOOR, HALF_UP = 1, 2
PROFILES = (Profile.IF, Profile.LIF, Profile.CUBA, Profile.LI)
RETENTIONS = (0, 1, 2047, 2048, 3686, 4015, 4055, 4076, 4095, 4096, 4097, 5000, 8191)


def largest(k: int) -> int:
    """Where x*(k - 4096), or x*k of a fast decay, leaves 32 bits."""
    return (1 << 31) // max(1, k if k < 2048 else abs(k - 4096))


def around(random: Random, *bounds: int) -> int:
    """At a bound, below it, or up to twice as large, of any sign; some are powers of two."""
    bound = random.choice((*bounds, *bounds, 1 << random.randrange(32), 1 << random.randrange(22, 30)))
    near = random.choice(
        (bound + random.randint(-2, 2), int(random.uniform(0, 1) * bound), int(random.uniform(1, 2) * bound))
    )
    return random.choice((1, -1)) * near


def words(random: Random, n: int, *bounds: int) -> list[int]:
    """Ordinary numbers with some at bounds: in all groups, in one, or nowhere; or all near one number."""
    middle = random.choice((0, 0, 0, around(random, *bounds)))
    made = [middle + random.randint(-5000, 5000) for _ in range(n)]
    for _ in range(random.choice((0, 0, 1, 2, n))):
        made[random.randrange(n)] = around(random, *bounds)
    return made


def population(random: Random, profile: Profile, form: str) -> tuple[Image, int]:
    """RAM with a population whose values are around the bounds, of a mode that needs all operations ("general"), no
    clips ("clipless"), or fewest operations ("plain")."""
    plain, general = form == "plain", form == "general"
    n = random.choice((32, 64, 70, 96, 160, 1100))
    image = Image(1 << 16 if n > 200 else 1 << 14)
    retentions = RETENTIONS if general else [k for k in RETENTIONS if k >= 2048]
    ku, kv = random.choice(retentions), random.choice(retentions)
    bias = random.choice((0, 0, random.randint(-3000, 3000), around(random, 1 << 17)))
    shift = 0 if plain else random.choice((0, 1, 6, 27, 28))
    threshold = random.choice((3000, -4000, (1 << 28) - 1, (1 << 28) - 1, around(random, largest(kv), 1 << 28)))
    if plain:
        mode = random.choice((FLOOR, HALF_UP)) | random.getrandbits(1) << 2
    elif not general:
        mode = random.randrange(3) | random.getrandbits(1) << 2
    else:
        mode = random.randrange(3) | random.getrandbits(1) << 2 | random.randrange(3) << 3
        mode |= (
            random.choice((0, 0, random.randrange(4))) << 5 | random.getrandbits(1) << 7 | random.getrandbits(1) << 10
        )
    state = words(random, n, largest(ku if profile is Profile.CUBA else kv))
    if profile is Profile.CUBA:
        state += words(random, n, largest(kv))
    refractory = random.choice((0, 3)) if profile is not Profile.LI else 0
    if refractory:
        state += [random.choice((0, 0, 0, 2, -1, -(1 << 31), (1 << 31) - 1)) for _ in range(n)]
    assert len(state) == n * (STATE_WORDS[profile] + (refractory > 0))
    address = image.pop(
        n,
        profile=profile,
        mode=mode,
        parameters=(0 if profile is Profile.IF else (ku if profile is Profile.CUBA else 0) | kv << 16, bias, shift, 0),
        vth=threshold,
        vrst=random.choice((0, -700, around(random, 1 << 31))),
        state=image.words(state),
        cur=image.words(words(random, n, (1 << 28) >> shift, largest(ku))),
        refractory=refractory,
        graded=bool(random.getrandbits(1)),
        out=random.choice((0, image.words([1] * n))),
        acc=random.choice((0, image.words(words(random, n)))),
    )
    return image, address


@pytest.mark.parametrize("form", ["plain", "clipless", "general"])
@pytest.mark.parametrize("profile", PROFILES)
def test_values_around_the_bounds(profile: Profile, form: str) -> None:
    for seed in range(60 * EFFORT):
        random = Random(repr((profile, form, seed)))
        check(random, *population(random, profile, form))
