"""Commands through tohost at exact counts, and how runs end: exit, limit, asleep, stuck; the same on all engines."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from iss.hart.timing import MODELS
from iss.machine import End, Machine
from iss.memory.htif import PATIENCE
from iss.memory.map import MemoryMap
from tests.effort import cases
from tests.engines.encode import CSR, STAY, constant, pack, word
from tests.engines.lockstep import BASE, CLINT, Setup, compare_engines, compare_splits, image_of, random_steps

TOHOST, VALUE, POINTER = 10, 11, 12
SIZE = 1 << 16


def with_tohost(words: list[int], tohost: int, **options: object) -> Setup:
    """Words at the start of RAM, with the symbols tohost and fromhost; x10 is tohost."""
    symbols = {"tohost": tohost, "fromhost": tohost + 8 if tohost + 16 <= BASE + SIZE else BASE + 0x400}
    image = image_of([(BASE, pack(words))], symbols=symbols)

    def prepare(machine: Machine) -> None:
        machine.hart.x[TOHOST] = tohost
        machine.hart.x[POINTER] = BASE + 0x800
        machine.hart.write_csr(CSR["mtvec"], BASE + 0x8000)

    return Setup(image, ram_size=SIZE, prepare=prepare, **options)  # type: ignore[arg-type]


def store(value: int, offset: int = 0, mnemonic: str = "sw") -> list[int]:
    """Store a value into tohost."""
    return [*constant(VALUE, value), word(mnemonic, rs1=TOHOST, rs2=VALUE, imm=offset)]


PLACES = {"apart": BASE + 0x1000, "in the code": BASE + 0x100, "first": BASE, "last": BASE + SIZE - 8}


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("halves", ["low", "high, low", "low, high", "bytes"])
def test_exit(place: str, halves: str) -> None:
    """With one half, the command waits for PATIENCE instructions."""
    low, high = store(7 << 1 | 1), store(0, 4)
    body = {"low": low, "high, low": high + low, "low, high": low + high, "bytes": store(7 << 1 | 1, 0, "sb")}[halves]
    words = [*[0] * 0x80, *body, *[word("addi", rd=1, rs1=1, imm=1)] * 2 * PATIENCE, STAY]
    setup = with_tohost(words, PLACES[place])
    entry = BASE + 0x200
    setup = replace(setup, image=replace(setup.image, entry=entry))
    for steps in ([None], [1] * 5 + [3, PATIENCE - 4, 1, 1, 1, 1, None], [50, 50, 10, None]):
        for observed in (False, True):
            outcome = compare_engines(replace(setup, observed=observed), steps, f"{place} {halves} {steps}")
            assert outcome is not None and (outcome.end, outcome.exit_code) == (End.EXIT, 7)
    subject = setup.on("interpreter")
    subject.run(None)
    stores = len(body)
    waits = 0 if "," in halves else PATIENCE - 1  # the store counts, too
    assert subject.machine.hart.retired == stores + waits


@pytest.mark.parametrize("seed", cases(12, 300))
def test_random_commands(seed: int) -> None:
    """Console output, system calls, nonsense and half commands, with stores of every width around tohost."""
    source = random.Random(seed)
    tohost = source.choice((PLACES["first"], PLACES["last"], BASE + 0x7C8, BASE + 0x1000))
    words: list[int] = [word("jal", imm=0x20), *[0] * 7]
    for _ in range(source.randint(5, 25)):
        kind = source.randrange(8)
        if kind < 3:  # print a character
            halves = [store(ord(source.choice("abc\n"))), store(0x0101_0000, 4)]
            source.shuffle(halves)
            words += halves[0] + [word("addi")] * source.choice((0, 0, 1, PATIENCE - 3, PATIENCE)) + halves[1]
        elif kind == 3:  # write(1, BASE, 4)
            for k, value in enumerate((source.choice((64, 64, 17)), source.randrange(4), BASE, 4)):
                words += [*constant(VALUE, value), word("sw", rs1=POINTER, rs2=VALUE, imm=8 * k)]
            words += [word("sw", rs1=POINTER, imm=8 * k + 4) for k in range(4)]
            words += [word("sw", rs1=TOHOST, rs2=POINTER), word("sw", rs1=TOHOST, imm=4)]
        elif kind == 4:
            words += store(source.getrandbits(8) << 1, source.choice((0, 1, 2, 3, 4, 7)), "sb")
        elif kind == 5:
            words += store(source.getrandbits(16) & ~1, source.choice((-2, 0, 1, 3, 6, 7)), "sh")
        elif kind == 6:
            words += store(source.getrandbits(32) & ~1, source.choice((-4, -3, -1, 1, 4, 5, 7, 8)))
        else:
            words += [word("lw", rd=5, rs1=TOHOST, imm=source.choice((0, 4, 8))), word("add", rd=6, rs1=6, rs2=5)]
        words += [word("addi", rd=1, rs1=1, imm=1)] * source.choice((0, 1, 10, PATIENCE, PATIENCE + 5))
    words += [*store(0, 4), *store(source.getrandbits(5) << 1 | 1), STAY]
    setup = with_tohost(
        words,
        tohost,
        misaligned=source.random() < 0.7,
        timing=source.choice(list(MODELS)),
        console_input=b"xyz",
        observed=source.random() < 0.3,
    )
    compare_engines(setup, [*random_steps(seed, 30, 1500), 5000], seed)
    compare_splits(setup, 2500, random_steps(seed, 40, 2000), seed)


@pytest.mark.parametrize("engine", ["reference", "interpreter"])
def test_tohost_of_an_earlier_program_is_forgotten(engine: str) -> None:
    words = [*store(1), *store(0, 4), STAY]
    machine = with_tohost([STAY], BASE + 0x1000).on(engine).machine
    machine.load(image_of([(BASE, pack(words))]))
    machine.hart.x[TOHOST] = BASE + 0x1000
    assert machine.run(1000).end is End.LIMIT
    machine.load(with_tohost(words, BASE + 0x2000).image)
    machine.hart.x[TOHOST] = BASE + 0x2000
    assert machine.run(1000).end is End.EXIT


# Ends ----------------------------------------------------------------------------------------------------------------
def plain(words: list[int], **options: object) -> Setup:
    return Setup(image_of([(BASE, pack(words))]), ram_size=SIZE, **options)  # type: ignore[arg-type]


NOTHING = word("addi")
ENDINGS: dict[str, tuple[list[int], End]] = {
    "trap without a handler": ([NOTHING, word("ecall")], End.STUCK),
    "illegal word": ([NOTHING, 0], End.STUCK),
    "handler is the trapping instruction": (
        [*constant(5, BASE + 12), word("csrrw", csr=CSR["mtvec"], rs1=5), word("ebreak")],
        End.STUCK,
    ),
    "jump nowhere": ([word("lui", rd=5, imm=0x4000_0000), word("jalr", rs1=5)], End.STUCK),
    "jump to 0": ([word("jalr", rs1=0)], End.STUCK),
    "sleep with nothing enabled": ([word("wfi"), NOTHING], End.ASLEEP),
    "sleep, timer never set": (
        [word("addi", rd=5, imm=128), word("csrrw", csr=CSR["mie"], rs1=5), word("wfi")],
        End.ASLEEP,
    ),
    "finisher, pass": (
        [word("lui", rd=5, imm=0x10_0000), *constant(6, 0x5555), word("sw", rs1=5, rs2=6), NOTHING],
        End.EXIT,
    ),
    "finisher, fail": (
        [word("lui", rd=5, imm=0x10_0000), *constant(6, 0x0003_3333), word("sw", rs1=5, rs2=6), NOTHING],
        End.EXIT,
    ),
    "endless loop": ([STAY], End.LIMIT),
}


@pytest.mark.parametrize("name", ENDINGS)
def test_ends(name: str) -> None:
    words, end = ENDINGS[name]
    for steps in ([1] * 20, [3000, 1], [2, 2, 2, 2, 2, 5000]):
        for observed in (False, True):
            outcome = compare_engines(plain(words, observed=observed), steps, f"{name} {steps}")
            assert outcome is not None and outcome.end is end, outcome


def test_stuck_changes_nothing() -> None:
    """The hart stands before the trap that repeats itself, so that a debugger can look at it and go on."""
    for engine in ("reference", "interpreter"):
        machine = (
            plain([NOTHING, *constant(5, BASE + 0x100), word("csrrw", csr=CSR["mtvec"], rs1=5), 0]).on(engine).machine
        )
        outcome = machine.run()
        hart = machine.hart
        assert outcome.end is End.STUCK and "illegal instruction" in outcome.reason
        assert (hart.pc, hart.mepc, hart.mcause, hart.traps) == (BASE + 0x100, BASE + 16, 2, 1)
        hart.pc = BASE
        assert machine.run(2).end is End.LIMIT
        assert hart.pc == BASE + 8


def test_sleep_lets_time_pass_to_the_event() -> None:
    """No instruction retires in sleep, and the timer's cycle is met exactly, however far it is."""
    for distance in (1, 10, 1 << 20, (1 << 40) + 12345):
        words = [word("addi", rd=5, imm=128), word("csrrw", csr=CSR["mie"], rs1=5), word("wfi"), NOTHING, STAY]

        def prepare(machine: Machine, distance: int = distance) -> None:
            machine.bus.store(CLINT + 0x4000, 4, distance & 0xFFFF_FFFF)
            machine.bus.store(CLINT + 0x4004, 4, distance >> 32)

        setup = plain(words, prepare=prepare, timing="edge5")
        for engine in ("reference", "interpreter"):
            machine = setup.on(engine).machine
            machine.run(3)
            before = machine.hart.cycles
            machine.run(1)
            assert machine.hart.cycles == machine.hart.mcycle == max(before, distance) + 1
            assert machine.hart.retired == machine.hart.minstret == 4
        compare_engines(setup, [1] * 5 + [100], distance)
        compare_engines(setup, [4, 10], distance)


def test_exit_device_ends_at_once() -> None:
    """The store that ends the run is the last instruction, also in the middle of a long run."""
    device = MemoryMap().exit_device.base
    words = [word("lui", rd=5, imm=device), *constant(6, 0x5555), *[NOTHING] * 3000, word("sw", rs1=5, rs2=6), STAY]
    for engine in ("reference", "interpreter"):
        machine = plain(words).on(engine).machine
        assert machine.run().end is End.EXIT
        assert machine.hart.retired == 3004
