"""One valid descriptor of each kind, each with regions of its own, for tests that then change words of it."""

from __future__ import annotations

from itertools import chain
from random import Random
from typing import Any

from tests.coprocessor.memory_image import Image

SIZE = 1 << 14
M = 40
"""Neurons behind a projection; the square one has as many before it."""


LAYER, STEPS = 12, 12
"""Neurons of each layer of the network `layers`, and the steps its buffers have room for."""
NARROW, WIDE, LONG = 12, 33, 120
"""Neurons of the two chains, and the steps that the first one's buffer has room for."""


class Descriptors:
    """Descriptors as attributes, from `descriptors` on, and what makes the data before them: equal in every run."""

    image: Image
    descriptors: int
    _random: Random

    def addresses(self) -> dict[str, int]:
        """The descriptors by name."""
        return {
            name: value
            for name, value in vars(self).items()
            if isinstance(value, int) and value >= self.descriptors and name != "descriptors"
        }

    def _some(self, size: int) -> int:
        """Address of so many random bytes."""
        return self.image.allocate(size, 4, self._random.randbytes(size))

    def _few(self, count: int, size: int) -> int:
        """Address of so many unsigned numbers of `size` bytes, of whose bits an eighth is set."""
        numbers = (self._bits(size) & self._bits(size) & self._bits(size) for _ in range(count))
        return self.image.allocate(size * count, 4, b"".join(number.to_bytes(size, "little") for number in numbers))

    def _bits(self, size: int) -> int:
        return self._random.getrandbits(8 * size - 1)

    def _small(self, count: int) -> int:
        """Address of so many small signed words."""
        return self.image.words([self._random.randint(-50, 50) for _ in range(count)])


class Valid(Descriptors):
    """Attributes are addresses: `data` is room that nothing uses, before `descriptors` are regions. Equal in every run.

    `n` neurons are before a projection. Weights, states and the few spikes are random; row pointers, columns, types of
    axons and lists of events fit.
    """

    def __init__(self, n: int = 30) -> None:
        self.image = image = Image(SIZE)
        self._random = Random("valid")
        self.data = image.allocate(2048, 16)
        syn: dict[str, Any] = {"weights": self._some(n * M), "cur": self._small(M), "source_address": self._few(2, 4)}
        pop: dict[str, Any] = {"state": self._small(M), "cur": syn["cur"], "out": image.allocate(8)}
        square: dict[str, Any] = {"weights": self._some(M), "cur": self._small(M), "source_address": self._few(2, 4)}
        csr: dict[str, Any] = {"weights": self._some(2 * n), "cur": self._small(M), "source_address": self._few(2, 4)}
        csr["rows"] = image.words([2 * i for i in range(n + 1)])
        csr["columns"] = image.halves([self._random.randrange(M) for _ in range(2 * n)])
        bar: dict[str, Any] = {"weights": self._some(8 * n), "cur": self._small(M), "source_address": self._few(2, 4)}
        bar["rows"] = image.allocate(n, 4, bytes(self._random.randrange(4) for _ in range(n)))
        bar["columns"] = self._some(8 * M)
        conv: dict[str, Any] = {"weights": self._some(72), "cur": self._small(90), "source_address": self._few(2, 4)}
        traces: dict[str, Any] = {"pre_traces": self._few(n, 2), "post_traces": self._few(M, 2)}
        eligibility, signal = self._some(2 * n * M), self._small(M)
        layers = self._layers()
        events, bitmap = image.words([3, 7, 1, 49, *[0] * 6]), self._few(2, 4)
        self.descriptors = image.allocate(0, 16)

        self.pop = image.pop(M, vth=75, **pop)
        self.syn = image.syn(n, M, **syn, population=self.pop)
        self.free = image.syn(n, M, **syn)
        self.square = image.syn(M, M, **square, fmt=7)
        self.csr = image.syn(n, M, **csr, fmt=4)
        self.bar = image.syn(n, M, **bar, fmt=6)
        geometry = (6 | 5 << 12, 2 | 3 << 10 | 3 << 20 | 1 << 24 | 1 << 28, 0)
        self.conv = image.syn(60, 90, **conv, fmt=5, geometry=geometry)
        numbers: dict[str, Any] = {"decays": (3686, 3000), "impulses": (256, 300), "amplitudes": (16, 12)}
        self.pair = image.rule(0, self.syn, self.pop, **traces, **numbers)
        self.reward = image.rule(1, self.syn, self.pop, **traces, **numbers, eligibility=eligibility)
        self.sdsp = image.rule(3, self.syn, self.pop, post_traces=traces["post_traces"], **numbers)
        self.eprop = image.rule(4, self.syn, self.pop, pre_traces=traces["pre_traces"], signal=signal, lmode=5 << 8)
        self.net = image.net([(1, self.syn), (0x102, self.pop), (3, self.pair)])
        hidden, out, first, second = layers
        self.hidden, self.out = image.pop(LAYER, **hidden), image.pop(LAYER, **out)
        self.first, self.second = image.syn(LAYER, LAYER, **first), image.syn(LAYER, LAYER, **second)
        self.layers = image.net([(1, self.first), (2, self.hidden), (1, self.second), (0x102, self.out)])
        self.xfer = image.xfer(50, events, bitmap, 12)

    def _layers(self) -> list[dict[str, Any]]:
        """Two populations and the projections to them: spikes of STEPS steps come in and go out, in small numbers."""
        pops: list[dict[str, Any]] = []
        for out in (self.image.allocate(4), self.image.allocate(4 * STEPS)):
            arrays = {"state": self._small(LAYER), "cur": self._small(LAYER), "out": out}
            pops.append({**arrays, "profile": 1, "parameters": (3686 << 16, 0, 0, 0), "vth": 90, "mode": 8})
        pops[1] |= {"output_mode": 2, "stride": 4}
        syns = [{"weights": self._some(LAYER * LAYER), "cur": pop["cur"]} for pop in pops]
        syns[0] |= {"source_address": self._some(4 * STEPS), "source_mode": 2, "stride": 4}
        syns[1] |= {"source_address": pops[0]["out"]}
        return [*pops, *syns]


class ValidChains(Descriptors):
    """Two networks: `chain` of two LI populations that feed a LIF population, whose spikes go to a buffer of each step,
    and `pairs` of one LI and a CUBA population of two groups, whose spikes go to two buffers in turn. Sparse synapses
    bring the spikes of the step before to the LI populations; some neurons are held by their refractory counters from
    the start."""

    def __init__(self) -> None:
        self.image = Image(SIZE)
        self._random = Random("chains")
        stream = self._few(LONG + 1, 4)
        turns = self._few(4, 4)
        ends = [self._ends(NARROW, 1), self._ends(WIDE, 2)]
        firsts = [self._first(NARROW, ends[0]), self._first(NARROW, ends[0]), self._first(WIDE, ends[1])]
        back = [self._rows(NARROW, first["cur"], stream, 2, 4) for first in firsts[:2]]
        back.append(self._rows(WIDE, firsts[2]["cur"], turns, 3, 8))
        self.descriptors = self.image.allocate(0, 16)

        pop, syn = self.image.pop, self.image.syn
        self.narrow_rows, self.more_rows = (syn(NARROW, NARROW, **rows) for rows in back[:2])
        self.wide_rows = syn(WIDE, WIDE, **back[2])
        self.narrow_first, self.more_first = (pop(NARROW, **first) for first in firsts[:2])
        self.wide_first = pop(WIDE, **firsts[2])
        spikes: dict[str, Any] = {"out": stream + 4, "output_mode": 2, "stride": 4}
        self.narrow_last = pop(NARROW, **ends[0], **spikes, parameters=(3900 << 16, 30, 0, 0), vth=400, refractory=3)
        spikes = {"out": turns, "output_mode": 1, "stride": 8}
        kept = 4000 << 16 | 3000
        self.wide_last = pop(WIDE, **ends[1], **spikes, profile=2, parameters=(kept, 9, 0, 0), vth=700, refractory=7)
        first, more, last = (2, self.narrow_first), (2, self.more_first), (0x102, self.narrow_last)
        self.chain = self.image.net([(1, self.narrow_rows), (1, self.more_rows), first, more, last])
        self.pairs = self.image.net([(1, self.wide_rows), (2, self.wide_first), (0x102, self.wide_last)])

    def _first(self, n: int, end: dict[str, Any]) -> dict[str, Any]:
        """An LI population that adds to the input of another."""
        arrays = {"state": self._small(n), "cur": self._small(n), "acc": end["cur"]}
        return {**arrays, "profile": 6, "mode": 1, "parameters": (3686 << 16, 5, 0, 0)}

    def _ends(self, n: int, words: int) -> dict[str, Any]:
        """A population of so many words of state, of which each fourth neuron is held."""
        state = self._small(words * n)
        self.image.words([2 if k % 4 == 0 else 0 for k in range(n)])
        return {"state": state, "cur": self._small(n), "mode": 1}

    def _rows(self, n: int, cur: int, source: int, mode: int, stride: int) -> dict[str, Any]:
        """Sparse synapses, two of each neuron, to an input."""
        columns = [sorted(self._random.sample(range(n), 2)) for _ in range(n)]
        tables = {
            "rows": self.image.words(range(0, 2 * n + 1, 2)),
            "columns": self.image.halves([*chain.from_iterable(columns)]),
        }
        source_buffer = {"source_address": source, "source_mode": mode, "stride": stride}
        return {"fmt": 4, "cur": cur, "weights": self._some(2 * n), "exponent": 2, **tables, **source_buffer}
