"""Memory that is used again: what anybody can see of a result stays as it is, and what nobody sees is taken."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from coprocessor import Network
from coprocessor._native import ffi
from coprocessor.network import buffers
from coprocessor.network.native import EVENTS_A_CALL
from tests.network.networks import raster

N, STEPS = 1024, 400
"""A block with membranes is larger than `SMALLEST`, and so are unpacked spikes."""


@pytest.fixture(autouse=True)
def _nothing_free() -> Iterator[None]:
    buffers._free.clear()
    yield
    buffers._free.clear()


@pytest.fixture
def fresh(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Sizes of the pieces that were not there yet."""
    sizes: list[int] = []

    def from_buffer(kind: str, array: NDArray[np.uint8]) -> Any:
        sizes.append(len(array))
        return ffi.from_buffer(kind, array)

    monkeypatch.setattr(buffers, "ffi", SimpleNamespace(from_buffer=from_buffer, buffer=ffi.buffer, gc=ffi.gc))
    return sizes


def network() -> Network:
    """Outputs are the inputs as spikes, and how many each neuron has had."""
    made = Network()
    made.input("x", N)
    made.population("spikes", N, "IF", threshold=0, reset="assign")
    made.population("sums", N, "LI", membrane_retention=4096)
    made.one_to_one("x", "spikes")
    made.one_to_one("x", "sums")
    return made


def looked_at(result: Any) -> list[Any]:
    """Many ways to see parts of a result, none of which is the result."""
    sums, spikes = result["sums"], result["spikes"]
    return [
        sums[3:7],
        sums.reshape(-1)[::97].reshape(-1, 1),
        sums.T[5],
        np.asarray(sums.view("<u4"))[STEPS - 1],
        np.lib.stride_tricks.as_strided(sums, (2, 2), (4, 4)),
        np.frombuffer(sums.data, dtype="<i2"),
        np.frombuffer(memoryview(sums.base.base), dtype="<u8", count=9),
        memoryview(spikes)[1:4],
        spikes[::-1, 1::2],
        iter(sums),
    ]


@pytest.mark.parametrize("kept", range(10))
def test_what_is_seen_stays(kept: int, fresh: list[int]) -> None:
    net = network()
    inputs = [raster(STEPS, N, seed=k) for k in range(4)]
    seen, copies = [], []
    for x in inputs:
        net.reset()
        result = net.run(x)
        assert np.array_equal(result["spikes"], x) and np.array_equal(result["sums"], np.cumsum(x, axis=0))
        seen.append(looked_at(result)[kept])
        copies.append(np.array(looked_at(result)[kept] if kept < 9 else result["sums"]))
        del result
        net.reset()
        net.run(1 - x)
    for view, copy in zip(seen, copies, strict=True):
        assert np.array_equal(np.stack(list(view)) if kept == 9 else np.asarray(view), copy)


def test_what_nobody_sees_is_used_again(fresh: list[int]) -> None:
    net, x = network(), raster(STEPS, N)
    block = len(net.run(x)._block)
    for _ in range(5):
        net.run(x)
    assert fresh == [block]
    for _ in range(5):
        result = net.run(x)
    assert fresh == [block, block], "one is kept while the other is written"
    assert not result["spikes"].flags.owndata and not result["sums"].flags.owndata
    for _ in range(5):
        result = net.run_batch(x[None], threads=2)
        assert np.array_equal(result["spikes"][0], x)
        result.events("spikes")
    assert fresh == [block, block, x.size, 16 * EVENTS_A_CALL]


def test_threads_share_what_is_free() -> None:
    """Each thread has results of its own, also while others take and give back memory."""
    wrong: list[int] = []

    def work(seed: int) -> None:
        net, x = network(), raster(STEPS, N, seed=seed)
        held: list[tuple[NDArray[Any], NDArray[Any]]] = []
        for _ in range(12):
            net.reset()
            result = net.run(x)
            held.append((result["spikes"], result["sums"]))
            del result
            good = [np.array_equal(spikes, x) and np.array_equal(sums[-1], x.sum(axis=0)) for spikes, sums in held]
            wrong.extend([seed] * good.count(False))
            del held[:-1]

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_little_is_kept(fresh: list[int]) -> None:
    for size in (0, 1, buffers.SMALLEST - 1, buffers.LARGEST + 1):
        assert buffers.empty(size).shape == (size,)
    assert not fresh and not buffers._free
    for k in range(3 * buffers.SIZES):
        assert buffers.empty(2, 1, buffers.SMALLEST + k).shape == (2, 1, buffers.SMALLEST + k)
        assert len(buffers._free) <= buffers.SIZES
    assert len(fresh) == 3 * buffers.SIZES
    first, second = buffers.empty(buffers.LARGEST), buffers.empty(buffers.LARGEST)
    assert not np.shares_memory(first, second)
    del first, second
    assert sum(len(piece) == buffers.LARGEST for piece in buffers._free.values()) == 1
