"""Comparisons in C: what they find Python finds, functions of users, operands that count, properties."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from iss.cli.main import main
from iss.extension import architecture_with, load_extensions
from iss.extension.cases import Runner
from iss.extension.functions import c_function
from iss.extension.harness import Harness
from iss.extension.prove import Prover
from tests.extension.proving import BASE, LIF, QUICK

pytest.importorskip("z3", reason="z3 is missing; run: pip install z3-solver")


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
