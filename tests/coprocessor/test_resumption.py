"""No slice, repaired fault or move to another machine changes what an engine operation does (1.7 b, c; 7.2)."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest

from coprocessor.golden import Coprocessor as Golden
from coprocessor.interface import Operation
from tests.coprocessor.implementations import BASE, LEVELS, Machine, every_level, level_for
from tests.coprocessor.random_network import STEPS, RandomNetwork
from tests.effort import EFFORT

CASES = [(level_for(seed), seed, f"native-{seed}") for seed in range(60 * EFFORT)]
CASES += [(Golden, seed, f"golden-{seed}") for seed in range(8 * EFFORT)]
cases = pytest.mark.parametrize(("kind", "seed"), [case[:2] for case in CASES], ids=[case[2] for case in CASES])
CONFIGURATION = {"slice", "ctl", "err", "eaddr"}


def operation_on(random: Random, network: RandomNetwork) -> tuple[Operation, int, int]:
    """A resumable instruction."""
    choices = [(Operation.RUN, network.nets[0], STEPS)] * 3
    choices += [(Operation.SYN, projection.address, 0) for projection in network.projections]
    choices += [
        (Operation.LAYER, projection.address, 0) for projection in network.projections if projection.has_population
    ]
    choices += [(Operation.UPD, population.address, 0) for population in network.populations]
    choices += [(Operation.RST, population.address, 0) for population in network.populations]
    choices += [(Operation.LEARN, rule, random.getrandbits(16)) for rule in network.rules]
    return random.choice(choices)


def prepared(kind: Any, ram: bytes | bytearray, seed: int) -> Machine:
    """A machine with time, random state and queues set from the seed."""
    random = Random(seed)
    machine = Machine(kind, ram)
    machine.write("t", random.choice((0, 3, 0xFFFF_FFFE)))
    machine.write("rng", random.getrandbits(32))
    machine.write("rew", random.getrandbits(16))
    for _ in range(random.choice((0, 30))):
        machine.run(Operation.INJ, 0, random.getrandbits(2))
    return machine


def final_state(machine: Machine, network: RandomNetwork) -> tuple[Any, bytes]:
    """State and RAM without what the way to them may change."""
    state = machine.unit.state()
    state["csr"] = {name: value for name, value in state["csr"].items() if name not in CONFIGURATION}
    area = network.save_area - BASE
    return state, bytes(machine.ram[:area] + machine.ram[area + 1280 :])


def uninterrupted(kind: Any, network: RandomNetwork, seed: int, action: tuple[Operation, int, int]) -> Any:
    """Result, engine cycles and final state of one issue without bound."""
    machine = prepared(kind, network.image.ram, seed)
    machine.write("slice", 0)
    assert machine.issue(*action) == 0
    assert machine.unit.cycles == max(1, machine.unit.state()["counters"]["cyc"])
    return machine.unit.result, final_state(machine, network)


@cases
def test_slices(kind: Any, seed: int) -> None:
    random = Random(seed)
    network = RandomNetwork(random)
    action = operation_on(random, network)
    machine = prepared(kind, network.image.ram, seed)
    cycles = 0
    outcome = 1
    while outcome:
        machine.write("slice", random.choice((1, 1, 2, 5, 30)))
        outcome = machine.issue(*action)
        assert outcome in (0, 1)
        cycles += machine.unit.cycles
    assert (machine.unit.result, final_state(machine, network)) == uninterrupted(kind, network, seed, action)
    assert cycles == max(1, machine.unit.state()["counters"]["cyc"])


@cases
def test_moves_to_fresh_machines(kind: Any, seed: int) -> None:
    random = Random(seed)
    network = RandomNetwork(random)
    action = operation_on(random, network)
    machine = prepared(kind, network.image.ram, seed)
    machine.write("slice", random.choice((1, 3, 10)))
    while machine.issue(*action) == 1:
        if random.random() < 0.3:
            assert machine.issue(Operation.SAVE, network.save_area) == 0
            assert machine.unit.ctl & 3 == 2
            fresh = Machine(random.choice((*LEVELS.values(), Golden)), machine.ram)
            fresh.write("slice", machine.read("slice"))
            fresh.unit.lif(1, 2)
            assert fresh.issue(Operation.REST, network.save_area) == 0
            machine = fresh
    assert (machine.unit.result, final_state(machine, network)) == uninterrupted(kind, network, seed, action)


@cases
def test_repaired_faults(kind: Any, seed: int) -> None:
    random = Random(seed)
    network = RandomNetwork(random, spoilt=random.choice((0.02, 0.2)), spoils_rows=False)
    action = operation_on(random, network)
    repairs = {address: (size, value) for address, size, value in network.spoilt_places}
    machine = prepared(kind, network.image.ram, seed)
    machine.write("slice", random.choice((0, 4)))

    def repair(ram: bytearray, address: int) -> None:
        size, value = repairs[address]
        ram[address - BASE : address - BASE + size] = value.to_bytes(size, "little")

    while outcome := machine.issue(*action):
        if outcome == 2:
            assert machine.unit.tval in repairs, (machine.unit.cause, hex(machine.unit.tval))
            repair(machine.ram, machine.unit.tval)
    for address in repairs:
        repair(machine.ram, address)
        repair(network.image.ram, address)
    assert (machine.unit.result, final_state(machine, network)) == uninterrupted(kind, network, seed, action)


@cases
def test_asynchronous_run_equals_run(kind: Any, seed: int) -> None:
    random = Random(seed)
    network = RandomNetwork(random)
    action = (Operation.RUN, network.nets[0], STEPS)
    machine = prepared(kind, network.image.ram, seed)
    start = machine.mcycle
    assert machine.run(Operation.START, *action[1:]) == 0
    busy = machine.unit.state()["counters"]["cyc"]
    assert machine.mcycle == start + 5
    assert (machine.read("st") & 7, machine.unit.next_event) == ((1, start + 5 + busy) if busy else (2, 2**64 - 1))
    state = machine.run(Operation.WAIT), final_state(machine, network)
    assert machine.mcycle == start + 5 + busy + 1
    assert state == uninterrupted(kind, network, seed, action)


@every_level
def test_another_operation_discards_progress(kind: Any) -> None:
    random = Random(3)
    network = RandomNetwork(random)
    while all(population.n <= 32 for population in network.populations):
        network = RandomNetwork(random)
    big = max(network.populations, key=lambda population: population.n)
    machine = prepared(kind, network.image.ram, 1)
    machine.write("slice", 1)
    assert machine.issue(Operation.UPD, big.address) == 1
    progress = machine.unit.state()["csr"]
    assert machine.issue(Operation.UPD, big.address + 4) == 2, "an error of validation"
    assert {k: v for k, v in machine.unit.state()["csr"].items() if k[:2] in ("pr", "pd")} == {
        k: v for k, v in progress.items() if k[:2] in ("pr", "pd")
    }
    before = machine.unit.state()["counters"]["cyc"]
    machine.write("slice", 0)
    assert machine.issue(Operation.RST, big.address) == 0
    assert machine.unit.state()["counters"]["cyc"] - before == 15 + big.n
    assert machine.read("prog1") == 0
    assert machine.issue(Operation.UPD, big.address) == 0
    assert machine.unit.cycles == 15 + 2 * big.n, "starts afresh"
