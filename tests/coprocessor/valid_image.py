"""One valid descriptor of each kind, each with regions of its own, for tests that then change words of it."""

from __future__ import annotations

from random import Random
from typing import Any

from tests.coprocessor.memory_image import Image

SIZE = 1 << 14
M = 40
"""Neurons behind a projection; the square one has as many before it."""


LAYER, STEPS = 12, 12
"""Neurons of each layer of the network `layers`, and the steps its buffers have room for."""


class Valid:
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

    def addresses(self) -> dict[str, int]:
        """The descriptors by name."""
        return {
            name: value
            for name, value in vars(self).items()
            if isinstance(value, int) and value >= self.descriptors and name != "descriptors"
        }

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
