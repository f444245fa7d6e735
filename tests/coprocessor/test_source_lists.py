"""Projections that read one source: its spikes are listed anew where something may have changed them."""

from __future__ import annotations

from random import Random

import pytest

from coprocessor.interface import Operation
from tests.coprocessor.implementations import Levels, put_words
from tests.coprocessor.memory_image import Image, pack_rows

SYN, UPD, OUT = 1, 2, 1 << 8
RETIRED, SUSPENDED = 0, 1
N = 70


@pytest.mark.parametrize("order", ["ssu", "sus", "uss", "sssu", "susu", "usus"])
@pytest.mark.parametrize("size", [0, 2, 3, 5])
def test_projections_and_updates_in_any_order(order: str, size: int) -> None:
    """The population writes the bitmap that all projections read, between them, too; in one issue or in slices."""
    random, image = Random(order), Image(1 << 17)
    spikes = image.words([random.getrandbits(32) for _ in range(3)])
    cur, state = image.words([0] * N, 64), image.words([random.randint(-50, 50) for _ in range(N)], 64)
    pop = image.pop(N, mode=1, parameters=(3700 << 16, 9, 0, 0), vth=60, state=state, cur=cur, out=spikes)
    entries = []
    for kind in order:
        weights = pack_rows([[random.randint(-9, 9) for _ in range(N)] for _ in range(N)], 8)
        table = image.allocate(len(weights), 4, weights)
        syn = image.syn(N, N, weights=table, cur=cur, source_address=spikes)
        entries.append((UPD | OUT, pop) if kind == "u" else (SYN, syn))
    net = image.net(entries)
    levels = Levels(image.ram, golden=True)
    levels.write("slice", size)
    levels.run(Operation.RUN, net, 3)


def test_spikes_change_between_issues() -> None:
    """A run is suspended before its second projection; a trap handler does the first, as the run has done, changes the
    spikes and goes on. Only the number of the issue tells that what was listed is no longer so."""
    random, image = Random(1), Image(1 << 17)
    spikes, cur = image.words([0x8000_0011, 0, 0]), image.words([0] * N, 64)
    weights = image.allocate(72 * N, 4, random.randbytes(72 * N))
    first, second = (image.syn(N, N, weights=weights, cur=cur, source_address=spikes) for _ in range(2))
    net = image.net([(SYN, first), (SYN, second)])
    levels = Levels(image.ram, golden=True)
    levels.write("slice", 3)
    assert levels.issue(Operation.RUN, net, 1) == SUSPENDED
    progress = {name: levels.reference.read(name) for name in ("prog0", "prog1", "prog2", "prog3", "pdesc")}
    assert (progress["prog0"], progress["prog1"] & 0xFFFF) == (0, 1), "row 0 of the second projection is next"
    levels.write("slice", 0)
    assert levels.issue(Operation.SYN, first) == RETIRED
    for name, value in progress.items():
        levels.write(name, value)
    for machine in (levels.reference, *levels.machines.values()):
        put_words(machine.ram, spikes, 0x0010_0300)
    assert levels.issue(Operation.RUN, net, 1) == RETIRED
