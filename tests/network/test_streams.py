"""What moves between arrays and streams: the C of batch.c, its Python counterpart, prepared inputs, wrong values."""

from __future__ import annotations

import mmap
import os
import threading
from typing import Any

import numpy as np
import pytest

from coprocessor import Network, simd_levels
from coprocessor.binding import Coprocessor as Native
from coprocessor.errors import CoprocessorError
from coprocessor.golden import Coprocessor as Golden
from coprocessor.interface import Operation
from coprocessor.network import copies, native, streams
from tests.network.networks import raster, rich, rich_inputs, small
from tests.network.test_network import assert_equal, memory


def wide(n: int, **options: Any) -> Network:
    """n inputs straight to n outputs."""
    network = Network(**options)
    network.input("x", n)
    network.population("y", n, "IF", threshold=0)
    network.one_to_one("x", "y")
    return network


@pytest.mark.parametrize("n", [1, 7, 8, 15, 16, 17, 31, 32, 33, 47, 48, 63, 64, 65, 100, 784])
@pytest.mark.parametrize("kind", [np.uint8, np.bool_, np.int64, np.float32])
def test_every_width_and_type_arrives(n: int, kind: type) -> None:
    spikes = raster(9, n, 0.5, seed=n)
    strided: Any = np.asfortranarray(spikes.astype(kind))
    given: Any
    for given in (spikes.astype(kind), strided, strided[::-1][::-1]):
        network = wide(n, steps=4)
        assert np.array_equal(network.run(given)["y"], spikes)
        network.reset()
        assert np.array_equal(network.run_batch(given[None])["y"][0], spikes)


@pytest.mark.parametrize("factory", [Native, Golden])
def test_the_plan_in_python_and_in_c(factory: Any) -> None:
    """Runs shorter and longer than the streams, silence after spikes, batches: the block is the same to the bit."""
    ours, theirs = rich(steps=2), rich(steps=2, coprocessor=factory)
    inputs = rich_inputs(3)
    for steps in (0, 1, 3):
        given = {name: values[:steps] for name, values in inputs.items()}
        assert ours.run(given, reward=-7)._block.tobytes() == theirs.run(given, reward=-7)._block.tobytes()
        assert ours.run(steps=1)._block.tobytes() == theirs.run(steps=1)._block.tobytes()
    batch = {name: np.stack([values, values[::-1]]) for name, values in inputs.items()}
    for seeds in (None, [5, 0]):
        first, second = (network.run_batch(batch, threads=2, seeds=seeds) for network in (ours, theirs))
        assert first._block.tobytes() == second._block.tobytes()
    assert memory(ours) == memory(theirs)
    assert ours._ready.read("rng") == theirs._ready.read("rng")


@pytest.mark.parametrize("samples", [1, 2, 5, 9])
def test_threads_change_nothing(samples: int) -> None:
    steps = 6
    inputs = [rich_inputs(steps) for _ in range(samples)]
    for k, values in enumerate(inputs):
        values["x"] = raster(steps, 40, 0.2, seed=k)
    batch = {name: np.stack([values[name] for values in inputs]) for name in inputs[0]}
    network = rich(steps=4)
    network.run(rich_inputs(3))
    before, time = memory(network), network.time
    expected = network.run_batch(batch, reward=4)
    for threads in (2, 3, 7, 2):
        assert_equal(network.run_batch(batch, threads=threads, reward=4), expected)
        assert memory(network) == before and network.time == time


def test_every_instruction_set_is_the_same_network() -> None:
    expected = rich(coprocessor=Golden).run(rich_inputs(9))
    for level in simd_levels():
        network = rich(simd=level)
        assert_equal(network.run(rich_inputs(9)), expected)
        assert network._ready.unit.simd == level


def test_unknown_instruction_sets(monkeypatch: pytest.MonkeyPatch) -> None:
    known = ", ".join(simd_levels())
    with pytest.raises(
        CoprocessorError, match=rf"SIMD level 'mmx' is not known or not .* this machine; it has {known}"
    ):
        small(simd="mmx").run(steps=1)
    with pytest.raises(CoprocessorError, match="simd is for the C coprocessor; leave it out"):
        small(simd="portable", coprocessor=Golden)
    monkeypatch.setenv("NEUROHART_SIMD", "portable")
    assert small()._ready.unit.simd == "portable"
    monkeypatch.setenv("NEUROHART_SIMD", "mmx")
    with pytest.raises(CoprocessorError, match="SIMD level 'mmx'"):
        small().run(steps=1)


@pytest.mark.skipif(not hasattr(os, "memfd_create"), reason="needs files in memory")
def test_large_networks_are_shared_by_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(copies, "SHARED_FROM", 0)
    batch = {name: np.stack([values] * 5) for name, values in rich_inputs(6).items()}
    expected = rich().run_batch(batch, seeds=range(5))
    network = rich()
    before = memory(network)
    for threads in (3, 2, 3):
        assert_equal(network.run_batch(batch, threads=threads, seeds=range(5)), expected)
    assert memory(network) == before
    assert isinstance(network._ready.crew._sessions[1].ram.base, memoryview | mmap.mmap)


def test_a_batch_of_nothing() -> None:
    result = small().run_batch(np.zeros((0, 4, 3), dtype=np.uint8), threads=2)
    assert result["y"].shape == (0, 4, 2) and result.spike_count == 0


def test_encoded_inputs() -> None:
    network, other = rich(), rich()
    inputs = rich_inputs(7)
    ready = network.encode(inputs)
    inputs["x"][:] = 0  # it is a copy
    first = network.run(ready)
    assert_equal(first, other.run(rich_inputs(7)))
    assert_equal(network.run(ready), other.run(rich_inputs(7)))
    batch = {name: np.stack([values, values]) for name, values in rich_inputs(7).items()}
    assert_equal(network.run_batch(network.encode(batch), threads=2), other.run_batch(batch))
    plain = small()
    events = plain.encode(events=[[0, 0], [0, 1], [1, 0], [1, 2]], steps=2)
    assert plain.run(events)["y"].tolist() == [[1, 0], [1, 0]]
    assert plain.run(plain.encode(steps=3))["y"].shape == (3, 2)
    assert repr(ready) == "<7 steps of x, aer, numbers>"


def test_encoded_inputs_fit_one_network_only() -> None:
    network, ready = small(), rich().encode(rich_inputs(2))
    with pytest.raises(CoprocessorError, match=r"2 steps of x, aer, numbers> was encoded for another network; encode"):
        network.run(ready)
    sample, batch = network.encode(raster(4, 3)), network.encode(raster(4, 3)[None])
    with pytest.raises(CoprocessorError, match=r"<1 samples of 4 steps of x> does not fit here, expected steps x inp"):
        network.run(batch)
    with pytest.raises(CoprocessorError, match=r"does not fit here, expected samples x steps x inputs"):
        network.run_batch(sample)
    with pytest.raises(CoprocessorError, match="leave `events` and `steps` out"):
        network.run(sample, steps=3)
    with pytest.raises(CoprocessorError, match=r"at .2, 1., the limit is 0..1; spikes are 0 or 1"):
        network.encode([[0, 0, 0], [1, 1, 1], [0, 2, 0]])


@pytest.mark.parametrize("options", [{}, {"coprocessor": Golden}])
@pytest.mark.parametrize("steps", [3, 40])
def test_wrong_spikes_change_nothing(options: Any, steps: int) -> None:
    """A 2 in the last step, also of a run that is longer than the streams."""
    network = small(steps=8, **options)
    network.run(raster(2, 3))
    before = memory(network)
    spikes = raster(steps, 3)
    spikes[-1, 2] = 2
    with pytest.raises(CoprocessorError, match=rf"value 2 at \[{steps - 1}, 2\], the limit is 0..1"):
        network.run(spikes)
    with pytest.raises(CoprocessorError, match=rf"value 2 at \[3, {steps - 1}, 2\], the limit is 0..1"):
        network.run_batch(np.stack([raster(steps, 3)] * 3 + [spikes]), threads=2)
    assert memory(network) == before and network.time == 2
    assert len(network.run(raster(4, 3)).outputs["y"]) == 4


def test_a_failing_batch_leaves_the_state() -> None:
    network = small()
    network.run(raster(2, 3))
    before = memory(network)
    region = network._ready.layout.regions["net.net"]
    network._ready.ram[region.offset + 16] = 9
    with pytest.raises(CoprocessorError, match=r"nm.run ended with code 26 .*net.net"):
        network.run_batch(np.zeros((5, 3, 3), dtype=np.uint8), threads=2)
    network._ready.ram[region.offset + 16] = 1
    assert memory(network) == before


@pytest.mark.parametrize("threads", [1, 2])
def test_an_interrupted_batch_leaves_the_state(threads: int) -> None:
    calls = iter(range(100))

    class Interrupted(Golden):
        def issue(self, operation: int, rs1: int, rs2: int, mcycle: int) -> int:
            if operation == Operation.RUN and next(calls) == 3:
                raise KeyboardInterrupt
            return super().issue(operation, rs1, rs2, mcycle)

    network = small(coprocessor=Interrupted)
    network.run(raster(2, 3))
    before = memory(network)
    with pytest.raises(KeyboardInterrupt):
        network.run_batch(np.stack([raster(3, 3)] * 9), threads=threads)
    assert memory(network) == before and network.time == 2
    assert network.run_batch(raster(3, 3)[None], threads=threads)["y"].shape == (1, 3, 2)


def test_outputs_are_a_mapping() -> None:
    result = rich().run(rich_inputs(3))
    names = [name for name, p in rich().populations.items() if p.record]
    assert list(result.outputs) == names and len(result.outputs) == len(names)
    assert "if_" not in result.outputs and "cuba" in result.outputs
    assert {name: values.shape for name, values in result.outputs.items()}["li"] == (3, 12)
    assert result["cuba"] is result["cuba"], "unpacked once"
    with pytest.raises(KeyError):
        result.outputs["if_"]
    assert repr(small().run([[1, 1, 0]])) == "<result of y: 1 spikes>"


def test_events_are_where_outputs_are_not_zero() -> None:
    network = rich()
    batch = {name: np.stack([values, values[::-1]]) for name, values in rich_inputs(9).items()}
    for result in (network.run(rich_inputs(9)), network.run_batch(batch)):
        for name, values in result.outputs.items():
            assert np.array_equal(result.events(name), np.argwhere(values)), name
            assert result.events(name).dtype == np.int64
    with pytest.raises(CoprocessorError, match="'if_' is not recorded"):
        result.events("if_")


def test_events_of_rows_in_c() -> None:
    """Dense rows come in parts; sizes are those of bitmaps."""
    random = np.random.default_rng(5)
    for count, size, share in (
        (0, 4, 1),
        (1, 4, 1),
        (7, 60, 0.4),
        (9, 64, 0.01),
        (5, 68, 0.3),
        (200, 132, 1),
        (40, 500, 0.001),
        (3, native.EVENTS_A_CALL // 8 + 4, 0.9),
    ):
        bits = random.random((count, 8 * size)) < share
        rows = np.packbits(bits, axis=1, bitorder="little").reshape(count, size)
        found = native.events(rows)
        assert found.dtype == np.int64 and np.array_equal(found, np.argwhere(bits))
        assert np.array_equal(streams.events(rows), found)


def test_results_outlive_later_runs() -> None:
    network = small()
    first = network.run([[1, 1, 0], [1, 0, 1]])
    network.run(np.zeros((2, 3), dtype=np.uint8))
    assert first["y"].tolist() == [[1, 0], [1, 0]] and first.counters["sop"] == 8


def test_one_network_in_several_threads() -> None:
    """Runs of one network exclude each other."""
    network = small()
    spikes = raster(50, 3)
    totals: list[int] = []
    crew = [
        threading.Thread(target=lambda: totals.extend(network.run(spikes).counters["nup"] for _ in range(50)))
        for _ in range(3)
    ]
    for thread in crew:
        thread.start()
    for thread in crew:
        thread.join()
    assert totals == [100] * 150 and network.time == 50 * 150
