"""Accounts of descriptors: what they hold, what does not touch them, and the table's end."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest

from coprocessor.binding import Coprocessor as Native
from coprocessor.csrs import COUNTERS
from coprocessor.interface import Account, Operation
from tests.coprocessor.implementations import BASE, IMPLEMENTATIONS, Machine
from tests.coprocessor.memory_image import Image
from tests.coprocessor.random_network import RandomNetwork

both = pytest.mark.parametrize("kind", IMPLEMENTATIONS, ids=["native", "golden"])
ROOM = 4096
"""Accounts that the C table holds."""


def summed(accounts: list[Account]) -> dict[str, int]:
    """The counters of all accounts together."""
    return {name: sum(account.counters[name] for account in accounts) for name in COUNTERS}


class Fields:
    """Two sources that both spike, a projection on two neurons, their population, a network of both."""

    def __init__(self) -> None:
        self.image = Image(1 << 15)
        zeros = self.image.allocate(4096, 16)
        ones = self.image.words([3])
        self.pop = self.image.pop(2, state=zeros, cur=zeros + 64, vth=5)
        self.syn = self.image.syn(2, 2, weights=zeros + 128, cur=zeros + 64, source_address=ones, population=self.pop)
        self.net = self.image.net([(1, self.syn), (2, self.pop)])
        self.transfer = self.image.xfer(32, zeros + 256, zeros + 512, 9)


@both
def test_a_run_by_hand(kind: Any) -> None:
    f = Fields()
    machine = Machine(kind, f.image.ram)
    machine.unit.keep_accounts()
    machine.unit.site = 0x8000_1234
    machine.run(Operation.RUN, f.net, 3)
    machine.unit.site = 0x8000_1238
    machine.run(Operation.LAYER, f.syn)
    machine.run(Operation.BM2EV, f.transfer)
    layer = dict(zip(COUNTERS, (4, 0, 2, 0, 0, 4 + 2 * (4 + 8), 16, 15 + 1 + 2 * 5), strict=True))
    update = dict(zip(COUNTERS, (0, 2, 0, 0, 0, 16, 16, 15 + 4), strict=True))
    conversion = dict(zip(COUNTERS, (0, 0, 0, 0, 0, 4, 4, 15 + 1), strict=True))
    assert machine.unit.accounts() == [
        (0x8000_1234, f.syn, Operation.SYN, 3, {name: 3 * value for name, value in layer.items()}),
        (0x8000_1234, f.pop, Operation.UPD, 3, {name: 3 * value for name, value in update.items()}),
        (0x8000_1238, f.syn, Operation.SYN, 1, layer),
        (0x8000_1238, f.pop, Operation.UPD, 1, update),
        (0x8000_1238, f.transfer, Operation.BM2EV, 1, conversion),
    ]


@both
def test_none_are_kept_unless_asked_for(kind: Any) -> None:
    f = Fields()
    machine = Machine(kind, f.image.ram)
    machine.run(Operation.RUN, f.net, 3)
    assert machine.unit.accounts() == []
    machine.unit.keep_accounts()
    machine.run(Operation.SYN, f.syn)
    assert len(machine.unit.accounts()) == 1
    machine.unit.keep_accounts()
    assert machine.unit.accounts() == []
    machine.run(Operation.SYN, f.syn)
    machine.unit.keep_accounts(False)
    assert machine.unit.accounts() == []


@both
def test_clearing_the_counters_does_not_touch_them(kind: Any) -> None:
    f = Fields()
    machine = Machine(kind, f.image.ram)
    machine.unit.keep_accounts()
    machine.run(Operation.RUN, f.net, 1)
    before = machine.unit.accounts()
    machine.write("ctl", 0xD)
    assert machine.read("cyc") == 0 and machine.unit.accounts() == before
    machine.run(Operation.RUN, f.net, 1)
    assert summed(machine.unit.accounts()) == {name: 2 * value for name, value in summed(before).items()}


@both
@pytest.mark.parametrize("seed", range(12))
def test_sums_are_the_counters(kind: Any, seed: int) -> None:
    """However the work is cut into issues: every counted event is in one account, and operations are counted once."""
    network = RandomNetwork(Random(seed), largest=40)
    wholes, seen = {}, []
    for units in (0, 1, 5):
        machine = Machine(kind, network.image.ram)
        machine.unit.keep_accounts()
        machine.write("slice", units)
        machine.run(Operation.RUN, network.nets[0], 3)
        machine.run(Operation.START, network.nets[0], 1)
        machine.run(Operation.WAIT)
        wholes[units] = machine.unit.accounts()
        seen.append(summed(wholes[units]) == machine.unit.state()["counters"])
    assert all(seen)
    assert wholes[0] == wholes[1] == wholes[5]
    assert sum(account.operations for account in wholes[0]) % 4 == 0


def test_a_full_table_has_one_account_for_the_rest() -> None:
    f = Fields()
    machine = Machine(Native, f.image.ram)
    machine.unit.keep_accounts()
    for k in range(ROOM + 10):
        machine.unit.site = BASE + 4 * k
        machine.run(Operation.UPD, f.pop)
    accounts = machine.unit.accounts()
    assert len(accounts) == ROOM + 1
    assert [account.site for account in accounts[:-1]] == [BASE + 4 * k for k in range(ROOM)]
    assert accounts[-1][:4] == (0, 0, 0, 10)
    assert summed(accounts) == machine.unit.state()["counters"]
    machine.unit.site = BASE + 4 * 17
    machine.run(Operation.UPD, f.pop)
    assert machine.unit.accounts()[17].operations == 2
