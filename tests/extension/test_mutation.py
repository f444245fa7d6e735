"""Mutants: each is a fault that can be told from its original, or is proved equivalent; tests are scored by them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from itertools import islice
from pathlib import Path

import pytest

from iss.builtin import builtin_architecture
from iss.cli.main import main
from iss.errors import NeuroHartError
from iss.extension import architecture_with, load_extensions
from iss.extension.cases import Runner
from iss.extension.killing import as_test, killing
from iss.extension.load import MUTANT_VARIABLE
from iss.extension.mutation import mutants, put_in
from iss.extension.prove import Limits
from iss.extension.testing import Bench
from iss.extension.vectors import Vectors
from tests.architecture.repository import ROOT
from tests.extension.spiking import SPIKING

pytest.importorskip("z3", reason="z3 is missing; run: pip install z3-solver")
BASE = builtin_architecture()
SOLVER = Limits(smt_seconds=5, exhaustive_bits=0, random_cases=1000, random_seconds=1)

EXTENSION = """
from iss.extension import Extension, unsigned

u8 = unsigned(8)
xgate = Extension("xgate")
xgate.state("count", unsigned(16))


@xgate.instruction("0000000 rs2 rs1 000 rd 1011011", "gate.if rd, rs1, rs2", operands={"rs1": u8})
def gate(hart, insn):
    '''rd is rs2 if rs1 is at least 10, else 0; counts the former.'''
    if u8(hart.x[insn.rs1]) >= 10:
        hart.state.count = hart.state.count + 1
        hart.x[insn.rd] = hart.x[insn.rs2]
    else:
        hart.x[insn.rd] = 0
"""
TESTS = """
from pathlib import Path

from iss.extension import load_extensions
from iss.extension.testing import Bench

BENCH = Bench(*load_extensions(Path(__file__).with_name("xgate.py")))


def test_passes():
    result = BENCH.run("gate.if a0, a1, a2", a0=5, a1=20, a2=7)
    assert (result.a0, result.state.count) == (7, 1)


def test_closed():
    result = BENCH.run("gate.if a0, a1, a2", a0=5, a1=9, a2=7)
    assert (result.a0, result.state.count) == (0, 0)
"""


@pytest.fixture
def gate(tmp_path: Path) -> Path:
    path = tmp_path / "xgate.py"
    path.write_text(EXTENSION, encoding="utf-8")
    (tmp_path / "test_xgate.py").write_text(TESTS, encoding="utf-8")
    return path


def test_faults_have_their_lines(gate: Path) -> None:
    """Every kind of fault is there, with the line that has it."""
    (definition,) = load_extensions(gate)[0].instructions
    found = {str(mutant) for mutant in mutants(definition)}
    for fault in (
        "line 12: `10 <= (x[rs1] & 255)` becomes `10 < (x[rs1] & 255)`",
        "line 12: `10 <= (x[rs1] & 255)` becomes `11 <= (x[rs1] & 255)`",
        "line 12: `10 <= (x[rs1] & 255)` becomes `(x[rs1] & 255) <= 10`",
        "line 12: `x[rs1] & 255` becomes `x[rs1] | 255`",
        "line 12: `rs1` becomes `rs2`",
        "line 13: `state.count + 1` becomes `state.count - 1`",
        "line 13: `state.count = (state.count + 1)` is left out",
        "line 14: `x[rd] = x[rs2]` is left out",
        "line 14: `rs2` becomes `rs1`",
        "line 14: `rd` becomes `rs2`",
        "line 16: `x[rd] = 0` writes one more",
        "line 12: `if (10 <= (x[rs1] & 255))` has its branches swapped",
        "line 12: `if (10 <= (x[rs1] & 255))` is always True",
    ):
        assert fault in found, sorted(found)
    assert len(found) == len(mutants(definition))


@pytest.mark.parametrize("mnemonic", ["sra", "slt", "lh", "sb", "jalr", "beq", "csrrs"])
def test_mutants_are_killed_or_equivalent(mnemonic: str) -> None:
    """A killing case tells the meanings apart; of an equivalent mutant no random case does."""
    definition = BASE.instructions.by_mnemonic[mnemonic]
    found = mutants(definition)
    assert len(found) >= 10
    statuses = []
    for mutant in found:
        fate = killing(mutant, BASE, {}, {}, SOLVER)
        statuses.append(fate.status)
        runners = [Runner(definition, BASE), Runner(definition, BASE, mutant.definition.meaning)]
        if fate.case is not None:
            assert runners[0].run(fate.case).differences(runners[1].run(fate.case)), mutant
        if fate.status == "equivalent":
            for case in islice(Vectors(definition, {}, seed=9), 200):
                assert not runners[0].run(case).differences(runners[1].run(case)), mutant
    assert statuses.count("case") >= len(found) * 0.7


def test_equivalence_is_proved() -> None:
    """x & ~1 & ... : `read as a signed number` changes nothing of a sum kept to 32 bits, and z3 knows."""
    by_fault = {mutant.description: mutant for mutant in mutants(BASE.instructions.by_mnemonic["add"])}
    fate = killing(by_fault["`x[rs1]` is read as a signed number"], BASE, {}, {}, SOLVER)
    assert fate.status == "equivalent" and "SMT" in fate.how
    by_fault = {mutant.description: mutant for mutant in mutants(BASE.instructions.by_mnemonic["slt"])}
    fate = killing(by_fault["`signed(x[rs1], 32)` becomes `signed(x[rs1], 33)`"], BASE, {}, {}, SOLVER)
    assert fate.status == "case"


def test_a_killing_case_as_a_test(tmp_path: Path) -> None:
    """The lines that are shown pass on the original and fail on the mutant."""
    path = tmp_path / "xspk.py"
    path.write_text(SPIKING, encoding="utf-8")
    extension = load_extensions(path)[0]
    architecture = architecture_with([extension])
    definition = extension.instructions.by_mnemonic["spk.lif"]
    checked = 0
    for mutant in mutants(definition)[::3]:
        fate = killing(mutant, architecture, extension.states, extension.details["spk.lif"].operands, SOLVER)
        lines = as_test(fate, definition)
        if not lines:
            continue
        checked += 1
        text = "\n".join(lines)
        exec(text, {"BENCH": Bench(extension)})
        wrong = load_extensions(path)
        put_in(f"xspk:{mutant.name}", wrong)
        with pytest.raises(AssertionError):
            exec(text, {"BENCH": Bench(*wrong)})
    assert checked > 10


def mutate(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """`neurohart ext mutate` in a process of its own, which forks the runs."""
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "iss", "ext", "mutate", *map(str, arguments), "--jobs", "2"]
    return subprocess.run(command, capture_output=True, text=True, check=False, env=environment)


def test_score(gate: Path) -> None:
    """Survivors of incomplete tests come with a test; with it, they are killed."""
    done = mutate(gate, "--json", "--minimum", "99")
    assert done.returncode == 1, done.stderr
    before = json.loads(done.stdout)
    fates = {row["fault"]: row for row in before["mutants"]}
    survivor = fates["`10 <= (x[rs1] & 255)` becomes `10 < (x[rs1] & 255)`"]
    assert survivor["status"] == "survived" and survivor["line"] == 12
    assert fates["`state.count = (state.count + 1)` is left out"]["status"] == "killed"
    assert before["untried"] == 0
    added = "".join(
        f"\n\ndef test_{number}():\n" + "".join(f"    {line}\n" for line in row["test"])
        for number, row in enumerate(before["mutants"])
        if row["status"] == "survived"
    )
    gate.with_name("test_xgate.py").write_text(TESTS + added, encoding="utf-8")
    done = mutate(gate, "--minimum", "100")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "score 100.0 %" in done.stdout and "equivalent (proved)" in done.stdout


def test_conftest_that_loads(gate: Path) -> None:
    """An extension loaded by conftest.py is mutated as well; after the time is over, no run is started."""
    conftest = "from pathlib import Path\nfrom iss.extension import load_extensions\n"
    conftest += "LOADED = load_extensions(Path(__file__).with_name('xgate.py'))\n"
    gate.with_name("conftest.py").write_text(conftest, encoding="utf-8")
    tests = TESTS.replace('load_extensions(Path(__file__).with_name("xgate.py"))', "__import__('conftest').LOADED")
    gate.with_name("test_xgate.py").write_text(tests, encoding="utf-8")
    done = mutate(gate, "--only", "gate.if", "--seconds", "5", "--json")
    score = json.loads(done.stdout)
    assert score["killed"] > score["survived"]
    assert "were not tried: the time was over" in mutate(gate, "--seconds", "0").stdout


def test_list(gate: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["ext", "mutate", str(gate), "--list"]) == 0
    shown = capsys.readouterr().out
    assert "xgate:gate.if:0" in shown and "line 12" in shown


def test_refused(gate: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What is wrong with the tests or the arguments is said in a line."""
    assert main(["ext", "mutate", str(gate), "--only", "gate.iff"]) == 2
    assert main(["ext", "mutate", str(gate), "--minimum", "101"]) == 2
    assert main(["ext", "mutate", str(gate), "--tests", "nowhere"]) == 66
    tests = gate.with_name("test_xgate.py")
    for text, message in (
        ("def test_wrong():\n    assert False\n", "the tests fail without any mutant; mend them first"),
        ("", "no tests are there"),
    ):
        tests.write_text(text, encoding="utf-8")
        done = mutate(gate)
        assert (done.returncode, message in done.stderr) == (65, True), done.stderr
    tests.unlink()
    assert main(["ext", "mutate", str(gate)]) == 65
    assert "no tests: expected" in capsys.readouterr().err


def test_variable_of_another_extension(gate: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The variable changes only what it names; a number too high is refused."""
    monkeypatch.setenv(MUTANT_VARIABLE, "xother:gate.if:0")
    (definition,) = load_extensions(gate)[0].instructions
    assert definition.location.startswith(str(gate))
    monkeypatch.setenv(MUTANT_VARIABLE, "xgate:gate.if:9999")
    with pytest.raises(NeuroHartError, match=r"gate\.if has the mutants 0 to"):
        load_extensions(gate)
    assert os.environ[MUTANT_VARIABLE]
