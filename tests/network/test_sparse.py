"""Sparse synapses that are made in place: the same network, no second copy, one message for each mistake."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from coprocessor import Network
from coprocessor.errors import CoprocessorError
from coprocessor.network import SparseRows
from coprocessor.network.packing import BLOCK
from coprocessor.network.sparse import Sparse
from tests.architecture.repository import ROOT
from tests.network.networks import generator, raster
from tests.network.test_network import assert_equal

N, M = 300, 200


def synapses() -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
    """Pointers, columns, weights; some rows are empty and one is larger than a block of rows."""
    random = generator()
    lengths = random.integers(0, 400, N)
    lengths[[0, 1, 17, N - 1]] = [0, 0, BLOCK + 5, 0]
    pointers = np.concatenate([[0], np.cumsum(lengths)])
    count = int(pointers[-1])
    return pointers, random.integers(0, M, count, dtype=np.uint16), random.integers(-9, 13, count, dtype=np.int8)


def network_of(*arguments: Any, **options: Any) -> Network:
    network = Network()
    network.input("x", N)
    network.population("y", M, "LIF", threshold=1000, membrane_retention=3000)
    network.sparse("x", "y", *arguments, **options)
    return network


def test_rows_made_in_place_are_the_same_network(tmp_path: Path) -> None:
    pointers, columns, weights = synapses()
    calls: list[tuple[int, int]] = []

    def fill(first: int, last: int) -> tuple[NDArray[Any], list[int]]:
        calls.append((first, last))
        part = slice(pointers[first], pointers[last])
        return columns[part].astype(np.int64), weights[part].tolist()

    plain, made = network_of(pointers, columns, weights), network_of(SparseRows(pointers, fill))
    assert plain.accumulators() == made.accumulators()
    assert [first for first, _ in calls] == [0, *(last for _, last in calls[:-1])] and calls[-1][1] == N
    assert (17, 18) in calls and len(calls) == 3
    spikes = raster(20, N)
    assert_equal(plain.run(spikes), made.run(spikes))
    assert len(calls) == 3, "each row is made once"
    for which, network in (("plain", plain), ("made", made)):
        network.export(tmp_path / which)
    assert (tmp_path / "plain.bin").read_bytes() == (tmp_path / "made.bin").read_bytes()
    assert_equal(plain.run(spikes), Network.load(tmp_path / "made.bin").run(spikes))


def test_arrays_of_the_final_type_are_not_copied_and_then_let_go() -> None:
    pointers, columns, weights = synapses()
    network = network_of(pointers, columns, weights)
    held = network.projections["x_to_y"].weights
    assert isinstance(held, Sparse)
    assert held.columns is columns and held.weights is weights
    network.run(raster(1, N))
    assert np.shares_memory(held.columns, network._ready.ram) and np.shares_memory(held.weights, network._ready.ram)
    assert np.array_equal(held.columns, columns) and np.array_equal(held.weights, weights)
    copied = network.weights("x_to_y")
    assert isinstance(copied, Sparse) and not np.shares_memory(copied.weights, network._ready.ram)


def test_delays_and_plasticity_of_rows_made_in_place() -> None:
    pointers, columns, weights = synapses()
    delays = generator().integers(0, 16, len(columns), dtype=np.uint8)
    rules: dict[str, Any] = {"pre_amplitude": 90, "post_amplitude": 60, "shift": 8, "pre_impulse": 300}
    results = []
    for arguments in (
        (pointers, columns, weights),
        (SparseRows(pointers, lambda a, b: (columns[pointers[a] : pointers[b]], weights[pointers[a] : pointers[b]])),),
    ):
        network = network_of(*arguments, synapse_delays=delays, name="synapses")
        network.plasticity("pair", "synapses", **rules)
        results.append((network.run(raster(30, N)), network.weights("synapses")))
    assert_equal(results[0][0], results[1][0])
    first, second = (held for _, held in results)
    assert isinstance(first, Sparse) and isinstance(second, Sparse)
    assert np.array_equal(first.weights, second.weights) and not np.array_equal(first.weights, weights)


MISTAKES: dict[str, tuple[Any, str]] = {
    "no function": (lambda: SparseRows([0], 5), "fill is 5; expected a function of"),  # type: ignore[arg-type]
    "lengths": (lambda: SparseRows([0, 1], lambda a, b: ([], [])), r"row pointers has shape \(2,\), expected \(301,\)"),
    "order": (lambda: SparseRows(np.arange(N + 1)[::-1], lambda a, b: ([], [])), "start at 0 and never decrease"),
    "nothing": (
        lambda: SparseRows(np.arange(N + 1), lambda a, b: None),  # type: ignore[arg-type,return-value]
        r"rows 0 to 299: fill gave NoneType, expected \(columns, weights\)",
    ),
    "short": (
        lambda: SparseRows(np.arange(N + 1), lambda a, b: (np.zeros(3), np.zeros(3))),
        r"'x_to_y': rows 0 to 299: columns has shape \(3,\), expected \(300,\)",
    ),
    "column": (
        lambda: SparseRows(np.arange(N + 1), lambda a, b: (np.full(b - a, M), np.zeros(b - a))),
        "rows 0 to 299: columns has the value 200 at .0., the limit is 0..199; columns are targets",
    ),
    "weight": (
        lambda: SparseRows(np.arange(N + 1), lambda a, b: (np.zeros(b - a), np.full(b - a, 128))),
        "rows 0 to 299: weights has the value 128 at .0., the limit is -128..127",
    ),
}


@pytest.mark.parametrize("case", MISTAKES)
def test_messages(case: str) -> None:
    rows, message = MISTAKES[case]
    with pytest.raises(CoprocessorError, match=message):
        network_of(rows()).run(steps=1)


def test_missing_and_superfluous_arrays() -> None:
    pointers, columns, weights = synapses()
    with pytest.raises(CoprocessorError, match="columns and weights are missing; give them, or SparseRows"):
        network_of(pointers, columns)
    with pytest.raises(CoprocessorError, match="SparseRows brings columns and weights; leave them out"):
        network_of(SparseRows(pointers, lambda a, b: (columns, weights)), columns)


CHILD = """
import sys
import numpy as np
from coprocessor import Network
from coprocessor.network import SparseRows

def peak():
    return next(int(line.split()[1]) for line in open("/proc/self/status") if line.startswith("VmHWM")) * 1024

N, FAN = 4000, 1000
def fill(first, last):
    random = np.random.default_rng(first)
    count = (last - first) * FAN
    return random.integers(0, N, count, dtype=np.uint16), random.integers(-5, 6, count, dtype=np.int8)

def built(n, rows):
    network = Network()
    network.population("p", n, "IF", threshold=1000, bias=100)
    network.sparse("p", "p", rows, previous=True)
    return network

small = built(10, SparseRows(np.arange(11), lambda a, b: (np.zeros(b - a), np.ones(b - a))))
small.run(steps=3)  # everything is imported
fill(0, 1)
small.export(sys.argv[1] + "_small")
Network.load(sys.argv[1] + "_small.bin")
before = peak()
if sys.argv[2] == "build":
    network = built(N, SparseRows(np.arange(0, N * FAN + 1, FAN), fill))
else:
    network = Network.load(sys.argv[1] + ".bin")
count = network.run(steps=30).spike_count
if sys.argv[2] == "build":
    network.export(sys.argv[1])
print(peak() - before, network._ready.layout.stored, count)
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs /proc")
def test_memory_is_the_image_and_little_more(tmp_path: Path) -> None:
    """4 million synapses: 12 MB in the image; building, running, writing and reading need 8 MB beside it at most."""
    seen = []
    for what in ("build", "load"):
        command = [sys.executable, "-c", CHILD, str(tmp_path / "net"), what]
        output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        seen.append([int(word) for word in output.split()])
    for grown, stored, count in seen:
        assert 12_000_000 < stored < 12_200_000
        assert stored - 1_000_000 < grown < stored + 8_000_000, grown
        assert count > 0


CUBA = """
import sys
from tools.validation.cuba_network import build

count = len(build(int(sys.argv[1]), synapses=int(sys.argv[2])).run(steps=50).events("neurons"))
print(next(int(line.split()[1]) for line in open("/proc/self/status") if line.startswith("VmHWM")) * 1024, count)
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="needs /proc")
def test_memory_of_a_large_network_is_three_bytes_a_synapse() -> None:
    """The CUBA network with 40 thousand and with 8 million synapses, whole processes: 3.2 bytes for each more.

    The benchmark w2-large measures 40 million, for which 170 MB are the limit.
    """
    peaks, few, many = [], 4000 * 10, 16_000 * 500
    for neurons, synapses in ((4000, few // 4000), (16_000, many // 16_000)):
        command = [sys.executable, "-c", CUBA, str(neurons), str(synapses)]
        output = subprocess.run(command, check=True, capture_output=True, text=True, cwd=ROOT).stdout
        peak, count = (int(word) for word in output.split())
        assert count > 0
        peaks.append(peak)
    each = (peaks[1] - peaks[0]) / (many - few)
    assert 3 < each < 3.7
    assert peaks[0] - each * few < 70_000_000  # Python, NumPy and the native module


def twins(weights: Any, *, shared: bool) -> Network:
    """Two populations that get the same spikes through the same synapses with different weights."""
    random = generator(8)
    network = Network(steps=7)
    network.input("x", 30)
    network.population("a", 20, "LI", membrane_retention=4000)
    network.population("b", 20, "LI", membrane_retention=3000)
    pointers = np.concatenate([[0], np.cumsum(random.integers(0, 9, 30))])
    columns = random.integers(0, 20, pointers[-1]).astype(np.uint16)
    first = network.sparse("x", "a", pointers, columns, random.integers(-99, 99, pointers[-1]))
    if shared:
        network.sparse("x", "b", first, weights=weights)
    else:
        network.sparse("x", "b", pointers, columns, np.broadcast_to(weights, pointers[-1]))
    return network


@pytest.mark.parametrize("weights", [-7, "array"])
def test_same_rows_are_in_memory_once(weights: Any, tmp_path: Path) -> None:
    rows = twins(1, shared=False).projections["x_to_a"].weights
    assert isinstance(rows, Sparse)
    given = np.arange(rows.count) % 100 if weights == "array" else weights
    shared, apart = twins(given, shared=True), twins(given, shared=False)
    spikes = raster(20, 30)
    assert np.array_equal(shared.run(spikes)["b"], apart.run(spikes)["b"])
    saved = apart.export(tmp_path / "apart").binary.stat().st_size
    file = shared.export(tmp_path / "shared").binary
    assert saved - file.stat().st_size >= 2 * rows.count + 4 * 31
    again = Network.load(file)
    assert np.array_equal(again.run(spikes)["b"], shared.run(spikes)["b"])
    assert again.export(tmp_path / "again").binary.stat().st_size == file.stat().st_size


def test_same_rows_that_do_not_fit() -> None:
    network = twins(1, shared=False)
    network.population("c", 21)
    dense = network.dense("x", "c", np.ones((30, 21)))
    first = network.projections["x_to_a"]
    for target, rows, arguments, message in (
        ("c", first, {"weights": 1}, r"\(30, 20\), expected \(30, 21\)"),
        ("b", dense, {"weights": 1}, "of a sparse projection only"),
        ("b", first, {}, "one number or an array of"),
        ("b", first, {"weights": 128}, "weights"),
        ("b", first, {"weights": [1, 2]}, "weights"),
        ("b", first, {"columns": [1], "weights": 1}, "brings the columns"),
        ("b", twins(1, shared=False).projections["x_to_a"], {"weights": 1}, "no projection"),
    ):
        with pytest.raises(CoprocessorError, match=message):
            network.sparse("x", target, rows, **arguments)
