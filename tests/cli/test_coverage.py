"""`neurohart coverage`: table, files and pages of runs, traces and earlier coverage; exit codes and messages."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

from iss.cli.exit_codes import ExitCode
from tests.cli.command import HELLO, Command, write_source
from tests.trace.test_coverage import PROGRAM


@pytest.fixture
def program(tmp_path: Path) -> Path:
    return write_source(tmp_path, PROGRAM, "program.S")


def test_table(neurohart: Command, program: Path) -> None:
    ended = neurohart("coverage", program)
    assert (ended.code, ended.errors) == (0, "")
    rows = [line.split() for line in ended.output.decode().strip().splitlines()]
    assert rows[1][0].endswith("program.S")
    assert rows[1][1:] == ["12/17", "70.6", "%", "5/8", "62.5", "%", "6,", "10,", "18-20"]
    assert rows[2] == ["total", *rows[1][1:7]]


def test_a_trace_and_an_info_file_give_the_same(neurohart: Command, program: Path, tmp_path: Path) -> None:
    trace, info, again = tmp_path / "p.nht", tmp_path / "p.info", tmp_path / "again.info"
    assert neurohart("trace", "record", program, "-q", "-o", trace).code == 0
    run = neurohart("coverage", program, "--json", "-o", info)
    for name in (trace, info):
        assert neurohart("coverage", name, "--json", "-o", again).output == run.output
        assert again.read_text() == info.read_text()
    converted = tmp_path / "converted.info"
    assert neurohart("trace", "convert", trace, converted).code == 0
    assert converted.read_text() == info.read_text()


def test_several_are_merged(neurohart: Command, program: Path, tmp_path: Path) -> None:
    other = write_source(tmp_path, HELLO, "hello.S", CODE=0)
    info = tmp_path / "first.info"
    assert neurohart("coverage", program, "-o", info).code == 0
    found = json.loads(neurohart("coverage", info, other, program, "--json").output)
    assert [Path(path).name for path in found["files"]] == ["hello.S", "program.S"]
    assert neurohart("coverage", info, program, "-o", info).code == 0
    assert "DA:2,6\n" in info.read_text()


def test_what_is_left_out(neurohart: Command, program: Path, tmp_path: Path) -> None:
    other = write_source(tmp_path, HELLO, "hello.S", CODE=0)
    for options in (["--include", "*hello*"], ["--exclude", "*prog*"]):
        found = json.loads(neurohart("coverage", program, other, "--json", *options).output)
        assert [Path(path).name for path in found["files"]] == ["hello.S"]
    nothing = neurohart("coverage", program, "--exclude", "*")
    assert nothing.code == ExitCode.USAGE
    assert "no source file is left" in nothing.errors


@pytest.mark.parametrize(
    ("options", "code", "message"),
    [
        (["--fail-under", 70], 0, ""),
        (["--fail-under", "70.6%"], 1, "70.6 % of the lines are covered, less than 70.6 %"),
        (["--fail-under-branches", 62.5], 0, ""),
        (["--fail-under-branches", 63, "--fail-under", 90], 1, "62.5 % of the branches are covered, less than 63 %"),
    ],
)
def test_a_minimum(neurohart: Command, program: Path, options: list[object], code: int, message: str) -> None:
    ended = neurohart("coverage", program, *options)
    assert ended.code == code
    assert message in ended.errors
    assert b"total" in ended.output


def test_the_exit_code_is_the_firmwares(neurohart: Command, tmp_path: Path) -> None:
    ended = neurohart("coverage", write_source(tmp_path, HELLO, CODE=3), "--fail-under", 100)
    assert (ended.code, ended.errors) == (3, "hello\n")


class Page(HTMLParser):
    """Rows of the source, and everything that would be loaded from elsewhere."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.rows: dict[int, str] = {}
        self.links: list[str] = []
        self.open: list[str] = []
        self.feed(text)
        assert not self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.links += [value for name in ("href", "src") if (value := given.get(name))]
        if tag == "tr" and (name := given.get("id")):
            self.rows[int(name[1:])] = given.get("class") or ""
        if tag != "meta":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_pages(neurohart: Command, program: Path, tmp_path: Path) -> None:
    folder = tmp_path / "a" / "report"
    assert neurohart("coverage", program, "--html", folder).code == 0
    assert Page((folder / "index.html").read_text()).links == ["program.S.html"]
    text = (folder / "program.S.html").read_text()
    page = Page(text)
    assert page.links == ["index.html", "#L18", "#L12"]  # of functions: what was never called comes first
    assert [line for line, kind in page.rows.items() if kind == "miss"] == [6, 10, 18, 19, 20]
    assert [line for line, kind in page.rows.items() if kind == "part"] == [5]
    assert "taken 2 times, not taken 1 times" in text
    assert len(page.rows) == len(PROGRAM.splitlines())
    program.unlink()  # without the source
    (tmp_path / "p.info").write_text("SF:a/x.c\nDA:3,1\nend_of_record\nSF:b/x.c\nDA:4,0\nend_of_record\n")
    assert neurohart("coverage", tmp_path / "p.info", "--html", folder).code == 0
    assert sorted(Page((folder / "index.html").read_text()).links) == ["x.c.2.html", "x.c.html"]
    missing = (folder / "x.c.html").read_text()
    assert "The source is not here" in missing
    assert Page(missing).rows == {3: "hit"}


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        ([], ExitCode.USAGE, "no program given; expected neurohart coverage PROGRAM"),
        (["none.elf"], ExitCode.NO_INPUT, "none.elf"),
        (["HERE", "--fail-under", "110"], ExitCode.USAGE, "'110' is no percentage, expected 0 to 100"),
        (["HERE", "-o", "no/such.info"], ExitCode.WRITE_ERROR, "no"),
        (["HERE", "--html", "/dev/null/x"], ExitCode.WRITE_ERROR, "/dev/null/x: cannot be written"),
        (["BAD"], ExitCode.BAD_INPUT, "bad.info:2: not understood"),
    ],
)
def test_mistakes(
    neurohart: Command, program: Path, tmp_path: Path, arguments: list[str], code: int, message: str
) -> None:
    (tmp_path / "bad.info").write_text("SF:x\nDA:1\n")
    names = {"HERE": program, "BAD": tmp_path / "bad.info"}
    ended = neurohart("coverage", *[names.get(argument, argument) for argument in arguments])
    assert ended.code == code
    assert message in ended.errors
    assert re.fullmatch(r"neurohart coverage: [^\n]*\n", ended.errors)
