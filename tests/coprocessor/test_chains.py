"""Updates of populations that add to the input of another, done in one pass, against the operations one by one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any

import pytest

from coprocessor.golden.profiles import STATE_WORDS, Profile
from coprocessor.interface import Operation, Outcome
from tests.coprocessor.implementations import BASE, Levels
from tests.coprocessor.memory_image import Image, pack_rows
from tests.effort import EFFORT

SYN, UPD, OUT = 1, 2, 1 << 8
DENSE, CSR = 0, 4
STREAM = 2
FLOOR, HALF_UP = 1, 2
STEPS = 14
ODDITIES = (
    *("mode", "retention", "bias", "shift", "columns", "fault", "graded", "weights", "large", "direct", "dense"),
    *("acc", "feeder", "ring", "silent", "disturbed", "profile"),
)
"""What may be unusual about a chain; some of it cannot be done in one pass."""


def largest(k: int) -> int:
    """Where x*(k - 4096) leaves 32 bits."""
    return (1 << 31) // max(1, 4096 - k)


def retention(random: Random, usual: bool) -> int:
    return random.choice((2048, 3686, 4015, 4055, 4076, 4095, 4096) if usual else (0, 1000, 2047, 4097, 8191))


def words(random: Random, n: int, bound: int, beyond: bool) -> list[int]:
    """Ordinary numbers; at times some or all are near a bound, or `beyond` it."""
    share = random.choice((0, 0, 0.02, 1))
    factors = (0.9, 1.1) if beyond else (0.5, 0.98)
    return [
        min(random.choice((1, -1)) * int(bound * random.uniform(*factors)), (1 << 31) - 1)
        if random.random() < share
        else random.randint(-900, 900)
        for _ in range(n)
    ]


@dataclass
class Chain:
    """Feeders and the population that they add to, with synapses; `odd`: what is unusual, of ODDITIES."""

    random: Random
    n: int
    feeders: int
    odd: str = ""
    refractory: int = 3
    profile: Profile = Profile.LIF
    image: Image = field(default_factory=lambda: Image(1 << 19))
    entries: list[tuple[int, int]] = field(default_factory=list)
    inputs: list[int] = field(default_factory=list)
    states: list[int] = field(default_factory=list)
    columns: list[int] = field(default_factory=list)
    output: int = 0

    def is_odd(self, what: str, chance: float = 0.5) -> bool:
        """Whether to do something unusual."""
        return self.odd == what and self.random.random() < chance

    def mode(self) -> int:
        """Floor is quick, half up usual, others are not done in one pass."""
        if self.is_odd("mode"):
            return self.random.choice((0, 1 << 3, 1 << 5, 1 << 7, 1 << 10, 3))
        return self.random.choice((FLOOR, FLOOR, HALF_UP)) | self.random.getrandbits(1) << 2

    def pop(self, profile: Profile, cur: int, **more: Any) -> int:
        """A population of n neurons; adds its arrays to the lists."""
        random, n = self.random, self.n
        ku, kv = (retention(random, not self.is_odd("retention")) for _ in range(2))
        refractory = more.get("refractory", 0)
        beyond = self.is_odd("large", 0.3)
        state = words(random, n, largest(kv), beyond)
        if profile is Profile.CUBA:
            state = words(random, n, largest(ku), beyond) + state
        if refractory:
            state += [random.choice((0, 0, 0, 2, -1, -(1 << 31), (1 << 31) - 1)) for _ in range(n)]
        assert len(state) == n * (STATE_WORDS[profile] + (refractory > 0))
        p0 = (0 if profile is Profile.IF else kv << 16) | (ku if profile is Profile.CUBA else 0)
        self.states.append(self.image.words(state, 64))
        return self.image.pop(
            n,
            profile=profile,
            mode=self.mode(),
            parameters=(
                p0,
                1 << 17 if self.is_odd("bias") else random.choice((0, 0, 7, -300)),
                3 * self.is_odd("shift"),
                0,
            ),
            state=self.states[-1],
            cur=cur,
            **more,
        )

    def rows(self) -> list[list[tuple[int, int]]]:
        """Sparse rows: mostly ascending columns; equal weights, or any."""
        random, n, made = self.random, self.n, []
        longest = random.choice((min(n, 2), min(n, 3), min(n, 90) + 1))
        for _ in range(n):
            columns = sorted(random.sample(range(n), random.randrange(longest)))
            if self.is_odd("columns"):
                columns = random.choices(range(n), k=random.randrange(80))
            if self.is_odd("fault", 0.1):
                columns.append(n)
            weight = random.choice((None, random.randint(-128, 127)))
            made.append([(j, random.randint(-128, 127) if weight is None else weight) for j in columns])
        return made

    def sparse(self, target: int, source: int, mode: int, stride: int) -> None:
        """CSR synapses from a bitmap to an input, or from graded values; at times weights lie in that input."""
        rows, image, random = self.rows(), self.image, self.random
        starts = [0]
        for row in rows:
            starts.append(starts[-1] + len(row))
        content = b"".join(j.to_bytes(2, "little") for row in rows for j, _ in row)
        self.columns.append(image.allocate(len(content), 2, content))
        weights = image.allocate(starts[-1], 1, bytes(w & 0xFF for row in rows for _, w in row))
        graded = self.is_odd("graded")
        if graded:
            source, mode, stride = image.words([random.choice((0, 1 << 18, -5)) for _ in rows]), 0, 0
        address = image.syn(
            self.n,
            self.n,
            fmt=CSR,
            source=2 if graded else 0,
            weights=target if self.is_odd("weights") else weights,
            rows=image.words(starts),
            columns=self.columns[-1],
            cur=target,
            source_address=source,
            source_mode=mode,
            stride=stride,
            exponent=random.choice((0, 3, 8, 22 if self.odd == "large" else 12)),
        )
        self.entries.append((SYN, address))

    def dense(self, target: int, source: int) -> None:
        """8-bit synapses from three constant spikes."""
        weights = pack_rows([[self.random.randint(-128, 127) for _ in range(self.n)] for _ in range(3)], 8)
        address = self.image.syn(
            3, self.n, weights=self.image.allocate(len(weights), 4, weights), cur=target, source_address=source
        )
        self.entries.append((SYN, address))

    def build(self, steps: int = STEPS) -> int:
        """Everything in an order in which the updates stand together; gives the address of the NET."""
        random, image, n = self.random, self.image, self.n
        size = 4 * -(-n // 32)
        bits = random.choice((0.0, 0.03, 0.1, 0.5))
        spikes = [sum((random.random() < bits) << k for k in range(32)) for _ in range(size // 4)]
        self.output = image.words([*spikes, *[0] * (steps * size // 4)], 64) + size
        constant = image.words([0b101])
        self.inputs = [
            image.words(
                words(random, n, (1 << 31) - 1 if self.is_odd("large", 0.2) else 1 << 20, False)
                if random.random() < 0.3
                else [0] * n,
                64,
            )
            for _ in range(self.feeders + 1)
        ]
        for target in self.inputs[: None if self.odd == "direct" else -1]:
            for _ in range(random.choice((0, 1, 1, 1, 2))):
                self.sparse(target, self.output - size, STREAM, size)
            if self.is_odd("dense"):
                self.dense(target, constant)
        for cur in self.inputs[:-1]:
            to = image.words([0] * n) if self.is_odd("acc") else self.inputs[-1]
            profile = Profile.IF if self.is_odd("feeder") else Profile.LI
            more = {"log_depth": 1} if self.is_odd("ring") else {}
            ring = image.words([3] * n + [5] * n) if more else cur
            self.entries.append((UPD, self.pop(profile, ring, acc=to, **more)))
        more = {"out": self.output, "output_mode": STREAM, "stride": size}
        if self.is_odd("silent"):
            more = {}
        bar = {"vth": random.choice((3000, 900, 1 << 20)), "vrst": random.choice((0, -2500, -(1 << 20)))}
        last = self.pop(self.profile, self.inputs[-1], refractory=self.refractory, **bar, **more)
        self.entries.append((UPD | OUT, last))
        if self.odd == "disturbed":
            self.disturb()
        return image.net(self.entries)

    def disturb(self) -> None:
        """An operation that writes where the others do not expect it."""
        random = self.random
        place = random.choice((*self.states, *self.inputs, *self.columns, *self.columns))
        place = max(BASE + 16, place // 4 * 4 + 4 * random.randint(-self.n, self.n))
        cur = self.image.words(words(random, self.n, 3000, False))
        self.entries.insert(random.randrange(len(self.entries) + 1), (UPD, self.pop(Profile.LI, cur, acc=place)))


def check(chain: Chain, slices: Sequence[int] = (0,), golden: bool = False, steps: int = STEPS) -> None:
    """All levels, issue by issue; the golden model, too."""
    net = chain.build(steps)
    for size in slices:
        levels = Levels(chain.image.ram, golden)
        levels.prepare(chain.random, size, range(4), logged=0.3)
        levels.run(Operation.RUN, net, steps)


@pytest.mark.parametrize("refractory", [0, 3])
@pytest.mark.parametrize("profile", [Profile.LIF, Profile.CUBA])
@pytest.mark.parametrize("feeders", [1, 2])
def test_usual_chains(feeders: int, profile: Profile, refractory: int) -> None:
    """Every number of neurons in the last group, and larger ones."""
    for n in (*range(1, 66, 3), 64, 96, 128, 160, 300):
        random = Random(f"{feeders} {profile} {refractory} {n}")
        check(Chain(random, n, feeders, refractory=refractory, profile=profile), golden=n == 37)


@pytest.mark.parametrize("odd", ODDITIES)
def test_unusual_chains(odd: str) -> None:
    """Other modes, values beyond the bounds, other writers, delays, faults; runs and parts of runs."""
    for seed in range(10 * EFFORT):
        random = Random(f"{odd} {seed}")
        profile = random.choice(
            (Profile.LIF, Profile.CUBA, Profile.IF) if odd == "profile" else (Profile.LIF, Profile.CUBA)
        )
        chain = Chain(
            random, random.choice((32, 40, 64, 96)), random.choice((1, 2, 2, 3)), odd, random.choice((0, 3)), profile
        )
        check(chain, (random.choice((0, 0, 0, 1, 2, 5, 17, 1024)),), golden=seed == 0 and odd != "weights")


def test_long_runs() -> None:
    """Chains that go population by population for some time, because of values beyond the bounds, and then together."""
    for seed in range(12 * EFFORT):
        random = Random(f"long {seed}")
        profile = random.choice((Profile.LIF, Profile.CUBA))
        chain = Chain(random, random.choice((32, 45, 64)), 2, random.choice(("", "large")), profile=profile)
        check(chain, steps=90)


@pytest.mark.parametrize("what", ["state", "column"])
def test_what_others_change_between_steps(what: str) -> None:
    """An operation adds a large number to the state of a feeder in every step, or changes where its synapses go."""
    for seed in range(12):
        chain = Chain(Random(f"{what} {seed}"), 64, 2)
        chain.build()
        if not chain.columns:
            continue
        place = chain.states[0] if what == "state" else chain.columns[0] & ~3
        amount = 1 << 22 if what == "state" else 1
        image, count = chain.image, 64 if what == "state" else 8
        cur = image.words([0] * count)
        state = image.words([amount] * count)
        pop = image.pop(count, profile=Profile.LI, parameters=(4096 << 16, 0, 0, 0), state=state, cur=cur, acc=place)
        before = next(k for k, (kind, _) in enumerate(chain.entries) if kind & 0xFF == UPD)
        chain.entries.insert(before, (UPD, pop))
        net = image.net(chain.entries)
        levels = Levels(image.ram)
        levels.write("slice", 0)
        ended = levels.issue(Operation.RUN, net, 40) == Outcome.RETIRED
        assert ended or (what == "column" and levels.reference.read("prog2") > 2)


@dataclass
class Pair:
    """An LI population that adds to a LIF population, 64 neurons each, such that they go in one pass at first."""

    state: int = 0
    inputs: tuple[int, ...] = (0,)
    kv: int = 4055
    last_kv: int = 4076
    held: int = 0
    image: Image = field(default_factory=lambda: Image(1 << 16))
    before: list[tuple[int, int]] = field(default_factory=list)
    behind: list[tuple[int, int]] = field(default_factory=list)
    places: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        values = ([self.state], self.inputs, [0], [0, self.held])
        self.places = [self.image.words([x for x in some for _ in range(64)], 64) for some in values]

    def run(self, steps: int) -> None:
        """The network on all levels and the golden model."""
        image, (state, cur, end, membranes) = self.image, self.places
        depth = len(self.inputs).bit_length() - 1
        p0 = self.kv << 16, self.last_kv << 16
        li = image.pop(
            64, profile=6, mode=FLOOR, parameters=(p0[0], 0, 0, 0), state=state, cur=cur, log_depth=depth, acc=end
        )
        more: dict[str, Any] = {"vth": 3000, "refractory": 9, "out": image.words([0, 0])}
        lif = image.pop(64, mode=FLOOR, parameters=(p0[1], 0, 0, 0), state=membranes, cur=end, **more)
        net = image.net([*self.before, (UPD, li), (UPD | OUT, lif), *self.behind])
        levels = Levels(image.ram, golden=True)
        levels.write("slice", 0)
        levels.run(Operation.RUN, net, steps)


def test_an_input_with_slots() -> None:
    """Each slot is looked at when its step comes."""
    Pair(inputs=(3, 5)).run(4)


def test_a_state_that_another_operation_changes() -> None:
    """It gets too large, which only a look tells."""
    pair = Pair()
    image = pair.image
    state, cur = image.words([1 << 22] * 64), image.words([0] * 64)
    large = image.pop(64, profile=6, parameters=(4096 << 16, 0, 0, 0), state=state, cur=cur, acc=pair.places[0])
    pair.behind.append((UPD, large))
    pair.run(30)


def test_graded_values_in_sparse_rows() -> None:
    """What rows add is weights times values, which grow from 0."""
    pair = Pair()
    image = pair.image
    source, rows = image.words([0] * 64), image.words(range(65))
    tables: dict[str, Any] = {"columns": image.halves(range(64)), "weights": image.allocate(64, 1, bytes([127] * 64))}
    syn = image.syn(64, 64, fmt=CSR, source=2, source_address=source, rows=rows, cur=pair.places[1], **tables)
    pair.before.append((SYN, syn))
    state, cur = image.words([1 << 14] * 64), image.words([0] * 64)
    growing = image.pop(64, profile=6, parameters=(4096 << 16, 0, 0, 0), state=state, cur=cur, acc=source)
    pair.behind.append((UPD, growing))
    pair.run(14)


@pytest.mark.parametrize("sign", [1, -1])
def test_sums_that_saturate(sign: int) -> None:
    Pair(state=sign * 52_000_000, inputs=(sign * ((1 << 31) - 1),)).run(1)


def test_membranes_after_steps_one_by_one() -> None:
    """In the first step they are held; when all other values are small again they have become too large."""
    Pair(state=-51_000_000, inputs=(-3_000_000,), last_kv=3686, held=3).run(40)


def test_interruptions_everywhere() -> None:
    """Slices that end at each unit, before, inside and behind the updates that go together."""
    chain = Chain(Random("interruptions"), 70, 2)
    check(chain, range(1, 60), steps=3)


@pytest.mark.parametrize("odd", ["", "fault", "columns", "disturbed", "silent", "graded", "dense", "direct"])
def test_runs_that_end_while_currents_flow(odd: str) -> None:
    """Steps enough for currents to wait decayed (flow.c); then a fault, the end of a slice anywhere, or the run's."""
    for seed in range(5 * EFFORT):
        random = Random(f"flow {odd} {seed}")
        chain = Chain(random, random.choice((32, 45, 64, 97)), random.choice((1, 2)), odd, random.choice((0, 3, 9)))
        check(chain, (0, random.randint(90, 900)), steps=40)
