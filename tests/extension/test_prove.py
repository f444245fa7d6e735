"""Verdicts: what is called proved stands up to independent runs, and planted differences are found and shown."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from iss.cli.main import main
from iss.extension import architecture_with, load_extensions
from iss.extension.cases import Runner
from iss.extension.harness import Harness
from iss.extension.prove import Oracle, Prover, power_text, traceable
from iss.extension.trees import redefined
from iss.extension.vectors import Vectors
from iss.isa.values import signed
from tests.architecture.repository import ROOT
from tests.extension.proving import BASE, LIF, QUICK, agree, meaning_of, prover

pytest.importorskip("z3", reason="z3 is missing; run: pip install z3-solver")


# What z3 proves ----------------------------------------------------------------------------------------------------
def test_every_base_instruction_is_its_own_python_reading() -> None:
    """The tree printed as Python is the same instruction: by z3, and by running both."""
    for definition in BASE.instructions:
        other = redefined(definition, definition.trace())
        assert prover(definition.mnemonic).equal(other, "itself").text().startswith("proved (SMT"), definition
        if "csr" not in definition.mnemonic and definition.mnemonic not in ("mret", "wfi"):
            assert agree(definition, other, 40)


def xor_by_sums(hart: Any, insn: Any) -> None:
    left, right = hart.x[insn.rs1], hart.x[insn.rs2]
    hart.x[insn.rd] = left + right - 2 * (left & right)


def slt_by_flipping(hart: Any, insn: Any) -> None:
    hart.x[insn.rd] = (hart.x[insn.rs1] ^ 0x8000_0000) < (hart.x[insn.rs2] ^ 0x8000_0000)


def sra_by_complement(hart: Any, insn: Any) -> None:
    value, amount = hart.x[insn.rs1], hart.x[insn.rs2] & 31
    if value >> 31:
        hart.x[insn.rd] = ~((value ^ 0xFFFF_FFFF) >> amount)
    else:
        hart.x[insn.rd] = value >> amount


def lh_by_bytes(hart: Any, insn: Any) -> None:
    address = hart.x[insn.rs1] + insn.imm
    if address & 1:
        hart.trap(4, address)
    hart.x[insn.rd] = signed(hart.load(address, 2) << 48, 64) >> 48


@pytest.mark.parametrize(
    ("mnemonic", "meaning"),
    [("xor", xor_by_sums), ("slt", slt_by_flipping), ("sra", sra_by_complement), ("lh", lh_by_bytes)],
)
def test_proved_and_run(mnemonic: str, meaning: Callable[[Any, Any], None]) -> None:
    """Another way to compute it is proved; the meanings and the C of both agree on many machines."""
    other = meaning_of(mnemonic, meaning)
    verdict = prover(mnemonic).equal(other, "another way")
    assert verdict.proved and verdict.method == "SMT", verdict
    definition = BASE.instructions.by_mnemonic[mnemonic]
    assert agree(definition, other)
    with Harness(definition, (definition, other)) as harness:
        assert harness.random_cases(200_000, 3, 5).case is None


def order_of_effects(hart: Any, insn: Any) -> None:
    hart.x[insn.rd] = hart.pc + insn.length
    hart.jump((hart.x[insn.rs1] + insn.imm) & ~1)


def mask_of_sll(hart: Any, insn: Any) -> None:
    hart.x[insn.rd] = hart.x[insn.rs1] << (hart.x[insn.rs2] & 15)


def halfword_address(hart: Any, insn: Any) -> None:
    hart.store(hart.x[insn.rs1] + (insn.imm & ~1), 1, hart.x[insn.rs2])


def overflow_of_div(hart: Any, insn: Any) -> None:
    dividend, divisor = signed(hart.x[insn.rs1]), signed(hart.x[insn.rs2])
    if divisor == 0:
        hart.x[insn.rd] = -1
    elif dividend == -(1 << 31) and divisor == -1:
        hart.x[insn.rd] = 0x7FFF_FFFF
    elif (dividend < 0) ^ (divisor < 0):
        hart.x[insn.rd] = -(abs(dividend) // abs(divisor))
    else:
        hart.x[insn.rd] = abs(dividend) // abs(divisor)


def never_zero(hart: Any, insn: Any) -> None:
    if hart.x[insn.rs1] == 0x1234_5678:
        hart.x[insn.rd] = 1
    else:
        hart.x[insn.rd] = hart.x[insn.rs1] + insn.imm


@pytest.mark.parametrize(
    ("mnemonic", "meaning"),
    [
        ("jalr", order_of_effects),
        ("sll", mask_of_sll),
        ("sb", halfword_address),
        ("div", overflow_of_div),
        ("addi", never_zero),
    ],
)
def test_different(mnemonic: str, meaning: Callable[[Any, Any], None]) -> None:
    """A planted difference, however rare, comes with a machine on which both really differ."""
    verdict = prover(mnemonic).equal(meaning_of(mnemonic, meaning), "wrong")
    assert verdict.different and verdict.case is not None
    other = meaning_of(mnemonic, meaning)
    results = [Runner(side, BASE).run(verdict.case) for side in (BASE.instructions.by_mnemonic[mnemonic], other)]
    assert results[0].differences(results[1])


def test_the_alias_is_found() -> None:
    """Reading rs2 behind the write of rd is only wrong where they are the same register."""

    def late(hart: Any, insn: Any) -> None:
        hart.x[insn.rd] = hart.x[insn.rs1]
        hart.x[insn.rd] = hart.x[insn.rd] + hart.x[insn.rs2]

    verdict = prover("add").equal(meaning_of("add", late), "late")
    assert verdict.different and verdict.case is not None
    assert verdict.case.operands["rd"] == verdict.case.operands["rs2"] != 0


def test_products_of_unknowns_are_compared_as_unknown_functions() -> None:
    """What differs beside a product is proved at once; what only looks so is not called equal."""

    def other_way(hart: Any, insn: Any) -> None:
        product = hart.x[insn.rs1] * hart.x[insn.rs2]
        if product == 0x8000_0000:
            hart.x[insn.rd] = product
        else:
            hart.x[insn.rd] = (product + 7) - 7

    def swapped(hart: Any, insn: Any) -> None:
        hart.x[insn.rd] = hart.x[insn.rs2] * hart.x[insn.rs1] + (hart.x[insn.rs1] == 3)

    verdict = prover("mul").equal(meaning_of("mul", other_way), "other way")
    assert verdict.proved and verdict.method == "SMT"
    assert agree(BASE.instructions.by_mnemonic["mul"], meaning_of("mul", other_way))
    assert prover("mul").equal(meaning_of("mul", swapped), "swapped").different
    assert prover("divu").equal(BASE.instructions.by_mnemonic["remu"], "remainder").different


# What z3 does not prove ---------------------------------------------------------------------------------------------
MULTIPLY = """
from iss.extension import Extension, signed, unsigned

u12 = unsigned(12)
xmul = Extension("xmul")


@xmul.instruction("0000000 rs2 rs1 000 rd 1011011", "mul.a rd, rs1, rs2", operands={"rs1": u12, "rs2": u12})
def a(hart, insn):
    '''Product.'''
    hart.x[insn.rd] = u12(hart.x[insn.rs1]) * u12(hart.x[insn.rs2])


@xmul.instruction("0000001 rs2 rs1 000 rd 1011011", "mul.b rd, rs1, rs2", operands={"rs1": u12, "rs2": u12})
def b(hart, insn):
    '''Product by quarter squares.'''
    x, y = u12(hart.x[insn.rs1]), u12(hart.x[insn.rs2])
    hart.x[insn.rd] = ((x + y) * (x + y) // 4) - ((x - y) * (x - y) // 4)
"""


def test_exhaustive_where_z3_gives_up(tmp_path: Path) -> None:
    """All 2^24 operands are run; with one bit fewer allowed, it is only tested, and both say why."""
    path = tmp_path / "xmul.py"
    path.write_text(MULTIPLY, encoding="utf-8")
    extension = load_extensions(path)[0]
    architecture = architecture_with([extension])
    first, second = extension.instructions
    widths = extension.details["mul.a"].operands
    limits = replace(QUICK, smt_seconds=0.3)
    verdict = Prover(first, architecture, {}, widths, limits).equal(second, "quarter squares")
    assert (verdict.grade, verdict.method, verdict.cases) == ("proved", "exhaustive", 1 << 24)
    assert verdict.notes == ("z3: no answer in 0.3 s",)
    fewer = Prover(first, architecture, {}, widths, replace(limits, exhaustive_bits=23)).equal(second, "")
    assert (fewer.grade, fewer.cases) == ("tested", 200_000)
    assert "2^24 cases are too many to try all" in fewer.notes
    assert "not proved" in fewer.text()
    wrong = path.read_text(encoding="utf-8").replace("(x - y) // 4)", "(x - y) // 4) + (x == 4001 and y == 77)")
    path.write_text(wrong.replace("x == 4001 and y == 77", "(x == 4001) & (y == 77)"), encoding="utf-8")
    rare = load_extensions(path)[0].instructions.by_mnemonic["mul.b"]
    with Harness(first, (first, rare), widths) as harness:
        run = harness.all_cases(24)
    assert run.case is not None and (run.case.x[11], run.case.x[12]) == (4001, 77)


def test_a_python_function_that_cannot_be_traced_is_tested() -> None:
    table = [index.bit_count() for index in range(256)]

    def oracle(hart: Any, insn: Any) -> None:
        value = hart.x[insn.rs1]
        table[value & 255]
        hart.x[insn.rd] = value + insn.imm

    side = traceable(BASE.instructions.by_mnemonic["addi"], oracle, "table")
    assert isinstance(side, Oracle)
    claims = Prover(BASE.instructions.by_mnemonic["addi"], BASE, {}, {}, replace(QUICK, random_cases=2000))
    verdict = claims.equal(side, "table")
    assert (verdict.grade, verdict.cases) == ("tested", 2000)
    assert "an abstract value has no number here" in verdict.notes[0]


# The command --------------------------------------------------------------------------------------------------------
def test_command_on_a_file(spiking: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["ext", "prove", str(spiking)]) == 0
    shown = capsys.readouterr().out
    assert "ok spk.lif bits of rs1 outside unsigned(8) have no influence: proved (SMT" in shown
    text = spiking.read_text(encoding="utf-8").replace('"rs2": s16}', '"rs2": signed(15)}')
    spiking.write_text(text, encoding="utf-8")
    assert main(["ext", "prove", str(spiking), "--json"]) == 1
    verdicts = json.loads(capsys.readouterr().out)
    assert [verdict["grade"] for verdict in verdicts] == ["proved", "different"]
    assert verdicts[1]["differences"]


def test_command_on_two(spiking: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["ext", "prove", "srl", "sra"]) == 1
    assert "FAIL srl equals sra: different (SMT" in capsys.readouterr().out
    (tmp_path / "lif.c").write_text(LIF, encoding="utf-8")
    command = ["ext", "prove", f"{spiking}:spk.lif", f"{tmp_path}/lif.c:lif", "--cases", "1e5"]
    assert main(command) == 0
    assert "tested 10^5, not proved" in capsys.readouterr().out
    assert main([*command, "--require", "proved"]) == 1
    oracle = tmp_path / "oracle.py"
    oracle.write_text("def plus(rs1, imm):\n    return rs1 - ~imm - 1\n", encoding="utf-8")
    capsys.readouterr()
    assert main(["ext", "prove", "addi", f"{oracle}:plus"]) == 0
    assert "proved (SMT" in capsys.readouterr().out


STUDIES = sorted(path.parent.name for path in (ROOT / "programs" / "extensions").glob("x*/x*.py"))


@pytest.mark.parametrize("name", [name for name in STUDIES if name != "xnmspk"])
def test_case_studies(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Traps from C, state, memory and time of its own: what the files claim is not refuted, and nothing is left out."""
    command = ["ext", "prove", str(ROOT / "programs" / "extensions" / name / f"{name}.py"), "--json", "--cases", "3e4"]
    assert main([*command, "--smt-seconds", "2", "--exhaustive-bits", "16", "--seconds", "1"]) == 0
    verdicts = json.loads(capsys.readouterr().out)
    assert verdicts and {verdict["grade"] for verdict in verdicts} <= {"proved", "tested"}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nothing"], "'nothing' is no instruction of ours and no file"),
        (["add", "addi"], "add and addi cannot be compared: operand imm is not the same"),
        (["add", "missing.c:f"], "missing.c: cannot be read"),
        (["add", "missing.c"], "which function?"),
        (["missing.py"], "missing.py: cannot be read"),
    ],
)
def test_refused(arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["ext", "prove", *arguments]) == (66 if "cannot be read" in message else 65)
    assert message in capsys.readouterr().err


def test_powers() -> None:
    assert [power_text(count) for count in (1 << 32, 10**8, 1000, 1234, 1)] == ["2^32", "10^8", "10^3", "1,234", "1"]


def test_vectors_repeat() -> None:
    definition = BASE.instructions.by_mnemonic["lw"]
    first, second = (Vectors(definition, {}, seed=random.Random(1).getrandbits(8)) for _ in range(2))
    assert [first.draw().plain() for _ in range(20)] == [second.draw().plain() for _ in range(20)]
