"""Asynchronous runs and the save area (specification 4.7, 7.9), on both implementations."""

from __future__ import annotations

from typing import Any

import pytest

from coprocessor.interface import NEVER, Operation
from tests.coprocessor.implementations import BASE, Machine, every_level, put_words, words_of
from tests.coprocessor.memory_image import Image

DONE, ERROR = 1 << 16, 1 << 17
CYCLES = 15 + 2
"""Of one step of the network below."""


class Fixture:
    """A network of one neuron that always spikes; its output buffers lie before a hole when `faulty`."""

    def __init__(self, kind: Any, *, faulty: bool = False) -> None:
        image = Image(8192)
        cur, state = image.words([0]), image.words([5])
        out = BASE + 8192 - 8 if faulty else image.allocate(64)
        self.pop = image.pop(1, profile=0, vth=-1, mode=2 << 3, state=state, cur=cur, out=out, output_mode=2, stride=4)
        self.net = image.net([(2 | 1 << 8, self.pop)])
        self.area = image.allocate(1280, 16)
        self.machine = Machine(kind, image.ram)
        self.machine.run(Operation.CHECK, self.net)
        self.machine.mcycle = 1000

    def start(self, steps: int) -> None:
        """nm.start."""
        assert self.machine.run(Operation.START, self.net, steps) == 0


@every_level
def test_busy_then_done_then_consumed(kind: Any) -> None:
    fixture = Fixture(kind)
    machine = fixture.machine
    fixture.start(3)
    end = 1000 + 5 + 3 * CYCLES
    assert (machine.mcycle, machine.read("st"), machine.unit.mip, machine.unit.next_event) == (1005, 1, 0, end)
    assert machine.unit.csr_read(0xCC0, end - 1) == 1
    machine.mcycle = end - 1
    assert machine.run(Operation.POLL) == 1
    assert (machine.mcycle, machine.read("st"), machine.unit.mip) == (end, 2, DONE)
    assert machine.unit.next_event == NEVER
    assert machine.run(Operation.POLL) == 0
    assert machine.run(Operation.WAIT) == 3
    assert (machine.mcycle, machine.read("st"), machine.unit.mip) == (end + 2, 0, 0)
    assert machine.run(Operation.WAIT) == 0


@every_level
def test_abort(kind: Any) -> None:
    fixture = Fixture(kind)
    machine = fixture.machine
    fixture.start(3)
    assert machine.run(Operation.ABORT) == 3
    assert (machine.mcycle, machine.read("st"), machine.read("t")) == (1006, 0, 3)
    assert machine.unit.next_event == NEVER
    assert machine.run(Operation.ABORT) == 0


@every_level
@pytest.mark.parametrize("operation", ["UPD", "RST", "RUN", "START", "SAVE", "REST", "EV2BM", "BM2EV", "SYN", "LEARN"])
@pytest.mark.parametrize("etrap", [False, True])
def test_waiting_comes_before_errors(kind: Any, operation: str, etrap: bool) -> None:
    """Misaligned operands: the wait, then the error, which leaves the run outstanding."""
    fixture = Fixture(kind)
    machine = fixture.machine
    fixture.start(2)
    machine.unit.ctl = 5 if etrap else 1
    outcome = machine.issue(Operation[operation], BASE + 4)
    end = 1005 + 2 * CYCLES
    assert (outcome, machine.mcycle) == ((2, end) if etrap else (0, end + 1))
    assert (machine.read("err"), machine.read("eaddr")) == (25, BASE + 4)
    assert machine.unit.result == (0 if etrap else -25 & 0xFFFF_FFFF)
    assert machine.unit.mip == DONE
    assert machine.run(Operation.WAIT) == 2


@every_level
@pytest.mark.parametrize("operation", ["INJ", "POP", "QLEV", "POLL", "CHECK"])
def test_others_do_not_wait(kind: Any, operation: str) -> None:
    fixture = Fixture(kind)
    fixture.start(2)
    fixture.machine.run(Operation[operation], fixture.net)
    assert fixture.machine.mcycle == 1006
    assert fixture.machine.read("st") == 1


@every_level
def test_error_of_a_run(kind: Any) -> None:
    fixture = Fixture(kind, faulty=True)
    machine = fixture.machine
    fixture.start(5)
    assert (machine.read("err"), machine.read("eaddr")) == (7, BASE + 8192), "at once"
    assert (machine.read("st"), machine.unit.mip, machine.read("t")) == (1, 0, 2)
    assert words_of(machine.ram, BASE + 8192 - 8, 2) == [1, 1]
    end = 1005 + 2 * CYCLES + 15
    assert machine.unit.next_event == end
    machine.mcycle = end
    machine.unit.update(end)
    assert (machine.read("st"), machine.unit.mip) == (4, ERROR)
    assert machine.read("prog1") == 0
    assert machine.run(Operation.SAVE, fixture.area) == 0
    assert words_of(machine.ram, fixture.area + 0xC4, 4) == [-7 & 0xFFFF_FFFF, 3, 7, 2]
    assert machine.run(Operation.WAIT) == -7 & 0xFFFF_FFFF
    assert machine.unit.mip == 0
    assert machine.run(Operation.REST, fixture.area) == 0
    assert machine.unit.mip == ERROR
    assert machine.run(Operation.ABORT) == 2


@every_level
def test_start_replaces_an_outstanding_run_only_if_valid(kind: Any) -> None:
    fixture = Fixture(kind)
    machine = fixture.machine
    fixture.start(1)
    assert machine.issue(Operation.START, BASE + 4, 1) == 2
    assert machine.unit.mip == DONE
    fixture.start(2)
    assert machine.run(Operation.WAIT) == 2


@every_level
def test_save_area_layout(kind: Any) -> None:
    fixture = Fixture(kind)
    machine = fixture.machine
    names = "mode p0 p1 p2 p3 vth vrst spk rng lmode wlim t l0 l1 l2 l3 rew prog0 prog1 prog2 prog3 pdesc err eaddr"
    for k, name in enumerate(names.split()):
        machine.write(name, k + 1)
    for k in range(3):
        machine.run(Operation.INJ, 100 + k, 2)
    machine.run(Operation.POP, 0, 2)
    put_words(machine.ram, fixture.area, *[0xFFFF_FFFF] * 320)
    before = machine.unit.state()
    assert machine.run(Operation.SAVE, fixture.area) == 0
    assert machine.unit.cycles == 64
    assert machine.unit.ctl == 6
    area = words_of(machine.ram, fixture.area, 320)
    masked = {"lmode": 2, "prog1": 19}
    expected = [0x4E4D5301, *(masked.get(name, k + 1) for k, name in enumerate(names.split()))]
    expected += [0] * (32 - len(expected)) + [0] * 16 + [2 << 16] + [0] * 15
    assert area[:64] == expected
    assert area[64:] == [0] * 128 + [101, 102] + [0] * 126
    fresh = Machine(kind, machine.ram)
    fresh.write("slice", 77)
    assert fresh.run(Operation.REST, fixture.area) == 0
    after = fresh.unit.state()
    assert (after["csr"].pop("ctl"), after["csr"].pop("slice")) == (6, 77)
    assert {k: v for k, v in before["csr"].items() if k in after["csr"]} == after["csr"]
    assert after["queues"] == before["queues"]


@every_level
@pytest.mark.parametrize(
    ("word", "value", "code", "offset"),
    [(0, 0x4E4D5300, 24, 0), (48, 65, 24, 0xC0), (48, 65 << 24, 24, 0xC0), (48, 64, 0, 0)],
)
def test_restoring_a_bad_image(kind: Any, word: int, value: int, code: int, offset: int) -> None:
    fixture = Fixture(kind)
    machine = fixture.machine
    machine.run(Operation.SAVE, fixture.area)
    put_words(machine.ram, fixture.area + 4 * word, value)
    machine.write("vth", 9)
    before = machine.unit.state()
    outcome = machine.issue(Operation.REST, fixture.area)
    if code == 0:
        assert outcome == 0
        assert machine.read("vth") == 0
    else:
        assert (outcome, machine.unit.cause, machine.unit.tval) == (2, code, fixture.area + offset)
        after = machine.unit.state()
        before["csr"] |= {"err": code, "eaddr": fixture.area + offset, "ctl": 7}
        assert after == before


@every_level
@pytest.mark.parametrize(("operation", "code"), [("SAVE", 7), ("REST", 5)])
def test_context_outside_ram(kind: Any, operation: str, code: int) -> None:
    fixture = Fixture(kind)
    machine = fixture.machine
    before = bytes(machine.ram)
    place = BASE + 8192 - 1264
    assert machine.issue(Operation[operation], place) == 2
    assert (machine.unit.cause, machine.unit.tval, machine.unit.cycles) == (code, BASE + 8192, 0)
    assert machine.ram == before
    machine.unit.ctl = 1
    assert machine.issue(Operation[operation], place) == 0
    assert (machine.read("err"), machine.unit.cycles) == (code, 1)
    assert machine.unit.ctl == 3


@every_level
def test_restored_words_obey_the_write_rules(kind: Any) -> None:
    fixture = Fixture(kind)
    machine = fixture.machine
    machine.run(Operation.SAVE, fixture.area)
    put_words(machine.ram, fixture.area + 4, *[0xFFFF_FFFF] * 22)
    put_words(machine.ram, fixture.area + 4 * 9, 0)
    put_words(machine.ram, fixture.area + 0xC4, 5, 2, 6, 7)
    machine.run(Operation.REST, fixture.area)
    assert [machine.read(name) for name in ("mode", "rng", "lmode", "wlim", "l0", "l3", "rew", "prog1")] == [
        0x7F7,
        0x6E6D0001,
        0x001F1F07,
        0xFFFF,
        0x07FF07FF,
        0x7FFF,
        0xFFFF,
        0xC7FFFFFF,
    ]
    run = machine.unit.state()["run"]
    assert set(run.values()) == {0}, "words of a run that is not outstanding are ignored"
