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
    states: dict[int, int] = field(default_factory=dict)
    """Of single feeding neurons."""
    last_kv: int = 4076
    refractory: int = 2
    held: Sequence[int] = ()
    """Counters of the first LIF neurons, whose membranes are -1, -2, ..."""
    image: Image = field(default_factory=lambda: Image(1 << 17))
    entries: list[tuple[int, int]] = field(default_factory=list)
    behind: list[tuple[int, int]] = field(default_factory=list)
    cur: int = 0
    out: int = 0

    def __post_init__(self) -> None:
        self.cur = self.image.words([0] * self.n)
        self.out = self.image.words([0] * -(-self.n // 32))

    def rows(self, rows: int, weight: int, exponent: int, source: int = 0) -> None:
        """A projection from `rows` sources that all spike, or whose spikes are at `source`, each to one neuron."""
        image = self.image
        tables: dict[str, Any] = {
            "rows": image.words(range(rows + 1)),
            "columns": image.halves([k % self.n for k in range(rows)]),
            "weights": image.allocate(rows, 1, bytes([weight & 0xFF]) * rows),
        }
        source = source or image.words([0xFFFF_FFFF] * -(-rows // 32))
        syn = image.syn(rows, self.n, fmt=CSR, source_address=source, cur=self.cur, exponent=exponent, **tables)
        self.entries.append((SYN, syn))

    def run(self, steps: int = 40, golden: bool = True, slices: Sequence[int] = (0,)) -> None:
        """All levels: so many units in each issue, the last number again and again."""
        image, n = self.image, self.n
        end, held = image.words([0] * n), [*self.held, *[0] * (n - len(self.held))]
        membranes = image.words([*(-k - 1 if count else 0 for k, count in enumerate(held)), *held])
        state = image.words([self.states.get(k, self.state + k) for k in range(n)])
        p0 = self.kv << 16
        feeder = image.pop(
            n, profile=Profile.LI, mode=self.mode, parameters=(p0, 0, 0, 0), state=state, cur=self.cur, acc=end
        )
        last = image.pop(
            n,
            mode=FLOOR,
            parameters=(self.last_kv << 16, 0, 0, 0),
            state=membranes,
            cur=end,
            vth=self.vth,
            refractory=self.refractory,
            out=self.out,
        )
        net = image.net([*self.entries, (UPD, feeder), (UPD | OUT, last), *self.behind])
        levels = Levels(image.ram, golden)
        outcome = SUSPENDED
        for size in itertools.chain(slices, itertools.repeat(slices[-1])):
            levels.write("slice", size)
            outcome = levels.issue(Operation.RUN, net, steps)
            if outcome != SUSPENDED:
                break
        assert outcome == RETIRED


@pytest.mark.parametrize("weight", [127, -128])
@pytest.mark.parametrize("exponent", [11, 13, 14, 15, 17, 18, 19, 20])
def test_currents_that_grow_too_large(weight: int, exponent: int) -> None:
    """What rows add brings them beyond the limit of their decay in some step; spikes keep membranes small."""
    flow = Flow()
    flow.rows(2, weight, exponent)
    flow.run(90)


def test_more_rows_than_are_kept() -> None:
    """In one projection, or in several; the others come in as inputs, and are there if a slice ends early."""
    for sizes in ((4096,), (4097,), (4000, 96), (4000, 97), (100, 5000, 100)):
        flow = Flow()
        for rows in sizes:
            flow.rows(rows, 3, 0)
        flow.run(20, golden=False, slices=(13 * (sum(sizes) + 4) + 50, 0))


def test_more_projections_than_are_kept() -> None:
    for count in (64, 200, 250):
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


@pytest.mark.parametrize("n", [32, 33, 63])
def test_membranes_that_grow_too_large_behind_the_last_group(n: int) -> None:
    """Those of a pass of whole groups say nothing of the others."""
    Flow(n, kv=4095, last_kv=3657, vth=1000, states={n - 1: -3_000_000}).run(12)


@pytest.mark.parametrize("refractory", [0, 1, 3, 70])
def test_neurons_that_are_held(refractory: int) -> None:
    """Slices end while some are held, and in the step in which they are freed: their membranes have not moved."""
    for slices in ((0,), *((units,) for units in range(60, 200, 7))):
        held = [k * 5 % (refractory + 1) for k in range(21)]
        flow = Flow(40, vth=300, state=20, refractory=refractory, held=held)
        flow.rows(3, 9, 1)
        flow.run(100, golden=slices == (0,), slices=slices)


@pytest.mark.parametrize("counter", [4, 5, 1 << 20, 0xFFFF_FFFF])
def test_counters_that_no_spike_makes(counter: int) -> None:
    flow = Flow(40, vth=300, state=20, refractory=3, held=[0, 2, counter, 1])
    flow.rows(3, 9, 1)
    flow.run(60)


def test_currents_are_computed_again_from_long_ago() -> None:
    """Those that are kept are of up to 64 steps before; the projection has 9 units and the chain 4 in each step."""
    for steps in (63, 64, 65, 66, 127, 128, 129, 130, 199):
        flow = Flow(64, state=1000)
        flow.rows(9, 5, 3)
        flow.run(200, golden=False, slices=(13 * steps, 13 * steps + 3, 0))


@pytest.mark.parametrize("n", [40, 333])
@pytest.mark.parametrize("other", [False, True], ids=["alone", "another"])
def test_spikes_that_come_back(n: int, other: bool) -> None:
    """A projection reads what the chain wrote in the step before, or another population after it."""
    for slices in ((0,), *((units,) for units in range(280, 400, 9))):
        flow = Flow(n, vth=200, state=17, refractory=5)
        flow.rows(n, 90, 1, flow.out)
        image = flow.image
        if other:
            state, cur = image.words([0] * 2 * n), image.words([3] * n)
            pop = image.pop(n, parameters=(4000 << 16, 0, 0, 0), state=state, cur=cur, vth=40, out=flow.out)
            flow.behind.append((UPD | OUT, pop))
        flow.run(90, golden=slices == (0,), slices=slices)
