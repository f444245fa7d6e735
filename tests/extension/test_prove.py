"""Verdicts: what is called proved stands up to independent runs, and planted differences are found and shown."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from iss.builtin import builtin_architecture
from iss.cli.main import main
from iss.extension import architecture_with, load_extensions
from iss.extension.cases import Runner
from iss.extension.functions import c_function
from iss.extension.harness import Harness
from iss.extension.prove import Limits, Oracle, Prover, power_text, traceable
from iss.extension.trees import redefined
from iss.extension.vectors import Vectors
from iss.isa.definitions import Definition
from iss.isa.values import signed
from tests.architecture.repository import ROOT
from tests.extension.test_load import SPIKING

pytest.importorskip("z3", reason="z3 is missing; run: pip install z3-solver")
BASE = builtin_architecture()
QUICK = Limits(smt_seconds=10, exhaustive_bits=24, random_cases=200_000, random_seconds=5)


def prover(mnemonic: str) -> Prover:
    return Prover(BASE.instructions.by_mnemonic[mnemonic], BASE, {}, {}, QUICK)


def meaning_of(mnemonic: str, meaning: Callable[[Any, Any], None]) -> Definition:
    definition = BASE.instructions.by_mnemonic[mnemonic]
    return replace(definition, meaning=meaning, unused=tuple(definition.encoding.fields))


@pytest.fixture
def spiking(tmp_path: Path) -> Path:
    path = tmp_path / "xspk.py"
    path.write_text(SPIKING, encoding="utf-8")
    return path


def agree(first: Definition, second: Definition, count: int = 300) -> bool:
    """Whether two definitions agree on random cases, by running their meanings: nothing of z3 or C."""
    runners = [Runner(side, BASE) for side in (first, second)]
    vectors = Vectors(first, {})
    return not any(
        runners[0].run(case).differences(runners[1].run(case)) for case in (vectors.draw() for _ in range(count))
    )


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


# The C harness ------------------------------------------------------------------------------------------------------
def test_what_c_finds_python_finds() -> None:
    """Cases of the C program, run as meanings in Python, differ in the same way."""
    pairs = [("slt", "sltu"), ("lb", "lbu"), ("lw", "lh"), ("sw", "sh"), ("blt", "bge"), ("srl", "sra"), ("sb", "sh")]
    for one, other in pairs:
        first, second = (BASE.instructions.by_mnemonic[name] for name in (one, other))
        with Harness(first, (first, second)) as harness:
            run = harness.random_cases(100_000, 5, 5)
        assert run.case is not None and run.results is not None, (one, other)
        found = [Runner(first, BASE, side.meaning).run(run.case) for side in (first, second)]
        assert found[0].differences(found[1]) == run.results[0].differences(run.results[1]), (one, other)


LIF = """
#include "xspk_model.h"

uint32_t lif(xspk_state *state, uint32_t rs1, uint32_t rs2)
{
    const uint32_t i = rs1 & 255u;
    int32_t v = state->v[i] - (state->v[i] >> 4) + (int16_t)rs2;
    state->wide = (int64_t)((uint64_t)(state->wide + 12345678901) << 16) >> 16;
    if (v > 32767) v = 32767;
    if (v < -32768) v = -32768;
    if (v >= state->vth) {
        state->v[i] = 0;
        return 1;
    }
    state->v[i] = (int16_t)v;
    return 0;
}
"""


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("", ""),
        (">= state->vth", "> state->vth"),
        ("& 255u", "& 127u"),
        (">> 4)", ">> 5)"),
        ("state->v[i] = 0;", "state->v[i] = 0; state->v[0] ^= 1;"),
        ("return 0;", "return rs2 == 77;"),
        ("if (v < -32768) v = -32768;", ""),
        ("(int16_t)rs2", "(int32_t)rs2"),
        ("12345678901) << 16) >> 16", "12345678901))"),
    ],
)
def test_c_function_with_state(spiking: Path, tmp_path: Path, old: str, new: str) -> None:
    extension = load_extensions(spiking)[0]
    definition = extension.instructions.by_mnemonic["spk.lif"]
    path = tmp_path / "lif.c"
    path.write_text(LIF.replace(old, new) if old else LIF, encoding="utf-8")
    function = c_function(path, "lif", definition.encoding, extension)
    widths = extension.details["spk.lif"].operands
    verdict = Prover(definition, architecture_with([extension]), extension.states, widths, QUICK).equal(function, "")
    if not old:
        assert (verdict.grade, verdict.cases) == ("tested", 200_000)
        assert "the C function may look at all of the state, which is too much to try" in verdict.notes
    else:
        assert verdict.different and verdict.case is not None and verdict.results is not None
        ours = Runner(definition, architecture_with([extension])).run(verdict.case)
        assert (ours.x, ours.trap) == (verdict.results[0].x, verdict.results[0].trap)


DIVIDE = """
from iss.extension import Extension, unsigned

u8 = unsigned(8)
xdiv = Extension("xdiv")


@xdiv.instruction("0000000 rs2 rs1 000 rd 1011011", "div.a rd, rs1, rs2", operands={"rs1": u8, "rs2": u8},
                  requires=lambda case: case.rs1 >= case.rs2)
def a(hart, insn):
    '''One if rs2 is in rs1; only for rs1 >= rs2.'''
    if u8(hart.x[insn.rs2]) == 256 + u8(hart.x[insn.rs1]):
        hart.x[insn.rd] = 2
    else:
        hart.x[insn.rd] = 1


@xdiv.instruction("0000001 rs2 rs1 000 rd 1011011", "div.b rd, rs1, rs2", operands={"rs1": u8, "rs2": u8})
def b(hart, insn):
    '''One if rs2 is in rs1.'''
    hart.x[insn.rd] = u8(hart.x[insn.rs1]) >= u8(hart.x[insn.rs2])
"""


def test_only_operands_that_it_is_for_count(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """By z3, and by a C function."""
    path = tmp_path / "xdiv.py"
    path.write_text(DIVIDE, encoding="utf-8")
    assert main(["ext", "prove", f"{path}:div.a", f"{path}:div.b"]) == 0
    assert main(["ext", "prove", f"{path}:div.b", f"{path}:div.a"]) == 1
    c = tmp_path / "div.c"
    c.write_text("#include <stdint.h>\nuint32_t f(uint32_t rs1, uint32_t rs2) { return (rs1 & 255) >= (rs2 & 255); }\n")
    capsys.readouterr()
    assert main(["ext", "prove", f"{path}:div.a", f"{c}:f", "--cases", "1e5"]) == 0
    assert "proved (exhaustive, 2^16 cases" in capsys.readouterr().out
    c.write_text(c.read_text().replace(">=", "> "))
    assert main(["ext", "prove", f"{path}:div.a", f"{c}:f", "--cases", "1e5"]) == 1


PROPERTIES = """
xspk.property("fires or not", "spk.lif", lambda case: case.result <= 1)
xspk.property("reset where it fires", "spk.lif", lambda case: (case.result == 0) | (case.after.v[case.rs1] == 0))
xspk.property("the threshold stays", "spk.lif", lambda case: case.after.vth == case.before.vth)
xspk.property("never traps", "spk.lif")
xspk.property("never negative", "spk.lif", lambda case: case.after.v[case.rs1] >= 0)
xspk.property("sum never traps", "spk.sum")
"""


def test_properties(spiking: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What holds is proved, what does not comes with a case; mistakes in them have their line."""
    text = spiking.read_text(encoding="utf-8")
    spiking.write_text(text + PROPERTIES, encoding="utf-8")
    assert main(["ext", "prove", str(spiking), "--json"]) == 1
    verdicts = {row["claim"]: row for row in json.loads(capsys.readouterr().out)}
    proved = {claim for claim, row in verdicts.items() if row["grade"] == "proved"}
    assert {"fires or not", "reset where it fires", "the threshold stays", "never traps"} < proved
    assert {claim for claim, row in verdicts.items() if row["grade"] == "different"} == {
        "never negative",
        "sum never traps",
    }
    assert all(verdicts[claim]["case"] for claim in ("never negative", "sum never traps"))
    spiking.write_text(text + 'xspk.property("odd", "spk.lif", lambda case: case.resul)\n', encoding="utf-8")
    assert main(["ext", "prove", str(spiking)]) == 65
    message = capsys.readouterr().err
    assert f"{spiking}:" in message and "property 'odd'" in message
    spiking.write_text(text + 'xspk.property("odd", "spk.life")\n', encoding="utf-8")
    assert main(["ext", "prove", str(spiking)]) == 65
    assert "xspk has no instruction 'spk.life'" in capsys.readouterr().err


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
