"""Spikes of arrays as bits and back, for every length, alignment and instruction set; other values than 0 and 1."""

from __future__ import annotations

import numpy as np
import pytest

from coprocessor import Network
from coprocessor.binding import simd_levels
from coprocessor.errors import CoprocessorError
from coprocessor.network.native import unpacking
from coprocessor.network.streams import unpack_bits as unpack_bits_of_numpy

LENGTHS = (*range(1, 150), 255, 256, 257, 784)


@pytest.mark.parametrize("level", simd_levels())
def test_rasters_of_every_length(level: str) -> None:
    """Each input reaches the neuron of its own, so that output and input are the same."""
    random = np.random.default_rng(1)
    for n in LENGTHS:
        network = Network(steps=3, simd=level)
        network.input("in", n)
        network.population("out", n, "IF", threshold=0, reset="assign")
        network.one_to_one("in", "out")
        spikes = (random.random((3, n)) < random.random()).astype(np.uint8)
        assert np.array_equal(network.run(spikes)["out"], spikes), n


@pytest.mark.parametrize("level", simd_levels())
@pytest.mark.parametrize("n", [5, 8, 16, 40, 64, 100, 784])
def test_other_values_are_found_anywhere(level: str, n: int) -> None:
    network = Network(steps=2, simd=level)
    network.input("in", n)
    network.population("out", 1)
    network.dense("in", "out", np.ones((n, 1), dtype=np.int8))
    for place in {0, n // 2, n - 2, n - 1}:
        for value in (2, 3, 128, 255):
            spikes = np.ones((2, n), dtype=np.uint8)
            spikes[1, place] = value
            with pytest.raises(CoprocessorError, match="0 or 1"):
                network.run(spikes)


@pytest.mark.parametrize("level", simd_levels())
def test_bits_become_bytes(level: str) -> None:
    random = np.random.default_rng(2)
    for n in LENGTHS:
        size = 4 * -(-n // 32)
        block = random.integers(0, 256, 7 + 2 * 3 * size, dtype=np.uint8)
        rows = block, 7, size, (2, 3, n)
        assert np.array_equal(unpacking(level)(*rows), unpack_bits_of_numpy(*rows)), n
    assert unpacking(level)(np.empty(7, dtype=np.uint8), 7, 4, (0, 9)).shape == (0, 9)
