"""Chains that could flow (flow.c), but for another operation that reads or writes what would lie in memory in another
form: what it finds must be what it would be without."""

from __future__ import annotations

from typing import Any

import pytest

from coprocessor.golden.profiles import Profile
from coprocessor.interface import Operation, Outcome
from tests.coprocessor.implementations import Levels
from tests.coprocessor.memory_image import Image
from tests.coprocessor.test_flows import CSR, FLOOR, OUT, SYN, UPD

N, STEPS = 64, 40
ARRAYS = ("cur", "state", "counters")
"""Of the feeder the input and the state, of the last population the refractory counters."""


@pytest.mark.parametrize("behind", [False, True])
@pytest.mark.parametrize("array", ARRAYS)
@pytest.mark.parametrize("role", ["state", "cur", "out", "acc"])
def test_populations(role: str, array: str, behind: bool) -> None:
    """Another population has one of its arrays there, while rows add to the input of the feeder in each step."""
    image = Image()
    cur, end, state, membranes = (image.words([0] * size * N) for size in (1, 1, 1, 2))
    places = {"cur": cur, "state": state, "counters": membranes + 4 * N}
    tables: dict[str, Any] = {
        "rows": image.words(range(N + 1)),
        "columns": image.halves(range(N)),
        "weights": image.allocate(N, 1, bytes([90] * N)),
        "source_address": image.words([0x0F0F_0F0F] * 2),
    }
    rows = image.syn(N, N, fmt=CSR, cur=cur, exponent=2, **tables)
    kept = (3686 << 16, 0, 0, 0)
    feeder = image.pop(N, profile=Profile.LI, mode=FLOOR, parameters=kept, state=state, cur=cur, acc=end)
    out = image.words([0, 0])
    last = image.pop(N, mode=FLOOR, parameters=kept, state=membranes, cur=end, vth=3000, refractory=5, out=out)
    arrays: dict[str, Any] = {
        "state": image.words([7] * N),
        "cur": image.words([0] * N),
        "out": 0,
        "acc": image.words([0] * N),
    }
    arrays[role] = places[array] + 4
    other = image.pop(20, parameters=(4096 << 16, 0, 0, 0), vth=5, **arrays)
    entries = [(SYN, rows), (UPD, feeder), (UPD | OUT, last)]
    entries.insert(3 if behind else 1, (UPD, other))
    net = image.net(entries)
    levels = Levels(image.ram, golden=True)
    levels.write("slice", 0)
    assert levels.issue(Operation.RUN, net, STEPS) == Outcome.RETIRED
