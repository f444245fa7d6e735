"""Wrong input gives one message with its exit code: no traceback, nothing on standard output, nothing half-written."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.broken_inputs import ROWS, BrokenInput
from tests.cli.command import Command

ROOT = Path(__file__).resolve().parents[2]
PROCESSES = (
    "no-command",
    "isa",
    "name",
    "uart-full",
    "trace-full",
    "illegal",
    "asm-mnemonic",
    "folder-toml",
    "endless",
)
# What the firmware itself writes before it is found to be wrong.
SPEAKING = {"json-full", "trace-full", "dump-outside", "check-exit-code", "check-output", "check-output-more"}
SEVERAL_LINES = {"no-command"}


def judge(row: BrokenInput, folder: Path, code: int, output: bytes, errors: str) -> None:
    """Check what a command did with a wrong input."""
    assert row.fragment.replace("{folder}", str(folder)) in errors
    assert code == row.code
    assert "Traceback" not in errors
    assert "internal error" not in errors
    if row.name not in SPEAKING:
        assert output == b""
    if "error: " in errors:  # the assembler shows the line below each message
        assert errors.count("error: ") == 1
    elif row.name not in SEVERAL_LINES:
        assert errors.count("\n") == 1


def test_there_are_enough_and_each_has_its_name() -> None:
    assert len({row.name for row in ROWS}) == len(ROWS) >= 150


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_one_message(row: BrokenInput, tmp_path: Path, neurohart: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    ended = neurohart(*row.prepare(tmp_path))
    judge(row, tmp_path, ended.code, ended.output, ended.errors)


@pytest.mark.parametrize("name", PROCESSES)
def test_as_a_process(name: str, tmp_path: Path) -> None:
    (row,) = (row for row in ROWS if row.name == name)
    command = [sys.executable, "-m", "iss", *map(str, row.prepare(tmp_path))]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, stdin=subprocess.DEVNULL, check=False)
    judge(row, tmp_path, done.returncode, done.stdout, done.stderr.decode())
