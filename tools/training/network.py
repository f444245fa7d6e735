# The digits network on integers: rate code -> LIF layer -> LI layer. The NumPy reference of the firmware.
# The kernels are those of the Xnm specification (2.4 floor rounding, 3.1, 3.2 LIF and LI); change them there first.
"""Integer reference of a two-layer spiking network (LIF hidden layer, non-spiking LI output layer)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Integers = npt.NDArray[np.int64]
Weights = npt.NDArray[np.int8]

DECAY_BITS = 12
FULL_PIXEL = 16
"""Pixels are 0..16; a pixel of 16 spikes in every step."""


@dataclass(frozen=True)
class Parameters:
    """Constants that firmware, reference and training share.

    `leak_shift` k gives the retention factor 1 - 2^-k of both layers, `threshold` is in units of the hidden weights,
    `rate_start` is the initial value of each pixel's rate accumulator (0..15).
    """

    steps: int = 10
    inputs: int = 64
    hidden: int = 128
    outputs: int = 10
    leak_shift: int = 4
    threshold: int = 128
    rate_start: int = 8

    @property
    def retention(self) -> int:
        """KV of the specification, in 1/4096."""
        return (1 << DECAY_BITS) - (1 << DECAY_BITS >> self.leak_shift)

    @property
    def mode(self) -> int:
        """The mode word (2.5): RND = 1 floor, GE = 0 strict, RST = 1 subtract, 32-bit width."""
        return 1 | 1 << 3


class Trace(NamedTuple):
    """What happens in every step; axis 0 is the step, axis 1 the image.

    `membranes` int64[steps, images, hidden] are the hidden potentials before the reset, `spikes` bool of that shape,
    `potentials` int64[steps, images, outputs] the output potentials after the step.
    """

    membranes: Integers
    spikes: npt.NDArray[np.bool_]
    potentials: Integers


def rate_code(pixels: Integers, parameters: Parameters) -> npt.NDArray[np.bool_]:
    """Deterministic rate code: bool[steps, images, inputs] from pixels[images, inputs] in 0..16.

    Every step adds the pixel to its accumulator modulo 16; an overflow is a spike, so p/16 is the spike rate.
    """
    accumulator = np.full(pixels.shape, parameters.rate_start, dtype=np.int64)
    spikes = np.empty((parameters.steps, *pixels.shape), dtype=np.bool_)
    for step in range(parameters.steps):
        accumulator = accumulator + pixels
        spikes[step] = accumulator >= FULL_PIXEL
        accumulator = accumulator % FULL_PIXEL
    return spikes


def leak(potential: Integers, retention: int) -> Integers:
    """nm.dec with floor rounding: floor(x * K / 4096)."""
    return (potential * retention) >> DECAY_BITS


def synapses(spikes: npt.NDArray[np.bool_], weights: npt.NDArray[np.generic]) -> Integers:
    """Summed weights of the active rows; float32 products are exact because no sum reaches 2^24."""
    product: npt.NDArray[np.float32] = spikes.astype(np.float32) @ weights.astype(np.float32)
    return product.astype(np.int64)


def run(
    spikes: npt.NDArray[np.bool_],
    hidden_weights: npt.NDArray[np.generic],
    output_weights: npt.NDArray[np.generic],
    parameters: Parameters,
) -> Trace:
    """Run the network on bool[steps, images, inputs]; weights are integers, [inputs, hidden] and [hidden, outputs]."""
    steps, images, _ = spikes.shape
    currents = synapses(spikes, hidden_weights)
    membrane = np.zeros((images, parameters.hidden), dtype=np.int64)
    potential = np.zeros((images, parameters.outputs), dtype=np.int64)
    membranes = np.empty((steps, *membrane.shape), dtype=np.int64)
    potentials = np.empty((steps, *potential.shape), dtype=np.int64)
    fired = np.empty(membranes.shape, dtype=np.bool_)
    for step in range(steps):
        membrane = leak(membrane, parameters.retention) + currents[step]
        membranes[step] = membrane
        fired[step] = membrane > parameters.threshold
        membrane = membrane - parameters.threshold * fired[step]
        potential = leak(potential, parameters.retention) + synapses(fired[step], output_weights)
        potentials[step] = potential
    return Trace(membranes, fired, potentials)


def decide(trace: Trace) -> Integers:
    """Class of each image: the largest final potential, the lowest class on a tie."""
    classes: Integers = np.argmax(trace.potentials[-1], axis=1)
    return classes
