"""`neurohart trace`: recording, showing and counting, options, exit codes and messages."""

from __future__ import annotations

import json
import resource
from pathlib import Path

import pytest

from iss.cli.exit_codes import ExitCode
from iss.trace.reader import TraceFile
from tests.cli.command import HELLO, Command, write_source
from tests.trace.recording import BUSY

XNM = "rv32im_zicsr_zifencei_zicntr_xnmspk_xnmeng_xnmlrn"


@pytest.fixture
def hello(neurohart: Command, tmp_path: Path) -> Path:
    """The trace of a program that writes a line."""
    source = write_source(tmp_path, HELLO, "hello.S", CODE=0)
    target = tmp_path / "hello.nht"
    assert neurohart("trace", "record", source, "-q", "-o", target).code == 0
    return target


def test_record_shows_nothing_of_itself(neurohart: Command, tmp_path: Path) -> None:
    source = write_source(tmp_path, HELLO, CODE=3)
    ended = neurohart("trace", "record", source, "-o", tmp_path / "t.nht", "-q")
    assert (ended.code, ended.output, ended.errors) == (3, b"hello\n", "")
    trace = TraceFile.open(tmp_path / "t.nht")
    assert trace.end["exit_code"] == 3
    assert trace.end["instructions"] == trace.count
    assert trace.program == str(source)


def test_run_writes_it_too(neurohart: Command, tmp_path: Path, hello: Path) -> None:
    """By the name of the file; the same bytes but for the command."""
    again = tmp_path / "again.nht"
    assert neurohart("run", tmp_path / "hello.S", "-q", "--trace", again).code == 0
    assert again.read_bytes() == hello.read_bytes()


def test_show(neurohart: Command, hello: Path) -> None:
    ended = neurohart("trace", "show", hello, "--limit", 2)
    lines = ended.output.decode().splitlines()
    assert (ended.code, ended.errors, len(lines)) == (0, "", 2)
    assert lines[0].split() == ["0", "80000000", "_start", "auipc", "s0,", "0x1", "s0=80001000"]
    stores = neurohart("trace", "show", hello, "--filter", "store 0x10000000").output.decode().splitlines()
    assert "".join(chr(int(line[-2:], 16)) for line in stores) == "hello\n"


def test_show_a_part(neurohart: Command, hello: Path) -> None:
    def numbers(*options: object) -> list[int]:
        return [
            int(line.split()[0]) for line in neurohart("trace", "show", hello, *options).output.decode().splitlines()
        ]

    assert numbers("--from", 3, "--to", 6) == [3, 4, 5]
    assert numbers("--to", 6, "--last", 2) == [4, 5]
    assert numbers("--from", 3, "--limit", 1) == [3]
    assert numbers("--from", "1M") == []


def test_show_json(neurohart: Command, hello: Path) -> None:
    ended = neurohart("trace", "show", hello, "--json", "--filter", "store", "--limit", 1)
    found = json.loads(ended.output)
    assert found["text"] == "sb t0, 0(s1)"
    assert found["events"] == [{"kind": "store", "address": 0x1000_0000, "size": 1, "value": ord("h")}]


def test_show_source_lines(neurohart: Command, hello: Path) -> None:
    line = neurohart("trace", "show", hello, "--lines", "--limit", 1).output.decode()
    assert "hello.S:3" in line


def test_events_of_all_kinds(neurohart: Command, tmp_path: Path) -> None:
    source = write_source(tmp_path, BUSY)
    target = tmp_path / "busy.nht"
    assert neurohart("trace", "record", source, "--isa", XNM, "-q", "-o", target).code == 0
    shown = neurohart("trace", "show", target).output.decode()
    for part in (
        "-- nm.upd suspended: rs1 80001010, rs2 00000000, 143 cycles, 64 spikes (0, 1, 2, 3, 4, 5, ...)",
        "-- trap: ecall from m at ",
        "-- machine timer interrupt before ",
        "-- wfi: ",
        "-- trap: xnm misaligned descriptor at ",
        "mscratch=",
    ):
        assert part in shown
    ended = neurohart("trace", "stats", target)
    assert "machine timer interrupt" in ended.output.decode()
    found = json.loads(neurohart("trace", "stats", target, "--json", "--rows", 3).output)
    trace = TraceFile.open(target)
    assert found["instructions"] == trace.count
    assert found["cycles"] == trace.end["cycles"]
    assert sum(found["spikes"].values()) == trace.end["counters"]["spkout"]
    assert found["traps"]["machine timer interrupt"] == 1
    assert (found["commands"][0]["command"], found["commands"][0]["count"]) == (
        "nm.upd",
        found["traps"]["ecall from m"],
    )
    assert len(found["mnemonics"]) == 3


def test_ring_start_limit_and_filter(neurohart: Command, tmp_path: Path, hello: Path) -> None:
    source, whole = tmp_path / "hello.S", TraceFile.open(hello)
    target = tmp_path / "part.nht"

    def recorded(*options: object) -> list[int]:
        assert neurohart("trace", "record", source, "-q", "-o", target, *options).code == 0
        return [retired.number for retired in TraceFile.open(target).instructions()]

    assert recorded("--ring", 5) == list(range(whole.count - 5, whole.count))
    assert recorded("--start", 7, "--limit", 4) == [7, 8, 9, 10]
    stores = [retired.number for retired in whole.instructions() if retired.word & 0x7F == 0x23]
    assert recorded("--filter", "store") == stores


def test_disk_full(neurohart: Command, tmp_path: Path) -> None:
    source = write_source(tmp_path, "_start: li a0, 200000\n1: addi a0, a0, -1\nbnez a0, 1b\n" + HELLO[8:], CODE=0)
    target = tmp_path / "full.nht"
    former = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 19, former[1]))
    try:
        stopped = neurohart("trace", "record", source, "-q", "-o", target)
        went_on = neurohart("trace", "record", source, "-q", "-o", target, "--keep-going")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, former)
    assert stopped.code == ExitCode.WRITE_ERROR
    assert f"{target}: cannot be written (File too large); the run was ended" in stopped.errors
    assert stopped.output == b""
    assert (went_on.code, went_on.output) == (0, b"hello\n")
    assert "the trace ends before the run" in went_on.errors
    assert TraceFile.open(target).count > 10_000


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["nosuch"], ExitCode.USAGE, "unknown command 'nosuch'; expected one of record,"),
        (["shwo"], ExitCode.USAGE, "did you mean `neurohart trace show`?"),
        (["show"], ExitCode.USAGE, "required: TRACE"),
        (["show", "missing.nht"], ExitCode.NO_INPUT, "missing.nht: cannot be read (No such file or directory)"),
        (["show", "."], ExitCode.NO_INPUT, ".: cannot be read (Is a directory)"),
        (["record"], ExitCode.USAGE, "no program given"),
        (["record", "x.S", "--trace", "y"], ExitCode.USAGE, "give the file with -o"),
        (["record", "x.S", "--ring", "0"], ExitCode.USAGE, "--ring 0 keeps nothing"),
        (["record", "hello", "-o", "-"], ExitCode.USAGE, "goes to a file"),
        (["record", "hello", "-o", "no/where.nht"], ExitCode.WRITE_ERROR, "no/where.nht: cannot be written"),
        (["record", "hello", "-o", "a.nht", "--filter", "nosuch"], ExitCode.BAD_INPUT, "'nosuch' is no term"),
        (["record", "hello", "-o", "a.nht", "--start", "1G", "-q"], ExitCode.FAILED, "before --start 1000000000"),
    ],
)
def test_messages(
    neurohart: Command,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    code: ExitCode,
    message: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    ended = neurohart("trace", *arguments)
    assert ended.code == code
    assert message in ended.errors
    assert ended.errors.count("\n") == 1


@pytest.mark.parametrize("content", [b"", b"hello\n", b"\x93NHTRACE", bytes(range(256)) * 40])
def test_what_is_no_trace(neurohart: Command, tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "bad"
    path.write_bytes(content)
    for command in ("show", "stats"):
        ended = neurohart("trace", command, path)
        assert (ended.code, ended.output) == (ExitCode.BAD_INPUT, b"")
        assert f"{path}: " in ended.errors
        assert ended.errors.count("\n") == 1


# Comparing and converting --------------------------------------------------------------------------------------------
def test_diff(neurohart: Command, tmp_path: Path, hello: Path) -> None:
    log = tmp_path / "hello.log"
    assert neurohart("trace", "convert", hello, log).code == 0
    equal = neurohart("trace", "diff", hello, log)
    assert (equal.code, equal.errors) == (0, "")
    assert equal.output.decode() == f"equal: {TraceFile.open(hello).count} instructions\n"
    log.write_text(log.read_text().replace(" x5  0x0000006c", " x5  0x0000006d", 1))
    different = neurohart("trace", "diff", hello, log, "--context", 2)
    lines = different.output.decode().splitlines()
    assert different.code == ExitCode.FAILED
    assert lines[0].endswith("equal instructions t0 and memory differ")
    assert sum(line.startswith("<") for line in lines) == sum(line.startswith(">") for line in lines) == 4
    assert any(line.startswith("at hello.S:5") for line in lines)
    assert any("it reads s0=" in line for line in lines)
    found = json.loads(neurohart("trace", "diff", hello, log, "--json").output)
    assert (found["equal"], found["fields"]) == (False, ["t0", "memory"])


def test_diff_of_a_beginning(neurohart: Command, tmp_path: Path, hello: Path) -> None:
    part = tmp_path / "part.nht"
    assert neurohart("trace", "convert", hello, part, "--to", 20).code == 0
    assert TraceFile.open(part).count == 20
    ended = neurohart("trace", "diff", part, hello)
    assert ended.code == ExitCode.FAILED
    assert b"ends after 20 equal instructions" in ended.output
    assert neurohart("trace", "diff", part, hello, "--prefix").code == 0
    assert neurohart("trace", "diff", part, hello, "--from-place", "_start+8", "--prefix").code == 0


def test_convert_keeps_what_was_there_when_it_fails(neurohart: Command, tmp_path: Path, hello: Path) -> None:
    target = tmp_path / "x.info"
    target.write_text("before")
    bare = tmp_path / "bare.log"
    assert neurohart("trace", "convert", hello, bare).code == 0
    ended = neurohart("trace", "convert", bare, target)
    assert ended.code == ExitCode.BAD_INPUT
    assert "no source lines" in ended.errors
    assert target.read_text() == "before"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bare.log", "hello.S", "hello.nht", "x.info"]


def test_convert_to_standard_output_and_a_filter(neurohart: Command, hello: Path) -> None:
    ended = neurohart("trace", "convert", hello, "-", "--to-format", "spike", "--filter", "store 0x10000000")
    lines = ended.output.decode().splitlines()
    assert ended.code == 0
    assert len(lines) == 6
    assert all(" mem 0x10000000 0x" in line for line in lines)


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["x.unknown"], ExitCode.USAGE, "the name tells no format; end it with one of .nht, .log"),
        (["no/such/x.log"], ExitCode.WRITE_ERROR, "no directory no/such"),
        (["x.log", "--energy", "default22"], ExitCode.USAGE, "--energy is for callgrind"),
        (["x.callgrind", "--energy", "nosuch"], ExitCode.USAGE, "energy preset 'nosuch' is not known"),
        (["x.log", "--filter", "nosuch"], ExitCode.USAGE, "'nosuch' is no term"),
        (["x.log", "--program", "missing.elf"], ExitCode.NO_INPUT, "missing.elf"),
        (["x.log", "--input-format", "spike"], ExitCode.BAD_INPUT, "hello.nht:1: no line of a Spike log"),
    ],
)
def test_messages_of_convert(
    neurohart: Command,
    tmp_path: Path,
    hello: Path,
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    code: ExitCode,
    message: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    ended = neurohart("trace", "convert", "hello.nht", *arguments)
    assert (ended.code, ended.output) == (code, b"")
    assert message in ended.errors
    assert ended.errors.count("\n") == 1
