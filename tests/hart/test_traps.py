"""Trap entry and return, vectored interrupts, their order, and wfi; on both engines."""

from __future__ import annotations

import itertools

import pytest

from iss.isa.causes import PRIORITY, Interrupt
from iss.machine import End, Machine
from tests.engines.encode import CSR, STAY, constant, pack, setup, word
from tests.engines.lockstep import BASE, CLINT, XNM, Setup, Subject, compare_engines, image_of

ENGINES = ("reference", "interpreter")
HANDLER = BASE + 0x1000
NOTHING = word("addi")
MIE, MPIE, MPP = 1 << 3, 1 << 7, 3 << 11
XNM_INTERRUPTS = [interrupt for interrupt in Interrupt if interrupt >= Interrupt.XNM_DONE]

on_both = pytest.mark.parametrize("engine", ENGINES)


def run(words: list[int], engine: str, count: int, **state: int) -> Subject:
    """Words with a handler at HANDLER that does nothing; `state` are CSRs by name, or x registers as x5."""

    def prepare(machine: Machine) -> None:
        machine.hart.write_csr(CSR["mtvec"], HANDLER)
        for name, value in state.items():
            if name in CSR:
                machine.hart.write_csr(CSR[name], value)
            else:
                machine.hart.x[int(name[1:])] = value

    made = Setup(image_of([(BASE, pack(words)), (HANDLER, pack([NOTHING] * 64))]), XNM, prepare=prepare)
    compare_engines(made, [1] * count, words)
    subject = made.on(engine)
    subject.run(count)
    return subject


# Entry and return ----------------------------------------------------------------------------------------------------
EXCEPTIONS: dict[str, tuple[list[int], int, int]] = {
    "instruction address misaligned, jal": ([word("jal", rd=1, imm=6)], 0, BASE + 6),
    "instruction address misaligned, jalr": ([word("jalr", rd=1, rs1=5, imm=3)], 0, BASE + 0x802),
    "instruction address misaligned, branch": ([word("beq", imm=-2)], 0, BASE - 2),
    "illegal, no such opcode": ([0x0000_007F], 2, 0x7F),
    "illegal, zero": ([0], 2, 0),
    "illegal, compressed shows its half": ([0x1234_4501], 2, 0x4501),
    "illegal, absent CSR": ([word("csrrs", rd=1, csr=0x180)], 2, word("csrrs", rd=1, csr=0x180)),
    "illegal, coprocessor off": ([word("nm.popc", rd=1, rs1=5)], 2, word("nm.popc", rd=1, rs1=5)),
    "illegal, unused field of the coprocessor": (
        [word("nm.popc", rd=1, rs1=5) | 1 << 20],
        2,
        word("nm.popc", rd=1, rs1=5) | 1 << 20,
    ),
    "breakpoint": ([word("ebreak")], 3, BASE),
    "load address misaligned": ([word("lh", rd=1, rs1=5, imm=1)], 4, BASE + 0x801),
    "load access fault": ([word("lw", rd=1)], 5, 0),
    "store address misaligned": ([word("sw", rs1=5, imm=2)], 6, BASE + 0x802),
    "store access fault": ([word("sb", rs2=5, imm=-1)], 7, 0xFFFF_FFFF),
    "environment call": ([word("ecall")], 11, 0),
}


@on_both
@pytest.mark.parametrize("name", EXCEPTIONS)
@pytest.mark.parametrize("mie", [0, MIE])
def test_exception(name: str, mie: int, engine: str) -> None:
    words, cause, value = EXCEPTIONS[name]
    hart = run(words, engine, 1, x5=BASE + 0x800, x1=77, mstatus=mie).machine.hart
    assert (hart.mcause, hart.mtval, hart.mepc) == (cause, value, BASE)
    assert (hart.pc, hart.x[1]) == (HANDLER + 4, 77)
    assert hart.mstatus == MPP | (MPIE if mie else 0)
    assert (hart.retired, hart.minstret, hart.mcycle, hart.traps, hart.interrupts) == (1, 1, 1, 1, 0)


@on_both
def test_fetch_fault(engine: str) -> None:
    """The jump retires; the fetch of its target traps, with the target in mepc and mtval."""
    hart = run([word("jalr", rd=1, rs1=5)], engine, 2, x5=0x4000_0000).machine.hart
    assert (hart.mcause, hart.mtval, hart.mepc, hart.x[1]) == (1, 0x4000_0000, 0x4000_0000, BASE + 4)
    assert (hart.pc, hart.retired) == (HANDLER + 4, 2)


@on_both
@pytest.mark.parametrize("mpie", [0, MPIE])
def test_return(mpie: int, engine: str) -> None:
    hart = run([word("mret")], engine, 1, mstatus=mpie, mepc=BASE + 0x103).machine.hart
    assert hart.pc == BASE + 0x100
    assert hart.mstatus == MPP | MPIE | (MIE if mpie else 0)


@on_both
def test_trap_in_a_handler_forgets_the_first(engine: str) -> None:
    """There is one level of state: MPIE takes the MIE that the first trap cleared."""
    words = [word("ecall")]
    hart = run(words, engine, 1, mstatus=MIE).machine.hart
    assert hart.mstatus == MPP | MPIE
    machine = setup(words, handler=None, isa=XNM).on(engine).machine
    machine.hart.write_csr(CSR["mtvec"], HANDLER)
    machine.hart.write_csr(CSR["mstatus"], MIE)
    machine.ram.write(HANDLER, pack([NOTHING, word("ebreak")]))
    machine.run(2)
    assert (machine.hart.mcause, machine.hart.mepc, machine.hart.mstatus) == (3, HANDLER + 4, MPP)


# Interrupts ----------------------------------------------------------------------------------------------------------
@on_both
@pytest.mark.parametrize("vectored", [0, 1])
def test_vectors(vectored: int, engine: str) -> None:
    """In vectored mode interrupts go to base + 4 * cause, exceptions to the base."""
    hart = run([word("ecall")], engine, 1, mtvec=HANDLER | vectored).machine.hart
    assert hart.pc == HANDLER + 4
    for interrupt in (Interrupt.XNM_TICK,):
        hart = run([NOTHING], engine, 1, mtvec=HANDLER | vectored, mip=1 << 19, mie=1 << 19, mstatus=MIE).machine.hart
        assert hart.pc == HANDLER + 4 * interrupt * vectored + 4
        assert (hart.mcause, hart.mepc, hart.mtval) == (0x8000_0000 | interrupt, BASE, 0)
        assert (hart.traps, hart.interrupts) == (1, 1)


class Lines:
    """A device whose register drives mip lines: the written word becomes their levels."""

    size = 4

    def connect(self, context: Machine) -> None:
        self._context = context

    def load(self, offset: int, size: int) -> int:
        return 0

    def store(self, offset: int, size: int, value: int) -> None:
        for bit in (3, 7, 11):
            self._context.set_interrupt(bit, bool(value >> bit & 1))


LINES = 0x0300_0000


@on_both
def test_priorities(engine: str) -> None:
    """Of every two standard interrupts the one that stands first in the manual's order is taken."""
    standard = [interrupt for interrupt in PRIORITY if interrupt < 16]
    assert standard == [Interrupt.MACHINE_EXTERNAL, Interrupt.MACHINE_SOFTWARE, Interrupt.MACHINE_TIMER]
    words = [word("sw", rs1=5, rs2=6), NOTHING, STAY]
    for pending in (set(pair) for pair in itertools.product(standard, repeat=2)):
        for enabled in (set(standard), pending):
            bits, mask = (sum(1 << interrupt for interrupt in chosen) for chosen in (pending, enabled))

            def prepare(machine: Machine, bits: int = bits, mask: int = mask) -> None:
                machine.attach(LINES, Lines())
                machine.hart.x[5], machine.hart.x[6] = LINES, bits
                for name, value in (("mtvec", HANDLER), ("mie", mask), ("mstatus", MIE)):
                    machine.hart.write_csr(CSR[name], value)

            made = Setup(image_of([(BASE, pack(words)), (HANDLER, pack([STAY]))]), prepare=prepare)
            compare_engines(made, [1, 1, 1], pending)
            machine = made.on(engine).machine
            machine.run(2)
            first = next(interrupt for interrupt in PRIORITY if interrupt in pending)
            assert (machine.hart.mcause, machine.hart.mepc) == (0x8000_0000 | first, BASE + 4)


@on_both
def test_priorities_of_the_coprocessor(engine: str) -> None:
    """Error, done, watermark, tick, all behind the standard ones (Xnm 4.6); each is taken once its bit is alone."""
    network, population = BASE + 0x2000, BASE + 0x2100
    descriptor = [0x4E4D_0401, 1, 0, 0, 2, population]
    wrong = [0x4E4D_0101, 1, 1, 0, 0, 0, 0, 0, 1, 0, 0x10, 0, 0x10, 0, 0, 0]  # state and input outside RAM
    words = [
        *constant(7, network),
        word("csrrwi", csr=CSR["nm_ctl"], uimm=1),
        word("csrrwi", csr=CSR["nm_qwm"], uimm=1),
        word("nm.inj", rs1=7),
        word("addi", rd=8, imm=1),
        word("nm.start", rd=9, rs1=7, rs2=8),
        word("nm.wait", rd=10),
        word("nm.start", rd=9, rs1=7, rs2=8),
        *[NOTHING] * 20,
        *constant(11, 1 << 19),
        word("csrrs", csr=CSR["mip"], rs1=11),
        word("csrrs", rd=12, csr=CSR["mip"]),
        *constant(13, 0xF_0000),
        word("csrrw", csr=CSR["mie"], rs1=13),
        word("csrrsi", csr=CSR["mstatus"], uimm=8),
        STAY,
    ]
    image = image_of(
        [(BASE, pack(words)), (HANDLER, pack([STAY])), (network, pack(descriptor)), (population, pack(wrong))]
    )
    made = Setup(image, XNM, prepare=lambda machine: machine.hart.write_csr(CSR["mtvec"], HANDLER))
    compare_engines(made, [1] * len(words), golden_too=True)
    machine = made.on(engine).machine
    machine.run(len(words) - 1)
    hart = machine.hart
    assert hart.x[12] >> 16 & 0b1110 == 0b1110, "error, watermark and tick are pending"
    order = [17, 18, 19]
    for interrupt in order:
        machine.run(1)
        assert hart.mcause == 0x8000_0000 | interrupt
        hart.write_csr(CSR["mie"], hart.mie & ~(1 << interrupt))
        hart.write_csr(CSR["mstatus"], MIE)
        hart.pc = BASE + 4 * (len(words) - 1)
    assert list(PRIORITY[3:]) == [17, 16, 18, 19]


@on_both
def test_not_taken_while_masked(engine: str) -> None:
    for state in ({"mie": 0, "mstatus": MIE}, {"mie": 1 << 19, "mstatus": 0}, {"mie": 1 << 18, "mstatus": MIE}):
        hart = run([NOTHING] * 4, engine, 3, mip=1 << 19, **state).machine.hart
        assert (hart.pc, hart.traps) == (BASE + 12, 0)


@on_both
@pytest.mark.parametrize("enabling", ["mie", "mstatus", "mip", "mret"])
def test_taken_right_behind_what_enables_it(enabling: str, engine: str) -> None:
    """The next instruction after the write does not run any more."""
    state = {"mie": 1 << 19, "mstatus": MIE, "mip": 1 << 19}
    insn = word("csrrs", csr=CSR[enabling] if enabling != "mret" else 0, rs1=5)
    if enabling == "mret":
        state |= {"mstatus": MPIE, "mepc": BASE + 4}
        insn = word("mret")
    else:
        state[enabling] = 0
    hart = run([insn, word("addi", rd=9, imm=1)], engine, 2, x5=1 << 19 | 8, **state).machine.hart
    assert (hart.mepc, hart.x[9], hart.pc) == (BASE + 4, 0, HANDLER + 4)


# Sleep ---------------------------------------------------------------------------------------------------------------
def asleep(engine: str, mie: int, mstatus: int, distance: int) -> Subject:
    def prepare(machine: Machine) -> None:
        for name, value in (("mtvec", HANDLER), ("mie", mie), ("mstatus", mstatus)):
            machine.hart.write_csr(CSR[name], value)
        machine.bus.store(CLINT + 0x4000, 4, distance)
        machine.bus.store(CLINT + 0x4004, 4, 0)

    words = [NOTHING, word("wfi"), word("addi", rd=9, rs1=9, imm=1), STAY]
    return Setup(image_of([(BASE, pack(words)), (HANDLER, pack([STAY]))]), prepare=prepare).on(engine)


@on_both
def test_sleep_ends_at_the_interrupt(engine: str) -> None:
    subject = asleep(engine, 1 << 7, MIE, 1000)
    assert subject.run(3).end is End.LIMIT
    hart = subject.machine.hart
    assert (hart.mcause, hart.mepc, hart.x[9], hart.cycles) == (0x8000_0007, BASE + 8, 0, 1001)


@on_both
def test_sleep_ends_without_a_trap_while_mie_is_clear(engine: str) -> None:
    subject = asleep(engine, 1 << 7, 0, 1000)
    assert subject.run(3).end is End.LIMIT
    hart = subject.machine.hart
    assert (hart.traps, hart.x[9], hart.pc, hart.cycles) == (0, 1, BASE + 12, 1001)


@on_both
def test_no_sleep_with_an_interrupt_pending(engine: str) -> None:
    subject = asleep(engine, 1 << 7, 0, 0)
    assert subject.run(3).end is End.LIMIT
    assert (subject.machine.hart.cycles, subject.machine.hart.x[9]) == (3, 1)


@on_both
def test_sleep_for_ever(engine: str) -> None:
    """A timer that is not enabled does not wake; neither does one that will never fire."""
    for mie, distance in ((0, 1000), (1 << 3, 1000), (1 << 11, 1000)):
        subject = asleep(engine, mie, MIE, distance)
        outcome = subject.run(100)
        assert outcome.end is End.ASLEEP and f"{BASE + 8:#010x}" in outcome.reason
        assert subject.machine.hart.retired == 2


@on_both
def test_sleep_with_the_cycle_counter_inhibited(engine: str) -> None:
    """mcycle stands still in sleep, too, while time goes on."""
    subject = asleep(engine, 1 << 7, 0, 500)
    subject.machine.hart.write_csr(CSR["mcountinhibit"], 1)
    subject.run(3)
    assert (subject.machine.hart.cycles, subject.machine.hart.mcycle, subject.machine.hart.minstret) == (501, 0, 3)


@on_both
def test_tick_ends_sleep(engine: str) -> None:
    """nm_tick counts mcycle (Xnm 4.6)."""
    words = [*constant(5, 1 << 19), word("csrrw", csr=CSR["mie"], rs1=5), word("csrrwi", csr=CSR["nm_ctl"], uimm=1)]
    words += [
        *constant(6, 777),
        word("csrrw", csr=CSR["nm_tick"], rs1=6),
        word("wfi"),
        word("csrrs", rd=7, csr=CSR["mcycle"]),
        STAY,
    ]
    made = setup(words, isa=XNM)
    compare_engines(made, [1] * 9, golden_too=True)
    machine = made.on(engine).machine
    machine.run(9)
    assert machine.hart.x[7] == 6 + 777
    assert machine.hart.mip >> 19 & 1
