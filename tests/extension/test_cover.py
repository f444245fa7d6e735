"""Coverage: what is executed hits its bins, each case that is shown hits the bin it is shown for, proofs hold."""

from __future__ import annotations

import json
from itertools import islice
from pathlib import Path

import pytest

from iss.cli.main import main
from iss.errors import NeuroHartError
from iss.extension import architecture_with, load_extensions
from iss.extension.cases import Case, Runner
from iss.extension.cover import Cover, Seen, Watched
from iss.extension.reach import reach_all
from iss.extension.testing import Bench
from iss.extension.vectors import Vectors

pytest.importorskip("z3", reason="z3 is missing; run: pip install z3-solver")
EXTENSION = """
from iss.extension import Extension, signed, unsigned

s8, u4 = signed(8), unsigned(4)
xcov = Extension("xcov")
xcov.state("total", signed(16), reset=3)
xcov.state("kept", unsigned(8), count=16)


@xcov.instruction("0000000 rs2 rs1 000 rd 1011011", "cov.add rd, rs1, rs2", operands={"rs1": s8, "rs2": u4})
def add(hart, insn):
    '''Adds rs1 to the total and keeps it at rs2; never more than 1000.'''
    total = hart.state.total + s8(hart.x[insn.rs1])
    if total > 1000:
        hart.x[insn.rd] = 1
    elif (total ^ 0x5A5A) == 0x5A5A + 77:
        hart.x[insn.rd] = 2
    elif s8(hart.x[insn.rs1]) * 2 == 3:
        hart.x[insn.rd] = 3
    else:
        hart.state.total = total
        hart.state.kept[u4(hart.x[insn.rs2])] = total
        hart.x[insn.rd] = 0


@xcov.instruction("imm[11:0] rs1 001 rd 1011011", "cov.get rd, imm(rs1)")
def get(hart, insn):
    '''A word, which may be missing; zero is illegal.'''
    word = hart.load(hart.x[insn.rs1] + insn.imm, 4)
    if word == 0:
        hart.illegal()
    hart.x[insn.rd] = word


xcov.cover("turned", "cov.add", lambda case: case.before.total < 0 and case.after.total >= 0)
xcov.cover("kept 7", "cov.add", lambda case: case.rs2 == 7 and case.after.kept[7] == 7)
xcov.cover("big word", "cov.get", lambda case: case.trap is None and case.result >= 0x8000_0000 and case.imm < 0)
"""
TESTS = """
from pathlib import Path

from iss.extension import load_extensions
from iss.extension.testing import MEMORY, Bench

BENCH = Bench(*load_extensions(Path(__file__).with_name("xcov.py")))


def test_add():
    assert BENCH.run("cov.add a0, a1, a1", a1=5, state={"total": -3}).state.kept[5] == 2


def test_get():
    assert BENCH.run("cov.get a0, -4(a1)", a1=MEMORY + 4, memory=b"abcd").a0 == 0x64636261
    assert BENCH.run("cov.get a0, 0(a1)", a1=MEMORY).trap[0] == 2
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "xcov.py"
    path.write_text(EXTENSION, encoding="utf-8")
    (tmp_path / "test_xcov.py").write_text(TESTS, encoding="utf-8")
    return path


def test_executed_instructions_hit_their_bins(file: Path) -> None:
    """The bins of a few executions, told by hand."""
    extension = load_extensions(file)[0]
    cover = Cover(extension)
    cover.watch()
    bench = Bench(extension)
    bench.run("cov.add a0, a1, a1", a1=5, state={"total": -3})
    hits = cover.instructions["cov.add"].hits
    texts = {name.rpartition(":")[0].partition(": ")[2]: name.rpartition(": ")[2] for name in hits if "line" in name}
    assert sorted(texts.values()) == ["no", "no", "no"], texts
    assert {name for name in hits if "line" not in name} == {
        *("executed", "rs1 = positive", "rs2 = lower half", "rs1 positive, rs2 lower half", "rs1 is rs2"),
        *("total = negative", "cover turned"),
    }
    assert hits["executed"] == 1 and hits["rs1 is rs2"] == 1 and hits["cover turned"] == 1
    bench.run("cov.get a0, -2(a1)", a1=2)
    bench.run("cov.get a0, 0(a1)", a1=6)
    bench.run("cov.get zero, 0(zero)")
    hits = cover.instructions["cov.get"].hits
    assert hits["executed"] == 3 and hits["traps: load access fault"] == 2
    assert hits["traps: load address misaligned"] == 1 and hits["rd is x0"] == hits["rs1 is x0"] == 1
    assert hits["imm = negative"] == 1 and hits["imm = 0"] == 2 and not hits["retires"]


def test_every_case_hits_its_bin(file: Path) -> None:
    """Each missed bin has a case, which runs into it; what is called unreachable is not reached by random ones."""
    extension = load_extensions(file)[0]
    architecture = architecture_with([extension])
    for cover in Cover(extension).instructions.values():
        found = reach_all(cover, list(cover.bins.values()), architecture)
        assert found.keys() == cover.bins.keys()
        seen: list[Seen] = []
        runner = Runner(cover.definition, architecture, Watched(cover, seen.append))

        def bins(case: Case, cover: object = cover, seen: list[Seen] = seen, runner: Runner = runner) -> set[str]:
            runner.run(case)
            return cover.names(seen[-1])  # type: ignore[attr-defined, no-any-return]

        for name, reach in found.items():
            if reach.case is not None:
                assert name in bins(reach.case), name
        unreachable = {name for name, reach in found.items() if reach.status == "unreachable"}
        impossible = {name for name in found if name.startswith("line 18") and name.endswith("yes")}
        assert unreachable == (impossible if cover.definition.mnemonic == "cov.add" else set())
        rare = [name for name in found if name.startswith("line 16") and name.endswith("yes")]
        assert all(found[name].status == "case" for name in rare)
        for case in islice(Vectors(cover.definition, extension.states, cover.widths, seed=3), 500):
            assert not unreachable & bins(case)
        assert all(reach.status != "unknown" for name, reach in found.items() if name != "cover kept 7"), found


def test_command(file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Tests, programs, merging, pages and exit codes."""
    tests, programs, page = tmp_path / "t.json", tmp_path / "p.json", tmp_path / "cover.html"
    assert main(["ext", "cover", str(file), "-o", str(tests), "--json", "--minimum", "90"]) == 1
    by_tests = json.loads(capsys.readouterr().out)
    assert by_tests["instructions"]["cov.get"]["executed"] == 2
    assert by_tests["instructions"]["cov.get"]["hits"]["imm = negative"] == 1
    missed = {row["bin"]: row for row in by_tests["instructions"]["cov.add"]["missed"]}
    assert missed["rs1 = minimum -128"]["case"]["operands"]
    assert main(["ext", "cover", str(file), "--programs", "6", "--seed", "2", "-o", str(programs)]) == 0
    first = capsys.readouterr().out
    assert main(["ext", "cover", str(file), "--programs", "6", "--seed", "2"]) == 0
    assert capsys.readouterr().out == first
    assert main(["ext", "cover", str(file), "--merge", str(tests), str(programs), "--json", "--html", str(page)]) == 0
    merged = json.loads(capsys.readouterr().out)
    alone = json.loads(programs.read_text())[0]["instructions"]["cov.add"]["executed"]
    assert merged["instructions"]["cov.add"]["executed"] == alone + 1
    assert merged["percent"] > by_tests["percent"]
    html = page.read_text(encoding="utf-8")
    assert html.startswith("<!doctype html>") and "cov.add rd, rs1, rs2" in html and "http" not in html
    assert "unreachable (proved)" in html


def test_refused(file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    wrong = tmp_path / "wrong.json"
    for text in ("no JSON", '{"a": 1}', "[3]", '{"extension": "xother", "instructions": {}}'):
        wrong.write_text(text, encoding="utf-8")
        assert main(["ext", "cover", str(file), "--merge", str(wrong)]) == 65
        assert str(wrong) in capsys.readouterr().err
    assert main(["ext", "cover", str(file), "--minimum", "-1"]) == 2
    assert main(["ext", "cover", str(file), "--tests", "nowhere"]) == 66
    assert main(["ext", "cover", str(file), "--programs", "1", "-o", str(tmp_path / "no" / "x.json")]) == 74
    file.with_name("test_xcov.py").write_text("def test_wrong():\n    assert False\n", encoding="utf-8")
    capsys.readouterr()
    assert main(["ext", "cover", str(file)]) == 65
    assert "the tests do not pass" in capsys.readouterr().err
    text = EXTENSION.replace("case.rs2 == 7", "case.rs3 == 7")
    file.write_text(text, encoding="utf-8")
    assert main(["ext", "cover", str(file), "--programs", "1"]) == 65
    assert "cover point 'kept 7'" in capsys.readouterr().err
    cover = Cover(load_extensions(file)[0]).instructions["cov.add"]
    with pytest.raises(NeuroHartError, match="cover point"):
        reach_all(cover, list(cover.bins.values()), architecture_with([cover.extension]))
