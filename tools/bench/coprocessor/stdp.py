"""W3: pair STDP, 1,000 inputs to 100 LIF neurons, all to all; every step changes weights."""

from __future__ import annotations

import time
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from coprocessor import Network
from tools.bench.coprocessor.checking import agree_with_golden
from tools.bench.coprocessor.contender import AT_LEAST, Contender

ONE: Final = 256
"""1.0 of a trace."""
AMPLITUDE_BITS: Final = 6
"""Bits of the amplitudes behind the point."""


@dataclass(frozen=True)
class Stdp:
    """Sizes and numbers; both sides get the same spikes, first weights and first potentials. A step is 1 ms."""

    inputs: int = 1000
    neurons: int = 100
    steps: int = 2000
    rate: float = 0.1
    """Probability of a spike of an input in a step."""
    tau: float = 20.0
    """Of membranes and traces, in steps."""
    threshold: int = 60_000
    largest: int = 127
    """Limit of weights; the smallest is 0."""
    potentiation: float = 1.0
    depression: float = 1.0
    fraction: int = 6
    """Bits of the membrane behind the point."""

    @property
    def retention(self) -> int:
        """Decay of membranes and traces, in 1/4096."""
        return round(4096 * float(np.exp(-1 / self.tau)))

    @cached_property
    def spikes(self) -> NDArray[np.uint8]:
        """[steps, inputs]."""
        return (np.random.default_rng(1).random((self.steps, self.inputs)) < self.rate).astype(np.uint8)

    @cached_property
    def weights(self) -> NDArray[np.int64]:
        """First weights [inputs, neurons]."""
        return np.random.default_rng(2).integers(40, 61, (self.inputs, self.neurons))

    @cached_property
    def potentials(self) -> NDArray[np.int64]:
        """First potentials [neurons]; they spread the output spikes."""
        return np.random.default_rng(3).integers(0, self.threshold, self.neurons)

    def network(self, **options: Any) -> Network:
        """The network on the coprocessor; spikes arrive one step later, as they do on the other side."""
        network = Network(**options)
        network.input("x", self.inputs)
        network.population(
            "y",
            self.neurons,
            membrane_retention=self.retention,
            input_shift=self.fraction,
            threshold=self.threshold << self.fraction,
        )
        network.dense("x", "y", self.weights, delay=1, name="synapses")
        network.plasticity(
            "pair",
            "synapses",
            rounding="half_up",
            shift=8 + AMPLITUDE_BITS,
            pre_amplitude=round(self.potentiation * 2**AMPLITUDE_BITS),
            post_amplitude=round(self.depression * 2**AMPLITUDE_BITS),
            smallest=0,
            largest=self.largest,
            pre_retention=self.retention,
            post_retention=self.retention,
            pre_impulse=ONE,
            post_impulse=ONE,
        )
        network.state("y")["v"][:] = self.potentials << self.fraction
        return network


class Python(Contender):
    """The whole input in one `Network.run` of a new network, because it learns; output spikes are read as an array."""

    def __init__(self, workload: Stdp) -> None:
        self.workload = workload
        self.work()

    def work(self) -> float:
        """Seconds of one run."""
        network = self.workload.network()
        start = time.perf_counter()
        assert len(network.run(self.workload.spikes)["y"])
        return time.perf_counter() - start

    def measure(self) -> float:
        times = [self.work()]
        while sum(times) < AT_LEAST:
            times.append(self.work())
        return sum(times) / len(times) / self.workload.steps

    def facts(self) -> dict[str, float]:
        network = self.workload.network()
        result = network.run(self.workload.spikes)
        weights = network.weights("synapses").weights  # type: ignore[attr-defined]
        updates = result.counters["wupd"] / self.workload.steps
        return {"rate": float(result["y"].mean()), "weight": float(weights.mean()), "updates": updates}

    def verify(self) -> None:
        agree_with_golden(self.workload.network, self.workload.spikes[:10])
