"""`neurohart profile`: tables, files and source of a run and of its trace, exit codes and messages."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from iss.cli.exit_codes import ExitCode
from iss.machine import ENGINES
from tests.architecture.repository import ROOT
from tests.cli.command import HELLO, Command, write_source
from tests.trace.recording import BUSY
from tests.trace.test_profile import XNM


@pytest.fixture
def busy(tmp_path: Path) -> Path:
    return write_source(tmp_path, BUSY, "busy.S")


def test_a_run_and_its_trace_give_the_same(neurohart: Command, busy: Path, tmp_path: Path) -> None:
    trace = tmp_path / "busy.nht"
    assert neurohart("trace", "record", busy, "-q", "--isa", XNM, "-o", trace).code == 0
    for options in (["--calls"], ["--json", "--energy", "sne22"], ["-o", "-", "--by", "energy"]):
        run = neurohart("profile", busy, "--isa", XNM, *options)
        read = neurohart("profile", trace, *options)
        assert (run.code, run.errors) == (read.code, read.errors) == (0, "")
        assert run.output == read.output


@pytest.mark.parametrize("program", ["hello", "traps", "neurons"])
def test_totals_are_those_of_the_run(neurohart: Command, program: str) -> None:
    """Instructions, cycles and energy, of programs with traps, interrupts and commands."""
    options = (ROOT / "programs" / program, "--uart", "null", "--timing", "edge2", "--energy", "default22")
    run = json.loads(neurohart("run", *options, "-q", "--json", "-").output)
    found = json.loads(neurohart("profile", *options, "--json").output)["total"]
    assert (found["instructions"], found["cycles"]) == (run["instructions"], run["cycles"])
    assert abs(found["pj"] - run["energy"]["total_fj"] / 1000) < 1


def test_engines_give_the_same_profile(neurohart: Command, busy: Path) -> None:
    options = ("profile", busy, "--isa", XNM, "--timing", "edge2", "--energy", "default22", "--json")
    assert len({neurohart(*options, "--engine", engine).output for engine in ENGINES}) == 1


def test_tables(neurohart: Command, busy: Path) -> None:
    lines = neurohart("profile", busy, "--isa", XNM, "--calls").output.decode().splitlines()
    assert lines[0].startswith(f"{busy}: ")
    assert "coprocessor" in lines[1]
    rows = {line.split("  ")[0]: line.split() for line in lines}
    assert rows["leaf"][-1] == "500"
    assert rows["nm.upd pop"][-1] == "700"  # spikes
    assert any(line.split()[:3] == ["loop", "leaf", "500"] for line in lines)


def test_files(neurohart: Command, busy: Path, tmp_path: Path) -> None:
    names = [tmp_path / f"out.{suffix}" for suffix in ("svg", "folded", "callgrind", "json")]
    options = [option for name in names for option in ("-o", name)]
    assert neurohart("profile", busy, "--isa", XNM, "--by", "energy", *options).code == 0
    heads = ("<svg ", "_start ", "# callgrind format", "{")
    assert all(name.read_text().startswith(head) for name, head in zip(names, heads, strict=True))
    assert json.loads(names[3].read_text())["preset"] == "default22"


def test_firmware_keeps_its_exit_code_and_its_output(neurohart: Command, tmp_path: Path) -> None:
    ended = neurohart("profile", write_source(tmp_path, HELLO, CODE=3), "--json")
    assert (ended.code, ended.errors) == (3, "hello\n")
    assert json.loads(ended.output)["functions"][0]["name"] == "_start"


def test_a_part_of_a_run(neurohart: Command, tmp_path: Path) -> None:
    source = write_source(tmp_path, HELLO, CODE=3)
    ended = neurohart("profile", source, "--start", 5, "--limit", 7, "--json")
    assert ended.code == 0
    assert json.loads(ended.output)["total"]["instructions"] == 7
    assert neurohart("profile", source, "--max-instructions", 5).code == ExitCode.LIMIT
    nothing = neurohart("profile", source, "--limit", 0)
    assert (nothing.code, nothing.output) == (1, b"")
    assert "no instruction has retired" in nothing.errors


def test_annotate(neurohart: Command, busy: Path, tmp_path: Path) -> None:
    lines = neurohart("profile", busy, "--isa", XNM, "--annotate", "leaf").output.decode().splitlines()
    assert lines[0].startswith("leaf: ")
    source = next(n for n, line in enumerate(lines) if line.startswith("busy.S:") and "csrw mscratch, t1" in line)
    assert lines[source + 1].split()[3] == "500"
    assert lines[source + 1].endswith("csrw mscratch, t1")
    hello = write_source(tmp_path, HELLO, CODE=0)
    never = neurohart("profile", hello, "--annotate", "_start", "--limit", 3).output.decode().splitlines()
    assert any(line.split()[:2] == ["-", "-"] for line in never)  # instructions that have not run


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        ([], ExitCode.USAGE, "no program given; expected neurohart profile PROGRAM"),
        (["x.S", "-o", "a.png"], ExitCode.USAGE, "a.png: the name tells no format; end it with one of .folded"),
        (["x.S", "--energy", "no"], ExitCode.USAGE, "energy preset 'no' is not known"),
        (["none.nht"], ExitCode.NO_INPUT, "none.nht"),
        (["HELLO", "--annotate", "_strat"], ExitCode.USAGE, "did you mean '_start'?"),
        (["HELLO", "-o", "no/such/a.svg"], ExitCode.WRITE_ERROR, "no/such"),
    ],
)
def test_mistakes(neurohart: Command, tmp_path: Path, arguments: list[str], code: int, message: str) -> None:
    hello = str(write_source(tmp_path, HELLO, CODE=0))
    ended = neurohart("profile", *[hello if argument == "HELLO" else argument for argument in arguments])
    assert ended.code == code
    assert message in ended.errors
    assert ended.output == b""
    assert len(ended.errors.replace("hello\n", "").splitlines()) == 1
