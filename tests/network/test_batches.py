"""Batches from events (sample, step, address), and batches without spikes: the same as from rasters."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from coprocessor import Network
from coprocessor.errors import CoprocessorError
from tests.network.networks import generator, raster, rich, rich_inputs, small
from tests.network.test_network import assert_equal

SAMPLES, STEPS = 4, 9


def rasters(samples: int = SAMPLES) -> dict[str, Any]:
    """Values for the inputs of `rich`, different for every sample."""
    inputs = [rich_inputs(STEPS) for _ in range(samples)]
    for k, values in enumerate(inputs):
        values["x"] = raster(STEPS, 40, 0.2, seed=k)
    return {name: np.stack([values[name] for values in inputs]) for name in inputs[0]}


def events_of(values: Any) -> Any:
    """Events in an order of no meaning."""
    events = np.argwhere(values)
    generator().shuffle(events)
    return events


@pytest.mark.parametrize("threads", [1, 3])
def test_events_equal_rasters(threads: int) -> None:
    """Bitmaps and lists as events, graded values beside them."""
    values, network = rasters(), rich(steps=4)
    expected = network.run_batch(values, seeds=range(SAMPLES))
    events = {name: events_of(values[name]) for name in ("x", "aer")}
    given: dict[str, Any] = {"events": events, "threads": threads, "seeds": range(SAMPLES)}
    assert all(expected[name].any() for name in expected.outputs)
    assert_equal(network.run_batch({"numbers": values["numbers"]}, **given), expected)
    some = {"numbers": values["numbers"], "x": values["x"]}
    given["events"] = {"aer": events["aer"]}
    assert_equal(network.run_batch(some, STEPS, samples=SAMPLES, **given), expected)


def test_one_input_needs_no_name() -> None:
    spikes = np.stack([raster(STEPS, 3, seed=k) for k in range(SAMPLES)])
    network = small()
    expected = network.run_batch(spikes)
    size: dict[str, Any] = {"steps": STEPS, "samples": SAMPLES}
    assert_equal(network.run_batch(events=events_of(spikes), **size), expected)
    ready = network.encode(events=events_of(spikes), **size)
    assert repr(ready) == "<4 samples of 9 steps of x>"
    assert_equal(network.run_batch(ready, threads=2), expected)


def test_events_of_a_result_are_events_of_a_batch() -> None:
    first, second = small(), Network()
    second.input("x", 2)
    second.population("y", 2, "IF", threshold=1, comparison=">=")
    second.one_to_one("x", "y")
    result = first.run_batch(np.stack([raster(STEPS, 3, seed=k) for k in range(SAMPLES)]))
    through = second.run_batch(events=result.events("y"), steps=STEPS, samples=SAMPLES)
    assert result["y"].any() and np.array_equal(through["y"], result["y"])
    assert np.array_equal(through.events("y"), result.events("y"))


@pytest.mark.parametrize("encoding", ["events", "queue"])
def test_lists_keep_repeated_events_and_their_order(encoding: str) -> None:
    network = Network(steps=2)
    network.input("x", 300, encoding=encoding, capacity=3 if encoding == "events" else 0)
    network.population("y", 1, "LI", accumulate=True)
    network.dense("x", "y", [[1 + k % 100] for k in range(300)])
    events = [[2, 4, 2], [0, 1, 99], [0, 1, 99], [2, 0, 299], [2, 4, 0]]
    result = network.run_batch(events=events, steps=5, samples=3)
    assert result["y"][:, :, 0].tolist() == [[0, 200, 200, 200, 200], [0] * 5, [100, 100, 100, 100, 104]]
    assert result.counters["spkin"] == 5
    for sample in (0, 2):
        network.reset()
        own = [event[1:] for event in events if event[0] == sample]
        assert np.array_equal(network.run(events=own, steps=5)["y"], result["y"][sample])
        ours, theirs = network.encode(events=own, steps=5), network.encode(events=events, steps=5, samples=3)
        assert ours.rows[0] and theirs.rows[0] and np.array_equal(ours.rows[0].data, theirs.rows[0].data[sample])


def test_silence() -> None:
    """Only seeds tell the samples apart."""
    network = Network()
    network.population("y", 50, "TN", threshold=20, leak=9, stochastic_leak=1)
    result = network.run_batch(steps=300, samples=3, seeds=[1, 2, 1])
    assert result["y"].shape == (3, 300, 50)
    assert np.array_equal(result["y"][0], result["y"][2]) and not np.array_equal(result["y"][0], result["y"][1])
    empty = small().run_batch(events=[], steps=4, samples=2)
    assert empty["y"].shape == (2, 4, 2) and not empty["y"].any()
    assert small().run_batch(events=np.empty((0, 3)), steps=4, samples=0)["y"].shape == (0, 4, 2)


def two_inputs() -> Network:
    """A bitmap, a list and numbers."""
    network = Network()
    network.input("x", 4)
    network.input("q", 4, encoding="events", capacity=1)
    network.input("g", 3, encoding="graded", largest=10)
    network.population("a", 3, "LIF", threshold=5)
    return network


SIZE: dict[str, Any] = {"steps": 5, "samples": 3}
CASES: dict[str, tuple[Callable[[Network], object], str]] = {
    "nothing": (lambda n: n.run_batch(), "how many samples and steps to run.* give `samples` and `steps`"),
    "samples": (lambda n: n.run_batch(events={"x": [[0, 0, 0]]}, steps=5), "without spikes give `samples` and `steps`"),
    "steps": (lambda n: n.run_batch(events={"x": [[0, 0, 0]]}, samples=5), "without spikes give `samples` and `steps`"),
    "negative": (lambda n: n.run_batch(steps=5, samples=-1), "samples has the value -1"),
    "columns": (
        lambda n: n.run_batch(events={"x": [[0, 0]]}, **SIZE),
        r"shape \(1, 2\), expected events x \(sample, step, address\)",
    ),
    "columns of one": (
        lambda n: n.run(events={"x": [[0, 0, 0]]}, steps=5),
        r"expected events x \(step, address\); with samples they are for run_batch",
    ),
    "sample": (lambda n: n.run_batch(events={"x": [[3, 0, 0]]}, **SIZE), "samples has .* 0..2; run more samples"),
    "step": (lambda n: n.run_batch(events={"x": [[0, 5, 0]]}, **SIZE), "steps has .* 0..4; run more steps"),
    "address": (lambda n: n.run_batch(events={"x": [[0, 0, 4]]}, **SIZE), "the input has 4 addresses"),
    "twice": (
        lambda n: n.run_batch(events={"x": [[1, 2, 3], [0, 2, 3], [1, 2, 3]]}, **SIZE),
        "address 3 has two events in step 2 of sample 1, a bitmap holds one",
    ),
    "capacity": (
        lambda n: n.run_batch(events={"q": [[2, 1, 0], [2, 1, 3]]}, **SIZE),
        "'q': step 1 of sample 2 has 2 events, the capacity is 1",
    ),
    "capacity of rasters": (
        lambda n: n.run_batch({"q": np.eye(4, dtype=int)[[[0, 1], [2, 3]]].cumsum(axis=1)}),
        "'q': step 1 of sample 0 has 2 events, the capacity is 1",
    ),
    "graded": (lambda n: n.run_batch(events={"g": [[0, 0, 0]]}, **SIZE), "a graded input takes values"),
    "both": (lambda n: n.run_batch({"x": np.zeros((3, 5, 4))}, events={"x": [[0, 0, 0]]}), "has spikes and events"),
    "other samples": (lambda n: n.run_batch({"x": np.zeros((3, 5, 4))}, samples=4), "samples is 4, the spikes have 3"),
    "other steps": (lambda n: n.run_batch({"x": np.zeros((3, 5, 4))}, steps=4), "steps is 4, the spikes have 5 steps"),
    "encoded": (lambda n: n.run_batch(n.encode(**SIZE), samples=2), "leave `events`, `steps` and `samples` out"),
    "which input": (lambda n: n.run_batch(events=[[0, 0, 0]], **SIZE), "events is one array, the network has 3 inputs"),
}


@pytest.mark.parametrize("case", CASES)
def test_message(case: str) -> None:
    action, message = CASES[case]
    with pytest.raises(CoprocessorError, match=message):
        action(two_inputs())
