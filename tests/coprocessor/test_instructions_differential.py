"""Register-level instructions: C against the golden model on random and corner operands and parameters."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coprocessor.csrs import TABLE
from coprocessor.interface import REGISTER_INSTRUCTIONS
from tests.coprocessor import operands
from tests.coprocessor.implementations import Pair
from tests.effort import EFFORT

BATCHES, BATCH = 1500 * EFFORT, 100
SEEDS = 4
PARAMETER_CSRS = [row for row in TABLE if 0x800 <= row.number <= 0x80F]


def randomize_csrs(pair: Pair, random: Random) -> None:
    """New parameter words, mostly of the kinds that decide something."""
    pair.write("mode", operands.mode(random))
    pair.write("p0", random.choice((operands.decay_pair, operands.word))(random))
    pair.write("p1", operands.word(random))
    pair.write("p2", operands.shift_word(random))
    pair.write("p3", random.choice((operands.decay_pair, operands.word))(random))
    for name in ("vth", "vrst", "wlim", "l1", "l2", "l3", "rng"):
        pair.write(name, operands.word(random))
    pair.write("l0", random.getrandbits(32))
    pair.write("lmode", random.getrandbits(32))


@pytest.mark.parametrize("seed", range(SEEDS))
def test_random_batches(seed: int) -> None:
    """Batches of instructions on one set of parameters; all results, and at the end of each batch all state."""
    random = Random(seed)
    pair = Pair(bytes(16))
    names = sorted(REGISTER_INSTRUCTIONS)
    native, golden = pair.native.unit, pair.golden.unit
    for _ in range(BATCHES // SEEDS):
        randomize_csrs(pair, random)
        recent = [operands.word(random) for _ in range(4)]
        for _ in range(BATCH):
            name = random.choice(names)
            arguments = [
                random.choice(recent) if random.random() < 0.3 else operands.word(random)
                for _ in range(REGISTER_INSTRUCTIONS[name])
            ]
            result = getattr(native, name)(*arguments)
            assert result == getattr(golden, name)(*arguments), (name, arguments, golden.state())
            recent[random.randrange(4)] = result
        pair.compare(seed)


@given(
    name=st.sampled_from(sorted(REGISTER_INSTRUCTIONS)),
    values=st.lists(st.integers(0, 2**32 - 1), min_size=3, max_size=3),
    csrs=st.lists(st.integers(0, 2**32 - 1), min_size=len(PARAMETER_CSRS), max_size=len(PARAMETER_CSRS)),
)
@settings(max_examples=1000 * EFFORT, deadline=None)
def test_any_instruction(name: str, values: list[int], csrs: list[int]) -> None:
    pair = Pair(bytes(16))
    for row, value in zip(PARAMETER_CSRS, csrs, strict=True):
        pair.write(row.name[3:], value)
    arguments = values[: REGISTER_INSTRUCTIONS[name]]
    assert getattr(pair.native.unit, name)(*arguments) == getattr(pair.golden.unit, name)(*arguments)
    pair.compare((name, arguments))


@pytest.mark.parametrize("name", sorted(REGISTER_INSTRUCTIONS))
def test_corners(name: str) -> None:
    """Every combination of two corner operands under each rounding, width and comparison."""
    pair = Pair(bytes(16))
    corners = [sign * value & 0xFFFF_FFFF for value in operands.WORD_CORNERS for sign in (1, -1)]
    for mode in (0x000, 0x025, 0x1AA, 0x4C7, 0x15F):
        for csr, value in (("mode", mode), ("p0", 0x0E66_0800), ("p1", 0xFFFF_FFF0), ("p2", 6), ("p3", 0xFA0_0F00)):
            pair.write(csr, value)
        for csr, value in (("vth", 0x180), ("vrst", 0xFFFF_FF00), ("lmode", mode << 8 | mode & 7), ("wlim", 0x7F80)):
            pair.write(csr, value)
        pair.write("l0", 0x0200_0200)
        for first in corners:
            for second in corners:
                arguments = (second, first, second)[3 - REGISTER_INSTRUCTIONS[name] :]
                result = getattr(pair.native.unit, name)(*arguments)
                assert result == getattr(pair.golden.unit, name)(*arguments), (name, hex(mode), arguments)
        pair.compare((name, hex(mode)))
