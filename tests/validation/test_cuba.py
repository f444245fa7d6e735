"""The CUBA network against the stored runs of Brian2, and against Brian2 itself where it is installed."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from coprocessor import Network
from tools.validation import cuba, cuba_brian2, cuba_network
from tools.validation.cuba_measures import MEASURES, Run
from tools.validation.cuba_network import Cuba, Quantised, connections, quantise

SEEDS = range(1, 9)
"""So many that their mean scatters by a third of the spread."""


def short_runs(seeds: range = SEEDS) -> cuba.Values:
    """Measures of our first seeds, over the short duration."""
    return cuba.collect((cuba.ours(seed, cuba.SHORT) for seed in seeds), [cuba.SHORT])[f"{cuba.SHORT:g}"]


def within_brians_spread(values: cuba.Values, duration: str) -> dict[str, bool]:
    """Whether the mean of each measure is nearer to Brian2's than the standard deviation of Brian2's seeds."""
    stored = cuba.stored()["brian2"][duration]
    return {name: bool(abs(np.mean(values[name]) - np.mean(v)) <= np.std(v, ddof=1)) for name, v in stored.items()}


def test_short_runs_are_the_stored_ones_and_agree_with_brian2() -> None:
    """Some seeds over a second; the runs that the document reports are made by the same code."""
    values = short_runs()
    stored = cuba.stored()["coprocessor"][f"{cuba.SHORT:g}"]
    for name in MEASURES:
        assert values[name] == pytest.approx(stored[name][: len(SEEDS)])
    assert within_brians_spread(values, f"{cuba.SHORT:g}") == {"rate": True, "cv": True}


def test_another_network_does_not_agree(monkeypatch: pytest.MonkeyPatch) -> None:
    """Half the refractory period is seen."""

    def shorter(cuba: Cuba, dt: float) -> Quantised:
        right = quantise(cuba, dt)
        return replace(right, refractory=right.refractory // 2)

    monkeypatch.setattr(cuba_network, "quantise", shorter)
    assert not all(within_brians_spread(short_runs(range(1, 2)), f"{cuba.SHORT:g}").values())


def test_stored_runs_agree() -> None:
    """What the document shows: at least ten seeds on both sides, both measures within the spread."""
    stored = cuba.stored()
    assert len(stored["seeds"]) >= 10
    for duration in stored["brian2"]:
        for comparison in cuba.compare(stored["coprocessor"][duration], stored["brian2"][duration]):
            assert len(comparison.ours) == len(comparison.theirs) == len(stored["seeds"])
            assert comparison.agrees, comparison.name


def test_period_without_input() -> None:
    """20 ms * ln(11) from reset to threshold and 5 ms of refractory period make 52.9 ms in steps, as in Brian2."""
    q = quantise(Cuba())
    network = Network()
    network.population("y", 1, "LIF", **q.neuron)
    network.state("y")["v"][:] = q.reset
    steps = np.nonzero(network.run(steps=2000)["y"][:, 0])[0]
    assert steps.tolist() == [479, 479 + 529, 479 + 2 * 529]


def test_connections_are_drawn_with_their_probability(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows are sorted and without repetition, and blocks do not show: binomial row lengths and even columns."""
    monkeypatch.setattr(cuba_network, "PAIRS_AT_ONCE", 10_000)
    pointers, fill = connections(1000, 700, 0.03, np.random.default_rng(5))
    parts = (1, 3000, int(pointers[-1]) - 3001)
    columns = np.concatenate([fill(part) for part in parts])
    lengths = np.diff(pointers)
    assert pointers[0] == 0 and pointers[-1] == len(columns) and columns.max() < 700
    assert all((np.diff(columns[a:b].astype(int)) > 0).all() for a, b in pairwise(pointers))
    deviation = np.sqrt(700 * 0.03 * 0.97)
    assert abs(lengths.mean() - 21) < 4 * deviation / np.sqrt(1000)
    assert abs(lengths.std() - deviation) < 0.5
    assert abs(np.bincount(columns, minlength=700).mean() - 30) < 1


def test_measures() -> None:
    """Rates count all neurons, ISI CVs those with enough spikes; the first 500 ms do not count."""
    regular = np.arange(10.0, 1500, 50)
    pairs = np.sort(np.concatenate([np.arange(510.0, 1500, 100), np.arange(540.0, 1500, 100)]))
    times = np.concatenate([regular, pairs])
    neurons = np.repeat([0, 2], [len(regular), len(pairs)])
    run = Run(times, neurons, 3, 1500.0)
    assert run.measures()["rate"] == pytest.approx((20 + 20) / 3)
    assert run.counted().isi_cvs() == pytest.approx([0, np.std([30, 70] * 9 + [30]) / np.mean([30, 70] * 9 + [30])])
    assert run.first(1000).counted().duration == 500


def test_verdict(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """The command compares with the stored runs if Brian2 is missing, and fails when a measure is off."""
    from tools.validation.__main__ import main

    stored = cuba.stored()["coprocessor"]["1000"]
    monkeypatch.setattr(cuba_brian2, "available", lambda: False)
    monkeypatch.setattr("sys.argv", "validation cuba --seeds 5 --duration 1000".split())
    for factor, code in ((1.0, 0), (1.3, 1)):
        found = {"1000": {name: [value * factor for value in stored[name][:5]] for name in MEASURES}}
        monkeypatch.setattr(cuba, "collect", lambda *_, found=found: found)
        assert main() == code
        assert ("DIFFER" in capsys.readouterr().out) == bool(code)
    monkeypatch.setattr("sys.argv", "validation cuba --seeds 5 --duration 700".split())
    assert main() == 1
    assert "pip install brian2" in capsys.readouterr().err


@pytest.mark.skipif(not cuba_brian2.available(), reason="Brian2 is not installed; pip install brian2")
def test_against_brian2() -> None:
    """Ten seeds of both, now."""
    found: dict[str, Any] = {
        side: cuba.collect((run(seed) for seed in range(1, 11)), [cuba.LONG])[f"{cuba.LONG:g}"]
        for side, run in (("ours", cuba.ours), ("theirs", cuba.theirs))
    }
    assert all(comparison.agrees for comparison in cuba.compare(found["ours"], found["theirs"]))
