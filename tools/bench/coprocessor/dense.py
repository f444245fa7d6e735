"""W1: a dense network of LIF neurons, 784-512-10, one sample after the other or many at once."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coprocessor import Network
from coprocessor.network import Result
from tools.bench.coprocessor.checking import agree_with_golden
from tools.bench.coprocessor.contender import Contender, timed

NAMES = ("hidden", "out")


@dataclass(frozen=True)
class Dense:
    """Sizes and numbers of the workload; peers compute the same in float32, where all of these are exact."""

    inputs: int = 784
    hidden: int = 512
    outputs: int = 10
    steps: int = 100
    samples: int = 128
    rate: float = 0.1
    """Probability of a spike of an input in a step."""
    retention: int = 3686
    """Decay of the membrane, in 1/4096."""
    hidden_threshold: int = 450
    output_threshold: int = 450
    fraction: int = 6
    """Bits of the membrane behind the point."""

    @property
    def decay(self) -> float:
        """What stays of the membrane from step to step."""
        return self.retention / 4096

    @cached_property
    def weights(self) -> tuple[NDArray[np.int8], NDArray[np.int8]]:
        """[inputs, hidden] and [hidden, outputs]."""
        random = np.random.default_rng(1)
        shapes = ((self.inputs, self.hidden), (self.hidden, self.outputs))
        first, second = (np.clip(np.rint(random.normal(0, 30, shape)), -128, 127).astype(np.int8) for shape in shapes)
        return first, second

    @cached_property
    def spikes(self) -> NDArray[np.uint8]:
        """[samples, steps, inputs]."""
        random = np.random.default_rng(2)
        return (random.random((self.samples, self.steps, self.inputs)) < self.rate).astype(np.uint8)

    def network(self, **options: Any) -> Network:
        """The network on the coprocessor; a spike sets the membrane to 0."""
        network = Network(steps=self.steps, **options)
        network.input("x", self.inputs)
        layers = ((self.hidden, self.hidden_threshold), (self.outputs, self.output_threshold))
        for name, (n, threshold) in zip(NAMES, layers, strict=True):
            network.population(
                name,
                n,
                membrane_retention=self.retention,
                input_shift=self.fraction,
                threshold=threshold << self.fraction,
            )
        network.dense("x", "hidden", self.weights[0])
        network.dense("hidden", "out", self.weights[1])
        return network


class Python(Contender):
    """Samples one by one through `Network.run`; the spikes of both populations are read as arrays."""

    def __init__(self, workload: Dense) -> None:
        self.workload = workload
        self.network = workload.network()
        self.work()

    def work(self) -> None:
        """All samples."""
        for sample in self.workload.spikes:
            self.network.reset()
            read(self.network.run(sample))

    def measure(self) -> float:
        return timed(self.work, self.workload.samples)

    def facts(self) -> dict[str, float]:
        self.network.reset()
        return rates(self.network.run_batch(self.workload.spikes).outputs)

    def verify(self) -> None:
        agree_with_golden(self.workload.network, self.workload.spikes[0, :4])


class Batch(Python):
    """All samples at once through `Network.run_batch`."""

    threads = 1

    def work(self) -> None:
        read(self.network.run_batch(self.workload.spikes, threads=self.threads))


class BatchOnTwoThreads(Batch):
    """All samples at once on two threads."""

    threads = 2


def read(result: Result) -> None:
    """Outputs become arrays when they are looked at."""
    assert all(len(result[name]) for name in NAMES)


def rates(outputs: Any) -> dict[str, float]:
    """Spikes per neuron and step of both layers."""
    return {name: float(np.asarray(outputs[name]).mean()) for name in NAMES}
