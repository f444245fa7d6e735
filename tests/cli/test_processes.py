"""What only real processes show: signals, pipes, full disks, terminals, and what is imported."""

from __future__ import annotations

import json
import os
import pty
import select
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from iss.cli.exit_codes import ExitCode
from tests.cli.command import HELLO, write_source
from tests.cli.test_run import ECHO

ROOT = Path(__file__).resolve().parents[2]
NEUROHART = [sys.executable, "-m", "iss"]
ENVIRONMENT = os.environ | {"PYTHONPATH": str(ROOT), "TERM": "xterm", "COLUMNS": "100"}
PATIENCE = 30

TALKATIVE = """
_start: li s1, 0x10000000
1:  li t0, 'a'
    sb t0, 0(s1)
    li t0, 10
    sb t0, 0(s1)
    j 1b
"""
"""Writes lines for ever."""

READY_THEN_BUSY = """
_start: li s1, 0x10000000
    li t0, 'r'
    sb t0, 0(s1)
    li t0, 10
    sb t0, 0(s1)
1:  addi t0, t0, 1
    j 1b
"""
"""Says that it runs, then computes for ever."""


def start(*arguments: object, **streams: object) -> subprocess.Popen[bytes]:
    """Start the command with pipes for what is not given."""
    given: dict[str, object] = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    command = [*NEUROHART, *map(str, arguments)]
    return subprocess.Popen(command, env=ENVIRONMENT, **(given | streams))  # type: ignore[call-overload,no-any-return]


def read_terminal(master: int, until: bytes) -> bytes:
    """Read what a process writes to its terminal until `until` has come or it is gone."""
    seen = b""
    while until not in seen and select.select([master], [], [], PATIENCE)[0]:
        try:
            data = os.read(master, 65536)
        except OSError:  # the other end is closed
            break
        if not data:
            break
        seen += data
    return seen


@pytest.mark.parametrize("engine", ["reference", "interpreter"])
@pytest.mark.parametrize(
    ("number", "code"), [(signal.SIGINT, ExitCode.INTERRUPTED), (signal.SIGTERM, ExitCode.TERMINATED)]
)
def test_signals_end_a_run_with_its_statistics(tmp_path: Path, engine: str, number: int, code: ExitCode) -> None:
    source = write_source(tmp_path, READY_THEN_BUSY)
    process = start("run", source, "--engine", engine, "--json", tmp_path / "s.json")
    assert process.stdout is not None
    assert process.stdout.readline() == b"r\n"
    process.send_signal(number)
    _, errors = process.communicate(timeout=PATIENCE)
    assert process.returncode == code
    assert b"interrupted by the user at pc 0x800000" in errors
    assert b"instructions" in errors
    assert b"Traceback" not in errors
    statistics = json.loads((tmp_path / "s.json").read_text())
    assert statistics["end"] == "interrupted"
    assert statistics["instructions"] == statistics["cycles"] > 5


@pytest.mark.parametrize("engine", ["reference", "interpreter"])
def test_a_signal_during_device_accesses_ends_the_run(tmp_path: Path, engine: str) -> None:
    process = start("run", "-q", write_source(tmp_path, TALKATIVE), "--engine", engine)
    assert process.stdout is not None
    assert process.stdout.read(4) == b"a\na\n"
    process.send_signal(signal.SIGINT)
    output, errors = process.communicate(timeout=PATIENCE)
    assert process.returncode == ExitCode.INTERRUPTED
    assert errors.startswith(b"neurohart run: interrupted by the user at pc 0x800000")
    assert errors.count(b"\n") == 1
    assert set(output) == set(b"a\n")


def test_a_reader_that_leaves_ends_the_run_quietly(tmp_path: Path) -> None:
    process = start("run", write_source(tmp_path, TALKATIVE))
    assert process.stdout is not None and process.stderr is not None
    process.stdout.read(100)
    process.stdout.close()
    assert process.wait(PATIENCE) == ExitCode.BROKEN_PIPE
    assert process.stderr.read() == b""


@pytest.mark.parametrize("command", [["isa", "--json"], ["disasm", "--words", *["0x13"] * 20_000], ["--help"]])
def test_a_reader_that_leaves_other_commands(command: list[str]) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    process = start(*command, stdout=writing)
    os.close(writing)
    _, errors = process.communicate(timeout=PATIENCE)
    assert (process.returncode, errors) == (ExitCode.BROKEN_PIPE, b"")


@pytest.mark.parametrize("text", [HELLO, TALKATIVE])
def test_full_disk_behind_standard_output(tmp_path: Path, text: str) -> None:
    with open("/dev/full", "wb") as full:
        process = start("run", write_source(tmp_path, text, CODE=0), stdout=full)
    _, errors = process.communicate(timeout=PATIENCE)
    first, *rest = errors.decode().splitlines()
    assert first == "neurohart run: standard output: cannot be written (No space left on device); the run was ended"
    assert any(line.startswith("  instructions") for line in rest)
    assert process.returncode == ExitCode.WRITE_ERROR


def test_output_comes_while_the_firmware_runs(tmp_path: Path) -> None:
    """The echo of a line arrives before the next line is sent."""
    process = start("run", "-q", write_source(tmp_path, ECHO), "--uart-input", "-", stdin=subprocess.PIPE)
    assert process.stdin is not None and process.stdout is not None
    for line in (b"sixteen bytes...", b"seventeen bytes ..", b"."):
        process.stdin.write(line)
        process.stdin.flush()
        expected = line[: line.index(b".") + 1] if b"." in line else line
        assert os.read(process.stdout.fileno(), 100) == expected
        if b"." in line:
            break
    process.stdin.close()
    assert process.wait(PATIENCE) == 0


def test_ctrl_c_while_waiting_for_input(tmp_path: Path) -> None:
    process = start("run", "-q", write_source(tmp_path, READY_THEN_BUSY + ECHO.replace("_start:", "")), "--uart-input",
                    "-", stdin=subprocess.PIPE)  # fmt: skip
    assert process.stdout is not None
    process.stdout.readline()
    process.send_signal(signal.SIGINT)
    assert process.wait(PATIENCE) == ExitCode.INTERRUPTED


def test_on_a_terminal(tmp_path: Path) -> None:
    """Progress appears and disappears, statistics are a table, lines come at once."""
    master, slave = pty.openpty()
    process = start("run", write_source(tmp_path, READY_THEN_BUSY), stdin=slave, stdout=slave, stderr=slave)
    os.close(slave)
    seen = read_terminal(master, b"Ctrl-C ends")
    assert seen.startswith(b"r\r\n")
    assert b"MIPS" in seen
    process.send_signal(signal.SIGINT)
    rest = read_terminal(master, b"host time")
    assert process.wait(PATIENCE) == ExitCode.INTERRUPTED
    os.close(master)
    assert b"\r\x1b[K" in rest
    assert b"interrupted by the user" in rest
    assert b"engine interpreter" in rest


def test_typing_at_a_terminal(tmp_path: Path) -> None:
    master, slave = pty.openpty()
    process = start("run", "-q", write_source(tmp_path, ECHO), "--uart-input", "-", stdin=slave)
    os.close(slave)
    os.write(master, b"typed.\n")
    output, _ = process.communicate(timeout=PATIENCE)
    os.close(master)
    assert (process.returncode, output) == (0, b"typed.")


@pytest.mark.parametrize("streams", [">&-", "2>&-", ">&- 2>&- <&-"])
def test_closed_streams(tmp_path: Path, streams: str) -> None:
    source = write_source(tmp_path, HELLO, CODE=3)
    command = f'"{sys.executable}" -m iss run "{source}" {streams}'
    done = subprocess.run(command, shell=True, env=ENVIRONMENT, capture_output=True, check=False)
    assert done.returncode == 3
    assert b"Traceback" not in done.stderr


def test_terminals_without_unicode() -> None:
    for command in (["isa", "add"], ["demo"]):
        environment = ENVIRONMENT | {"PYTHONIOENCODING": "ascii"}
        done = subprocess.run([*NEUROHART, *command], env=environment, capture_output=True, check=False)
        assert (done.returncode, done.stderr) == (0, b"")
        assert done.stdout.isascii()


def test_little_is_imported_for_a_small_run(tmp_path: Path) -> None:
    """Start-up time: no table drawing, no arrays, no assembler, no DWARF reader."""
    elf = tmp_path / "a.elf"
    source = write_source(tmp_path, HELLO, CODE=0)
    start("asm", source, "-o", elf, "--no-cross-check").wait(PATIENCE)
    text = (
        "import sys\nfrom iss.cli.main import main\ncode = main(sys.argv[1:])\n"
        "print([name for name in ('numpy', 'rich', 'asm', 'json', 'tomllib', 'elftools.elf.elffile', 'intelhex')"
        " if name in sys.modules])\nsys.exit(code)"
    )
    command = [sys.executable, "-c", text, "run", str(elf)]
    done = subprocess.run(command, env=ENVIRONMENT, capture_output=True, check=False)
    assert done.stdout == b"hello\n[]\n"
    assert done.returncode == 0


def test_python_m_iss_and_the_console_script_are_the_same() -> None:
    import tomllib

    scripts = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["scripts"]
    assert scripts == {"neurohart": "iss.cli.main:main"}
