"""Projections that read one source: its spikes are listed anew where something may have changed them."""

from __future__ import annotations

from random import Random

import pytest

from coprocessor.interface import Operation
from tests.coprocessor.implementations import Levels
from tests.coprocessor.memory_image import Image, pack_rows

SYN, UPD, OUT = 1, 2, 1 << 8
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
