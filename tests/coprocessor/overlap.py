"""Operations whose data regions overlap, which leaves their result UNSPECIFIED (manual, 6.1): when this is so, and what
must hold nevertheless.

Which regions an operation has is not written down a second time here: the golden model runs on a memory whose loads
remember from which descriptor word an address comes. What comes from one word is one region.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any, Final, NamedTuple

from coprocessor.golden import Coprocessor as Golden
from coprocessor.golden import operations
from coprocessor.golden.memory import Memory, Unit
from coprocessor.golden.network import Transfer, read_transfer
from coprocessor.golden.numbers import words
from coprocessor.golden.population import Population
from coprocessor.golden.projection import Projection
from coprocessor.golden.rule import Rule
from coprocessor.golden.state import State
from coprocessor.interface import Operation, Outcome
from tests.coprocessor.implementations import BASE, Pair

OPERAND, SEVERAL = -1, -2
"""For a region: that of an address from a register; several regions."""
RUN_TIME_ERRORS: Final = frozenset({5, 7, 24, 27})
ETRAP: Final = 4


class Place(int):
    """A loaded word; sums and masks of it are still of the region that it begins."""

    region: int

    def __add__(self, other: int) -> Place:
        return place(int.__add__(self, other), self.region)

    def __and__(self, other: int) -> Place:
        return place(int.__and__(self, other), self.region)


def place(value: int, region: int) -> Place:
    """A number of a region."""
    made = Place(value)
    made.region = region
    return made


class WatchedUnit(Unit):
    """A unit that tells of its stores when they are made."""

    memory: WatchedMemory

    def store(self, address: int, value: int, size: int = 4) -> None:
        self.memory.note(address, size, written=True)
        super().store(address, value, size)


class WatchedMemory(Memory):
    """Notes which bytes an operation reads and writes in which region; `overlap` once a byte that is written is
    touched in two."""

    def __init__(self, ram: bytearray, base: int) -> None:
        super().__init__(ram, base)
        self.watching = self.overlap = False
        self.readers: dict[int, int] = {}
        self.writers: dict[int, int] = {}
        self.noted: set[tuple[int, int, int, bool]] = set()

    def begin(self) -> None:
        """Begin an operation."""
        self.readers, self.writers, self.noted = {}, {}, set()

    def note(self, address: int, size: int, *, written: bool) -> None:
        """Note an access."""
        region = getattr(address, "region", OPERAND)
        access = (address, size, region, written)
        if access in self.noted:
            return
        self.noted.add(access)
        for byte in range(address, address + size):
            if self.writers.get(byte, region) != region:
                self.overlap = True
            if written:
                if self.readers.get(byte, region) != region:
                    self.overlap = True
                self.writers[byte] = region
            elif self.readers.setdefault(byte, region) != region:
                self.readers[byte] = SEVERAL

    def load(self, address: int, size: int) -> int:
        value = super().load(address, size)
        if self.watching:
            self.note(address, size, written=False)
            return value
        return place(value, int(address))

    def unit(self) -> Unit:
        return WatchedUnit(self)


class WatchedState(State):
    """Tells the memory where operations begin and end."""

    memory: WatchedMemory

    @contextmanager
    def charged(self, operation: int, descriptor: int) -> Iterator[None]:
        self.memory.begin()
        self.memory.watching = True
        try:
            with super().charged(operation, descriptor):
                yield
        finally:
            self.memory.watching = False


class Watched(Golden):
    """The golden model on a watched memory."""

    def __init__(self, ram: bytearray, base: int) -> None:
        super().__init__(ram, base)
        self.memory: WatchedMemory = WatchedMemory(ram, base)
        self.registers: WatchedState = WatchedState()
        self.registers.memory = self.memory


def written_by(target: Projection | Population | Rule | Transfer, steps: int) -> Iterator[tuple[int, int]]:
    """Address and bytes of what an operation on a descriptor may write in so many steps (6.2, 6.3, 6.7, 6.8)."""
    if isinstance(target, Projection):
        yield target.cur, 4 * target.depth * target.n_post
    elif isinstance(target, Population):
        yield target.cur, 4 * target.depth * target.n
        yield target.state, 4 * target.state_words * target.n
        yield target.acc, 4 * target.n if target.acc else 0
        yield target.out, (steps * target.stride + target.stride + 4 * target.n if target.out else 0)
    elif isinstance(target, Transfer):
        yield target.bitmap, 4 * words(target.n)
        yield target.events, 4 + 4 * target.capacity
    else:
        unbounded = 1 << 32  # how many elements there are is data
        yield target.projection.weights, unbounded
        yield target.eligibility, unbounded if target.eligibility else 0
        yield target.pre_traces, 2 * target.projection.n_pre if target.pre_traces else 0
        yield target.post_traces, 2 * target.projection.n_post if target.post_traces else 0


def targets(
    memory: Memory, operation: Operation, rs1: int, rs2: int
) -> list[Projection | Population | Rule | Transfer]:
    """What a valid instruction operates on."""
    if operation in (Operation.EV2BM, Operation.BM2EV):
        return [read_transfer(memory, rs1)]
    sequence = Operation.RUN if operation is Operation.START else operation
    return [entry.target for entry in operations.validate(memory, sequence, rs1, rs2, 0).entries]


def all_ones(regions: Iterable[tuple[int, int]], size: int) -> int:
    """The bits of these regions in a RAM of so many bytes, as one number."""
    bits = 0
    for address, length in regions:
        first, last = min(address - BASE, size), min(address - BASE + length, size)
        if 0 <= first < last:
            bits |= (1 << 8 * last) - (1 << 8 * first)
    return bits


class Issue(NamedTuple):
    """What was issued, and on what."""

    ram: bytes
    state: dict[str, Any]
    mcycle: int
    operation: Operation
    rs1: int
    rs2: int

    def overlaps(self) -> bool:
        """Whether the operation touches regions that overlap, one of which it writes."""
        watched = Watched(bytearray(self.ram), BASE)
        watched.load_state(self.state, self.mcycle)
        watched.issue(self.operation, self.rs1, self.rs2, self.mcycle)
        return watched.memory.overlap

    def may_write(self) -> int:
        """The bits of what it may write, as one number."""
        steps = self.rs2 if self.operation in (Operation.RUN, Operation.START) else 1
        touched = targets(Memory(self.ram, BASE), self.operation, self.rs1, self.rs2)
        return all_ones((region for target in touched for region in written_by(target, steps)), len(self.ram))


class OverlapPair(Pair):
    """A pair that may differ where regions overlap; C then goes on with what golden has."""

    forgiven = 0
    """Differences so far."""

    def issue(self, operation: int, rs1: int = 0, rs2: int = 0) -> int:
        """Issue on both and compare everything; gives golden's outcome."""
        golden = self.golden
        issue = Issue(bytes(golden.ram), golden.unit.state(), golden.mcycle, Operation(operation), rs1, rs2)
        outcome, expected = self.native.issue(operation, rs1, rs2), golden.issue(operation, rs1, rs2)
        try:
            self.agree(issue.ram, outcome, expected, issue[3:])
        except AssertionError:
            if not issue.overlaps():
                raise
            self._forgive(issue, outcome)
        return expected

    def _forgive(self, issue: Issue, outcome: int) -> None:
        """Check what holds for any data, and give C the memory and the state of the golden model."""
        self.forgiven += 1
        unit = self.native.unit
        if unit.accounts() or self.golden.unit.accounts():  # they are no state: what was counted begins anew
            self.keep_accounts(True)
        assert outcome != Outcome.SUSPENDED or issue.operation <= Operation.RST
        if outcome == Outcome.TRAPPED:
            assert unit.ctl & ETRAP and unit.cause in RUN_TIME_ERRORS and unit.tval == self.native.read("eaddr")
        assert not self.native.take_written(issue.ram) & ~issue.may_write(), "written outside of its regions"
        self.golden.take_written(issue.ram)
        self.native.ram[:] = self.golden.ram
        self.native.mcycle = self.golden.mcycle
        unit.load_state(self.golden.unit.state(), self.golden.mcycle)
