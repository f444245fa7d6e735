"""Queues as inputs: events injected before each step, against the same events in memory, the golden model, firmware."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from coprocessor import Network
from coprocessor.errors import CoprocessorError
from coprocessor.golden import Coprocessor as Golden
from tests.network.firmware import FINISH, Firmware
from tests.network.networks import generator, raster
from tests.network.test_network import assert_equal, memory

N, M, STEPS = 40, 12, 30


def network_of(encoding: str = "queue", **options: Any) -> Network:
    """A loop, delays, plasticity elsewhere, and one more input."""
    random = generator()
    network = Network(**options)
    network.input("x", 5)
    network.input("q", N, encoding=encoding, capacity=64)
    network.population("a", M, "LIF", membrane_retention=3000, threshold=150, rounding="stochastic")
    network.dense("q", "a", random.integers(-40, 60, (N, M)), source_delays=random.integers(0, 4, N))
    network.dense("x", "a", random.integers(-40, 60, (5, M)), name="learning")
    network.dense("a", "a", random.integers(-40, 60, (M, M)), previous=True)
    network.plasticity("pair", "learning", pre_amplitude=90, post_amplitude=60, shift=8, pre_impulse=300)
    return network


def events(seed: int = 1) -> Any:
    """Some steps have 64 events, some none, addresses repeat."""
    random = generator(seed)
    counts = random.integers(0, 20, STEPS)
    counts[[3, 7]] = 64, 0
    return np.stack([np.repeat(np.arange(STEPS), counts), random.integers(0, N, counts.sum())], axis=1)


@pytest.mark.parametrize("steps", [7, 300])
def test_queues_equal_lists_in_memory(steps: int) -> None:
    queued, listed = network_of(steps=steps), network_of("events", steps=steps)
    for _ in range(2):
        inputs: dict[str, Any] = {"spikes": {"x": raster(STEPS, 5)}, "events": {"q": events()}}
        first, second = queued.run(**inputs), listed.run(**inputs)
        assert first["a"].any() and np.array_equal(first["a"], second["a"])
        assert np.array_equal(queued.state("a")["v"], listed.state("a")["v"])
        assert first.counters["spkin"] == second.counters["spkin"]
        assert second.counters["rdb"] - first.counters["rdb"] == 4 * STEPS + 4 * len(events()), "a queue is no memory"


def test_queues_on_the_golden_model_and_in_batches() -> None:
    ours, golden = network_of(), network_of(coprocessor=Golden)
    inputs: dict[str, Any] = {"spikes": {"x": raster(STEPS, 5)}, "events": {"q": events()}}
    assert_equal(ours.run(**inputs), golden.run(**inputs))
    assert memory(ours) == memory(golden)
    batch = {"x": np.stack([raster(STEPS, 5, seed=k) for k in range(5)])}
    batch["q"] = np.stack([raster(STEPS, N, 0.3, seed=k) for k in range(5)])
    first = golden.run_batch(batch)
    for threads in (1, 2, 3):
        assert_equal(ours.run_batch(batch, threads=threads), first)


def test_raster_and_long_runs() -> None:
    network = Network()
    network.input("q", 3, encoding="queue")
    network.population("y", 3, "IF", threshold=0)
    network.one_to_one("q", "y")
    spikes = raster(1000, 3)
    assert np.array_equal(network.run(spikes)["y"], spikes)
    assert np.array_equal(network.run(network.encode(spikes))["y"], spikes)


def test_events_of_a_failed_run_are_forgotten() -> None:
    network = network_of()
    session = network._ready
    place = session.layout.regions["pop.a"].offset
    session.ram[place] ^= 1
    with pytest.raises(CoprocessorError, match=r"code 26 .*pop.a"):
        network.run(events={"q": events()}, steps=STEPS)
    session.ram[place] ^= 1
    network.reset()
    assert network.run(steps=5).counters["spkin"] == 0


FIRMWARE = f"""
    .include "queued.inc"
    .text
    .globl _start
_start:
    li   t0, 1                          # ST = Initial
    csrw nm_ctl, t0
    li   s0, queued_net
    li   s1, 3                          # steps
1:  li   t0, 2
    li   t1, queued_queue_q
    nm.inj a0, t0, t1
    nm.inj a0, s1, t1
    li   a1, 1
    nm.run a0, s0, a1
    addi s1, s1, -1
    bnez s1, 1b
{FINISH}
"""


def test_firmware_injects_and_network_says_the_same(tmp_path: Path) -> None:
    network = Network()
    network.input("q", 4, encoding="queue", queue=2)
    network.population("y", 2, "LIF", membrane_retention=3000, threshold=1000)
    network.dense("q", "y", generator().integers(-9, 100, (4, 2)))
    exported = network.export(tmp_path / "queued", base=0x8010_0000)
    assert exported.symbols["queued_queue_q"] == 2
    loaded = Network.load(exported.binary)
    injected = [[step, address] for step in range(3) for address in (2, 3 - step)]
    for each in (network, loaded):
        each.run(events=injected, steps=3)
        assert each.state("y")["v"].any()
    firmware = Firmware(FIRMWARE, include=[tmp_path], sections={".queued": 0x8010_0000})
    firmware.run()
    place = exported.symbols["queued_state_y"] - firmware.machine.ram.base
    found = np.frombuffer(bytes(firmware.machine.ram.buffer[place : place + 8]), dtype="<i4")
    assert found.tolist() == network.state("y")["v"].tolist() == loaded.state("y")["v"].tolist()


def many(network: Network) -> None:
    for k in range(5):
        network.input(f"q{k}", 3, encoding="queue")


def two_readers(network: Network) -> None:
    network.input("q", 2, encoding="queue")
    network.population("y", 2)
    network.one_to_one("q", "y")
    network.one_to_one("q", "y")
    network.run(steps=1)


MISTAKES: dict[str, tuple[Any, str]] = {
    "capacity": (lambda n: n.input("q", 3, encoding="queue", capacity=65), "limit is 1..64; a queue has 64 places"),
    "number": (lambda n: n.input("q", 3, encoding="queue", queue=4), "queue has the value 4, the limit is 0..3"),
    "no queue": (lambda n: n.input("q", 3, queue=1), 'queue is for encoding="queue"; leave it out'),
    "five": (many, "input 'q4': queues 0, 1, 2, 3 are taken; there are four"),
    "readers": (two_readers, "'q' is a queue, .* that read it are 'q_to_y', 'q_to_y_2'; it needs one"),
    "full": (
        lambda n: network_of().run(events={"q": [[0, 0]] * 65}, steps=2),
        "step 0 has 65 events, the capacity is 64",
    ),
}


@pytest.mark.parametrize("case", MISTAKES)
def test_messages(case: str) -> None:
    action, message = MISTAKES[case]
    with pytest.raises(CoprocessorError, match=message):
        action(Network())
