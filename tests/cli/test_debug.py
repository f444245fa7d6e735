"""`neurohart debug` without panes: sessions by commands, files and standard input, pictures, and what goes wrong."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from iss.cli.exit_codes import ExitCode
from tests.cli.command import HELLO, Command, write_source


def session(neurohart: Command, program: Path, *commands: str) -> list[str]:
    """The lines a session prints; it must end well."""
    arguments = [word for command in commands for word in ("--command", command)]
    ended = neurohart("debug", program, *arguments)
    assert (ended.code, ended.errors) == (0, "")
    return ended.output.decode().splitlines()


@pytest.fixture
def hello(tmp_path: Path) -> Path:
    """A program that writes a line and exits with 3."""
    return write_source(tmp_path, HELLO, CODE=3)


def test_a_session_forwards_and_backwards(neurohart: Command, hello: Path) -> None:
    lines = session(neurohart, hello, "context none", "break *_start+16", "c", "p t0", "c 2", "p/c t0", "R", "p/c t0")
    assert lines == [
        "shown after each motion: nothing",
        "break 1: *_start+16 at 0x80000010",
        "break 1, *_start+16",
        "t0 = 104 (0x68)",
        "he",  # what the firmware has written meanwhile
        "break 1, *_start+16",
        "t0 = 'l'",
        "break 1, *_start+16",
        "t0 = 'e'",
    ]


def test_the_end_and_output_once(neurohart: Command, hello: Path) -> None:
    lines = session(neurohart, hello, "context none", "c", "t 0", "c", "info history", "p s1")
    assert lines.count("hello") == 1
    assert lines[2] == lines[4] == "test finisher: fail, code 3"
    assert lines[3] == "at instruction 0"
    assert lines[-1] == "s1 = 268435456 (0x10000000)"


def test_points_and_changes(neurohart: Command, hello: Path) -> None:
    lines = session(
        neurohart, hello, "context none", "watch t0 if t0 == 0x6f", "c",
        "info breakpoints", "disable 1", "set t0 = 0x21", "set u8[text] = 0x48", "x/6b text", "c", "d", "info b",
    )  # fmt: skip
    assert lines[2:4] == ["hell", "watch 1, t0: 0x6c -> 0x6f"]
    assert "1 watch t0 if t0 == 0x6f, hit once" in lines
    assert "t0 = 33 (0x21); later history is forgotten" in lines
    assert any(line.endswith("48 65 6c 6c 6f 0a") for line in lines)
    assert lines[-4:-2] == ["!", "test finisher: fail, code 3"]
    assert lines[-1] == "there are no points"


def test_data_is_found_in_memory(neurohart: Command, hello: Path) -> None:
    lines = session(
        neurohart, hello, 'find "hello"', "p/x text", "find /b text, +3, 0x65, 108", "find /h text, text + 1, 0x6568",
        "find 0x6c6c6568", "find /b1 text, +6, 0x6c", 'find "nowhere"',
    )  # fmt: skip
    address = int(lines[2].split()[2], 16)
    assert lines[0].split() == [f"{address:08x}", "text"]
    assert lines[1] == "1 found"
    assert lines[3].split()[0] == f"{address + 1:08x}"
    assert lines[5].split()[0] == f"{address:08x}"
    assert lines[7].split()[0] == f"{address:08x}"
    assert lines[9:] == [f"{address + 2:08x} {address + 2:#010x}", "1 found, there are more", "not found"]


def test_scripts_and_standard_input(
    neurohart: Command, hello: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = tmp_path / "session.txt"
    script.write_text("# a comment\n\ncontext none\nstepi 3\nprint insn\n")
    ended = neurohart("debug", hello, "-x", script)
    assert (ended.code, ended.output.decode().splitlines()[-1]) == (0, "insn = 3 (0x3)")
    monkeypatch.setattr("sys.stdin", io.StringIO("context none\nstepi 2\n\nprint insn\nquit\nprint 1\n"))
    ended = neurohart("debug", hello)
    assert ended.code == 0
    assert ended.output.decode().splitlines()[-2:] == ["insn = 2 (0x2)", "(neurohart) quit"]


def test_screenshots(neurohart: Command, hello: Path, tmp_path: Path) -> None:
    for name, begin in (("screen.svg", "<svg"), ("screen.txt", " neurohart")):
        file = tmp_path / name
        ended = neurohart("debug", hello, "--command", "stepi 4", "--screenshot", file, "--size", "120x40")
        assert ended.code == 0
        assert file.read_text().startswith(begin)
    lines = (tmp_path / "screen.txt").read_text().splitlines()
    assert len(lines) == 40
    assert "insn 4" in lines[0]
    ended = neurohart("debug", hello, "--screenshot", tmp_path / "missing" / "a.svg")
    assert ended.code == ExitCode.FAILED
    assert "cannot be written (No such file or directory)" in ended.errors


@pytest.mark.parametrize(
    ("command", "message"),
    [
        ("brake main", "unknown command 'brake'; did you mean 'break'?"),
        (
            "re",
            "'re' may be reverse-step, reverse-next, reverse-stepi, reverse-nexti, reverse-finish,",
        ),
        ("break nowhere", "'nowhere' in 'nowhere' is unknown"),
        ("break *3", "no multiple of 4"),
        ("break _start if", "is no expression"),
        ("break main.c:1", "no code begins there"),
        ("watch", "watch EXPRESSION: of what?"),
        ("rwatch a0", "names no memory"),
        ("print a0 +", "is no expression"),
        ("print [0]", "are not RAM"),
        ("x", "an address is missing"),
        ("x/4w 0", "there is no memory at 0x00000000"),
        ("x/99999 sp", "expected 1 to 4096 items"),
        ("find", "find [/bhw] [START"),
        ("find /b 256", "256 does not fit into 1 byte;"),
        ("find 0, 4, 1", "expected something to look for in RAM"),
        ("find nothing", "'nothing' in 'nothing' is unknown"),
        ("search", "expected a part of an instruction"),
        ("filter mnem~[", "is no regular expression"),
        ("origin", "of what? for example a0"),
        ("back", "there was no jump in the trace"),
        ("lock", "which panel?; expected some of code"),
        ("lock code 99", "99 is not in the history"),
        ("unlock nothing", "nothing; expected some of code"),
        ("goto", "expected an instruction count"),
        ("goto 200%", "ends at 100%"),
        ("goto nothing", "'nothing' in 'nothing' is unknown"),
        ("step -1", "expected a number that is not negative"),
        ("delete 7", "there is no break- or watchpoint 7"),
        ("delete x", "expected numbers of points"),
        ("set a0", "set TARGET = VALUE"),
        ("set a0 = 1 << 40", "does not fit"),
        ("set pc = 2", "multiples of 4"),
        ("set mvendorid = 1", "read-only"),
        ("set _start = 1", "cannot be changed"),
        ("set [0] = 1", "outside of RAM"),
        ("info nothing", "expected one of registers"),
        ("show nothing", "expected one of code"),
        ("context code nothing", "nothing: expected none or some of code"),
        ("until", "until PLACE: where?"),
        ("neuron 1", "there is no population"),
        ("ignore 1", "ignore NUMBER COUNT"),
        ("energy sun", "energy preset 'sun' is not known"),
        ("screenshot", "the name of the picture is missing"),
        ("help brake", "did you mean 'break'?"),
        ("print " + "(" * 500 + "1" + ")" * 500, "is"),
        ("print \x00", "is no expression"),
    ],
)
def test_bad_commands_are_one_message(neurohart: Command, hello: Path, command: str, message: str) -> None:
    ended = neurohart("debug", hello, "--command", command)
    assert ended.code == ExitCode.FAILED
    assert message in ended.errors
    assert ended.errors.count("\n") == 1
    assert "internal" not in ended.errors


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["missing.elf"], ExitCode.NO_INPUT, "missing.elf"),
        ([], ExitCode.USAGE, "no program given"),
        (["{program}", "--size", "10x10"], ExitCode.USAGE, "is no size; expected WIDTHxHEIGHT"),
        (["{program}", "-x", "missing.txt"], ExitCode.NO_INPUT, "-x missing.txt: cannot be read"),
        (["{program}", "--uart-input", "missing.txt"], ExitCode.NO_INPUT, "--uart-input missing.txt"),
        (["{program}", "--energy", "sun"], ExitCode.USAGE, "energy preset 'sun' is not known"),
        (["{program}", "--interval", "0"], ExitCode.USAGE, "interval 0 is impossible"),
        (["{program}", "--isa", "rv64"], ExitCode.USAGE, "rv64"),
    ],
)
def test_bad_arguments(
    neurohart: Command, hello: Path, arguments: list[str], code: ExitCode, message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(hello.parent)
    ended = neurohart("debug", *(word.format(program=hello) for word in arguments))
    assert ended.code == code
    assert message in ended.errors


def test_script_errors_name_the_line(neurohart: Command, hello: Path, tmp_path: Path) -> None:
    script = tmp_path / "session.txt"
    script.write_text("step\nstpe\nprint 1\n")
    ended = neurohart("debug", hello, "-x", script)
    assert ended.code == ExitCode.FAILED
    assert f"{script}:2: unknown command 'stpe'" in ended.errors
    assert b"1 (0x1)" not in ended.output


def test_help_names_every_command(neurohart: Command, hello: Path) -> None:
    from iss.tui.commands.commander import COMMANDS

    lines = session(neurohart, hello, "help")
    for command in COMMANDS.values():
        assert any(line.strip().startswith(command.name) for line in lines)
        assert session(neurohart, hello, f"help {command.name}")[1] == command.help


def test_live_needs_a_terminal(neurohart: Command, hello: Path) -> None:
    ended = neurohart("run", hello, "--live")
    assert ended.code == ExitCode.USAGE
    assert "--live needs a terminal on standard error; leave it out" in ended.errors
