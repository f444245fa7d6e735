"""What the tests of random descriptors forgive, and what not."""

from __future__ import annotations

import pytest

from coprocessor.golden import Coprocessor as Golden
from coprocessor.interface import Operation
from tests.coprocessor.implementations import BASE, Machine
from tests.coprocessor.overlap import Issue, OverlapPair
from tests.coprocessor.valid_image import Valid

OPERATIONS = [
    (Operation.RUN, "net", 3),
    (Operation.RUN, "layers", 12),
    (Operation.START, "net", 3),
    (Operation.LAYER, "syn", 0),
    *[(Operation.SYN, name, 0) for name in ("syn", "free", "square", "csr", "bar", "conv")],
    (Operation.UPD, "pop", 0),
    *[(Operation.LEARN, name, 5) for name in ("pair", "reward", "sdsp", "eprop")],
    (Operation.RST, "pop", 0),
    (Operation.EV2BM, "xfer", 0),
    (Operation.BM2EV, "xfer", 0),
]
names = [f"{operation.name}-{name}" for operation, name, _ in OPERATIONS]


def issue_of(valid: Valid, operation: Operation, address: int, rs2: int = 0) -> Issue:
    """An issue on these descriptors, everything else reset."""
    state = Machine(Golden, valid.image.ram, ctl=5).unit.state()
    return Issue(bytes(valid.image.ram), state, 0, operation, address, rs2)


@pytest.mark.parametrize(("operation", "name", "rs2"), OPERATIONS, ids=names)
def test_regions_apart(operation: Operation, name: str, rs2: int) -> None:
    """Nothing overlaps, and all that changes is what the operation may write."""
    valid = Valid()
    issue = issue_of(valid, operation, getattr(valid, name), rs2)
    assert not issue.overlaps()
    machine = Machine(Golden, valid.image.ram)
    machine.run(operation, issue.rs1, rs2)
    changed = machine.take_written(issue.ram)
    assert changed and not changed & ~issue.may_write()


OVERLAPS = [
    (Operation.SYN, "free", 5, "free", 11),
    (Operation.SYN, "free", 9, "free", 11),
    (Operation.SYN, "csr", 6, "csr", 11),
    (Operation.SYN, "csr", 7, "csr", 11),
    (Operation.SYN, "bar", 6, "bar", 11),
    (Operation.SYN, "bar", 7, "bar", 11),
    (Operation.SYN, "conv", 5, "conv", 11),
    (Operation.SYN, "square", 5, "square", 11),
    (Operation.UPD, "pop", 10, "pop", 12),
    (Operation.UPD, "pop", 13, "pop", 12),
    (Operation.UPD, "pop", 13, "pop", 10),
    (Operation.UPD, "pop", 15, "pop", 10),
    (Operation.RST, "pop", 10, "pop", 12),
    (Operation.LEARN, "pair", 13, "pair", 14),
    (Operation.LEARN, "pair", 13, "syn", 5),
    (Operation.LEARN, "pair", 14, "pop", 13),
    (Operation.LEARN, "reward", 15, "syn", 5),
    (Operation.LEARN, "eprop", 17, "syn", 5),
    (Operation.LEARN, "sdsp", 14, "syn", 5),
    (Operation.RUN, "pop", 10, "pop", 13),
    (Operation.EV2BM, "xfer", 3, "xfer", 2),
    (Operation.BM2EV, "xfer", 2, "xfer", 3),
]


@pytest.mark.parametrize(("operation", "name", "word", "other", "other_word"), OVERLAPS)
def test_regions_that_overlap(operation: Operation, name: str, word: int, other: str, other_word: int) -> None:
    """One region put where another one is that the operation writes."""
    valid = Valid()
    region = valid.image.get(getattr(valid, other) + 4 * other_word)[0]
    valid.image.put(getattr(valid, name) + 4 * word, region)
    if operation == Operation.SYN:
        valid.image.put(region, *range(1, 31))
    address = valid.net if operation == Operation.RUN else getattr(valid, name)
    assert issue_of(valid, operation, address, 0 if operation == Operation.SYN else 1).overlaps()


def test_regions_that_are_only_read_may_be_one() -> None:
    """Two tables of a projection, and the input of one operation that is the output of another."""
    valid = Valid()
    valid.image.put(valid.csr + 20, valid.image.get(valid.csr + 28)[0])
    valid.image.put(valid.syn + 36, valid.image.get(valid.pop + 52)[0])
    assert not issue_of(valid, Operation.SYN, valid.csr).overlaps()
    assert not issue_of(valid, Operation.RUN, valid.net, 2).overlaps()


def pair_with_error(valid: Valid, place: int) -> OverlapPair:
    """A pair of which one changes the byte at `place` with every issue."""

    class Wrong(Golden):
        def issue(self, operation: int, rs1: int, rs2: int, mcycle: int) -> int:
            self.memory.store(place, 1, self.memory.load(place, 1) ^ 1)
            return super().issue(operation, rs1, rs2, mcycle)

    return OverlapPair(valid.image.ram, native=Wrong)


def test_differences_are_forgiven_where_regions_overlap() -> None:
    """The same error in the accumulators: open when the spikes lie there, too, else an error."""
    valid = Valid()
    cur = valid.image.get(valid.free + 44)[0]
    with pytest.raises(AssertionError, match="RAM differs"):
        pair_with_error(valid, cur).issue(Operation.SYN, valid.free)
    valid.image.put(valid.free + 36, cur)
    pair = pair_with_error(valid, cur)
    pair.issue(Operation.SYN, valid.free)
    assert pair.forgiven == 1
    assert pair.native.ram == pair.golden.ram
    assert pair.native.unit.state() == pair.golden.unit.state()


def test_writing_elsewhere_is_not_forgiven() -> None:
    valid = Valid()
    valid.image.put(valid.free + 36, valid.image.get(valid.free + 44)[0])
    with pytest.raises(AssertionError, match="written outside"):
        pair_with_error(valid, BASE).issue(Operation.SYN, valid.free)
