"""The readings of open places that decision 0010 records, on both implementations."""

from __future__ import annotations

from typing import Any

import pytest

from coprocessor.interface import Operation
from tests.coprocessor.implementations import BASE, Machine, every_level, put_words, words_of
from tests.coprocessor.memory_image import Image, pack_rows

SIZE = 1 << 14
END = BASE + SIZE


def progress(machine: Machine) -> tuple[int, ...]:
    """nm_prog0..3."""
    return tuple(machine.read(f"prog{k}") for k in range(4))


def one_to_one(image: Image, n: int, source_address: int, **fields: Any) -> tuple[int, int]:
    """A FMT 7 projection without weights; its address and its ring."""
    cur = image.allocate(4 * n)
    return image.syn(n, n, weights=0, cur=cur, source_address=source_address, fmt=7, **fields), cur


@every_level
def test_current_goes_on_in_the_refractory_period(kind: Any) -> None:
    image = Image(SIZE)
    state, cur = image.words([100, 7, 2]), image.words([30])
    pop = image.pop(1, profile=2, state=state, cur=cur, parameters=(4096 | 4096 << 16, 0, 0, 0), vth=50, refractory=9)
    machine = Machine(kind, image.ram)
    assert machine.run(Operation.UPD, pop) == 0
    assert words_of(machine.ram, state, 3) == [130, 7, 1]
    put_words(machine.ram, cur, 5)
    assert machine.run(Operation.UPD, pop) == 0
    assert words_of(machine.ram, state, 3) == [135, 7, 0]
    assert machine.run(Operation.UPD, pop) == 1
    assert words_of(machine.ram, state, 3) == [135, 0, 9]


@every_level
def test_traces_of_sixteen_bits(kind: Any) -> None:
    """AP * x uses 0xFFFF whole, the decay saturates at 0x7FFF, e-prop sees 0x7FFF of it and visits 0x8000."""
    image = Image(SIZE)
    weights, cur = image.allocate(4), image.allocate(4)
    pop = image.pop(1, state=image.words([0]), cur=cur, out=image.words([1]))
    source = image.words([0])
    syn = image.syn(1, 1, weights=weights, cur=cur, source_address=source)
    pre, post = image.halves([0xFFFF]), image.halves([0])
    pair = image.rule(
        0, syn, pop, lmode=1 | 12 << 16, amplitudes=(4, 0), decays=(4096, 0), pre_traces=pre, post_traces=post
    )
    machine = Machine(kind, image.ram)
    machine.run(Operation.LEARN, pair)
    assert words_of(machine.ram, weights, 1) == [4 * 0xFFFF >> 12]
    assert words_of(machine.ram, pre, 1)[0] & 0xFFFF == 0x7FFF
    signal = image.words([1])
    eprop = image.rule(4, syn, pop, pre_traces=image.halves([0x8000]), signal=signal)
    machine = Machine(kind, image.ram)
    assert machine.run(Operation.LEARN, eprop) == 0
    assert machine.unit.state()["counters"]["rdb"] == 8 + 1 * 8 + 2 + 2, "visited, but no product"


@every_level
def test_queue_progress_stays_zero(kind: Any) -> None:
    image = Image(SIZE)
    syn, cur = one_to_one(image, 8, 2, source=3)
    machine = Machine(kind, image.ram)
    for event in (3, 4, 3):
        machine.run(Operation.INJ, event, 2)
    machine.write("slice", 1)
    assert machine.issue(Operation.SYN, syn) == 1
    assert progress(machine) == (0, 0xC020_0000, 0, 1)
    assert machine.run(Operation.QLEV, 0, 2) == 2
    assert machine.run(Operation.SYN, syn) == 3
    assert words_of(machine.ram, cur + 12, 2) == [2, 1]
    machine.run(Operation.INJ, 8, 2)
    assert machine.issue(Operation.SYN, syn) == 2
    assert (machine.unit.cause, machine.unit.tval) == (24, syn + 36)
    assert machine.run(Operation.QLEV, 0, 2) == 1, "the bad entry stays"


@every_level
def test_group_progress_counts_groups(kind: Any) -> None:
    image = Image(SIZE)
    pop = image.pop(100, state=image.allocate(400), cur=image.allocate(400))
    machine = Machine(kind, image.ram)
    machine.write("slice", 3)
    assert machine.issue(Operation.UPD, pop) == 1
    assert progress(machine) == (3, 0xC030_0000, 0, 0)
    assert machine.unit.cycles == 15 + 2 * 96


@every_level
@pytest.mark.parametrize(("name", "value"), [("prog1", 0xC030_0001), ("prog1", 0xC031_0000), ("prog2", 1)])
def test_impossible_progress_starts_over(kind: Any, name: str, value: int) -> None:
    image = Image(SIZE)
    pop = image.pop(100, state=image.allocate(400), cur=image.allocate(400))
    machine = Machine(kind, image.ram)
    for csr, word in (("prog0", 2), ("prog1", 0xC030_0000), ("prog3", 5), ("pdesc", pop), (name, value)):
        machine.write(csr, word)
    machine.write("slice", 0)
    machine.run(Operation.UPD, pop)
    assert machine.unit.cycles == 15 + 200


@every_level
def test_progress_beyond_the_end(kind: Any) -> None:
    image = Image(SIZE)
    pop = image.pop(100, state=image.allocate(400), cur=image.allocate(400))
    machine = Machine(kind, image.ram)
    for csr, word in (("prog0", 0xFFFF_FFFF), ("prog1", 0xC030_0000), ("prog3", 0x8000_0005), ("pdesc", pop)):
        machine.write(csr, word)
    assert machine.run(Operation.UPD, pop) == 5
    assert (machine.unit.cycles, machine.unit.state()["counters"]["cyc"]) == (1, 0)


@every_level
def test_a_run_that_has_all_its_steps_retires(kind: Any) -> None:
    image = Image(SIZE)
    pop = image.pop(100, state=image.allocate(400), cur=image.allocate(400))
    net = image.net([(2, pop)])
    machine = Machine(kind, image.ram)
    machine.write("slice", 1)
    for _ in range(6):
        assert machine.issue(Operation.RUN, net, 3) == 1
    assert progress(machine) == (2, 0xC000_0000, 1, 0)
    machine.write("prog3", 17)
    assert machine.issue(Operation.RUN, net, 1) == 0
    assert (machine.unit.result, machine.unit.cycles, machine.read("t")) == (17, 1, 1)
    assert progress(machine) == (0, 0, 0, 0)


@every_level
def test_bitmap_words_are_loaded_before_the_slice_is_tested(kind: Any) -> None:
    """The second bitmap word lies outside RAM: the issue whose slice is used up traps, it does not suspend."""
    image = Image(SIZE)
    put_words(image.ram, END - 4, 1)
    syn, _ = one_to_one(image, 64, END - 4)
    machine = Machine(kind, image.ram)
    machine.write("slice", 1)
    assert machine.issue(Operation.SYN, syn) == 2
    assert (machine.unit.cause, machine.unit.tval) == (5, END)
    assert progress(machine) == (32, 0xC020_0000, 0, 1)


@every_level
def test_event_words_belong_to_their_unit(kind: Any) -> None:
    """The second event lies outside RAM: first the slice ends, the next issue traps."""
    image = Image(SIZE)
    put_words(image.ram, END - 8, 2, 0)
    syn, _ = one_to_one(image, 64, END - 8, source=1)
    machine = Machine(kind, image.ram)
    machine.write("slice", 1)
    assert machine.issue(Operation.SYN, syn) == 1
    assert machine.unit.cycles == 15 + 3 + 5
    assert machine.issue(Operation.SYN, syn) == 2
    assert (machine.unit.cause, machine.unit.tval, machine.unit.cycles) == (5, END, 0)
    assert progress(machine) == (1, 0xC020_0000, 0, 1)


@every_level
def test_a_count_word_outside_ram_is_not_an_entry(kind: Any) -> None:
    image = Image(SIZE)
    syn, _ = one_to_one(image, 64, END, source=1)
    machine = Machine(kind, image.ram)
    assert machine.issue(Operation.SYN, syn) == 2
    assert progress(machine) == (0, 0x8020_0000, 0, 0)
    assert machine.unit.state()["counters"]["cyc"] == 0


@every_level
def test_entry_of_an_endless_event_list(kind: Any) -> None:
    """The entry is charged for the count that is written, then the list ends with RAM."""
    image = Image(SIZE)
    events = image.words([0xFFFF_FFFF])
    syn, _ = one_to_one(image, 64, events, source=1)
    machine = Machine(kind, image.ram)
    machine.write("slice", 0)
    assert machine.issue(Operation.SYN, syn) == 2
    assert machine.unit.cause in (5, 24)
    counters = machine.unit.state()["counters"]
    assert machine.unit.cycles == counters["cyc"] == 15 + 2**32 + 5 * counters["spkin"]
    assert machine.mcycle > 2**32


@every_level
def test_layer_checks_everything_else_before_the_missing_population(kind: Any) -> None:
    image = Image(SIZE)
    data = image.allocate(64)
    syn = image.syn(3, 3, weights=data, cur=data, source_address=data, geometry=(0, 0, 1))
    machine = Machine(kind, image.ram)
    machine.issue(Operation.LAYER, syn)
    assert (machine.read("err"), machine.read("eaddr")) == (24, syn + 60)


@every_level
def test_sparse_rows_are_checked_in_learn_operations(kind: Any) -> None:
    image = Image(SIZE)
    cur = image.allocate(8)
    pop = image.pop(2, state=image.words([0, 0]), cur=cur, out=image.words([1]))
    rows, columns = image.words([0, 1]), image.halves([2, 0])
    weights = image.allocate(4, content=pack_rows([[1, 2]], 8))
    source = image.words([1])
    syn = image.syn(1, 2, weights=weights, cur=cur, source_address=source, fmt=4, rows=rows, columns=columns)
    rule = image.rule(3, syn, pop, post_traces=image.halves([0, 0]))
    machine = Machine(kind, image.ram)
    assert machine.issue(Operation.LEARN, rule) == 2
    assert (machine.unit.cause, machine.unit.tval) == (24, columns)
    put_words(machine.ram, rows, 2, 1)
    assert machine.issue(Operation.LEARN, rule) == 2
    assert (machine.unit.cause, machine.unit.tval) == (24, rows + 4)
