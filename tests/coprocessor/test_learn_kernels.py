"""The learn operation by every instruction set: the same as unit by unit, which other tests compare with the model."""

from __future__ import annotations

from random import Random
from typing import Any

import numpy as np
import pytest

from coprocessor.golden import Coprocessor as Golden
from coprocessor.interface import Operation
from tests.coprocessor.implementations import BASE, LEVELS, Factory, Machine
from tests.coprocessor.learning_case import BINARY, EPROP, PAIR, REWARD, SDSP, LearningCase
from tests.effort import EFFORT

KINDS = {"pair": PAIR, "reward": REWARD, "binary": BINARY, "sdsp": SDSP, "eprop": EPROP}
KERNELS = [name for name in LEVELS if name != "scalar"]
DENSITIES = (0.0, 0.02, 0.2, 0.6, 1.0)


def differences(one: bytes | bytearray, other: bytes | bytearray) -> np.ndarray:
    """Where two images differ."""
    return np.flatnonzero(np.frombuffer(one, dtype=np.uint8) != np.frombuffer(other, dtype=np.uint8))


def trail(kind: Factory, case: LearningCase, slices: list[int]) -> list[Any]:
    """Everything visible after each issue, with these slices in turn, for two operations."""
    machine = Machine(kind, case.image.ram)
    seen: list[Any] = []
    for _ in range(2):
        outcome, k = 1, 0
        while outcome == 1:
            machine.write("slice", slices[k % len(slices)])
            k += 1
            before = bytes(machine.ram)
            outcome = machine.issue(Operation.LEARN, case.rule, case.reward)
            seen.append((outcome, machine.seen(), bytes(machine.ram)))
            changed = differences(before, machine.ram)
            assert (
                not len(changed) or machine.unit.written_low <= changed[0] <= changed[-1] <= machine.unit.written_high
            )
            machine.unit.written_low, machine.unit.written_high = 0xFFFF_FFFF, 0
    return seen


def compare(case: LearningCase, slices: list[int], *others: Factory) -> None:
    expected = trail(LEVELS["scalar"], case, slices)
    assert expected[-1][0] == 0, "a fault"
    for other in (*(LEVELS[name] for name in KERNELS), *others):
        found = trail(other, case, slices)
        assert len(found) == len(expected), case
        for step, (ours, theirs) in enumerate(zip(found, expected, strict=True)):
            assert ours[:2] == theirs[:2], (case, step)
            places = [hex(BASE + int(k)) for k in differences(ours[2], theirs[2])[:8]]
            assert not places, (case, step, case.address, places)


def random_case(random: Random, name: str, m: int, largest: int = 70) -> LearningCase:
    kind = KINDS[name]
    return LearningCase(
        random.getrandbits(60),
        kind,
        (random.randint(1, largest), m),
        sparse=kind != BINARY and random.random() < 0.3,
        rounding=random.choice((0, 1, 2, 2, 3)),
        spikes=(random.choice(DENSITIES), random.choice(DENSITIES)),
        gaps=random.choice((0, 3, 20)),
    )


@pytest.mark.parametrize("name", KINDS)
@pytest.mark.parametrize("m", range(1, 71))
def test_small_sizes(m: int, name: str) -> None:
    random = Random(f"{m} {name}")
    for _ in range(3 * EFFORT):
        case = random_case(random, name, m)
        compare(case, [random.choice((0, 1, 3, 33))], *([Golden] if m % 10 == 3 else []))


@pytest.mark.parametrize("name", KINDS)
@pytest.mark.parametrize("m", [127, 128, 129, 200, 255, 256, 257, 300, 511, 513, 1000])
def test_bigger_sizes(m: int, name: str) -> None:
    random = Random(f"{m} {name}")
    for _ in range(3 * EFFORT):
        compare(random_case(random, name, m, 150), [random.choice((0, 7, 100))])


@pytest.mark.parametrize("name", ["pair", "reward", "sdsp"])
@pytest.mark.parametrize("rounding", range(3))
@pytest.mark.parametrize("post", DENSITIES)
@pytest.mark.parametrize("pre", DENSITIES)
def test_densities(pre: float, post: float, rounding: int, name: str) -> None:
    """Every way that is chosen by density."""
    random = Random(f"{pre} {post} {rounding} {name}")
    for _ in range(3 * EFFORT):
        size, sparse = (random.randint(1, 300), random.randint(1, 300)), random.random() < 0.4
        compare(LearningCase(random.getrandbits(60), KINDS[name], size, sparse, rounding, (pre, post)), [0])


@pytest.mark.parametrize("name", KINDS)
@pytest.mark.parametrize("slice_", [*range(1, 9), 40])
def test_slices(slice_: int, name: str) -> None:
    random = Random(f"{slice_} {name}")
    compare(random_case(random, name, random.randint(1, 80), 40), [slice_, random.randint(1, 5)])


def spoil(random: Random, case: LearningCase) -> None:
    """Make arrays overlap or end outside RAM, or spoil a row pointer or a column."""
    addresses, ram = list(case.address.values()), case.image.ram
    kinds = ["rule", "weights", *(["pointer", "column"] * case.sparse)]
    match random.choice(kinds):
        case "pointer":
            case.image.put(case.address["rows"] + 4 * random.randint(0, case.size[0]), random.choice((0, 1, 2**31)))
        case "column":
            elements = len(case.arrays["columns"][0]) // 2
            place = case.address["columns"] - BASE + 2 * random.randrange(max(1, elements))
            ram[place : place + 2] = random.choice((case.size[1], 0xFFFF)).to_bytes(2, "little")
        case "weights":
            syn = case.image.get(case.rule + 8)[0]
            case.image.put(syn + 20, random.choice(addresses) & ~3)
        case _:
            places = [case.rule + 4 * word for word in (13, 14, 15, 17) if case.image.get(case.rule + 4 * word)[0]]
            for place in random.sample(places, min(1, len(places))):
                case.image.put(place, random.choice([*addresses, BASE + len(ram) - 8]) & ~3)


@pytest.mark.parametrize("name", KINDS)
@pytest.mark.parametrize("seed", range(24 * EFFORT))
def test_arrays_that_overlap_or_end_outside(seed: int, name: str) -> None:
    """What is unspecified or a fault is nevertheless the same with every instruction set."""
    random = Random(f"{seed} {name}")
    case = random_case(random, name, random.randint(1, 100))
    spoil(random, case)
    expected = trail_with_faults(LEVELS["scalar"], case)
    for level in KERNELS:
        assert trail_with_faults(LEVELS[level], case) == expected, (case, level)


def trail_with_faults(kind: Factory, case: LearningCase) -> list[Any]:
    machine = Machine(kind, case.image.ram)
    machine.write("slice", 3)
    return [
        (machine.issue(Operation.LEARN, case.rule, case.reward), machine.seen(), bytes(machine.ram)) for _ in range(60)
    ]
