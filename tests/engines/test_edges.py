"""Places where the interpreter changes its way: check points in long code, the ends of RAM, code outside RAM."""

from __future__ import annotations

import random

import pytest

from iss.hart.timing import MODELS
from iss.machine import End, Machine
from iss.memory.map import MemoryMap
from iss.memory.rom import BootRom
from tests.effort import cases
from tests.engines.assembled import text
from tests.engines.encode import CSR, SKIP, STAY, constant, pack, random_alu, setup, word
from tests.engines.lockstep import BASE, ISA, Setup, compare_engines, compare_splits, image_of, random_steps
from tests.engines.pulses import attach_pulses

EDGE = 1024
"""Instructions between two check points of code without jumps."""
SIZE = 1 << 20
RANDOM = random.Random(0)
VALUES = {register: RANDOM.getrandbits(32) for register in range(1, 32)}
HANDLER = BASE + 0x4_0000


def long_code(seed: int) -> list[int]:
    """Some 5000 words, with loops laid across the check points."""
    source = random.Random(seed)
    words = [random_alu(source) for _ in range(5 * EDGE)]
    for edge in range(EDGE, 5 * EDGE, EDGE):
        start = edge - source.randrange(1, 40)
        end = max(start + 3, edge + source.randrange(-2, 20))
        words[start] = word("addi", rd=20, imm=source.randrange(1, 6))
        words[end - 1] = word("addi", rd=20, rs1=20, imm=-1)
        words[end] = word("bne", rs1=20, rs2=0, imm=4 * (start + 1 - end))
        if source.random() < 0.5 and end - start > 6:
            place = source.randrange(start + 1, end - 2)
            words[place] = word("beq", rs1=source.randrange(11), rs2=source.randrange(11), imm=4 * (end - 1 - place))
    words[-2] = word("jal", rd=0, imm=-4 * (len(words) - 2)) if source.random() < 0.5 else words[-2]
    words[-1] = STAY
    return words


@pytest.mark.parametrize("seed", cases(6, 100))
def test_long_code(seed: int) -> None:
    made = setup(long_code(seed), VALUES, timing=list(MODELS)[seed % 3], ram_size=SIZE)
    compare_engines(made, [*random_steps(seed, 6, 6000), 20_000], seed)
    compare_splits(made, 20_000, random_steps(seed + 1, 50, 20_000), seed)


@pytest.mark.parametrize("count", [1, 2047, 2048, 2049, 3071, 3072, 3073, 4095, 4096, 4097, 5000])
def test_limit_in_straight_code(count: int) -> None:
    """Limits at and around the distances of the check points."""
    words = [word("addi", rd=1, rs1=1, imm=1) for _ in range(6 * EDGE)]
    compare_engines(setup(words, timing="edge5"), [count, 1, count], count)


def test_run_longer_than_every_grant() -> None:
    """Tens of millions of instructions in one run: counts by arithmetic."""
    words = [word("addi", rd=1, rs1=1, imm=1), word("addi", rd=2, rs1=2, imm=3), word("jal", imm=-8)]
    subject = setup(words, timing="edge2").on("interpreter")
    rounds, rest = 13_000_000, 2
    assert subject.run(3 * rounds + rest).end is End.LIMIT
    hart = subject.machine.hart
    assert (hart.pc, hart.x[1], hart.x[2]) == (BASE + 8, rounds + 1, 3 * (rounds + 1) & 0xFFFF_FFFF)
    assert hart.cycles == hart.mcycle == rounds * (1 + 1 + 2) + rest
    assert hart.minstret == hart.retired == 3 * rounds + rest


# The ends of RAM ---------------------------------------------------------------------------------------------------
def at_the_end(words: list[int], base: int = BASE, **options: object) -> Setup:
    """Words that end with the last word of RAM; the entry is the first of them."""
    start = base + SIZE - 4 * len(words)
    handler = base + 0x100

    def prepare(machine: Machine) -> None:
        machine.hart.write_csr(CSR["mtvec"], handler)
        for register, value in VALUES.items():
            machine.hart.x[register] = value

    image = image_of([(start, pack(words)), (handler, pack(SKIP))], start)
    return Setup(image, ram_size=SIZE, ram_base=base, prepare=prepare, **options)  # type: ignore[arg-type]


HIGHEST = (1 << 32) - SIZE
"""Base of RAM that ends at the end of the address space."""
ENDS = {
    "falls off": [word("addi", rd=1, rs1=1, imm=1)] * 3,
    "falls off after one": [word("addi", rd=1, rs1=1, imm=1)],
    "store in the last word": [word("auipc", rd=5), word("sw", rs1=5, rs2=5, imm=12), word("addi", rd=5), STAY],
    "jump behind the end": [word("jal", rd=1, imm=8), STAY],
    "jump far behind the end": [word("jal", rd=1, imm=0x1000), STAY],
    "jump back": [word("addi", rd=1, rs1=1, imm=1), word("jal", imm=-4)],
    "jump to the last word": [word("jal", imm=8), word("ebreak"), word("jal", imm=-8)],
    "branch taken behind the end": [word("beq", imm=8), STAY],
    "branch not taken in the last word": [word("bne", imm=8)],
    "branch taken in the last word": [word("addi", rd=1, rs1=1, imm=1), word("beq", imm=-4)],
    "trap in the last word": [word("ecall")],
    "illegal last word": [0],
    "wfi in the last word": [word("wfi")],
    "csr in the last word": [word("csrrw", rd=1, csr=CSR["mscratch"], rs1=2)],
    "fence.i in the last word": [word("fence.i")],
    "indirect jump behind the end": [word("auipc", rd=5), word("jalr", rd=1, rs1=5, imm=8)],
    "indirect jump in front of RAM": [*constant(5, BASE - 4), word("jalr", rd=1, rs1=5, imm=0)],
    "misaligned target behind the end": [word("auipc", rd=5), word("jalr", rd=1, rs1=5, imm=10)],
    "divide in the last word": [word("divu", rd=1, rs1=2, rs2=3)],
}


@pytest.mark.parametrize("base", [BASE, HIGHEST], ids=["normal", "highest"])
@pytest.mark.parametrize("name", ENDS)
def test_code_at_the_end_of_ram(name: str, base: int) -> None:
    for steps in ([1] * 12, [40], [5000, 1, 5000]):
        compare_engines(at_the_end(ENDS[name], base, timing="edge2"), steps, f"{name} {steps}")
        compare_engines(at_the_end(ENDS[name], base, observed=True), steps, f"{name} {steps}")


@pytest.mark.parametrize("misaligned", [False, True])
@pytest.mark.parametrize("base", [BASE, HIGHEST], ids=["normal", "highest"])
def test_accesses_at_the_ends_of_ram(base: int, misaligned: bool) -> None:
    words = []
    for mnemonic in ("lb", "lbu", "lh", "lhu", "lw", "sb", "sh", "sw"):
        for pointer, offsets in ((11, range(-6, 6)), (12, range(-6, 6))):
            for offset in offsets:
                operands = {"rd": 10} if mnemonic[0] == "l" else {"rs2": 13}
                words += [word(mnemonic, rs1=pointer, imm=offset, **operands), word("add", rd=14, rs1=14, rs2=10)]
    words.append(STAY)

    def prepare(machine: Machine) -> None:
        hart = machine.hart
        hart.write_csr(CSR["mtvec"], base + 0x4000)
        hart.x[11], hart.x[12], hart.x[13] = base, base + SIZE & 0xFFFF_FFFF, 0x89AB_CDEF

    image = image_of([(base + 0x1000, pack(words)), (base + 0x4000, pack(SKIP))], base + 0x1000)
    made = Setup(image, ram_size=SIZE, ram_base=base, misaligned=misaligned, prepare=prepare)
    compare_engines(made, [100, 1, 1, 4000], "accesses")
    compare_engines(made, [9000], "accesses")


def test_smallest_ram() -> None:
    words = [word("addi", rd=1, rs1=1, imm=1), word("sw", rs1=2, rs2=1, imm=-4), word("jal", imm=-8)]
    made = setup(words, {2: BASE + 4096}, ram_size=4096)
    compare_engines(made, [1, 2, 3, 10_000], "smallest")


# Code outside RAM --------------------------------------------------------------------------------------------------
ROM = MemoryMap().boot_rom.base
ROM_PROGRAM = f"""
    li   s0, 40                 # also counts the interrupts' turns
    li   t0, {BASE + 0x100}
    csrw mtvec, t0
    li   t0, 0x800
    csrw mie, t0
    csrsi mstatus, 8
1:  addi s1, s1, 3
    lw   t1, 0(s2)
    ecall
    bltz s1, 2f
    csrr t2, mcycle
2:  addi s0, s0, -1
    bnez s0, 1b
    sw   t1, 0(s3)              # a ROM refuses stores
    .word 0
    wfi
    jalr s4                     # to RAM
    csrw mcycle, s1
    jal  x0, 1b + 2             # misaligned
    jalr s5                     # neither RAM nor ROM
    j    1b
"""
RAM_PROGRAM = [word("addi", rd=9, rs1=9, imm=1), word("jalr", rd=0, rs1=1)]


@pytest.mark.parametrize("observed", [False, True])
@pytest.mark.parametrize("seed", cases(6, 60))
def test_code_in_rom(seed: int, observed: bool) -> None:
    """Interrupts, exceptions, sleep and jumps between ROM and RAM."""
    code = text(ROM_PROGRAM, ISA, ROM).segments[0].data

    def prepare(machine: Machine) -> None:
        machine.attach(ROM, BootRom(code))
        attach_pulses(seed, 60)(machine)
        hart = machine.hart
        hart.pc = ROM
        hart.x[18] = hart.x[19] = ROM
        hart.x[20], hart.x[21] = BASE, 0x4000_0000

    handler = text(
        """
        csrr t6, mcause
        bltz t6, 1f
        csrr t6, mepc
        srli t5, t6, 30
        li   t4, 1
        addi t6, t6, 4
        bne  t4, t5, 2f
        mv   t6, ra             # a fetch fault: back to the caller
    2:  csrw mepc, t6
    1:  mret
        """,
        base=BASE + 0x100,
    )
    image = image_of([(BASE, pack(RAM_PROGRAM)), (BASE + 0x100, handler.segments[0].data)])
    made = Setup(image, timing=list(MODELS)[seed % 3], prepare=prepare, observed=observed)
    compare_engines(made, random_steps(seed, 60, 6000), seed)
    compare_splits(made, 4000, random_steps(seed, 40, 4000), seed)


def test_interrupt_pending_on_return_to_rom() -> None:
    """The return enables an interrupt whose line is high: it is taken before anything in ROM runs."""
    for pc, name in ((ROM, "rom"), (0x4000_0000, "nowhere"), (BASE + 0x100, "ram")):

        def prepare(machine: Machine, pc: int = pc) -> None:
            machine.attach(ROM, BootRom(pack([word("addi", rd=1, rs1=1, imm=1), STAY])))
            hart = machine.hart
            for csr, value in (("mepc", pc), ("mtvec", BASE + 0x200), ("mstatus", 0x80), ("mie", 8)):
                hart.write_csr(CSR[csr], value)
            machine.bus.store(MemoryMap().clint.base, 4, 1)

        words = [word("mret")]
        image = image_of([(BASE, pack(words)), (BASE + 0x100, pack([STAY])), (BASE + 0x200, pack([STAY]))])
        for steps in ([1, 1, 1], [3]):
            subject = Setup(image, prepare=prepare).on("interpreter")
            for step in steps:
                subject.run(step)
            assert (subject.machine.hart.mepc, subject.machine.hart.pc) == (pc, BASE + 0x200), name
            compare_engines(Setup(image, prepare=prepare), steps, name)
