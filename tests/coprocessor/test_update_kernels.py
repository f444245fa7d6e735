"""Vector kernels of neuron updates against neuron-by-neuron code, for every size, alignment, flag and extreme value."""

from __future__ import annotations

from random import Random

import pytest

from coprocessor.golden.population import PARAMETER_MASKS
from coprocessor.golden.profiles import STATE_WORDS, Profile
from coprocessor.interface import Operation
from tests.coprocessor import operands
from tests.coprocessor.implementations import BASE, Levels
from tests.coprocessor.memory_image import Image
from tests.effort import EFFORT

NARROW, NEVER = 1 << 28, 1 << 30
"""Bounds inside the kernels: of state words and inputs, and of thresholds."""
STEPS = 2
SIZES = (*range(1, 131), 255, 256, 257, 1000, 4100)


def near(random: Random, bound: int) -> int:
    """A number next to a bound or its negative."""
    return random.choice((1, -1)) * bound + random.randint(-1, 1)


def extreme(random: Random) -> int:
    """A number near a bound of the kernels or of s32."""
    return near(random, random.choice((NARROW, NARROW, NEVER, 1 << 31, NARROW >> random.randrange(28))))


def number(random: Random, bits: int) -> int:
    """A signed number of so many bits."""
    return random.getrandbits(bits) - (1 << bits >> 1)


def large(random: Random, huge: int) -> int:
    """A number of the magnitude of `huge`, mostly of its sign: sums of a few of them may leave 32 bits."""
    return int(random.choice((1, 1, 1, -1)) * huge * random.uniform(0.7, 1))


def numbers(random: Random, count: int, huge: int = 0) -> list[int]:
    """Mostly numbers of one magnitude; in some arrays a few extreme ones. Or all about as large as `huge`."""
    if huge:
        typical = large(random, huge)
        return [typical + number(random, 24) for _ in range(count)]
    bits, share = random.choice((4, 10, 16, 22, 28)), random.choice((0, 0, 0, 0.004, 0.04, 1))
    return [extreme(random) if random.random() < share else number(random, bits) for _ in range(count)]


def retention(random: Random) -> int:
    """A factor in 1/4096, rarely above 1."""
    return random.choice((0, 1, 2048, 3686, 4095, 4096, random.randrange(4097), random.choice((4097, 8191, 4000))))


def half(random: Random, *typical: int) -> int:
    """16 bits: one of these numbers, a corner, or any."""
    return random.choice((*typical, 0x7FFF, 0x8000, random.getrandbits(16))) & 0xFFFF


def izhikevich_word(random: Random, k: int) -> int:
    """P0..P3 of IZH; rates around the largest that kernels take."""
    if k == 0:
        return half(random, 655, 3277, near(random, 1 << 14)) | half(random, 6554) << 16
    if k == 1:
        return half(random, -65 << 8) | half(random, 8 << 8) << 16
    if k == 2:
        return random.randrange(4) << 8 | random.getrandbits(1) << 10 | random.choice((0, 1, 8, 27, 28, 31))
    return random.choice((0, number(random, 24), near(random, 1 << 23), extreme(random)))


def parameter(random: Random, profile: Profile, k: int, huge: int) -> int:
    """P0..P3, VTH, VRST (k = 0..5), mostly such that kernels can do it."""
    if k >= 4:
        ordinary = (0, number(random, 12), number(random, 20), number(random, 27), extreme(random), -(1 << 31))
        word = large(random, huge) if huge and random.random() < 0.5 else random.choice(ordinary)
        return random.choice((abs(word), word))
    if profile is Profile.IZH:
        word = izhikevich_word(random, k)
    elif profile is Profile.TN and k in (0, 3):
        word = random.getrandbits(17) if random.random() < 0.1 else random.getrandbits(14) & 0x3DFF * (k == 0)
    elif k == 1:
        word = (
            large(random, huge) if huge else random.choice((0, number(random, 10), number(random, 24), extreme(random)))
        )
    elif k == 2:
        word = 0 if huge else random.choice((0, 2, 6, 6, 27, 28, random.randrange(32))) | random.getrandbits(1) << 8
    else:
        word = retention(random) | retention(random) << 16
    word &= PARAMETER_MASKS[profile][k]
    return word & ~(1 << 12) if profile is Profile.TN and k == 0 else word


def mode(random: Random, huge: int) -> int:
    """A mode word, rarely with stochastic rounding; for huge values mostly with the full width."""
    word = operands.mode(random) & (~0x60 if huge and random.random() < 0.7 else ~0)
    return word if random.random() < 0.2 else word & ~3 | random.choice((0, 1, 2))


def population(random: Random, profile: Profile, n: int, apart: bool = True, huge: int = 0) -> tuple[Image, int]:
    """RAM with a population and its address; unless `apart` some arrays overlap."""
    image = Image(max(1 << 13, 64 * n + 2048))
    words = STATE_WORDS[profile]
    refractory = random.choice((0, 1, 3, 255)) if profile <= Profile.CUBA else 0
    state = [word for _ in range(words) for word in numbers(random, n, huge)]
    if profile is Profile.IZH and random.random() < 0.5:
        state = [half(random, -65 << 8, number(random, 8)) | half(random, -13 << 8) << 16 for _ in range(n)]
    if refractory:
        state += [random.choice((0, 0, 1, 3, -1, -(1 << 31), (1 << 31) - 1)) for _ in range(n)]
    per_neuron = random.choice((0, 0, 0, 0b10, 1 << random.randrange(6), random.randrange(64)))
    common = [parameter(random, profile, k, huge) for k in range(6)]
    own = []
    for k in range(6):
        if per_neuron >> k & 1:
            choice = [parameter(random, profile, k, huge) for _ in range(random.choice((1, 2, n)))]
            own += [random.choice(choice) for _ in range(n)]
    graded, with_output, with_acc = (random.getrandbits(1) for _ in range(3))
    arrays: list[int] = []

    def place(content: list[int]) -> int:
        image.allocate(4 * random.randrange(16))
        address = image.words(content)
        if not apart and arrays and random.random() < 0.5:
            address = random.choice(arrays) + 4 * random.randint(-n, n)
            address = max(BASE + 16, min(address, image.end - 4 * len(content)))
        arrays.append(address)
        return address

    address = image.pop(
        n,
        profile=profile,
        state=place(state),
        cur=place(numbers(random, n, huge)),
        mode=mode(random, huge),
        parameters=common[:4],
        vth=common[4],
        vrst=common[5],
        per_neuron=per_neuron,
        param=place(own) if per_neuron else 0,
        refractory=refractory,
        graded=bool(graded),
        out=place([0x5555_5555] * n) if with_output else 0,
        acc=place(numbers(random, n, huge)) if with_acc else 0,
    )
    return image, address


def check(random: Random, image: Image, address: int, golden: bool = False) -> None:
    """Two steps, in slices at times; the input of the second is what the first left: 0."""
    levels = Levels(image.ram, golden)
    levels.write("slice", random.choice((0, 0, 1, 2, 3, 1024)))
    levels.write("rng", random.getrandbits(32))
    levels.log_spikes(random.random() < 0.3)
    for _ in range(STEPS):
        levels.run(Operation.UPD, address)


@pytest.mark.parametrize("profile", Profile, ids=lambda profile: profile.name)
def test_every_size(profile: Profile) -> None:
    for n in SIZES:
        random = Random(f"{profile} {n}")
        check(random, *population(random, profile, n))


@pytest.mark.parametrize("profile", Profile, ids=lambda profile: profile.name)
def test_flags_and_values(profile: Profile) -> None:
    """Many random populations; the golden model sees some of them."""
    for seed in range(150 * EFFORT):
        random = Random(f"{profile} {seed}")
        case = population(random, profile, random.choice((16, 17, 32, 70)))
        check(random, *case, golden=seed % 15 == 0)


@pytest.mark.parametrize("profile", Profile, ids=lambda profile: profile.name)
def test_sums_that_leave_32_bits(profile: Profile) -> None:
    for seed in range(150 * EFFORT):
        random = Random(f"huge {profile} {seed}")
        huge = random.choice((1, -1)) * random.choice((NARROW, 2 * NARROW, 3 * NARROW, NEVER, 2 * NEVER - 1))
        check(random, *population(random, profile, random.choice((4, 16)), huge=huge), golden=seed % 15 == 0)


@pytest.mark.parametrize("profile", Profile, ids=lambda profile: profile.name)
def test_overlapping_arrays(profile: Profile) -> None:
    """UNSPECIFIED in the manual, and yet the same on every machine."""
    for seed in range(20 * EFFORT):
        random = Random(f"overlapping {profile} {seed}")
        check(random, *population(random, profile, random.choice((3, 32, 50)), apart=False))
