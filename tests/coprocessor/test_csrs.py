"""CSRs, counters, interrupts and ticks (specification chapter 4), on both implementations."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest

from coprocessor.csrs import COUNTERS, TABLE
from coprocessor.errors import CoprocessorError
from coprocessor.interface import ALL_PARTS, NEVER, Operation, Part
from tests.coprocessor import operands
from tests.coprocessor.implementations import IMPLEMENTATIONS, Machine, Pair
from tests.coprocessor.valid_image import Valid
from tests.effort import EFFORT

both = pytest.mark.parametrize("kind", IMPLEMENTATIONS, ids=["native", "golden"])
TICK = 1 << 19


def machine_of(kind: Any) -> Machine:
    """A machine in reset state."""
    return Machine(kind, bytes(64), ctl=4)


@both
def test_reset_values(kind: Any) -> None:
    machine = machine_of(kind)
    for row in TABLE:
        assert machine.unit.csr_read(row.number, 0) == row.reset, row.name
    assert (machine.unit.mip, machine.unit.next_event) == (0, NEVER)
    assert machine.unit.written_low > machine.unit.written_high


@both
@pytest.mark.parametrize("row", TABLE, ids=[row.name for row in TABLE])
def test_masks(kind: Any, row: Any) -> None:
    machine = machine_of(kind)
    before = {other.number: machine.unit.csr_read(other.number, 0) for other in TABLE}
    for value in (0xFFFF_FFFF, 0x5555_5555, 0xAAAA_AAAA):
        machine.unit.csr_write(row.number, value, 7)
        expected = value & row.mask if row.writable else row.reset
        if row.name == "nm_mode" and expected & 0x18 == 0x18:
            expected ^= 0x8
        assert machine.unit.csr_read(row.number, 7) == expected
    follows = {0x7C5: {0x7C6}, 0x812: {0xCC0}}.get(row.number, set())
    for number, value in before.items():
        if number != row.number and number not in follows:
            assert machine.unit.csr_read(number, 7) == value


@both
def test_lanes(kind: Any) -> None:
    """Configuration: reported by nm_cap, kept by images, no state."""
    unit = kind(bytearray(64), 0x8000_0000, lanes=255)
    assert (unit.lanes, unit.csr_read(0xCC2, 0)) == (255, 0x66FF_FFFF)
    state = unit.state()
    unit.lanes = 1
    unit.load_state(state, 0)
    assert (unit.lanes, unit.csr_read(0xCC2, 0)) == (1, 0x6601_FFFF)
    assert unit.state() == state
    for impossible in (0, -1, 256, 2**40):
        with pytest.raises(CoprocessorError, match=rf"of {impossible} lanes is not possible, expected 1\.\.255"):
            unit.lanes = impossible
        with pytest.raises(CoprocessorError, match="lanes"):
            kind(bytearray(64), 0x8000_0000, lanes=impossible)
    assert unit.lanes == 1


@both
def test_parts(kind: Any) -> None:
    """Configuration, too: without Xnmlrn there are no rules in nm_cap2 and no RULE descriptors (1.5)."""
    valid = Valid()
    machine = Machine(kind, valid.image.ram, ctl=1)
    state = machine.unit.state()
    assert (machine.unit.parts, machine.read("ver"), machine.read("cap2")) == (ALL_PARTS, 0x7_0001, 0x101F)
    for parts in (Part.XNMSPK, Part.XNMSPK | Part.XNMENG):
        machine.unit.parts = parts
        assert (machine.read("ver"), machine.read("cap2")) == (parts << 16 | 1, 0x1000)
        for operation, address in (
            (Operation.CHECK, valid.pair),
            (Operation.LEARN, valid.pair),
            (Operation.RUN, valid.net),
        ):
            assert (machine.issue(operation, address, 1), machine.unit.result) == (0, -26 & 0xFFFF_FFFF)
            assert (machine.read("err"), machine.read("eaddr")) == (26, valid.pair)
    assert machine.issue(Operation.SYN, valid.syn) == 0 < machine.unit.result < 100
    machine.unit.load_state(state, 0)
    assert (machine.unit.parts, machine.unit.state()) == (parts, state)
    machine.unit.parts = ALL_PARTS
    assert (machine.issue(Operation.CHECK, valid.pair), machine.unit.result) == (0, 0)


@both
def test_special_writes(kind: Any) -> None:
    machine = machine_of(kind)
    machine.write("rng", 0)
    assert machine.read("rng") == 0x6E6D0001
    machine.write("rng", 5)
    assert machine.read("rng") == 5
    for reset, stored in ((0, 0), (1, 1), (2, 2), (3, 2)):
        machine.write("mode", reset << 3)
        assert machine.read("mode") == stored << 3
    machine.write("prog1", 1 << 31)
    assert machine.read("st") == 8
    machine.mcycle = 2**33 - 1
    machine.write("tick", 0x8000_0005)
    assert (machine.read("tick"), machine.read("tnext")) == (5, 4)


@both
def test_counters_clear_and_wrap(kind: Any) -> None:
    machine = machine_of(kind)
    state = machine.unit.state()
    state["counters"] = {name: 2**64 - 1 - index for index, name in enumerate(COUNTERS)}
    machine.unit.load_state(state, 0)
    for index, name in enumerate(COUNTERS):
        assert (machine.read(name), machine.read(name + "h")) == (0xFFFF_FFFF - index, 0xFFFF_FFFF)
    assert machine.unit.state() == state
    machine.write("ctl", 0x9)
    assert machine.read("ctl") == 1
    assert set(machine.unit.state()["counters"].values()) == {0}


@both
def test_tick(kind: Any) -> None:
    machine = machine_of(kind)
    unit = machine.unit
    machine.mcycle = 100
    machine.write("tick", 10)
    assert (unit.next_event, unit.mip) == (110, 0)
    unit.update(110)
    assert (unit.mip, machine.read("tnext"), unit.next_event) == (TICK, 120, 120)
    unit.mip = 0
    assert unit.mip == 0
    unit.update(155)
    assert (unit.mip, machine.read("tnext"), unit.next_event) == (TICK, 160, 160)
    machine.mcycle = 155
    machine.write("tnext", 150)
    assert unit.next_event == 155, "due at the next boundary"
    unit.update(155)
    assert machine.read("tnext") == 160
    machine.write("tick", 0)
    assert unit.next_event == NEVER
    unit.mip = 0xFFFF_FFFF
    assert unit.mip == TICK, "software may set bit 19 and no other"


@both
def test_tick_across_the_wrap_of_mcycle(kind: Any) -> None:
    machine = machine_of(kind)
    machine.mcycle = 2**32 - 3
    machine.write("tick", 5)
    assert machine.unit.next_event == 2**32 + 2
    machine.unit.update(2**32 + 1)
    assert machine.unit.mip == 0
    machine.unit.update(2**32 + 2)
    assert (machine.unit.mip, machine.read("tnext")) == (TICK, 7)


def stepwise_ticks(tick: int, tnext: int, mcycle: int) -> tuple[bool, int]:
    """The loop of 4.6 as it is written there."""
    due = False
    while tick != 0 and (mcycle - tnext) % 2**32 < 2**31:
        due = True
        tnext = (tnext + tick) % 2**32
    return due, tnext


@both
def test_tick_equals_the_loop_of_the_manual(kind: Any) -> None:
    random = Random(1)
    machine = machine_of(kind)
    for _ in range(300):
        mcycle = operands.word(random) + (random.getrandbits(3) << 32)
        tick = random.choice((random.randint(1 << 16, 0x7FFF_FFFF), random.randint(0, 200)))
        tnext = (mcycle + random.randint(-20000, 20000)) % 2**32 if tick < 201 else operands.word(random)
        machine.mcycle = mcycle
        machine.write("tick", tick)
        machine.write("tnext", tnext)
        machine.unit.mip = 0
        machine.unit.update(mcycle)
        due, tnext = stepwise_ticks(tick, tnext, mcycle)
        assert (machine.unit.mip, machine.read("tnext")) == (due << 19, tnext)


@both
def test_queue_watermarks(kind: Any) -> None:
    machine = machine_of(kind)
    machine.write("qwm", 2 << 16)
    assert machine.unit.mip == 0
    for event, level in ((7, 0), (8, 1 << 18), (9, 1 << 18)):
        machine.run(Operation.INJ, event, 2)
        assert machine.unit.mip == level
    machine.run(Operation.POP, 0, 2)
    assert machine.unit.mip == 1 << 18
    machine.write("qwm", 3 << 16 | 1)
    assert machine.unit.mip == 0
    machine.write("qwm", 1 << 16)
    assert machine.unit.mip == 1 << 18


@both
def test_queues(kind: Any) -> None:
    machine = machine_of(kind)
    for event in range(64):
        assert machine.run(Operation.INJ, event, 3) == 63 - event
    assert machine.run(Operation.INJ, 99, 7) == 0xFFFF_FFFF
    assert [machine.run(Operation.POP, 0, 3) for _ in range(40)] == list(range(40))
    for event in range(64, 104):
        machine.run(Operation.INJ, event, 3)
    assert machine.run(Operation.QLEV, 0, 3) == 64
    assert [machine.run(Operation.POP, 0, 3) for _ in range(65)] == [*range(40, 104), 0xFFFF_FFFF]
    assert machine.mcycle == 64 + 1 + 40 + 40 + 1 + 65


@both
@pytest.mark.parametrize("operation", [6, 127, 133, 260, 385, 514, 640, 1023])
def test_unassigned_operations(kind: Any, operation: int) -> None:
    machine = machine_of(kind)
    before = machine.unit.state()
    assert machine.issue(operation, 1, 2) == 2
    assert (machine.unit.cause, machine.unit.cycles) == (2, 0)
    assert machine.unit.state() == before


@pytest.mark.parametrize("seed", range(8 * EFFORT))
def test_random_traffic(seed: int) -> None:
    """Random CSR reads and writes with time passing."""
    random = Random(seed)
    pair = Pair(bytes(64), mcycle=random.choice((0, 2**32 - 500)))
    for _ in range(500):
        row = random.choice(TABLE)
        value = random.choice((operands.word(random), random.getrandbits(6)))
        if random.random() < 0.6:
            for machine in (pair.native, pair.golden):
                machine.unit.csr_write(row.number, value, machine.mcycle)
        step = random.choice((0, 1, 1, 30, random.getrandbits(33)))
        for machine in (pair.native, pair.golden):
            machine.mcycle += step
            machine.unit.update(machine.mcycle)
        reads = [machine.unit.csr_read(row.number, machine.mcycle) for machine in (pair.native, pair.golden)]
        assert reads[0] == reads[1], row.name
        pair.compare(row.name)
