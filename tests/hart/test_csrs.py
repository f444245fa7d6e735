"""Read and write rules (WARL) of every CSR, on both engines through CSR instructions."""

from __future__ import annotations

import pytest

from coprocessor.csrs import TABLE as XNM_TABLE
from iss.isa import csrs
from iss.machine import Machine
from tests.engines.encode import ARCHITECTURE, CSR, STAY, constant, setup, word
from tests.engines.lockstep import BASE, XNM, compare_engines

ENGINES = ("reference", "interpreter")
HANDLER = BASE + 0x1000
ALL = 0xFFFF_FFFF
PATTERNS = (0, ALL, 0x5555_5555, 0xAAAA_AAAA, 1 << 31, 1)
XNM_BITS = 0xF_0000


def after_write(engine: str, name: str, value: int, isa: str = XNM) -> tuple[int, int]:
    """What the CSR reads after csrrw of a value, and mcause if it trapped (else 0)."""
    words = [word("csrrw", csr=CSR[name], rs1=5), word("csrrs", rd=6, csr=CSR[name]), STAY]
    machine = setup(words, {5: value, 6: 0xDEAD}, handler=HANDLER, isa=isa).on(engine).machine
    machine.run(1)
    if machine.hart.traps:
        return machine.hart.x[6], machine.hart.mcause
    machine.run(1)
    return machine.hart.x[6], machine.hart.mcause if machine.hart.traps else 0


MASKS: dict[str, tuple[int, int]] = {
    "mstatus": (0x88, 0x1800),
    "misa": (0, 0x4080_1100),
    "mie": (0x888 | XNM_BITS, 0),
    "mtvec": (ALL & ~2, 0),
    "mstatush": (0, 0),
    "mcountinhibit": (5, 0),
    "mscratch": (ALL, 0),
    "mepc": (ALL & ~3, 0),
    "mcause": (ALL, 0),
    "mtval": (ALL, 0),
    "mip": (1 << 19, 0),
    "tselect": (0, 0),
    "tdata1": (0, 0),
    "tdata2": (0, 0),
    "tdata3": (0, 0),
    "tinfo": (0, 0),
    "mhpmevent3": (0, 0),
    "mhpmevent31": (0, 0),
    "mhpmcounter3": (0, 0),
    "mhpmcounter31h": (0, 0),
}
"""name: (bits that keep what is written, bits that always read as one)"""


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("name", MASKS)
def test_written_bits(name: str, engine: str) -> None:
    writable, fixed = MASKS[name]
    for pattern in PATTERNS:
        assert after_write(engine, name, pattern) == (pattern & writable | fixed, 0), f"{pattern:#x}"


@pytest.mark.parametrize("engine", ENGINES)
def test_interrupt_bits_follow_the_extensions(engine: str) -> None:
    """Without Xnm its bits of mie and mip read as zero."""
    assert after_write(engine, "mie", ALL, "rv32i_zicsr") == (0x888, 0)
    assert after_write(engine, "mip", ALL, "rv32i_zicsr") == (0, 0)
    assert after_write(engine, "misa", ALL, "rv32i_zicsr") == (0x4000_0100, 0)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("name", [csr.name for csr in ARCHITECTURE.csrs if csr.write is None])
def test_read_only(name: str, engine: str) -> None:
    """A write traps, with the instruction word in mtval; csrrs from x0 and csrrsi 0 only read."""
    words = [
        word("csrrs", rd=6, csr=CSR[name]),
        word("csrrsi", rd=6, csr=CSR[name], uimm=0),
        word("csrrci", rd=6, csr=CSR[name], uimm=0),
        word("csrrs", rd=7, csr=CSR[name], rs1=5),
        word("csrrw", rd=7, csr=CSR[name]),
        word("csrrwi", rd=7, csr=CSR[name]),
        word("csrrci", rd=7, csr=CSR[name], uimm=1),
    ]
    subject = setup(words, {5: 0, 7: 0xDEAD}, handler=HANDLER, isa=XNM).on(engine)
    hart = subject.machine.hart
    subject.run(3)
    assert hart.traps == 0
    for turn, insn in enumerate(words[3:], 1):
        subject.run(1)  # into the handler
        assert (hart.traps, hart.mcause, hart.mtval, hart.x[7]) == (turn, 2, insn, 0xDEAD)
        subject.run(3)


ABSENT = [number for number in (*range(0, 0x1000, 37), 0x302, 0x306, 0x7C7, 0xCE0) if number not in CSR.values()]


@pytest.mark.parametrize("engine", ENGINES)
def test_absent(engine: str) -> None:
    """Any access traps, in every form, and rd keeps its value."""
    words = [word(mnemonic, rd=7, csr=number) for number in ABSENT for mnemonic in ("csrrw", "csrrs", "csrrci")]
    subject = setup(words, {7: 0xDEAD}, handler=BASE + 0x8000, isa=XNM).on(engine)
    hart = subject.machine.hart
    for turn, insn in enumerate(words, 1):
        subject.run(1)
        assert (hart.traps, hart.mcause, hart.mtval, hart.x[7]) == (turn, 2, insn, 0xDEAD), hex(insn >> 20)
        subject.run(3)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("isa", ["rv32i_zicsr", "rv32i_zicsr_zicntr", "rv32im_zicsr_xnmspk"])
def test_csrs_of_extensions_that_are_not_there(isa: str, engine: str) -> None:
    present = {csr.number for csr in setup([0], isa=isa).on(engine).machine.architecture.csrs}
    absent = [number for number in CSR.values() if number not in present]
    subject = setup([word("csrrs", rd=7, csr=number) for number in absent], handler=BASE + 0x8000, isa=isa).on(engine)
    subject.run(4 * len(absent))
    assert subject.machine.hart.traps == len(absent)
    assert ("zicntr" in isa) == (CSR["cycle"] in present)
    assert ("xnmspk" in isa) == (CSR["nm_ctl"] in present)


@pytest.mark.parametrize("engine", ENGINES)
def test_constants(engine: str) -> None:
    for name, value in {"mvendorid": 0, "marchid": 0, "mimpid": 0, "mhartid": 0, "mconfigptr": 0}.items():
        machine = setup([word("csrrs", rd=6, csr=CSR[name])], {6: 1}).on(engine).machine
        machine.run(1)
        assert machine.hart.x[6] == value, name


# Counters ------------------------------------------------------------------------------------------------------------
def values(engine: str, words: list[int], registers: dict[int, int] | None = None, timing: str = "ideal") -> Machine:
    """The machine after the words; engines must agree after each of them."""
    made = setup([*words, STAY], registers or {}, timing=timing)
    compare_engines(made, [1] * len(words))
    machine = made.on(engine).machine
    machine.run(len(words))
    return machine


NOTHING = word("addi")


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("name", ["mcycle", "minstret"])
class TestCounters:
    """mcycle and minstret under the ideal timing model, one cycle an instruction."""

    def test_counts_what_retired_before(self, name: str, engine: str) -> None:
        machine = values(engine, [word("csrrs", rd=5, csr=CSR[name]), NOTHING, word("csrrs", rd=6, csr=CSR[name])])
        assert (machine.hart.x[5], machine.hart.x[6]) == (0, 2)

    def test_a_written_value_is_read_by_the_next_instruction(self, name: str, engine: str) -> None:
        """The writing instruction does not advance the counter it writes (privileged manual, mcycle and minstret)."""
        words = [word("csrrw", rd=5, csr=CSR[name], rs1=8), *[word("csrrs", rd=rd, csr=CSR[name]) for rd in (6, 7)]]
        machine = values(engine, [NOTHING, *words], {8: 1000})
        assert [machine.hart.x[number] for number in (5, 6, 7)] == [1, 1000, 1001]

    def test_a_write_of_the_high_word_does_not_advance_either(self, name: str, engine: str) -> None:
        words = [word("csrrw", csr=CSR[name + "h"], rs1=8), word("csrrs", rd=6, csr=CSR[name])]
        machine = values(engine, [NOTHING, *words, word("csrrs", rd=7, csr=CSR[name + "h"])], {8: 77})
        assert (machine.hart.x[6], machine.hart.x[7]) == (1, 77)

    def test_carry_into_the_high_word(self, name: str, engine: str) -> None:
        words = [word("csrrw", csr=CSR[name], rs1=8), NOTHING]
        words += [word("csrrs", rd=rd, csr=CSR[csr]) for rd, csr in ((5, name + "h"), (6, name), (7, name + "h"))]
        machine = values(engine, words, {8: 0xFFFF_FFFE})
        assert [machine.hart.x[number] for number in (5, 6, 7)] == [0, 0, 1]

    def test_wraps_at_64_bits(self, name: str, engine: str) -> None:
        words = [word("csrrw", csr=CSR[csr], rs1=8) for csr in (name + "h", name)] + [NOTHING]
        words += [word("csrrs", rd=rd, csr=CSR[csr]) for rd, csr in ((5, name), (6, name + "h"))]
        machine = values(engine, words, {8: ALL})
        assert (machine.hart.x[5], machine.hart.x[6]) == (0, 0)

    def test_set_bits_of_a_counter_counts_as_a_write(self, name: str, engine: str) -> None:
        words = [NOTHING, word("csrrsi", rd=5, csr=CSR[name], uimm=16), word("csrrs", rd=6, csr=CSR[name])]
        machine = values(engine, words)
        assert (machine.hart.x[5], machine.hart.x[6]) == (1, 17)

    def test_inhibit(self, name: str, engine: str) -> None:
        """The instruction that inhibits is not counted any more, the one that lets go is."""
        bit = {"mcycle": 1, "minstret": 4}[name]
        read = word("csrrs", rd=5, csr=CSR[name])
        words = [NOTHING, word("csrrwi", csr=CSR["mcountinhibit"], uimm=bit), NOTHING, NOTHING, read]
        assert values(engine, words).hart.x[5] == 1
        words += [word("csrrwi", csr=CSR["mcountinhibit"]), word("csrrs", rd=6, csr=CSR[name])]
        assert values(engine, words).hart.x[6] == 2

    def test_the_other_counter_goes_on(self, name: str, engine: str) -> None:
        other = {"mcycle": "minstret", "minstret": "mcycle"}[name]
        words = [word("csrrwi", csr=CSR[name], uimm=20), word("csrrs", rd=5, csr=CSR[other])]
        assert values(engine, words).hart.x[5] == 1

    def test_the_mirror_for_users_reads_the_same(self, name: str, engine: str) -> None:
        mirror = {"mcycle": "cycle", "minstret": "instret"}[name]
        words = [word("csrrw", csr=CSR[name], rs1=8), word("csrrw", csr=CSR[name + "h"], rs1=9)]
        words += [word("csrrs", rd=rd, csr=CSR[csr]) for rd, csr in ((5, mirror), (6, mirror + "h"))]
        machine = values(engine, words, {8: 500, 9: 3})
        assert (machine.hart.x[5], machine.hart.x[6]) == (500, 3)  # both writes leave the counter where it is

    def test_a_trap_counts_nothing(self, name: str, engine: str) -> None:
        words = [NOTHING, word("ecall"), word("csrrs", rd=5, csr=CSR[name])]
        made = setup(words, handler=HANDLER)
        compare_engines(made, [1] * 6)
        machine = made.on(engine).machine
        machine.run(6)
        assert machine.hart.x[5] == 1 + 4  # the handler's four


@pytest.mark.parametrize("engine", ENGINES)
def test_time_is_the_clint_s(engine: str) -> None:
    clint = 0x200_0000
    words = [
        *constant(9, clint + 0xBFF8),
        word("sw", rs1=9, rs2=8),
        word("csrrs", rd=5, csr=CSR["time"]),
        word("lw", rd=6, rs1=9),
    ]
    machine = values(engine, [*words, word("csrrs", rd=7, csr=CSR["timeh"])], {8: 0xFFFF_FFFF}, "ideal")
    assert [machine.hart.x[number] for number in (5, 6, 7)] == [0, 1, 1]


def test_xnm_csrs_have_the_masks_of_their_table() -> None:
    """Through instructions, with ST on."""
    for engine in ENGINES:
        for row in XNM_TABLE:
            if not row.writable or row.name in ("nm_ctl", "nm_mode", "nm_rng", "nm_tick", "nm_tnext"):
                continue
            words = [word("csrrwi", csr=CSR["nm_ctl"], uimm=1), word("csrrw", csr=row.number, rs1=5)]
            machine = setup([*words, word("csrrs", rd=6, csr=row.number)], {5: ALL}, isa=XNM).on(engine).machine
            machine.run(3)
            assert machine.hart.x[6] == row.mask, row.name


def test_every_machine_csr_is_covered() -> None:
    """A new CSR needs a line in these tests."""
    counters = {name + half for name in ("mcycle", "minstret") for half in ("", "h")}
    events = {csr.name for csr in csrs.machine if csr.name.startswith("mhpm")}
    read_only = {csr.name for csr in csrs.machine if csr.write is None}
    assert {csr.name for csr in csrs.machine} == set(MASKS) | counters | events | read_only


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(
    ("parts", "version", "rules"),
    [("xnmspk", 0x1_0001, 0), ("xnmspk_xnmeng", 0x3_0001, 0), ("xnmspk_xnmeng_xnmlrn", 0x7_0001, 0x1F)],
)
def test_the_coprocessor_reports_the_parts_that_were_chosen(engine: str, parts: str, version: int, rules: int) -> None:
    words = [word("csrrs", rd=5, csr=CSR["nm_ver"]), word("csrrs", rd=6, csr=CSR["nm_cap2"]), STAY]
    machine = setup(words, {}, isa=f"rv32i_zicsr_{parts}").on(engine).machine
    machine.run(2)
    assert (machine.hart.x[5], machine.hart.x[6] & 0xFF) == (version, rules)
