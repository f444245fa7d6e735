"""Bad arguments: one CoprocessorError that names the argument, the limit and the cure; nothing else ever."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from coprocessor import Network
from coprocessor.errors import CoprocessorError
from tests.network.networks import rich, small


def base() -> Network:
    """Two inputs, two populations."""
    network = Network()
    network.input("x", 4)
    network.input("g", 3, encoding="graded", largest=10)
    network.population("a", 3, "LIF", threshold=5)
    network.population("b", 2, "CUBA", depth=4)
    return network


def eye(rows: int, columns: int) -> Any:
    return np.ones((rows, columns), dtype=int)


def small_at(address: int) -> Network:
    """A network at an address."""
    network = Network(base=address)
    network.population("a", 3)
    return network


CASES: dict[str, tuple[Callable[[Network], object], str]] = {
    "name": (lambda n: n.input("1x", 3), "'1x' is not a name; use letters"),
    "taken": (lambda n: n.population("x", 3), "already a part called 'x'; choose another"),
    "size": (lambda n: n.population("c", 0), "population 'c': size has the value 0, the limit is 1..65536"),
    "large": (lambda n: n.population("c", 70000), "the limit is 1..65536; split it"),
    "size type": (
        lambda n: n.population("c", "many"),  # type: ignore[arg-type]
        "not integers",
    ),
    "encoding": (lambda n: n.input("y", 3, encoding="analog"), "encoding is 'analog'; choose one of 'spikes'"),
    "capacity": (lambda n: n.input("y", 3, encoding="events"), "say how many events"),
    "no capacity": (lambda n: n.input("y", 3, capacity=4), 'capacity is for encoding="events"'),
    "profile": (lambda n: n.population("c", 3, "HH"), "profile is 'HH'; choose one of 'IF', 'LIF'"),
    "parameter": (lambda n: n.population("c", 3, tau=5), "'tau' is not a parameter of profile LIF; it has 'membrane_"),
    "range": (lambda n: n.population("c", 3, membrane_retention=9000), "value 9000, the limit is 0..8191"),
    "per neuron": (lambda n: n.population("c", 3, threshold=[1, 2]), r"shape \(2,\), expected \(3,\)"),
    "place": (
        lambda n: n.population("c", 3, threshold=[1, 2**31, 0]),
        r"at \[1\], the limit is -2147483648..2147483647",
    ),
    "fraction": (lambda n: n.population("c", 3, threshold=0.5), r"threshold has values .* not integers; quantise"),
    "not a number": (lambda n: n.population("c", 3, threshold=float("nan")), "not integers; quantise"),
    "infinite": (lambda n: n.population("c", 3, threshold=float("inf")), "values outside"),
    "mode": (lambda n: n.population("c", 3, reset="zero"), "'c': reset is 'zero'; choose one of 'assign'"),
    "width": (lambda n: n.population("c", 3, width=8), "width is 8; choose one of 32, 24, 16, 20"),
    "refractory": (lambda n: n.population("c", 3, "IZH", refractory=3), "only IF, LIF and CUBA do"),
    "depth": (lambda n: n.population("c", 3, depth=3), "depth is 3; use a power of two from 1 to 64"),
    "source": (lambda n: n.dense("y", "a", eye(4, 3)), "no input or population 'y' in this network; there are 'x'"),
    "target": (
        lambda n: n.dense("x", "x", eye(4, 3)),
        "there is no population 'x' in this network; there are 'a', 'b'",
    ),
    "foreign": (lambda n: n.dense(base().input("z", 4), "a", eye(4, 3)), "no input or population"),
    "transposed": (lambda n: n.dense("x", "a", eye(3, 4)), r"shape \(3, 4\), expected \(4, 3\); check the order"),
    "weight": (
        lambda n: n.dense("x", "a", 200 * eye(4, 3)),
        r"weights has the value 200 at \[0, 0\], .*-128..127; use",
    ),
    "4 bits": (lambda n: n.dense("x", "a", 9 * eye(4, 3), bits=4), "limit is -8..7; use more bits"),
    "3 bits": (lambda n: n.dense("x", "a", eye(4, 3), bits=3), "bits is 3; choose one of 8, 4, 2, 1"),
    "binary zero": (lambda n: n.dense("x", "a", 0 * eye(4, 3), bits=1), r"\+1 or -1, not 0; use bits=2"),
    "exponent": (lambda n: n.dense("x", "a", eye(4, 3), exponent=25), "exponent has the value 25, the limit is 0..24"),
    "option": (lambda n: n.dense("x", "a", eye(4, 3), delays=3), "unknown option 'delays'; there are 'exponent'"),
    "delay": (lambda n: n.dense("x", "b", eye(4, 2), delay=4), "limit is 0..3; population 'b' has a ring of 4 steps"),
    "delay sum": (
        lambda n: n.dense("x", "b", eye(4, 2), delay=2, source_delays=[0, 1, 2, 0]),
        "longest delay is 4 steps, the limit 3",
    ),
    "two delays": (
        lambda n: n.dense("x", "b", eye(4, 2), source_delays=[0] * 4, synapse_delays=eye(4, 2)),
        "source_delays or synapse_delays, not both",
    ),
    "conv delays": (
        lambda n: n.conv2d("x", "a", eye(1, 4).reshape(1, 2, 2, 1), (2, 2, 1), synapse_delays=[1]),
        "the convolution has",
    ),
    "order": (lambda n: n.dense("b", "a", eye(2, 3)), "'b' is updated after 'a' reads it; use previous=True"),
    "loop": (lambda n: n.dense("a", "a", eye(3, 3)), "use previous=True"),
    "previous input": (lambda n: n.dense("x", "a", eye(4, 3), previous=True), "previous=True is for populations"),
    "pointers": (lambda n: n.sparse("x", "a", [0, 1, 0, 1, 1], [0], [1]), "start at 0 and never decrease"),
    "columns": (lambda n: n.sparse("x", "a", [0, 1, 1, 1, 1], [3], [1]), "columns has the value 3 at .*limit is 0..2"),
    "lengths": (lambda n: n.sparse("x", "a", [0, 1, 1, 1, 2], [0], [1]), r"shape \(1,\), expected \(2,\)"),
    "one to one": (lambda n: n.one_to_one("x", "a"), "needs equal sizes, not 4 and 3; use dense or sparse"),
    "crossbar graded": (
        lambda n: n.crossbar("g", "a", eye(3, 3), [0] * 3, eye(3, 4)),
        "a crossbar takes spikes, not graded",
    ),
    "kernel": (lambda n: n.conv2d("x", "a", eye(2, 2), (2, 2, 1)), r"expected \(cin, k, k, cout\)"),
    "kernel size": (lambda n: n.conv2d("x", "a", np.ones((1, 3, 3, 1)), (2, 2, 1)), "larger than the padded image"),
    "image": (
        lambda n: n.conv2d("x", "a", np.ones((1, 1, 1, 1)), (2, 2)),  # type: ignore[arg-type]
        r"expected \(height, width, channels\)",
    ),
    "rule": (lambda n: n.plasticity("hebb", n.dense("x", "a", eye(4, 3))), "kind is 'hebb'; choose one of 'pair'"),
    "rule format": (lambda n: n.plasticity("binary", n.dense("x", "a", eye(4, 3))), "needs dense weights with bits=1"),
    "rule value": (lambda n: n.plasticity("pair", n.dense("x", "a", eye(4, 3)), tau=1), "'tau' is not a parameter"),
    "rule limits": (
        lambda n: n.plasticity("pair", n.dense("x", "a", eye(4, 3)), smallest=5, largest=4),
        "smallest is above largest; exchange them",
    ),
    "no projection": (lambda n: n.plasticity("pair", "x_to_a"), "there is no projection 'x_to_a'"),
    "no steps": (lambda n: n.run(), "how many steps to run"),
    "two steps": (lambda n: n.run({"x": np.zeros((3, 4))}, steps=4), "say 3, 4; give one number"),
    "which input": (lambda n: n.run(np.zeros((3, 4))), "the network has 2 inputs; give a dictionary"),
    "no input": (lambda n: n.run({"z": np.zeros((3, 4))}), "there is no input 'z'; there are 'x', 'g'"),
    "spike shape": (lambda n: n.run({"x": np.zeros((3, 5))}), "expected steps x inputs with 4 inputs; check"),
    "spike value": (lambda n: n.run({"x": np.full((3, 4), 2)}), "limit is 0..1; spikes are 0 or 1"),
    "graded value": (lambda n: n.run({"g": np.full((2, 3), -11)}), "input 'g' has the value -11 .*limit is -10..10"),
    "event shape": (lambda n: n.run(events={"x": [1, 2, 3]}, steps=4), r"expected events x \(step, address\)"),
    "event step": (lambda n: n.run(events={"x": [[4, 0]]}, steps=4), "limit is 0..3; run more steps"),
    "event address": (lambda n: n.run(events={"x": [[0, 4]]}, steps=4), "the input has 4 addresses"),
    "event twice": (lambda n: n.run(events={"x": [[1, 2], [1, 2]]}, steps=4), "address 2 has two events in step 1"),
    "event graded": (lambda n: n.run(events={"g": [[1, 2]]}, steps=4), "a graded input takes values"),
    "both": (lambda n: n.run({"x": np.zeros((3, 4))}, events={"x": [[0, 0]]}), "has spikes and events"),
    "reward": (lambda n: n.run(steps=1, reward=40000), "reward has the value 40000, the limit is -32768..32767"),
    "batch": (lambda n: n.run_batch({"x": np.zeros((3, 4))}), "expected samples x steps x inputs"),
    "threads": (lambda n: n.run_batch({"x": np.zeros((1, 3, 4))}, threads=0), "threads has the value 0"),
    "seeds": (lambda n: n.run_batch({"x": np.zeros((2, 3, 4))}, seeds=[1]), r"shape \(1,\), expected \(2,\)"),
    "no sums": (lambda n: n.accumulated("a"), "keeps no sums; make it with accumulate=True"),
    "no state": (lambda n: n.state("x"), "there is no population 'x'"),
    "no record": (lambda n: n.run(steps=1)["x"], "'x' is not recorded; recorded are 'a', 'b'"),
    "preset": (lambda n: n.run(steps=1).energy_fj("7nm"), "unknown energy preset '7nm'"),
    "late": (lambda n: (n.run(steps=1), n.input("late", 3)), "'late' comes too late"),
    "base": (lambda n: small_at(0x8000_0004).run(steps=1), "0x80000004 is not a positive multiple of 16"),
    "empty": (lambda n: Network().run(steps=1), "the network has no population; add one"),
    "ragged": (lambda n: n.dense("x", "a", [[1], [1, 2]]), "weights is not an array of numbers"),
    "ragged spikes": (lambda n: n.run({"x": [[1], [1, 2]]}), "spikes of input 'x' is not an array of numbers"),
    "scalar spikes": (lambda n: n.run({"x": 1}, steps=1), "expected steps x inputs"),
    "text": (lambda n: n.dense("x", "a", "weights"), "weights has shape"),
    "steps": (lambda n: Network(steps=0), "steps has the value 0"),
    "export base": (lambda n: n.export("unused", base=0x8000_0004), "0x80000004 is not a positive multiple of 16"),
    "export high": (lambda n: n.export("unused", base=0xFFFF_FFF0), "do not fit between base"),
}


@pytest.mark.parametrize("case", CASES)
def test_message(case: str) -> None:
    action, message = CASES[case]
    with pytest.raises(CoprocessorError, match=message):
        action(base())


def test_a_failed_call_leaves_the_network_as_it_was() -> None:
    network = small()
    with pytest.raises(CoprocessorError):
        network.dense("x", "y", np.ones((2, 2)))
    assert list(network.projections) == ["x_to_y"]
    assert network.run([[1, 1, 0], [1, 0, 1]])["y"].tolist() == [[1, 0], [1, 0]]


def test_too_many_operations() -> None:
    network = Network()
    for k in range(256):
        network.population(f"p{k}", 1)
    with pytest.raises(CoprocessorError, match=r"256 operations .*, the limit is 255; merge"):
        network.run(steps=1)


def test_accumulators_are_bounded() -> None:
    network = Network()
    network.input("x", 200)
    network.input("e", 4, encoding="events", capacity=10)
    network.population("y", 3)
    network.dense("x", "y", np.tile([127, -128, 1], (200, 1)), exponent=3)
    network.dense("e", "y", np.ones((4, 3)))
    bound = network.accumulators()["y"]
    assert (bound.highest, bound.lowest) == (200 * 127 * 8 + 40, -200 * 128 * 8)
    assert bound.bits == 19 and bound.graded_limit is None
    network.dense("x", "y", np.full((200, 3), 127), exponent=17)
    with pytest.raises(CoprocessorError, match=r"'y': the input of a neuron can reach .* bits, the limit is 32; lower"):
        network.run(steps=1)


def test_accumulators_of_graded_sources() -> None:
    network = Network()
    network.input("bounded", 2, encoding="graded", largest=1000)
    network.input("open", 2, encoding="graded")
    network.population("y", 1)
    network.dense("bounded", "y", [[3], [-4]])
    network.dense("open", "y", [[10], [-10]])
    bound = network.accumulators()["y"]
    assert (bound.lowest, bound.highest) == (-7000, 7000)
    assert bound.unbounded == ("open_to_y",)
    assert bound.graded_limit == (2**31 - 1 - 7000) // 20


def test_accumulators_know_what_plasticity_can_do() -> None:
    network = Network()
    network.input("x", 10)
    network.population("y", 2)
    projection = network.dense("x", "y", np.zeros((10, 2)))
    assert network.accumulators()["y"].highest == 0
    network.plasticity("pair", projection, smallest=-5, largest=20)
    bound = network.accumulators()["y"]
    assert (bound.lowest, bound.highest) == (-50, 200)


def test_bounds_are_reached_and_never_exceeded() -> None:
    """What a probe measures when every source of the right sign is active."""
    network = Network()
    random = np.random.default_rng(1)
    weights = random.integers(-128, 128, (50, 7))
    network.input("x", 50)
    network.population("y", 7, "LI", membrane_retention=0)
    network.dense("x", "y", weights, exponent=2)
    bound = network.accumulators()["y"]
    best = int((np.maximum(weights, 0).sum(axis=0)).argmax())
    worst = int((np.minimum(weights, 0).sum(axis=0)).argmin())
    result = network.run(np.stack([weights[:, best] > 0, weights[:, worst] < 0]))["y"]
    assert result[0, best] == bound.highest and result[1, worst] == bound.lowest


def test_corrupted_memory_gives_a_message() -> None:
    network = rich()
    region = network._ready.layout.regions["syn.x_to_cuba"]
    network._ready.ram[region.offset] = 0
    with pytest.raises(CoprocessorError, match=r"nm.run ended with code 24 at 0x[0-9a-f]+ \(syn.x_to_cuba\)|code 26"):
        network.run(steps=1)
