"""One random learn operation in a RAM image that ends with the last byte of its last array."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

import numpy as np

from tests.coprocessor.implementations import BASE
from tests.coprocessor.memory_image import Image

PAIR, REWARD, BINARY, SDSP, EPROP = range(5)
STATE_WORDS = {1: 1, 2: 2}
"""Of the profiles LIF and CUBA."""


def words(n: int) -> int:
    """W(n)."""
    return -(-n // 32)


def bits(rng: np.random.Generator, n: int, density: float) -> bytes:
    """A bitmap; the bits behind the last are random."""
    spikes = rng.random(32 * words(n)) < density
    spikes[n:] = rng.random(len(spikes) - n) < 0.5
    return np.packbits(spikes, bitorder="little").tobytes()


def halves(rng: np.random.Generator, count: int, signed: bool) -> np.ndarray:
    """16-bit numbers: small, any, or the extremes, also those that no trace has by itself."""
    low, high = (-0x8000, 0x8000) if signed else (0, 0x8000)
    some = rng.integers(low, high, count)
    extremes = rng.choice([low, high - 1, 0, 1, 0x7FFF if signed else 0xFFFF], count)
    small = rng.integers(-3 if signed else 0, 300, count)
    return np.choose(rng.choice([[0], [1], [2], [0, 1, 2]][rng.integers(4)], count), [some, extremes, small])


def weights(rng: np.random.Generator, count: int) -> np.ndarray:
    """Weights, some of them the extremes."""
    return np.where(rng.random(count) < 0.2, rng.choice([-128, 127], count), rng.integers(-128, 128, count))


@dataclass
class LearningCase:
    """`size` is (n, m); `spikes` the densities of spikes on both sides; `gaps` the most units between two arrays."""

    seed: int
    kind: int
    size: tuple[int, int]
    sparse: bool = False
    rounding: int = 0
    spikes: tuple[float, float] = (0.2, 0.2)
    gaps: int = 3

    def __post_init__(self) -> None:
        self.rng = np.random.default_rng(self.seed)
        self.arrays: dict[str, tuple[bytes, int]] = {}
        self.choose_arrays()
        self.place()
        self.describe()

    def add(self, name: str, values: np.ndarray, dtype: str, alignment: int) -> None:
        """An array of these numbers modulo 2^bits."""
        width = np.dtype(dtype).itemsize
        masked = np.asarray(values, dtype=np.int64) & ((1 << 8 * width) - 1)
        self.arrays[name] = masked.astype(dtype).tobytes(), alignment

    def choose_arrays(self) -> None:
        """Weights in or out of the limits, traces, spikes, membranes."""
        rng, (n, m) = self.rng, self.size
        elements = n * m
        if self.sparse:
            lengths = rng.integers(0, rng.choice([1, 4, m + 3]) + 1, n)
            elements = int(lengths.sum())
            self.add("rows", np.concatenate([[0], np.cumsum(lengths)]), "<u4", 4)
            self.add("columns", rng.integers(0, m, elements), "<u2", 2)
            self.add("weights", weights(rng, elements), "<u1", 1)
        elif self.kind == BINARY:
            self.add("weights", rng.integers(0, 2**32, n * words(m)), "<u4", 4)
        else:
            self.add("weights", weights(rng, n * (m + -m % 4)), "<u1", 4)
        self.arrays["source"] = bits(rng, n, self.spikes[0]), 4
        self.arrays["out"] = bits(rng, m, self.spikes[1]), 4
        self.add("pre", halves(rng, n, False), "<u2", 2)
        self.add("post", halves(rng, m, False), "<u2", 2)
        if self.kind == REWARD:
            self.add("eligibility", halves(rng, elements, True), "<u2", 2)
        if self.kind == EPROP:
            self.add("signal", rng.choice([0, 1, -1, 2**31 - 1, -(2**31), 1000], m), "<u4", 4)
        self.profile = int(rng.integers(1, 3))
        near = rng.integers(-60, 60, m * STATE_WORDS[self.profile])
        self.add("state", np.where(rng.random(len(near)) < 0.1, -(2**31), near), "<u4", 4)
        self.per_neuron = bool(rng.integers(2))
        if self.per_neuron:
            self.add("param", rng.integers(-60, 60, m), "<u4", 4)

    def place(self) -> None:
        """Arrays behind the descriptors, in any order, with random distances and contents between them."""
        end, self.address = 0x200, {}
        for name in self.rng.permutation(list(self.arrays)):
            content, alignment = self.arrays[name]
            place = -(-end // alignment) * alignment + alignment * int(self.rng.integers(self.gaps + 1))
            self.address[str(name)] = BASE + place
            end = place + len(content)
        if not self.sparse and self.kind != BINARY and self.address["weights"] - BASE == end - len(content):
            end -= -self.size[1] % 4  # what fills the last row may lie outside
        self.image = Image(0)
        self.image.ram = bytearray(self.rng.integers(0, 256, end, dtype=np.uint8).tobytes())
        for name, (content, _) in self.arrays.items():
            self.image.ram[self.address[name] - BASE : self.address[name] - BASE + len(content)] = content
        del self.image.ram[end:]

    def describe(self) -> None:
        """The descriptors."""
        random, (n, m), at = Random(self.seed), self.size, self.address
        pop = self.image.pop(
            m,
            state=at["state"],
            cur=4,
            profile=self.profile,
            vth=random.randrange(-50, 50),
            per_neuron=0x10 * self.per_neuron,
            param=at.get("param", 0),
            out=at["out"],
        )
        fmt = 4 if self.sparse else 3 if self.kind == BINARY else 0
        syn = self.image.syn(
            n,
            m,
            weights=at["weights"],
            cur=4,
            source_address=at["source"],
            fmt=fmt,
            rows=at.get("rows", 0),
            columns=at.get("columns", 0),
        )

        def half(bound: int) -> int:
            return random.choice((random.randrange(bound), bound - 1, 0, min(256, bound - 1)))

        low, high = sorted(random.choice((-128, 127, -5, 0, 90, random.randrange(-128, 128))) for _ in range(2))
        shifts = [random.choice((0, 1, 8, 12, 31, random.randrange(32))) for _ in range(2)]
        amplitudes = [random.choice((-0x8000, 0x7FFF, 0, 8, random.randrange(-0x8000, 0x8000))) for _ in range(2)]
        needs_pre, needs_post = self.kind in (PAIR, REWARD, EPROP), self.kind in (PAIR, REWARD, SDSP)
        self.rule = self.image.rule(
            self.kind,
            syn,
            pop,
            lmode=self.rounding | random.getrandbits(1) << 2 | random.choice((2, 5, 31)) << 8 | shifts[0] << 16,
            limits=(low, high),
            l=(half(1025) | half(1025) << 16, random.randrange(-30, 30), half(300) | half(0x8000) << 16, half(0x8000)),
            amplitudes=(amplitudes[0], amplitudes[1]),
            decays=(random.choice((4096, 3686, 8191, 0)), random.randrange(8192)),
            impulses=(half(0x8000), half(0x8000)),
            w12=random.choice((4096, 3900, 8191, 0)) | shifts[1] << 16,
            pre_traces=at["pre"] if needs_pre or random.random() < 0.7 else 0,
            post_traces=at["post"] if needs_post or random.random() < 0.7 else 0,
            eligibility=at.get("eligibility", 0),
            signal=at.get("signal", 0),
        )
        self.reward = random.choice((0, 1, 0x8000, 0x7FFF, random.randrange(0x10000)))
        assert self.image.end <= BASE + 0x200
