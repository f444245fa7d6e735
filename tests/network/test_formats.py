"""Every format, delay and encoding means what the documents say: compared with sums written down in NumPy.

A leaky integrator without memory gives its input of the step as its value, so outputs are the accumulated input.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from coprocessor import Network
from tests.network.networks import Array, generator, raster

STEPS, N, M = 40, 37, 21


def expected(values: Array, weights: Array, delays: Array, exponent: int = 0) -> Array:
    """Input sums [steps, m] for dense weights and delays [n, m]."""
    sums = np.zeros((len(values), weights.shape[1]), dtype=np.int64)
    for t, row in enumerate(values):
        for i in np.flatnonzero(row):
            for j in range(weights.shape[1]):
                if t + delays[i, j] < len(values):
                    sums[t + delays[i, j], j] += row[i] * weights[i, j] << exponent
    return sums


def probe(network: Network, m: int) -> None:
    """A population whose output is its input."""
    network.population("y", m, "LI", membrane_retention=0)


@pytest.mark.parametrize("bits", [8, 4, 2, 1])
@pytest.mark.parametrize("delays", ["none", "fixed", "source", "synapse"])
@pytest.mark.parametrize("encoding", ["spikes", "graded", "events"])
def test_dense(bits: int, delays: str, encoding: str) -> None:
    random = generator(bits)
    low, high = {8: (-128, 128), 4: (-8, 8), 2: (-2, 2), 1: (0, 2)}[bits]
    weights = random.integers(low, high, (N, M))
    weights = 2 * weights - 1 if bits == 1 else weights
    options: dict[str, Any] = {}
    table = np.zeros((N, M), dtype=np.int64)
    if delays == "fixed":
        options, table = {"delay": 5}, table + 5
    elif delays == "source":
        options = {"delay": 1, "source_delays": random.integers(0, 40, N)}
        table = 1 + options["source_delays"][:, None] + table
    elif delays == "synapse":
        options = {"delay": 2, "synapse_delays": random.integers(0, 16, (N, M))}
        table = 2 + options["synapse_delays"]
    network = Network(steps=9)
    network.input("x", N, encoding=encoding, capacity=N if encoding == "events" else 0)
    probe(network, M)
    network.dense("x", "y", weights, bits=bits, exponent=3, **options)
    values = raster(STEPS, N).astype(np.int64)
    if encoding == "graded":
        values = values * random.integers(-1000, 1000, values.shape)
    assert np.array_equal(network.run(values)["y"], expected(values, weights, table, 3))


@pytest.mark.parametrize("delayed", [False, True])
def test_sparse(delayed: bool) -> None:
    random = generator()
    lengths = random.integers(0, 9, N)
    pointers = np.concatenate([[0], np.cumsum(lengths)])
    columns, weights = random.integers(0, M, pointers[-1]), random.integers(-128, 128, pointers[-1])
    delays = random.integers(0, 16, pointers[-1]) if delayed else np.zeros(pointers[-1], dtype=np.int64)
    network = Network()
    network.input("x", N)
    probe(network, M)
    network.sparse("x", "y", pointers, columns, weights, synapse_delays=delays if delayed else None)
    values = raster(STEPS, N)
    sums = np.zeros((STEPS, M), dtype=np.int64)
    for t, i in np.argwhere(values):
        for e in range(pointers[i], pointers[i + 1]):
            if t + delays[e] < STEPS:
                sums[t + delays[e], columns[e]] += weights[e]
    assert np.array_equal(network.run(values)["y"], sums)


@pytest.mark.parametrize("depthwise", [False, True])
@pytest.mark.parametrize(("size", "stride", "padding"), [(3, 1, 1), (3, 2, 0), (5, 2, 2), (1, 1, 0)])
def test_conv2d(depthwise: bool, size: int, stride: int, padding: int) -> None:
    random = generator()
    height, width, channels = 6, 7, 3
    outputs = channels if depthwise else 5
    kernel = random.integers(-128, 128, (channels, size, size) if depthwise else (channels, size, size, outputs))
    rows, columns = (height + 2 * padding - size) // stride + 1, (width + 2 * padding - size) // stride + 1
    network = Network()
    network.input("x", height * width * channels)
    probe(network, rows * columns * outputs)
    network.conv2d("x", "y", kernel, (height, width, channels), stride=stride, padding=padding)
    values = raster(12, height * width * channels)
    images = np.pad(
        values.reshape(-1, height, width, channels).astype(np.int64),
        ((0, 0), (padding, padding), (padding, padding), (0, 0)),
    )
    sums = np.zeros((12, rows, columns, outputs), dtype=np.int64)
    for y in range(rows):
        for x in range(columns):
            patch = images[:, y * stride : y * stride + size, x * stride : x * stride + size, :]
            pattern = "tyxc,cyx->tc" if depthwise else "tyxc,cyxo->to"
            sums[:, y, x] = np.einsum(pattern, patch, kernel)
    assert np.array_equal(network.run(values)["y"], sums.reshape(12, -1))


def test_crossbar() -> None:
    random = generator()
    connections, types = random.integers(0, 2, (N, M)), random.integers(0, 4, N)
    weights = random.integers(-256, 256, (M, 4))
    network = Network()
    network.input("x", N)
    probe(network, M)
    network.crossbar("x", "y", connections, types, weights)
    values = raster(STEPS, N)
    assert np.array_equal(network.run(values)["y"], values.astype(np.int64) @ (connections * weights.T[types]))


def test_stochastic_crossbar_draws_with_its_probability() -> None:
    """A weight of -128 counts as -1 in half of 20,000 draws (5 standard deviations)."""
    network = Network()
    network.input("x", 100)
    probe(network, 1)
    network.crossbar("x", "y", np.ones((100, 1)), np.zeros(100), [[-128, 0, 0, 0]], 1)
    total = int(network.run(np.ones((200, 100)))["y"].sum())
    assert abs(total + 10_000) < 5 * 71


@pytest.mark.parametrize("weighted", [False, True])
def test_one_to_one(weighted: bool) -> None:
    weights = generator().integers(-128, 128, N) if weighted else None
    network = Network()
    network.input("x", N)
    probe(network, N)
    network.one_to_one("x", "y", weights, exponent=2)
    values = raster(STEPS, N).astype(np.int64)
    assert np.array_equal(network.run(values)["y"], values * (4 if weights is None else 4 * weights))


def test_events_may_repeat_and_come_in_any_order() -> None:
    network = Network(steps=2)
    network.input("x", 3, encoding="events", capacity=3)
    probe(network, 1)
    network.dense("x", "y", [[1], [10], [100]])
    result = network.run(events=[[4, 2], [0, 1], [0, 1], [4, 0]], steps=5)
    assert result["y"].ravel().tolist() == [20, 0, 0, 0, 101]
    assert result.counters["spkin"] == 4


def test_events_and_raster_agree() -> None:
    values = raster(STEPS, N)
    results = []
    for given in ({"spikes": values}, {"events": np.argwhere(values), "steps": STEPS}):
        network = Network()
        network.input("x", N)
        network.population("y", N, "IF", threshold=3)
        network.one_to_one("x", "y", np.full(N, 2))
        results.append(network.run(**given))
    assert np.array_equal(results[0]["y"], results[1]["y"])
    assert np.array_equal(results[0].events("y"), np.argwhere(results[1]["y"]))
    assert results[0].spike_count == int(results[0]["y"].sum()) > 0
