"""Random networks and instruction sequences: C against the golden model in everything visible after every issue."""

from __future__ import annotations

from random import Random

import pytest

from coprocessor.interface import Operation
from tests.coprocessor import operands
from tests.coprocessor.implementations import BASE, Pair, level_for
from tests.coprocessor.random_network import STEPS, RandomNetwork
from tests.effort import EFFORT

NETWORKS, ACTIONS = 60, 16


def prepare(random: Random, network: RandomNetwork, seed: int) -> Pair:
    """Two machines on the network with random configuration, time and queue contents."""
    ctl, mcycle = random.choice((1, 5, 5)), random.choice((0, 1000, 2**32 - 50, 2**40))
    pair = Pair(network.image.ram, ctl, mcycle, level_for(seed))
    pair.keep_accounts(random.random() < 0.7)
    pair.log_spikes(random.random() < 0.5)
    pair.set_lanes(random.choice((4, 4, 1, 2, 3, 8, 32, 255)))
    pair.write("slice", random.choice((0, 1, 2, 3, 7, 1024)))
    pair.write("t", random.choice((0, 1, 5, 0xFFFF_FFFE, random.getrandbits(32))))
    pair.write("rng", random.getrandbits(32))
    pair.write("rew", random.choice((0, random.getrandbits(16))))
    pair.write("qwm", random.getrandbits(32))
    if random.random() < 0.3:
        pair.write("tick", random.choice((1, 7, 100, 0x7FFF_FFFF)))
    for _ in range(random.choice((0, 5, 20, 80))):
        pair.issue(Operation.INJ, random.randrange(40) | random.getrandbits(12) << 20, random.getrandbits(2))
    return pair


def choose(random: Random, network: RandomNetwork) -> tuple[Operation, int, int]:
    """A random instruction on the network."""
    operation = random.choice(list(Operation))
    if operation in (Operation.RUN, Operation.START):
        return operation, random.choice(network.nets), random.randrange(STEPS)
    if operation in (Operation.SYN, Operation.LAYER):
        override = random.choice((0, 0, 0, random.choice(network.descriptors()), random.getrandbits(12)))
        return operation, random.choice(network.projections).address, override
    if operation in (Operation.UPD, Operation.RST):
        return operation, random.choice(network.populations).address, 0
    if operation is Operation.LEARN and network.rules:
        return operation, random.choice(network.rules), random.choice((0, random.getrandbits(32)))
    if operation in (Operation.EV2BM, Operation.BM2EV):
        return operation, random.choice(network.transfers), 0
    if operation in (Operation.SAVE, Operation.REST):
        outside = BASE + network.size - random.choice((1280, 1264, 16))
        return operation, random.choice((network.save_area, network.save_area, outside, network.save_area + 4)), 0
    if operation in (Operation.INJ, Operation.POP, Operation.QLEV):
        return operation, operands.word(random), random.getrandbits(32)
    return operation, random.choice((*network.descriptors(), operands.word(random))), 0


@pytest.mark.parametrize("faults", ["none", "misplaced", "spoilt"])
@pytest.mark.parametrize("seed", range(NETWORKS * EFFORT))
def test_sequences(seed: int, faults: str) -> None:
    random = Random(f"{faults} {seed}")
    spoilt = random.choice((0.02, 0.3)) if faults == "spoilt" else 0.0
    network = RandomNetwork(random, misplaced=faults == "misplaced", spoilt=spoilt, largest=random.choice((12, 70)))
    pair = prepare(random, network, seed)
    for _ in range(ACTIONS):
        action = choose(random, network)
        pair.set_site(random.choice((0, BASE, BASE + 4)))
        outcome = pair.issue(*action)
        while outcome == 1 and random.random() < 0.9:
            outcome = pair.issue(*action)
        if random.random() < 0.1:
            pair.write("slice", random.choice((0, 1, 3, 50)))


@pytest.mark.parametrize("seed", range(8 * EFFORT))
def test_check_of_mutated_descriptors(seed: int) -> None:
    """nm.check and the validation of every instruction agree on descriptors with flipped bits and odd words."""
    random = Random(seed)
    network = RandomNetwork(random, largest=20)
    pair = prepare(random, network, seed)
    clean = bytes(network.image.ram)
    descriptors = network.descriptors()
    for _ in range(150):
        victim = random.choice(descriptors)
        place = victim + 4 * random.randrange(20) - BASE
        word = int.from_bytes(clean[place : place + 4], "little")
        word = random.choice((word ^ 1 << random.randrange(32), 0, operands.word(random), word + random.randint(-4, 4)))
        pair.put(BASE + place, word)
        for target in (victim, network.nets[0]):
            pair.issue(Operation.CHECK, target + random.choice((0, 0, 0, 0, 4, 16)))
        pair.put(BASE + place, int.from_bytes(clean[place : place + 4], "little"))
