"""Networks that several tests use; they have every profile, format, delay and rule."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from coprocessor import Network

SEED = 20240607
Array = NDArray[np.int64]


def generator(seed: int = SEED) -> np.random.Generator:
    """A random generator of its own for each use."""
    return np.random.default_rng(seed)


def raster(steps: int, n: int, rate: float = 0.3, seed: int = SEED) -> NDArray[np.uint8]:
    """Random spikes."""
    return (generator(seed).random((steps, n)) < rate).astype(np.uint8)


def small(**options: Any) -> Network:
    """The network of specification 9.1."""
    network = Network(**options)
    network.input("x", 3)
    network.population("y", 2, "LIF", membrane_retention=3686, threshold=100, reset="subtract")
    network.dense("x", "y", [[60, 40], [80, -10], [30, 10]])
    return network


def rich(**options: Any) -> Network:
    """Loops, per-neuron parameters, delays, hidden populations, all profiles and rules; stochastic rounding."""
    random = generator()
    network = Network(**options)
    network.input("x", 40)
    network.input("aer", 9, encoding="events", capacity=6)
    network.input("numbers", 5, encoding="graded", largest=100)
    cuba: dict[str, Any] = {
        "current_retention": 2048,
        "input_shift": 4,
        "wrap_current": True,
        "width": 24,
        "symmetric": True,
    }
    network.population(
        "cuba",
        33,
        "CUBA",
        membrane_retention=3900,
        threshold=random.integers(500, 3000, 33),
        refractory=2,
        rounding="stochastic",
        accumulate=True,
        **cuba,
    )
    network.population("if_", 35, "IF", threshold=60, comparison=">=", non_negative=True, record=False, bias=3)
    network.population(
        "alif", 7, "ALIF", threshold=200, threshold_step=50, threshold_retention=4000, refractory_retention=3000, **cuba
    )
    izhikevich: dict[str, Any] = {
        "a": 655,
        "b": 6553,
        "c": -65 * 256,
        "d": random.integers(512, 2048, 6),
        "step_shift": 1,
        "input_shift": 6,
    }
    network.population("izh", 6, "IZH", threshold=30 * 256, comparison=">=", constant_current=1500, **izhikevich)
    network.population("tn", 20, "TN", threshold=30, leak=-3, stochastic_leak=1, threshold_mask=15, width=20)
    network.population("li", 12, "LI", membrane_retention=3686, rounding="half_up", width=16)
    network.population("sd", 12, "SD", threshold=8, relu=1)
    network.population("lif", 8, "LIF", membrane_retention=3000, threshold=90, reset="hold", count=False)

    network.dense("x", "cuba", random.integers(-100, 128, (40, 33)), synapse_delays=random.integers(0, 12, (40, 33)))
    network.dense("aer", "cuba", random.integers(-8, 8, (9, 33)), bits=4, exponent=2, delay=3)
    network.dense("cuba", "cuba", random.integers(-60, 30, (33, 33)), previous=True)
    network.dense("if_", "cuba", random.integers(-2, 2, (35, 33)), bits=2, previous=True, name="back")
    pointers = np.concatenate([[0], np.cumsum(random.integers(0, 9, 33))])
    columns, weights = random.integers(0, 35, pointers[-1]), random.integers(-20, 100, pointers[-1])
    options_of = {"synapse_delays": random.integers(0, 5, pointers[-1]), "delay": 2}
    network.sparse("cuba", "if_", pointers, columns, weights, **options_of)
    network.dense("if_", "alif", random.choice([-1, 1], (35, 7)), bits=1, exponent=3, name="binary")
    network.dense("numbers", "alif", random.integers(-3, 4, (5, 7)))
    network.dense("alif", "izh", random.integers(0, 100, (7, 6)))
    connections = random.integers(0, 2, (40, 20))
    network.crossbar(
        "x",
        "tn",
        connections,
        random.integers(0, 4, 40),
        random.integers(-20, 30, (20, 4)),
        random.integers(0, 2, (20, 4)),
        source_delays=random.integers(0, 8, 40),
    )
    network.conv2d("x", "li", random.integers(-128, 128, (2, 3, 3, 1)), (4, 5, 2), stride=2, padding=2, delay=1)
    network.dense("tn", "li", random.integers(-5, 6, (20, 12)))
    network.one_to_one("li", "sd", random.integers(-2, 3, 12))
    network.dense("sd", "lif", random.integers(-3, 4, (12, 8)))
    network.dense("x", "lif", random.integers(0, 20, (40, 8)))
    network.plasticity(
        "pair",
        "x_to_lif",
        pre_amplitude=16,
        post_amplitude=12,
        shift=8,
        rounding="stochastic",
        pre_retention=3686,
        post_retention=3686,
        pre_impulse=256,
        post_impulse=256,
    )
    traces: dict[str, Any] = {"pre_retention": 3500, "pre_impulse": 300, "shift": 9}
    network.plasticity("reward", "cuba_to_if_", pre_amplitude=9, post_amplitude=5, reward_shift=10, **traces)
    network.plasticity("binary", "binary", potentiation=300, depression=200)
    sdsp: dict[str, Any] = {
        "calcium_low": 10,
        "calcium_depression": 2000,
        "calcium_potentiation": 3000,
        "membrane_threshold": 20,
    }
    network.plasticity("sdsp", "x_to_cuba", post_impulse=400, post_retention=3900, **sdsp)
    network.plasticity("eprop", "cuba_to_cuba", surrogate_shift=9, **traces)
    return network


def rich_inputs(steps: int) -> dict[str, NDArray[Any]]:
    """Values for the inputs of `rich`."""
    numbers = generator(3).integers(-100, 101, (steps, 5)) * (generator(4).random((steps, 5)) < 0.3)
    aer = raster(steps, 9, 0.2, 5)
    aer[aer.sum(axis=1) > 6] = 0
    return {"x": raster(steps, 40, 0.2), "aer": aer, "numbers": numbers}
