"""The log of spikes: what is logged, when it is emptied, and that results do not depend on it; C and golden model."""

from __future__ import annotations

import pytest

from coprocessor.interface import SPIKE_RECORD, Operation
from tests.coprocessor.implementations import BASE, Factory, Machine, every_level, put_words

POP, STATE, CUR, OUT = BASE, BASE + 0x1000, BASE + 0x2000, BASE + 0x3000
NEURONS = 100
GRADED = 1 << 12


def machine(kind: Factory, *, shape: int = 1, out: int = OUT) -> Machine:
    """100 LIF neurons with threshold 10; every third gets an input of 20."""
    ram = bytearray(0x4000)
    put_words(ram, POP, 0x4E4D_0101, NEURONS, shape, 0, 0, 0, 0, 0, 10, 0, STATE, 0, CUR, out, 0, 0)
    put_words(ram, CUR, *(20 * (i % 3 == 0) for i in range(NEURONS)))
    return Machine(kind, ram)


def expected(time: int) -> list[tuple[int, int, int, int]]:
    bits = sum(1 << i for i in range(0, NEURONS, 3))
    return [(time, POP, group, bits >> 32 * group & 0xFFFF_FFFF) for group in range(4)]


@every_level
@pytest.mark.parametrize(("shape", "out"), [(1, OUT), (1, 0), (1 | GRADED, OUT), (1 | GRADED, 0)])
def test_what_is_logged(kind: Factory, shape: int, out: int) -> None:
    """Without an output buffer and with graded outputs, too; once taken, the log is empty."""
    subject = machine(kind, shape=shape, out=out)
    subject.write("t", 7)
    subject.unit.log_spikes()
    assert subject.run(Operation.UPD, POP) == 34
    assert subject.unit.logged == 4
    assert list(SPIKE_RECORD.iter_unpack(subject.unit.take_spikes())) == expected(7)
    assert subject.unit.take_spikes() == b""
    assert subject.run(Operation.UPD, POP) == 0
    assert (subject.unit.logged, subject.unit.take_spikes()) == (0, b"")


@every_level
def test_in_slices(kind: Factory) -> None:
    """Each issue logs the groups it has done."""
    subject = machine(kind)
    subject.unit.log_spikes()
    subject.write("slice", 3)
    assert subject.issue(Operation.UPD, POP) == 1
    assert subject.unit.logged == 3
    assert subject.issue(Operation.UPD, POP) == 0
    assert subject.unit.logged == 1
    assert list(SPIKE_RECORD.iter_unpack(subject.unit.take_spikes())) == expected(0)


@every_level
def test_off_at_first_and_again(kind: Factory) -> None:
    subject, other = machine(kind), machine(kind)
    other.unit.log_spikes()
    other.unit.log_spikes(False)
    for one in (subject, other):
        one.run(Operation.UPD, POP)
        assert (one.unit.logged, one.unit.take_spikes()) == (0, b"")


@every_level
def test_many(kind: Factory) -> None:
    """The log grows: 700 updates of 4 words are kept in order."""
    subject = machine(kind)
    subject.unit.log_spikes()
    for time in range(700):
        put_words(subject.ram, CUR, *(20 * (i % 3 == 0) for i in range(NEURONS)))
        subject.write("t", time)
        subject.run(Operation.UPD, POP)
    found = list(SPIKE_RECORD.iter_unpack(subject.unit.take_spikes()))
    assert found == [word for time in range(700) for word in expected(time)]
