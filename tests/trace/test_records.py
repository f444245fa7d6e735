"""What stands in the records of each kind of instruction and event, in which order; on both engines."""

from __future__ import annotations

from dataclasses import replace

import pytest

from coprocessor.interface import SPIKE_RECORD
from iss.trace.events import RECORD, Kind
from tests.engines.encode import CSR, STAY, constant, pack, setup, word
from tests.engines.lockstep import BASE, CLINT, XNM, Setup, compare_engines, image_of

ENGINES = ("reference", "interpreter")
DATA = BASE + 0x1000
REGISTERS = {5: 0x1234_5678, 6: 0xFFFF_FF80, 10: DATA}


def records(made: Setup, engine: str, count: int) -> list[tuple[int, ...]]:
    """The records of a run as (kind, rest of the first word, second, third, fourth)."""
    subject = replace(made, observed=True).on(engine)
    subject.run(count)
    return [(tag & 0xFF, tag >> 8, *rest) for tag, *rest in RECORD.iter_unpack(bytes(subject.records))]


def retired(place: int, insn: int, destination: int = 0, value: int = 0) -> tuple[int, ...]:
    return Kind.RETIRED, destination, BASE + 4 * place, insn, value


ADD, BRANCH = word("add", rd=7, rs1=5, rs2=6), word("beq", imm=8)
NO_DESTINATION = word("add", rd=0, rs1=5, rs2=6)
CASES: dict[str, tuple[list[int], list[tuple[int, ...]]]] = {
    "register": ([ADD], [retired(0, ADD, 7, 0x1234_55F8)]),
    "x0 as destination": ([NO_DESTINATION], [retired(0, NO_DESTINATION)]),
    "destination keeps its value": (
        [word("and", rd=5, rs1=5, rs2=5)],
        [retired(0, word("and", rd=5, rs1=5, rs2=5), 5, 0x1234_5678)],
    ),
    "branch": ([BRANCH, 0, ADD], [retired(0, BRANCH), retired(2, ADD, 7, 0x1234_55F8)]),
    "jump": ([word("jal", rd=1, imm=4)], [retired(0, word("jal", rd=1, imm=4), 1, BASE + 4)]),
    "store of a word": (
        [word("sw", rs1=10, rs2=5, imm=4)],
        [(Kind.STORE, 4, DATA + 4, 0x1234_5678, 0), retired(0, word("sw", rs1=10, rs2=5, imm=4))],
    ),
    "store of a byte": (
        [word("sb", rs1=10, rs2=5, imm=-1)],
        [(Kind.STORE, 1, DATA - 1, 0x78, 0), retired(0, word("sb", rs1=10, rs2=5, imm=-1))],
    ),
    "store of a halfword": (
        [word("sh", rs1=10, rs2=6, imm=2)],
        [(Kind.STORE, 2, DATA + 2, 0xFF80, 0), retired(0, word("sh", rs1=10, rs2=6, imm=2))],
    ),
    "loads are recorded unsigned": (
        [word("sw", rs1=10, rs2=6), word("lb", rd=7, rs1=10)],
        [
            (Kind.STORE, 4, DATA, 0xFFFF_FF80, 0),
            retired(0, word("sw", rs1=10, rs2=6)),
            (Kind.LOAD, 1, DATA, 0x80, 0),
            retired(1, word("lb", rd=7, rs1=10), 7, 0xFFFF_FF80),
        ],
    ),
    "load into x0": (
        [word("lw", rs1=10)],
        [(Kind.LOAD, 4, DATA, 0, 0), retired(0, word("lw", rs1=10))],
    ),
    "device": (
        [word("lui", rd=8, imm=0x200_0000), word("sw", rs1=8, rs2=5), word("lw", rd=9, rs1=8)],
        [
            retired(0, word("lui", rd=8, imm=0x200_0000), 8, 0x200_0000),
            (Kind.STORE, 4, 0x200_0000, 0x1234_5678, 0),
            retired(1, word("sw", rs1=8, rs2=5)),
            (Kind.LOAD, 4, 0x200_0000, 0, 0),
            retired(2, word("lw", rd=9, rs1=8), 9, 0),
        ],
    ),
    "CSR with the value it took": (
        [word("csrrw", rd=7, csr=CSR["mepc"], rs1=6)],
        [(Kind.CSR, CSR["mepc"], 0xFFFF_FF80, 0, 0), retired(0, word("csrrw", rd=7, csr=CSR["mepc"], rs1=6), 7, 0)],
    ),
    "CSR only read": (
        [word("csrrs", rd=7, csr=CSR["misa"])],
        [retired(0, word("csrrs", rd=7, csr=CSR["misa"]), 7, 0x4080_0100)],
    ),
    "return writes mstatus and mstatush": (
        [*constant(8, BASE + 16), word("csrrw", csr=CSR["mepc"], rs1=8), word("mret")],
        [
            retired(0, constant(8, BASE + 16)[0], 8, BASE),
            retired(1, constant(8, BASE + 16)[1], 8, BASE + 16),
            (Kind.CSR, CSR["mepc"], BASE + 16, 0, 0),
            retired(2, word("csrrw", csr=CSR["mepc"], rs1=8)),
            (Kind.CSR, CSR["mstatus"], 0x1880, 0, 0),
            (Kind.CSR, CSR["mstatush"], 0, 0, 0),
            retired(3, word("mret")),
        ],
    ),
}


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("name", CASES)
def test_records(name: str, engine: str) -> None:
    words, expected = CASES[name]
    count = sum(kind == Kind.RETIRED for kind, *_ in expected)
    made = setup(
        [*words, *[STAY] * 4], REGISTERS, isa="rv32i_zicsr_xnmspk" if name == "CSR only read" else "rv32im_zicsr"
    )
    assert records(made, engine, count) == expected


TRAPS = {
    "call": (word("ecall"), 11, 0),
    "illegal": (0, 2, 0),
    "misaligned load": (word("lw", rd=7, rs1=10, imm=2), 4, DATA + 2),
    "store outside": (word("sw", rs2=5), 7, 0),
    "read-only CSR": (CSR_WRITE := word("csrrw", rd=7, csr=CSR["misa"] | 0xC00, rs1=5), 2, CSR_WRITE),
    "misaligned jump": (word("jal", rd=1, imm=6), 0, BASE + 10),
}


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("name", TRAPS)
def test_of_a_trapping_instruction_the_trap_is_recorded(name: str, engine: str) -> None:
    insn, cause, value = TRAPS[name]
    made = setup([ADD, insn, ADD], REGISTERS, handler=BASE + 0x100)
    found = records(made, engine, 6)
    pcs = [pc for kind, _, pc, *_ in found if kind == Kind.RETIRED]
    assert pcs == [BASE, *range(BASE + 0x100, BASE + 0x110, 4), BASE + 8]
    assert found[1] == (Kind.TRAP, 0, BASE + 4, cause, value)
    assert [kind for kind, *_ in found].count(Kind.TRAP) == 1


@pytest.mark.parametrize("engine", ENGINES)
def test_interrupts_and_sleep(engine: str) -> None:
    """A timer wakes wfi 96 cycles later; its interrupt comes before the instruction behind."""
    head = [
        *constant(8, CLINT + 0x4000),
        *constant(6, 100),
        word("sw", rs1=8, rs2=6),
        word("sw", rs1=8, imm=4),
        *constant(6, 0x80),
        word("csrrw", csr=CSR["mie"], rs1=6),
        word("csrrsi", csr=CSR["mstatus"], uimm=8),
        word("wfi"),
    ]
    made = setup([*head, ADD], REGISTERS, handler=BASE + 0x100)
    found = records(made, engine, len(head) + 1)
    assert found[-3:-1] == [
        (Kind.SLEEP, 0, 100 - len(head), 0, 0),
        (Kind.INTERRUPT, 0, BASE + 4 * len(head), 0x8000_0007, 0),
    ]
    assert found[-1][:3] == (Kind.RETIRED, found[-1][1], BASE + 0x100)


@pytest.mark.parametrize("engine", ENGINES)
def test_a_suspended_instruction_retires_once(engine: str) -> None:
    """Each issue of an nm.upd that suspends is recorded, with its cycles and the spikes it logged."""
    population, neurons = BASE + 0x2000, 200
    descriptor = [0x4E4D_0101, neurons, 1, 0, 0, 0, 0, 0, -1 & 0xFFFF_FFFF, 0, BASE + 0x3000, 0, BASE + 0x4000, 0, 0, 0]
    issue = word("nm.upd", rd=7, rs1=8)
    head = [*constant(6, 5), word("csrrw", csr=CSR["nm_ctl"], rs1=6), word("csrrwi", csr=CSR["nm_slice"], uimm=1)]
    words = [*head, *constant(8, population), issue, STAY]
    made = Setup(image_of([(BASE, pack(words)), (population, pack(descriptor))]), XNM)
    found = records(made, engine, len(words) - 1)
    assert [record[3] for record in found if record[0] == Kind.RETIRED] == words[:-1]
    subject = replace(made, observed=True).on(engine)
    subject.run(len(words) - 1)
    commands = [record for record in found if record[0] in (Kind.COMMAND, Kind.COST)]
    groups = [32] * 6 + [8]
    assert commands == [
        entry
        for group, count in enumerate(groups)
        for entry in (
            (Kind.COMMAND, 3 | (group < 6) << 22, population, 0, 200 if group == 6 else 0),
            (Kind.COST, 0, 2 * count + 15 * (group == 0), 1, 0),
        )
    ]
    assert found[-2:] == [commands[-1], retired(len(words) - 2, issue, 7, 200)]
    assert list(SPIKE_RECORD.iter_unpack(subject.spikes)) == [
        (0, population, group, (1 << count) - 1) for group, count in enumerate(groups)
    ]
    unit = subject.machine.coprocessor
    assert unit.state()["counters"]["nup"] == neurons
    assert unit.state()["csr"]["err"] == 0


@pytest.mark.parametrize("engine", ENGINES)
def test_more_records_than_the_ring_holds(engine: str) -> None:
    """Nothing is lost or written twice when the ring has to be emptied in the middle of a run."""
    words = [
        word("sw", rs1=10, rs2=1),
        word("lw", rd=2, rs1=10),
        word("addi", rd=1, rs1=1, imm=1),
        word("jal", imm=-12),
    ]
    rounds = 20_000
    found = records(setup(words, {1: 0, 10: DATA}), engine, 4 * rounds)
    assert len(found) == 6 * rounds > 65536
    for turn in range(rounds):
        assert found[6 * turn : 6 * turn + 6] == [
            (Kind.STORE, 4, DATA, turn, 0),
            retired(0, words[0]),
            (Kind.LOAD, 4, DATA, turn, 0),
            retired(1, words[1], 2, turn),
            retired(2, words[2], 1, turn + 1),
            retired(3, words[3]),
        ]


def test_observing_can_begin_and_end_at_any_time() -> None:
    """It changes nothing but the records: the machine that is never observed goes the same way."""
    words = [word("addi", rd=1, rs1=1, imm=1), word("sw", rs1=10, rs2=1), word("jal", imm=-8)]
    for engine in ENGINES:
        subject, other = (setup(words, {10: DATA}).on(engine) for _ in range(2))
        for step, watched in ((10, False), (5, True), (5000, False), (9, True), (1, False)):
            subject.machine.observe(subject.records.extend if watched else None)
            subject.run(step)
            other.run(step)
        seen = [record for record in RECORD.iter_unpack(bytes(subject.records)) if record[0] & 0xFF == Kind.RETIRED]
        assert len(seen) == 14
        subject.records.clear()
        assert subject.visible() == other.visible()


@pytest.mark.parametrize("steps", [[300_000], [65_536] * 3, [1, 65_535, 1, 1]])
def test_engines_agree_on_many_records(steps: list[int]) -> None:
    words = [
        word("addi", rd=1, rs1=1, imm=1),
        word("sh", rs1=10, rs2=1, imm=2),
        word("csrrw", rd=2, csr=CSR["mscratch"], rs1=1),
        word("lbu", rd=3, rs1=10, imm=2),
        word("ecall"),
        word("jal", imm=-20),
    ]

    made = setup(words, {10: DATA}, handler=BASE + 0x100, observed=True)
    compare_engines(replace(made, ram_size=1 << 16), [min(step, 100_000) for step in steps], steps)
