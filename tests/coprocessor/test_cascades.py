"""Networks that only feed forward, whose layers go through many steps at once, against the operations one by one."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from types import MappingProxyType
from typing import Any

import pytest

from coprocessor.golden.profiles import STATE_WORDS, Profile
from coprocessor.interface import Operation
from tests.coprocessor.implementations import BASE, Levels
from tests.coprocessor.memory_image import Image, pack_rows
from tests.effort import EFFORT

SYN, UPD, COUNTED = 1, 2, 1 << 8
PLAIN, DOUBLE, STREAM, PREVIOUS = range(4)
RETIRED, SUSPENDED, TRAPPED = range(3)
STEPS = 21
ODDITIES = (
    *("mode", "large", "large_cur", "dense", "sparse", "retention", "shift", "aer", "graded", "acc", "ring", "alone"),
    *("overlap", "previous", "double", "learned", "weights", "profile", "unwritten", "short", "skips"),
)
"""What may be unusual about a cascade; most of it cannot be done many steps at once."""
OVERLAPPING = ("acc", "overlap", "weights")
"""Of which the specification (6.1) says nothing."""


def bitmaps(random: Random, n: int, count: int, share: float) -> list[int]:
    """`count` bitmaps of n bits with noise behind the last one."""
    words = -(-n // 32)
    return [sum((random.random() < share) << k for k in range(32)) for _ in range(count * words)]


@dataclass
class Cascade:
    """Layers of these sizes, the first of which is the input; `odd`: what is unusual, of ODDITIES."""

    random: Random
    sizes: Sequence[int]
    odd: str = ""
    profile: Profile = Profile.LIF
    refractory: int = 0
    steps: int = STEPS
    image: Image = field(default_factory=lambda: Image(1 << 18))
    entries: list[tuple[int, int]] = field(default_factory=list)
    arrays: list[int] = field(default_factory=list)

    def is_odd(self, what: str, chance: float = 0.5) -> bool:
        """Whether to do something unusual."""
        return self.odd == what and self.random.random() < chance

    def weights(self, n: int, m: int) -> int:
        """Rows of s8, at times the last bytes of RAM."""
        random = self.random
        edge = random.choice((30, 128))
        content = pack_rows([[random.randint(-edge, edge - 1) for _ in range(m)] for _ in range(n)], 8)
        if random.random() < 0.2 and not self.image.ram[-len(content) :].strip(b"\0"):
            self.image.ram[-len(content) :] = content
            return BASE + len(self.image.ram) - len(content)
        return self.image.allocate(len(content), 4, content)

    def pop(self, n: int, cur: int, mode: int) -> tuple[int, int, int]:
        """A population; its address, and where its spikes of the first step go and how far apart."""
        random, image, words = self.random, self.image, -(-n // 32)
        profile = Profile(random.randrange(8)) if self.is_odd("profile") else self.profile
        limit = 1 << random.choice((18, 21, 23, 27, 30)) if self.is_odd("large") else 3000
        state = [random.randint(-limit, limit) for _ in range(n * STATE_WORDS[profile])]
        refractory = self.refractory if profile in (Profile.IF, Profile.LIF, Profile.CUBA) else 0
        if refractory:
            state += [random.choice((0, 0, 2, -1)) for _ in range(n)]
        stride = 4 * (words + random.choice((0, 0, 3)))
        buffers = {PLAIN: 1, STREAM: self.steps}.get(mode, 2)
        out = 0 if self.is_odd("unwritten") else image.allocate(stride * buffers + 4 * words)
        retentions = (0, 1000, 2048, 3686, 4055, 4096, *((4097, 8191) if self.odd == "retention" else ()))
        ku, kv = (random.choice(retentions) for _ in range(2))
        word = random.getrandbits(11) if self.odd == "mode" else random.choice((0, 1, 2)) | random.getrandbits(1) << 2
        self.arrays += [cur, place := image.words(state)]
        acc = random.choice((image.words([0] * n), place)) if self.is_odd("acc") else 0
        address = image.pop(
            n,
            profile=profile,
            mode=word,
            parameters=(
                0 if profile is Profile.IF else kv << 16 | (ku if profile is Profile.CUBA else 0),
                random.choice((0, 0, 7, -300)),
                random.choice((0, 6, 13)) if self.odd == "shift" else random.choice((0, 0, 3)),
                0,
            ),
            vth=random.choice((100, 900, 30000)),
            vrst=random.choice((0, -50)),
            state=place,
            cur=cur,
            refractory=refractory,
            acc=acc,
            out=out,
            output_mode=mode if out else PLAIN,
            stride=stride if mode and out else 0,
            graded=self.is_odd("graded", 0.3),
        )
        return address, out or image.words([0] * words * buffers), stride

    def build(self) -> int:
        """Everything; gives the address of the NET."""
        random, image, n = self.random, self.image, self.sizes[0]
        share = {"dense": 0.9, "sparse": 0.005}.get(self.odd, random.choice((0.05, 0.2, 0.3)))
        stride = 4 * (-(-n // 32) + random.choice((0, 0, 1)))
        mode = random.choice((STREAM, STREAM, PLAIN))
        source = image.words(bitmaps(random, n, self.steps * (stride // 4 + 1) + 8, share))
        for k, m in enumerate(self.sizes[1:]):
            large = 1 << 29 if self.odd == "large_cur" else 1000
            first = [random.randint(-large, large) for _ in range(m)] if random.random() < 0.3 else [0] * m
            cur = image.words(first * (2 if self.odd == "ring" else 1))
            out_mode = random.choice((STREAM, PLAIN))
            if self.is_odd("double"):
                out_mode = DOUBLE
            syn = image.syn(
                n,
                m,
                weights=cur if self.is_odd("weights") else self.weights(n, m),
                cur=cur,
                source=1 if self.is_odd("aer", 0.3) else 0,
                source_address=source,
                source_mode=PREVIOUS if self.is_odd("previous") else mode,
                stride=stride if mode else 0,
                exponent=random.choice((0, 0, 3, 15)) if self.odd == "shift" else random.choice((0, 0, 2)),
                log_depth=int(self.odd == "ring"),
                fixed_delay=int(self.is_odd("ring")),
            )
            if self.is_odd("ring"):
                cur = image.words([3] * m)
            pop, source, stride = self.pop(m, cur, out_mode)
            mode, n = out_mode, m
            self.entries += [(SYN | COUNTED * random.getrandbits(1), syn), (UPD | COUNTED * random.getrandbits(1), pop)]
            if self.is_odd("alone", 0.3):
                self.entries.append(random.choice(self.entries))
            if k and self.is_odd("skips"):
                self.entries[-2] = self.entries[-4]
        if self.odd == "overlap":
            self.meddle()
        return image.net(self.entries)

    def meddle(self) -> None:
        """Another population that writes to a state, an input or a bitmap."""
        place = self.random.choice(self.arrays) + 4 * self.random.randint(-40, 40)
        n = self.random.choice((1, 40))
        source = self.image.words([0xFFFF] * self.steps)
        cur = self.image.words([0] * n)
        weights = self.image.allocate(16 * 4 * -(-n // 4), 4, bytes([3] * (16 * 4 * -(-n // 4))))
        at: dict[str, Any] = (
            {"state": place, "cur": cur} if self.random.random() < 0.5 else {"state": cur, "cur": place}
        )
        out = self.random.choice((0, place))
        pop = self.image.pop(n, parameters=(4000 << 16, 0, 0, 0), vth=100, out=out, **at)
        syn = self.image.syn(16, n, weights=weights, cur=at["cur"], source_address=source, source_mode=STREAM, stride=4)
        where = 2 * self.random.randrange(len(self.entries) // 2 + 1)
        self.entries[where:where] = [(SYN, syn), (UPD, pop)]


def check(cascade: Cascade, slices: Sequence[int] = (0,), golden: bool = False) -> None:
    """All levels, issue by issue; the golden model, too."""
    net = cascade.build()
    steps = cascade.random.choice((1, 7, 8, 9)) if cascade.odd == "short" else cascade.steps
    for size in slices:
        levels = Levels(cascade.image.ram, golden)
        levels.prepare(cascade.random, size, (0, 3, -2), logged=0.1)
        levels.run(Operation.RUN, net, steps)


@pytest.mark.parametrize("refractory", [0, 3])
@pytest.mark.parametrize("profile", [Profile.IF, Profile.LIF, Profile.CUBA])
def test_usual_cascades(profile: Profile, refractory: int) -> None:
    """Every number of neurons in the last strip, and several layers."""
    for m in (*range(1, 70, 4), 64, 96, 127, 128, 130):
        random = Random(f"{profile} {refractory} {m}")
        sizes = (random.choice((1, 31, 64, 100)), m, *random.choice(((), (10,), (33, 70))))
        check(Cascade(random, sizes, profile=profile, refractory=refractory), golden=m == 37)


@pytest.mark.parametrize("odd", ODDITIES)
def test_unusual_cascades(odd: str) -> None:
    """Other modes, values beyond the bounds, other writers, delays, sources; runs and parts of runs."""
    for seed in range(15 * EFFORT):
        random = Random(f"{odd} {seed}")
        sizes = [random.choice((20, 33, 64)) for _ in range(random.choice((2, 3, 4)))]
        if odd == "dense":
            sizes[0] = random.choice((250, 300))
        profile = random.choice((Profile.IF, Profile.LIF, Profile.CUBA))
        cascade = Cascade(random, sizes, odd, profile, random.choice((0, 3)))
        check(cascade, (random.choice((0, 0, 0, 1, 17, 1024)),), golden=seed == 0 and odd not in OVERLAPPING)


NOTHING: Mapping[str, Any] = MappingProxyType({})


class Stack:
    """Layers of 64 neurons each, one after the other; whatever is said of a descriptor replaces what is usual."""

    N = 64
    BYTES = 8
    """Of a bitmap."""

    def __init__(self, steps: int = STEPS, share: float = 0.3) -> None:
        self.random = Random(f"{steps} {share}")
        self.steps = steps
        self.image = Image(1 << 17)
        self.entries: list[tuple[int, int]] = []
        self.source = self.image.words(bitmaps(self.random, self.N, steps, share))
        self.buffers = self.image.allocate(self.BYTES * steps * 4 + 64) + 32
        self.states: list[int] = []

    def out(self, k: int) -> int:
        """Where buffers may begin."""
        return self.buffers + self.BYTES * self.steps * k

    def layer(
        self,
        source: int,
        syn: Mapping[str, Any] = NOTHING,
        pop: Mapping[str, Any] = NOTHING,
        weight: int | None = None,
        state: Sequence[int] = (0,),
        cur: int = 0,
    ) -> None:
        """A layer; `weight` is that of all synapses."""
        image, n = self.image, self.N
        rows = [[self.random.randint(-60, 80) if weight is None else weight for _ in range(n)] for _ in range(n)]
        self.states.append(image.words([x for word in state for x in [word] * n]))
        used = {
            "weights": image.allocate(n * n, 4, pack_rows(rows, 8)),
            "cur": image.words([cur] * 2 * n),
            "source_address": source,
            "source_mode": STREAM,
            "stride": self.BYTES,
            **syn,
        }
        population = {
            "parameters": (3686 << 16, 0, 0, 0),
            "vth": 900,
            "state": self.states[-1],
            "cur": used["cur"],
            "out": self.out(len(self.states) - 1),
            "output_mode": STREAM,
            "stride": self.BYTES,
            **pop,
        }
        self.entries += [(SYN, image.syn(n, n, **used)), (UPD | COUNTED, image.pop(n, **population))]

    def run(self, slices: Sequence[int] = (0,), golden: bool = True, fails: bool = False) -> None:
        """All levels: so many units in each issue, the last number again and again."""
        net = self.image.net(self.entries)
        levels = Levels(self.image.ram, golden)
        outcome = SUSPENDED
        for size in itertools.chain(slices, itertools.repeat(slices[-1])):
            levels.write("slice", size)
            outcome = levels.issue(Operation.RUN, net, self.steps)
            if outcome != SUSPENDED:
                break
        assert outcome == (TRAPPED if fails else RETIRED)


def test_spikes_of_the_step_before() -> None:
    """A layer that feeds itself, and one that is fed by a later one."""
    for first, second in ((0, 0), (1, 0)):
        stack = Stack()
        stack.layer(stack.out(first) - stack.BYTES, pop={"vth": 40})
        stack.image.put(stack.out(first) - stack.BYTES, 0xFFFF, 0xFF0)
        stack.layer(stack.out(second))
        stack.run()


def test_spikes_in_one_buffer() -> None:
    """Each step overwrites those of the step before, also where a layer further on reads them, or its own layer."""
    plain = {"output_mode": PLAIN, "stride": 0}, {"source_mode": PLAIN, "stride": 0}
    for origin in (0, 1, 2):
        stack = Stack()
        stack.layer(stack.source, pop=plain[0])
        stack.layer(stack.out(0), plain[1], plain[0])
        stack.layer(stack.out(origin), plain[1])
        stack.run()


@pytest.mark.parametrize("syn", [{"source_mode": PLAIN, "stride": 0}, {"stride": 16}, {"source_mode": DOUBLE}])
def test_spikes_read_otherwise(syn: dict[str, int]) -> None:
    """In other steps than they are written in."""
    stack = Stack()
    stack.layer(stack.source)
    stack.layer(stack.out(0), syn, {"out": stack.out(3)})
    stack.run()


@pytest.mark.parametrize("array", ["state", "cur", "out"])
def test_arrays_of_a_population_that_overlap(array: str) -> None:
    """The specification says nothing of it; all levels do the same."""
    for other in {"state", "cur", "out"} - {array}:
        stack = Stack()
        place = stack.image.words([5] * 400)
        syn = {"cur": place} if "cur" in (array, other) else {}
        stack.layer(stack.source, syn, {array: place, other: place + (4 if array == "state" else 0)} | syn)
        stack.run(golden=False)


def test_a_ring_of_which_one_slot_is_fed() -> None:
    stack = Stack()
    stack.layer(stack.source, pop={"log_depth": 1}, cur=3)
    stack.run()


def test_graded_outputs() -> None:
    stack = Stack()
    stack.layer(stack.source, pop={"graded": True, "stride": 256, "out": stack.image.allocate(256 * STEPS)})
    stack.run()


def test_weights_outside_ram() -> None:
    stack = Stack()
    stack.layer(stack.source)
    stack.layer(stack.out(0), {"weights": BASE + len(stack.image.ram) - 2000})
    stack.run(fails=True)


@pytest.mark.parametrize("weight", [127, -128])
@pytest.mark.parametrize("n", [255, 256, 257, 264, 300])
def test_sums_of_many_rows(weight: int, n: int) -> None:
    """They leave 16 bits from 257 rows on."""
    image = Image(1 << 17)
    rows = image.allocate(64 * n, 4, bytes([weight & 0xFF]) * 64 * n)
    cur, source = image.words([0] * 64), image.words([0xFFFF_FFFF] * 10)
    pop = image.pop(64, parameters=(2048 << 16, 0, 0, 0), vth=1 << 20, state=image.words([0] * 64), cur=cur)
    net = image.net([(SYN, image.syn(n, 64, weights=rows, cur=cur, source_address=source)), (UPD, pop)])
    levels = Levels(image.ram, golden=True)
    levels.write("slice", 0)
    levels.run(Operation.RUN, net, 12)


LIMITS: dict[str, dict[str, Any]] = {
    "state": {"state": (-5_200_000,)},
    "grows": {"pop": {"parameters": (8191 << 16, 0, 0, 0)}, "state": (-3000,), "weight": 0},
    "bias": {"pop": {"parameters": (4095 << 16, -(1 << 17) + 1, 0, 0)}, "weight": 0},
    "subtract": {
        "pop": {"parameters": (4095 << 16, 0, 0, 0), "mode": 1 << 3, "vth": -(1 << 27)},
        "state": (1 << 20,),
        "weight": 0,
    },
    "shift": {"pop": {"parameters": (3686 << 16, 0, 31, 0)}},
    "exponent": {"pop": {"parameters": (3686 << 16, 0, 8, 0)}, "syn": {"exponent": 24}},
    "input": {"cur": -(1 << 31)},
    "small_input": {"cur": (1 << 28) - 1, "weight": 1},
    "fed": {"pop": {"parameters": (1 << 16, 0, 14, 0)}},
    "current": {"pop": {"profile": Profile.CUBA, "parameters": (3686 << 16 | 4090, 0, 10, 0)}, "state": (0, 0)},
    "held": {"pop": {"refractory": 200}, "state": (-4_000_000, 200), "weight": -100},
}


@pytest.mark.parametrize("limit", LIMITS)
def test_values_beyond_short_forms(limit: str) -> None:
    """One bound after the other is passed, some only after some steps."""
    for exponent in (0, 6):
        stack = Stack(40)
        at = {"syn": {"exponent": exponent}} | LIMITS[limit]
        stack.layer(stack.source, **at)
        stack.layer(stack.out(0))
        stack.run(golden=exponent == 0)


def test_interruptions_everywhere() -> None:
    """The first issue ends at each unit of the first steps, the second does all that is left."""
    stack = Stack(20)
    stack.layer(stack.source)
    stack.layer(stack.out(0))
    for size in range(1, 70):
        stack.run((size, 0), golden=size < 6)


def test_progress_that_a_program_wrote() -> None:
    """In the middle of a step, though no operation has begun."""
    stack = Stack()
    stack.layer(stack.source)
    stack.layer(stack.out(0))
    net = stack.image.net(stack.entries)
    levels = Levels(stack.image.ram, golden=True)
    levels.write("slice", 0)
    levels.write("prog1", 1 << 31 | Operation.RUN << 20 | 3)
    levels.write("prog2", 2)
    levels.write("pdesc", net)
    levels.run(Operation.RUN, net, stack.steps)


def test_several_stretches() -> None:
    """More steps than go at once; and one that cannot go with others comes late."""
    for steps, weight in ((600, 3), (300, 127)):
        stack = Stack(steps, 0.05)
        stack.layer(stack.source, {"exponent": 6}, {"parameters": (4090 << 16, 0, 0, 0), "vth": 1 << 24}, weight)
        stack.layer(stack.out(0))
        stack.run(golden=False)
