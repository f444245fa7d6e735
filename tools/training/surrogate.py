# Surrogate-gradient training of the network of `network`: forward on the integers the firmware will see, backward
# through a smooth stand-in for the spike (fast sigmoid; Neftci, Mostafa, Zenke, IEEE SPM 2019) and for the rounding.
"""Back-propagation through time for the integer network, in NumPy."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tools.training.network import DECAY_BITS, Integers, Parameters, Weights, rate_code, run

Floats = npt.NDArray[np.float64]
WEIGHT_LIMIT = 127


@dataclass(frozen=True)
class Recipe:
    """How to train; chosen by cross-validation on the training images only."""

    epochs: int = 200
    batch: int = 64
    rate: float = 3e-3
    shifted: float = 0.5
    """Share of the batches whose images are moved by at most one pixel."""
    slope: float = 2.0
    temperature: float = 100.0
    """Potential units of one nat of the softmax."""
    seed: int = 1


class Adam:
    """Adam (Kingma, Ba, ICLR 2015) for one array, updated in place; step sizes in units of `scale`."""

    def __init__(self, weights: Floats, scale: float) -> None:
        self.weights, self.scale, self.steps = weights, scale, 0
        self.mean, self.square = np.zeros_like(weights), np.zeros_like(weights)

    def update(self, gradient: Floats, rate: float) -> None:
        """One step, then clip to the range of the quantised weight."""
        self.steps += 1
        self.mean = 0.9 * self.mean + 0.1 * gradient
        self.square = 0.999 * self.square + 0.001 * gradient**2
        mean = self.mean / (1 - 0.9**self.steps)
        square = self.square / (1 - 0.999**self.steps)
        self.weights -= rate * self.scale * mean / (np.sqrt(square) + 1e-10)
        np.clip(self.weights, -WEIGHT_LIMIT, WEIGHT_LIMIT, out=self.weights)


def quantise(weights: Floats) -> Weights:
    """Round to the nearest s8."""
    return np.clip(np.rint(weights), -WEIGHT_LIMIT, WEIGHT_LIMIT).astype(np.int8)


def shift_images(pixels: Integers, random: np.random.Generator) -> Integers:
    """Move each 8x8 image by -1, 0 or 1 pixel in both directions; pixels[images, 64]."""
    count = len(pixels)
    padded = np.pad(pixels.reshape(count, 8, 8), ((0, 0), (1, 1), (1, 1)))
    moved = np.empty((count, 8, 8), dtype=np.int64)
    for image, (down, right) in enumerate(random.integers(0, 3, (count, 2))):
        moved[image] = padded[image, down : down + 8, right : right + 8]
    return moved.reshape(count, 64)


def gradients(
    spikes: npt.NDArray[np.bool_],
    labels: Integers,
    hidden_weights: Weights,
    output_weights: Weights,
    parameters: Parameters,
    recipe: Recipe,
) -> tuple[Floats, Floats]:
    """Gradients of the cross-entropy with respect to both weight matrices; the reset is not differentiated."""
    trace = run(spikes, hidden_weights, output_weights, parameters)
    scores = trace.potentials[-1] / recipe.temperature
    odds = np.exp(scores - scores.max(axis=1, keepdims=True))
    error = odds / odds.sum(axis=1, keepdims=True)
    error[np.arange(len(labels)), labels] -= 1
    error /= len(labels) * recipe.temperature
    retention = parameters.retention / (1 << DECAY_BITS)
    distance = np.abs(trace.membranes - parameters.threshold) / parameters.threshold
    derivative = 1 / (1 + recipe.slope * distance) ** 2
    hidden_gradient = np.zeros(hidden_weights.shape)
    output_gradient = np.zeros(output_weights.shape)
    membrane_error = np.zeros(derivative.shape[1:])
    for step in reversed(range(parameters.steps)):
        output_gradient += trace.spikes[step].T.astype(np.float64) @ error
        spike_error = error @ output_weights.T.astype(np.float64)
        membrane_error = membrane_error * retention + spike_error * derivative[step]
        hidden_gradient += spikes[step].T.astype(np.float64) @ membrane_error
        error = error * retention
    return hidden_gradient, output_gradient


def train(
    pixels: Integers,
    labels: Integers,
    parameters: Parameters,
    recipe: Recipe,
    progress: Callable[[int], None] = lambda epoch: None,
) -> tuple[Weights, Weights]:
    """Train on pixels[images, inputs] in 0..16 and labels[images]; returns the quantised weights of both layers."""
    random = np.random.default_rng(recipe.seed)
    hidden = Adam(random.normal(0, 0.16 * parameters.threshold, (parameters.inputs, parameters.hidden)), 128.0)
    output = Adam(random.normal(0, 6.3, (parameters.hidden, parameters.outputs)), 100.0)
    for epoch in range(recipe.epochs):
        rate = recipe.rate * (1 + np.cos(np.pi * epoch / recipe.epochs)) / 2
        order = random.permutation(len(pixels))
        for start in range(0, len(pixels), recipe.batch):
            chosen = order[start : start + recipe.batch]
            images = pixels[chosen]
            if random.random() < recipe.shifted:
                images = shift_images(images, random)
            spikes = rate_code(images, parameters)
            hidden_gradient, output_gradient = gradients(
                spikes, labels[chosen], quantise(hidden.weights), quantise(output.weights), parameters, recipe
            )
            hidden.update(hidden_gradient, float(rate))
            output.update(output_gradient, float(rate))
        progress(epoch)
    return quantise(hidden.weights), quantise(output.weights)
