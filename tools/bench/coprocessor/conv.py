"""W4: a convolutional network, 2x34x34 - conv 8@3x3 - sum pool 2x2 - conv 16@3x3 - dense 10, LIF neurons."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coprocessor import Network
from tools.bench.coprocessor.checking import agree_with_golden
from tools.bench.coprocessor.contender import Contender, timed

LAYERS = ("first", "second", "out")


@dataclass(frozen=True)
class Conv:
    """Sizes and numbers; both convolutions have padding 1, so images stay as large as they are."""

    side: int = 34
    channels: tuple[int, int, int] = (2, 8, 16)
    outputs: int = 10
    steps: int = 100
    samples: int = 8
    rate: float = 0.01
    """Probability of a spike of an input in a step."""
    retention: int = 3686
    thresholds: tuple[int, int, int] = (50, 150, 6000)
    fraction: int = 6
    """Bits of the membrane behind the point."""

    @property
    def decay(self) -> float:
        """What stays of the membrane from step to step."""
        return self.retention / 4096

    @property
    def pooled(self) -> int:
        """Side of the image after pooling."""
        return self.side // 2

    @cached_property
    def kernels(self) -> tuple[NDArray[np.int8], NDArray[np.int8]]:
        """Of both convolutions: [channels in, 3, 3, channels out]."""
        random = np.random.default_rng(1)
        shapes = zip(self.channels[:-1], self.channels[1:], strict=True)
        first, second = (_weights(random, (before, 3, 3, after)) for before, after in shapes)
        return first, second

    @cached_property
    def dense(self) -> NDArray[np.int8]:
        """[neurons of the second convolution in height-width-channel order, outputs]."""
        return _weights(np.random.default_rng(2), (self.pooled**2 * self.channels[2], self.outputs))

    @cached_property
    def spikes(self) -> NDArray[np.uint8]:
        """[samples, steps, height, width, channels]."""
        shape = (self.samples, self.steps, self.side, self.side, self.channels[0])
        return (np.random.default_rng(3).random(shape) < self.rate).astype(np.uint8)

    def network(self, **options: Any) -> Network:
        """The network on the coprocessor; the pool is a population without memory that passes sums on."""
        network = Network(steps=self.steps, **options)
        side, pooled, (before, between, after) = self.side, self.pooled, self.channels
        network.input("x", side * side * before)
        self._neurons(network, 0, side * side * between)
        network.population("pool", pooled**2 * between, "LI", membrane_retention=0, record=False)
        self._neurons(network, 1, pooled**2 * after)
        self._neurons(network, 2, self.outputs)
        network.conv2d("x", "first", self.kernels[0], (side, side, before), padding=1)
        network.conv2d("first", "pool", np.ones((between, 2, 2), np.int8), (side, side, between), stride=2)
        network.conv2d("pool", "second", self.kernels[1], (pooled, pooled, between), padding=1)
        network.dense("second", "out", self.dense)
        return network

    def _neurons(self, network: Network, layer: int, n: int) -> None:
        threshold = self.thresholds[layer] << self.fraction
        network.population(
            LAYERS[layer], n, membrane_retention=self.retention, input_shift=self.fraction, threshold=threshold
        )


def _weights(random: np.random.Generator, shape: tuple[int, ...]) -> NDArray[np.int8]:
    return np.clip(np.rint(random.normal(5, 30, shape)), -128, 127).astype(np.int8)


class Python(Contender):
    """Samples one by one through `Network.run`; the spikes of the three populations are read as arrays."""

    def __init__(self, workload: Conv) -> None:
        self.workload = workload
        self.network = workload.network()
        self.samples = workload.spikes.reshape(workload.samples, workload.steps, -1)
        self.work()

    def work(self) -> None:
        """All samples."""
        for sample in self.samples:
            self.network.reset()
            result = self.network.run(sample)
            assert all(len(result[name]) for name in LAYERS)

    def measure(self) -> float:
        return timed(self.work, len(self.samples))

    def facts(self) -> dict[str, float]:
        self.network.reset()
        outputs = self.network.run_batch(self.samples).outputs
        return {name: float(outputs[name].mean()) for name in LAYERS}

    def verify(self) -> None:
        agree_with_golden(self.workload.network, self.samples[0, :5])
