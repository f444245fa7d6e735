"""Three things agree bit for bit (1.1, 1.7 a): firmware of register-level instructions, the engine, the golden model.

Random networks of every profile with projections, delays, sources and rules of every kind. The engine runs them with
each instruction set; it is interrupted at every unit and moved into fresh machines, and it runs them in one go.
"""

from __future__ import annotations

from random import Random
from typing import Any

import pytest

from coprocessor.golden import Coprocessor as Golden
from coprocessor.golden.memory import Memory
from coprocessor.golden.profiles import Profile
from coprocessor.golden.projection import Source
from coprocessor.golden.rule import read_rule
from coprocessor.interface import Operation
from tests.coprocessor.firmware import COUNTED, Firmware, s16
from tests.coprocessor.implementations import BASE, IMPLEMENTATIONS, LEVELS, Factory, Machine
from tests.coprocessor.random_network import RandomNetwork, words
from tests.effort import EFFORT

KINDS = pytest.mark.parametrize("kind", IMPLEMENTATIONS, ids=["native", "golden"])
PROFILES = pytest.mark.parametrize("profile", Profile, ids=lambda profile: profile.name)
ENGINES: dict[str, Factory] = {**LEVELS, "golden": Golden}
STEPS = 3


def wire(random: Random, network: RandomNetwork) -> None:
    """Let some projections read what populations put out, in this step or the one before."""
    image = network.image
    for p in network.projections:
        word, source = image.get(p.address + 12)[0], random.choice(network.populations)
        readable = source.out and not source.graded and words(p.n) <= words(source.n)
        if word >> 4 & 7 == Source.BITMAP and readable and random.random() < 0.6:
            mode = random.choice((1, 3)) if source.output_mode == 1 else source.output_mode
            image.put(p.address + 12, word & ~0x300 | mode << 8)
            image.put(p.address + 36, source.out, image.get(source.address + 56)[0])


def network_with(random: Random, profile: Profile) -> RandomNetwork:
    """A wired network in which some population has this profile."""
    while True:
        network = RandomNetwork(random, largest=40)
        if any(population.profile is profile for population in network.populations):
            wire(random, network)
            return network


def events(random: Random, network: RandomNetwork) -> list[tuple[int, int]]:
    """Events and their queues; every projection that reads a queue has rows for them."""
    queued = [p for p in network.projections if network.image.get(p.address + 12)[0] >> 4 & 7 == Source.QUEUE]
    limit = min((p.n for p in queued), default=1)
    count = random.randrange(30)
    return [(random.randrange(limit) | random.getrandbits(12) << 20, random.randrange(4)) for _ in range(count)]


class Legs:
    """Firmware on one machine, the engine on others, all on copies of a network, its time and its random state."""

    def __init__(self, random: Random, network: RandomNetwork, registers: Factory, units: int) -> None:
        self.network = network
        self.firmware = Firmware(Machine(registers, network.image.ram))
        self.engines = {name: Machine(kind, network.image.ram) for name, kind in ENGINES.items()}
        csrs = {
            "t": random.choice((0, 3, 0xFFFF_FFFE)),
            "rng": random.getrandbits(32),
            "rew": random.choice((0, random.getrandbits(16))),
            "spk": random.getrandbits(32),
            "slice": units,
        }
        queued = events(random, network)
        for machine in (self.firmware.machine, *self.engines.values()):
            for name, value in csrs.items():
                machine.write(name, value)
            for event, queue in queued:
                machine.run(Operation.INJ, event, queue)

    def issue(self) -> None:
        """Let every engine go on until it suspends or retires."""
        self.outcomes = {m.issue(Operation.RUN, self.network.nets[0], STEPS) for m in self.engines.values()}

    def move(self) -> None:
        """Save every engine and go on in a fresh machine."""
        area = self.network.save_area
        for name, machine in self.engines.items():
            assert machine.issue(Operation.SAVE, area) == 0
            fresh = Machine(ENGINES[name], machine.ram, mcycle=machine.mcycle)
            fresh.write("slice", machine.read("slice"))
            fresh.unit.lif(1, 2)
            assert fresh.issue(Operation.REST, area) == 0
            fresh.ram[area - BASE : area - BASE + 1280] = bytes(1280)
            self.engines[name] = fresh

    def compare(self) -> None:
        """Memory, random state, time, and everything that both of two legs have."""
        golden, firmware = self.engines["golden"], self.firmware.machine
        expected = golden.seen()
        for name, machine in self.engines.items():
            seen = expected if machine is golden else machine.seen()
            assert seen == expected, (name, {k: (seen[k], expected[k]) for k in seen if seen[k] != expected[k]})
        for name, machine in (("firmware", firmware), *self.engines.items()):
            if machine.ram != golden.ram:
                places = [k for k in range(0, len(golden.ram), 4) if machine.ram[k : k + 4] != golden.ram[k : k + 4]]
                raise AssertionError((name, "RAM differs at", [hex(BASE + k) for k in places[:8]]))
        engine, own = golden.unit.state(), firmware.unit.state()
        assert [own["csr"][name] for name in ("rng", "t")] == [engine["csr"][name] for name in ("rng", "t")]
        assert own["queues"] == engine["queues"]
        assert self.firmware.counted == {name: engine["counters"][name] for name in COUNTED}
        assert not any(own["counters"].values()), "register-level instructions change none"

    def compare_progress(self) -> None:
        """While the engine is suspended: steps completed and the spikes so far."""
        read = self.engines["golden"].read
        assert (read("prog2"), read("prog3")) == (self.firmware.steps, self.firmware.result)

    def compare_results(self) -> None:
        """After the end: rd."""
        assert {machine.unit.result for machine in self.engines.values()} == {self.firmware.result}


@PROFILES
@pytest.mark.parametrize("seed", range(4 * EFFORT))
def test_interrupted_at_every_unit(profile: Profile, seed: int) -> None:
    """Slices of one unit: the legs agree at every interruption, on every second seed each time in fresh machines."""
    random = Random(f"{profile.name} {seed}")
    legs = Legs(random, network_with(random, profile), IMPLEMENTATIONS[seed % 2], units=1)
    moves = (0.1, 1.0)[seed % 2]
    for _ in legs.firmware.run(legs.network.nets[0], STEPS):
        legs.issue()
        assert legs.outcomes == {1}
        legs.compare()
        legs.compare_progress()
        if random.random() < moves:
            legs.move()
    legs.issue()
    assert legs.outcomes == {0}
    legs.compare()
    legs.compare_results()


@PROFILES
@pytest.mark.parametrize("units", [0, 7])
@pytest.mark.parametrize("seed", range(4 * EFFORT))
def test_in_one_go(profile: Profile, units: int, seed: int) -> None:
    """Without slices, where many units are done at once, and in slices with some moves: the same end."""
    random = Random(f"{profile.name} {units} {seed}")
    legs = Legs(random, network_with(random, profile), IMPLEMENTATIONS[seed % 2], units)
    legs.issue()
    while legs.outcomes == {1}:
        if random.random() < 0.3:
            legs.move()
        legs.issue()
    for _ in legs.firmware.run(legs.network.nets[0], STEPS):
        pass
    assert legs.outcomes == {0}
    legs.compare()
    legs.compare_results()


@KINDS
@pytest.mark.parametrize("seed", range(60 * EFFORT))
def test_rules(kind: Any, seed: int) -> None:
    random = Random(seed)
    network = RandomNetwork(random, largest=40)
    while not network.rules:
        network = RandomNetwork(random, largest=40)
    engine, machine = Machine(kind, network.image.ram), Machine(kind, network.image.ram)
    for either in (engine, machine):
        either.write("slice", 0)
        either.write("rng", seed + 1)
    address, firmware = network.rules[0], Firmware(machine)
    reward = random.choice((0, random.getrandbits(16)))
    updated = engine.run(Operation.LEARN, address, reward)
    for _ in firmware.learn(read_rule(Memory(machine.ram, BASE), address), s16(reward)):
        pass
    assert engine.ram == machine.ram
    assert engine.read("rng") == machine.read("rng")
    assert updated == firmware.counted["wupd"]
