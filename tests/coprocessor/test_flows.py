"""Chains whose currents wait decayed (flow.c), at the bounds of what they hold, against the operations one by one."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest

from coprocessor.golden.profiles import Profile
from coprocessor.interface import Operation
from tests.coprocessor.implementations import Levels
from tests.coprocessor.memory_image import Image

SYN, UPD, OUT = 1, 2, 1 << 8
CSR = 4
FLOOR, HALF_UP = 1, 2
RETIRED, SUSPENDED = 0, 1


@dataclass
class Flow:
    """An LI population that adds to a LIF population, n neurons each, and sparse rows to it from constant spikes."""

    n: int = 64
    mode: int = FLOOR
    kv: int = 4055
    vth: int = 3000
    state: int = 0
    image: Image = field(default_factory=lambda: Image(1 << 17))
    entries: list[tuple[int, int]] = field(default_factory=list)
    cur: int = 0

    def __post_init__(self) -> None:
        self.cur = self.image.words([0] * self.n)

    def rows(self, rows: int, weight: int, exponent: int) -> None:
        """A projection from `rows` sources that all spike, each to one neuron."""
        image = self.image
        tables: dict[str, Any] = {
            "rows": image.words(range(rows + 1)),
            "columns": image.halves([k % self.n for k in range(rows)]),
            "weights": image.allocate(rows, 1, bytes([weight & 0xFF]) * rows),
        }
        source = image.words([0xFFFF_FFFF] * -(-rows // 32))
        syn = image.syn(rows, self.n, fmt=CSR, source_address=source, cur=self.cur, exponent=exponent, **tables)
        self.entries.append((SYN, syn))

    def run(self, steps: int = 40, golden: bool = True, slices: Sequence[int] = (0,)) -> None:
        """All levels: so many units in each issue, the last number again and again."""
        image, n = self.image, self.n
        end, membranes = image.words([0] * n), image.words([0] * 2 * n)
        state = image.words([self.state + k for k in range(n)])
        p0 = self.kv << 16
        feeder = image.pop(
            n, profile=Profile.LI, mode=self.mode, parameters=(p0, 0, 0, 0), state=state, cur=self.cur, acc=end
        )
        out = image.words([0] * -(-n // 32))
        parameters = (4076 << 16, 0, 0, 0)
        last = image.pop(
            n, mode=FLOOR, parameters=parameters, state=membranes, cur=end, vth=self.vth, refractory=2, out=out
        )
        net = image.net([*self.entries, (UPD, feeder), (UPD | OUT, last)])
        levels = Levels(image.ram, golden)
        outcome = SUSPENDED
        for size in itertools.chain(slices, itertools.repeat(slices[-1])):
            levels.write("slice", size)
            outcome = levels.issue(Operation.RUN, net, steps)
            if outcome != SUSPENDED:
                break
        assert outcome == RETIRED


@pytest.mark.parametrize("weight", [127, -128])
@pytest.mark.parametrize("exponent", [11, 13, 14, 15, 17, 20])
def test_currents_that_grow_too_large(weight: int, exponent: int) -> None:
    """What rows add brings them beyond the limit of their decay in some step; spikes keep membranes small."""
    flow = Flow()
    flow.rows(2, weight, exponent)
    flow.run(90)


def test_more_rows_than_are_kept() -> None:
    """In one projection, or in several."""
    for sizes in ((4096,), (4097,), (4000, 96), (4000, 97), (100, 5000, 100)):
        flow = Flow()
        for rows in sizes:
            flow.rows(rows, 3, 0)
        flow.run(14, golden=False)


def test_more_projections_than_are_kept() -> None:
    for count in (64, 65, 70):
        flow = Flow()
        for k in range(count):
            flow.rows(1 + k % 3, 40 - k, 2)
        flow.run(14, golden=False)


@pytest.mark.parametrize("n", [1, 33, 45, 64, 95])
def test_neurons_that_spike_without_input(n: int) -> None:
    """Those that the last group lacks do not."""
    flow = Flow(n, vth=-10)
    flow.rows(n, 1, 0)
    flow.run()


@pytest.mark.parametrize("mode", [FLOOR, HALF_UP])
@pytest.mark.parametrize("kv", [2048, 2049, 2730, 3000, 3686, 4055, 4094, 4095, 4096])
def test_what_decayed_comes_back(mode: int, kv: int) -> None:
    """Slices end inside steps, with currents of every remainder."""
    for state in (-700, 5, 1 << 17, -(1 << 18)):
        flow = Flow(300, mode, kv, 1 << 27, state)
        flow.rows(7, 1, 0)
        flow.run(golden=False, slices=(270, 270, 275, 301, 0))
