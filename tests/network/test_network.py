"""Running networks: both implementations, splitting, batches, state, plasticity."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from coprocessor import Network
from coprocessor.errors import CoprocessorError
from coprocessor.golden import Coprocessor as Golden
from coprocessor.network.formats import Dense
from coprocessor.network.result import Result
from tests.network.networks import generator, raster, rich, rich_inputs, small


def assert_equal(first: Result, second: Result) -> None:
    """Same outputs, counters and count."""
    for name, output in first.outputs.items():
        assert np.array_equal(output, second[name]), name
    assert first.counters == second.counters
    assert first.spike_count == second.spike_count


def memory(network: Network) -> bytes:
    """All that a network has in memory, without the streams of the last run."""
    session = network._ready
    return b"".join(session.ram[part].tobytes() for part in (slice(session.layout.mutable_end), *session.plan.changing))


def test_worked_example() -> None:
    """The numbers of specification 9.1."""
    network = small()
    result = network.run([[1, 1, 0], [1, 0, 1]])
    assert result["y"].tolist() == [[1, 0], [1, 0]]
    assert network.state("y")["v"].tolist() == [25, 76]
    assert result.counters == {"sop": 8, "nup": 4, "spkin": 4, "spkout": 2, "wupd": 0, "rdb": 88, "wrb": 72, "cyc": 90}
    assert result.energy_fj() == 84000
    assert result.spike_count == 2 and network.time == 2


def test_importing_the_package_does_not_import_numpy() -> None:
    code = "import sys, coprocessor; assert 'numpy' not in sys.modules; from coprocessor import Network; Network()"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_native_equals_golden() -> None:
    networks = [rich(), rich(coprocessor=Golden)]
    for reward in (0, 300):
        first, second = (network.run(rich_inputs(12), reward=reward) for network in networks)
        assert_equal(first, second)
    assert memory(networks[0]) == memory(networks[1])
    counters = first.counters
    assert all(counters[name] for name in counters), "every kind of work happens"
    assert all(first[name].any() for name in first.outputs), "every population does something"


def test_long_runs_are_split_without_a_trace() -> None:
    inputs = rich_inputs(50)
    whole, split = rich(steps=50), rich(steps=7)
    assert_equal(whole.run(inputs), split.run(inputs))
    for name in ("cuba", "if_", "lif"):
        for key, words in whole.state(name).items():
            assert np.array_equal(words, split.state(name)[key])


def test_several_runs_are_one_run() -> None:
    inputs = rich_inputs(30)
    whole, parts = rich(), rich()
    expected = whole.run(inputs)
    results = [parts.run({name: v[a:b] for name, v in inputs.items()}) for a, b in ((0, 11), (11, 12), (12, 30))]
    for name in expected.outputs:
        assert np.array_equal(expected[name], np.concatenate([result[name] for result in results])), name
    assert parts.time == 30


def test_reset_starts_again() -> None:
    network = rich()
    first = network.run(rich_inputs(20), reward=5)
    learned = network.weights("x_to_lif")
    network.reset()
    assert network.time == 0
    assert np.array_equal(network.weights("x_to_lif").weights, learned.weights)  # type: ignore[attr-defined]
    plain, again = Network(), Network()
    for other in (plain, again):
        other.input("x", 4)
        other.population("y", 4, "CUBA", current_retention=3000, rounding="stochastic", membrane_retention=3000)
        other.dense("x", "y", np.full((4, 4), 5), delay=3)
    plain.run(raster(9, 4))
    plain.reset(seed=77)
    again.reset(seed=77)
    assert_equal(plain.run(raster(30, 4)), again.run(raster(30, 4)))
    assert first.counters["wupd"] > 0


@pytest.mark.parametrize("threads", [1, 2, 3, 8])
def test_batches_equal_single_runs(threads: int) -> None:
    samples, steps = 5, 10
    inputs = [rich_inputs(steps) for _ in range(samples)]
    for k, values in enumerate(inputs):
        values["x"] = raster(steps, 40, 0.2, seed=k)
    network = rich(steps=6)
    network.run(rich_inputs(3))
    before = memory(network)
    batch = {name: np.stack([values[name] for values in inputs]) for name in inputs[0]}
    result = network.run_batch(batch, threads=threads, seeds=range(1, samples + 1), reward=9)
    assert memory(network) == before
    total = dict.fromkeys(result.counters, 0)
    for k, values in enumerate(inputs):
        single = rich(steps=6)
        single.run(rich_inputs(3))
        single._ready.write("rng", k + 1)
        one = single.run(values, reward=9)
        for name in one.outputs:
            assert np.array_equal(one[name], result[name][k]), (k, name)
        total = {name: total[name] + count for name, count in one.counters.items()}
    assert total == result.counters


def test_state_views_change_the_network() -> None:
    network = small()
    network.state("y")["v"][:] = [99, 100]
    network.ring("y")[0] = [1, 1]
    assert network.run(steps=1)["y"].tolist() == [[0, 0]]
    network.state("y")["v"][1] = 200
    assert network.run(steps=1)["y"].tolist() == [[0, 1]]


def test_resting_state() -> None:
    network = Network()
    network.population("izh", 2, "IZH", b=6553, c=[-65 * 256, -50 * 256])
    network.population("alif", 2, "ALIF", threshold=[5, 6])
    v = network.state("izh")["vu"] << 16 >> 16
    assert v.tolist() == [-65 * 256, -50 * 256]
    assert network.state("alif")["threshold"].tolist() == [5, 6]
    assert (network.state("izh")["vu"] >> 16).tolist() == [6553 * c >> 15 for c in (-65 * 256, -50 * 256)]


def test_pair_rule_example() -> None:
    """The numbers of specification 9.3; the post spike is forced by the neuron's state."""
    network = Network()
    network.input("x", 2)
    network.population("y", 2, "IF", threshold=1000)
    network.dense("x", "y", [[10, 10], [20, 20]])
    arguments: dict[str, Any] = {"pre_amplitude": 16, "post_amplitude": 12, "shift": 8, "rounding": "half_up"}
    rule = network.plasticity(
        "pair", "x_to_y", pre_retention=3686, post_retention=3686, pre_impulse=256, post_impulse=256, **arguments
    )
    network.traces(rule)["pre"][:] = [200, 100]
    network.traces(rule)["post"][:] = [300, 50]
    network.state("y")["v"][:] = [0, 2000]
    result = network.run([[1, 0]])
    weights = network.weights("x_to_y")
    assert isinstance(weights, Dense)
    assert weights.weights.tolist() == [[-4, 20], [20, 26]]
    assert network.traces(rule)["pre"].tolist() == [436, 90]
    assert network.traces(rule)["post"].tolist() == [270, 301]
    assert result.counters["wupd"] == 3


def test_accumulated_outputs() -> None:
    network = Network()
    network.population("y", 3, "IF", bias=[10, 20, 0], threshold=15, accumulate=True)
    result = network.run(steps=50)
    assert network.accumulated("y").tolist() == result["y"].sum(axis=0).tolist()


@pytest.mark.parametrize("later", [True, False])
@pytest.mark.parametrize("profile", ["LI", "LIF"])
def test_outputs_that_are_input_of_another_population(later: bool, profile: str, tmp_path: Path) -> None:
    """The same as a one-to-one projection, of the step before if the other population is updated first."""

    def made(adds: bool) -> Network:
        random = generator(3)
        network = Network(steps=9)
        network.input("x", 10)
        names = ["current", "neurons"] if later else ["neurons", "current"]
        for name in names:
            kind = profile if name == "current" else "CUBA"
            options: dict[str, Any] = {"adds_to": "neurons"} if adds and name == "current" else {}
            options |= {} if kind == "LI" else {"threshold": 300}
            network.population(name, 40, kind, membrane_retention=3900, **options)
        for name in names:
            network.dense("x", name, random.integers(-50, 99, (10, 40)))
        if not adds:
            network.one_to_one("current", "neurons", previous=not later)
        return network

    adding, projecting = made(True), made(False)
    spikes = raster(60, 10)
    result, expected = adding.run(spikes), projecting.run(spikes)
    assert result["neurons"].any()
    for name in ("current", "neurons"):
        assert np.array_equal(result[name], expected[name])
    assert result.counters["sop"] < expected.counters["sop"]
    assert adding.accumulators()["neurons"] == replace(
        projecting.accumulators()["neurons"],
        unbounded=("current",) if profile == "LI" else (),
    )
    loaded = Network.load(adding.export(tmp_path / "net").binary)
    assert np.array_equal(loaded.run(spikes)["neurons"], adding.run(spikes)["neurons"])


def test_populations_that_cannot_be_added_to() -> None:
    for target, accumulate, message in (
        ("nobody", False, "other populations are 'y', 'small', 'slow'"),
        ("x", False, "other populations are 'y', 'small', 'slow'"),
        ("y", True, "keeps a sum"),
        ("small", False, "has 3 neurons, not 4"),
        ("slow", False, "have delays"),
    ):
        network = Network()
        network.population("x", 4, "LI", adds_to=target, accumulate=accumulate)
        network.population("y", 4)
        network.population("small", 3)
        network.population("slow", 4, depth=2)
        with pytest.raises(CoprocessorError, match=message):
            network.run(steps=1)
