"""What layers cost: accounts of runs and batches by name, their sums, lanes, and the table."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from coprocessor import Network, simd_levels
from coprocessor.binding import Coprocessor as Native
from coprocessor.csrs import COUNTERS
from coprocessor.energy import PRESETS
from coprocessor.errors import CoprocessorError
from coprocessor.golden import Coprocessor as Golden
from coprocessor.network import Layer
from coprocessor.network.result import Result
from tests.network.networks import raster, rich, rich_inputs, small
from tests.network.test_network import assert_equal, memory

SPIKES = [[1, 1, 0], [1, 0, 1]]
"""The input of specification 9.1."""


def batch_of(samples: int) -> dict[str, Any]:
    """Different samples for `rich`."""
    inputs = [rich_inputs(6) for _ in range(samples)]
    for k, values in enumerate(inputs):
        values["x"] = raster(6, 40, 0.2, seed=k)
    return {name: np.stack([values[name] for values in inputs]) for name in inputs[0]}


def add_up(result: Result) -> None:
    """Whatever was counted belongs to one layer."""
    assert {name: sum(layer.counters[name] for layer in result.layers) for name in COUNTERS} == result.counters
    for preset in PRESETS.values():
        leakage = preset.leak_nw * result.counters["cyc"] // preset.clock_mhz
        assert sum(layer.energy_fj(preset.name) for layer in result.layers) + leakage == result.energy_fj(preset.name)


def test_worked_example() -> None:
    """Specification 9.1 by the table 4.4: four active rows of two synapses, two updates of two neurons."""
    spread = {"sop": 8, "nup": 0, "spkin": 4, "spkout": 0, "wupd": 0, "rdb": 2 * 4 + 4 * (4 + 8), "wrb": 4 * 8}
    update = {"sop": 0, "nup": 4, "spkin": 0, "spkout": 2, "wupd": 0, "rdb": 4 * 8, "wrb": 4 * 8 + 2 * 4}
    result = small().run(SPIKES, layers=True)
    assert result.layers == (
        Layer("x_to_y", "syn", 2, spread | {"cyc": 2 * 16 + 4 * 5}),
        Layer("y", "upd", 2, update | {"cyc": 2 * (15 + 4)}),
    )
    assert [layer.energy_fj() for layer in result.layers] == [8 * 2000, 4 * 10000 + 2 * 5000]
    assert result.report() == (
        "layer       operations  cycles  SOPs  neurons  spikes in  out  bytes read  written    pJ    share\n"
        "x_to_y syn           2      52     8                   4               56       32  16.0   19.0 %\n"
        "y upd                2      38              4               2          32       40  50.0   59.5 %\n"
        "(leakage)                                                                           18.0   21.4 %\n"
        "total                4      90     8        4          4    2          88       72  84.0  100.0 %"
    )


def test_every_part_has_a_layer_in_the_order_of_a_step() -> None:
    network, golden = rich(steps=5), rich(steps=5, coprocessor=Golden)
    result = network.run(rich_inputs(12), reward=7, layers=True)
    add_up(result)
    assert result.layers == golden.run(rich_inputs(12), reward=7, layers=True).layers
    assert {layer.operations for layer in result.layers} == {12}
    names = {kind: [x.name for x in result.layers if x.operation == kind] for kind in ("upd", "syn", "learn")}
    assert names["upd"] == list(network._populations)
    assert sorted(names["syn"]) == sorted(network._projections)
    assert names["learn"] == list(network._rules)


@pytest.mark.parametrize("level", simd_levels())
def test_accounts_change_nothing(level: str) -> None:
    with_layers, without = rich(simd=level), rich(simd=level)
    for _ in range(2):
        first = with_layers.run(rich_inputs(9), layers=True)
        assert_equal(first, without.run(rich_inputs(9)))
        assert memory(with_layers) == memory(without)
        assert_equal(with_layers.run(rich_inputs(9)), without.run(rich_inputs(9)))
        add_up(first)


def test_batches_count_all_samples_whoever_runs_them() -> None:
    network = rich(steps=4)
    expected = network.run_batch(batch_of(5), seeds=range(5), layers=True)
    add_up(expected)
    assert_equal(network.run_batch(batch_of(5), seeds=range(5)), expected)
    for threads in (2, 3, 8):
        result = network.run_batch(batch_of(5), threads=threads, seeds=range(5), layers=True)
        assert result.layers == expected.layers and result.report() == expected.report()


def test_nothing_done_is_an_empty_table() -> None:
    result = small().run(steps=0, layers=True)
    assert result.layers == ()
    assert result.report().splitlines()[-1].split() == ["total", "0.0"]


def test_none_are_kept_unless_asked_for() -> None:
    network = small()
    network.run(SPIKES, layers=True)
    result = network.run(SPIKES)
    assert network._ready.unit.accounts() == []
    for look in (lambda: result.layers, result.report):
        with pytest.raises(CoprocessorError, match="not kept; run with layers=True"):
            look()
    with pytest.raises(CoprocessorError, match="spikes are 0 or 1"):
        network.run([[2, 0, 0]], layers=True)
    network.run(SPIKES)
    assert network._ready.unit.accounts() == []
    with pytest.raises(CoprocessorError, match="unknown energy preset '7nm'"):
        network.run(SPIKES, layers=True).report("7nm")


@pytest.mark.parametrize("kind", [None, Native, Golden])
@pytest.mark.parametrize(("lanes", "cycles"), [(1, 94), (2, 90), (4, 90), (255, 90)])
def test_lanes(kind: Any, lanes: int, cycles: int, tmp_path: Path) -> None:
    """A row of two synapses takes 4 + ceil(2 / lanes) cycles."""
    network = small(lanes=lanes, coprocessor=kind)
    network.export(tmp_path / "net")
    loaded = Network.load(tmp_path / "net.bin", lanes=lanes, coprocessor=kind)
    for one in (network, loaded):
        assert one.run_batch(np.array([SPIKES, SPIKES]), threads=2).counters["cyc"] == 2 * cycles
        result = one.run(SPIKES)
        assert result.counters["cyc"] == cycles
        assert result.energy_fj() == 84000 + (cycles - 90) * 200


def test_lanes_change_cycles_only() -> None:
    expected = rich().run(rich_inputs(20))
    for lanes in (1, 3, 32):
        result = rich(lanes=lanes).run(rich_inputs(20))
        assert (result.counters["cyc"] < expected.counters["cyc"]) == (lanes > 4)
        assert {**result.counters, "cyc": 0} == {**expected.counters, "cyc": 0}
        assert all(np.array_equal(result[name], output) for name, output in expected.outputs.items())


def test_a_factory_chooses_lanes_unless_told() -> None:
    def factory(ram: Any, base: int) -> Golden:
        return Golden(ram, base, lanes=1)

    assert small(coprocessor=factory).run(SPIKES).counters["cyc"] == 94
    assert small(coprocessor=factory, lanes=2).run(SPIKES).counters["cyc"] == 90


@pytest.mark.parametrize("lanes", [0, 256, 1.5])
def test_impossible_lanes(lanes: Any) -> None:
    with pytest.raises(CoprocessorError, match="lanes has"):
        small(lanes=lanes)
