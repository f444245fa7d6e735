"""`neurohart asm` and `neurohart disasm`: output, messages and exit codes."""

from __future__ import annotations

import argparse
import io
from pathlib import Path

import pytest

from asm.command import add_asm_arguments, add_disasm_arguments, run_asm, run_disasm
from asm.layout import linker_script

TEXT = ".globl _start\n_start: li a0, LIMIT\n j _start\n.data\n.word 7\n"


def run(*arguments: str) -> int:
    parser = argparse.ArgumentParser(prog="neurohart")
    commands = parser.add_subparsers(dest="command", required=True)
    add_asm_arguments(commands.add_parser("asm"))
    add_disasm_arguments(commands.add_parser("disasm"))
    given = parser.parse_args(arguments)
    return run_asm(given) if given.command == "asm" else run_disasm(given)


@pytest.fixture
def source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "blink.s"
    path.write_text(TEXT)
    return path


def test_elf_is_the_default(source: Path, tmp_path: Path) -> None:
    assert run("asm", str(source), "-D", "LIMIT=5") == 0
    assert (tmp_path / "blink.elf").read_bytes()[:4] == b"\x7fELF"


@pytest.mark.parametrize(("name", "start"), [("x.bin", b"\x13\x05\x50\x00"), ("x.hex", b":"), ("x.lst", b".text at")])
def test_suffix_says_the_format(source: Path, tmp_path: Path, name: str, start: bytes) -> None:
    assert run("asm", str(source), "-D", "LIMIT=5", "-o", name) == 0
    assert (tmp_path / name).read_bytes().startswith(start)


def test_standard_output_and_listing(source: Path, capsysbinary: pytest.CaptureFixture[bytes]) -> None:
    assert run("asm", str(source), "-DLIMIT", "--format", "bin", "-o", "-") == 0
    assert capsysbinary.readouterr().out[:4] == bytes.fromhex("13051000")
    assert run("asm", str(source), "-DLIMIT", "--listing", "-") == 0
    assert b"_start: li a0, LIMIT" in capsysbinary.readouterr().out


def test_standard_input(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.stdin", io.StringIO("nop\n"))
    assert run("asm", "-", "-o", "x.bin") == 0
    assert (tmp_path / "x.bin").read_bytes() == bytes.fromhex("13000000")


def test_errors_leave_the_output_alone(source: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    output = tmp_path / "blink.elf"
    output.write_bytes(b"old")
    assert run("asm", str(source)) == 1
    assert output.read_bytes() == b"old"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["blink.elf", "blink.s"]
    message = capsys.readouterr().err
    assert f"{source}:2:16: error: li needs a number known at this point" in message
    assert message.endswith("1 error\n")


def test_missing_source(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("asm", str(tmp_path / "none.s")) == 1
    assert "none.s: error: cannot read the source: No such file or directory" in capsys.readouterr().err


def test_output_that_cannot_be_written(source: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("asm", str(source), "-DLIMIT", "-o", "missing/folder/x.elf") == 1
    assert "cannot write" in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments",
    [
        ["asm"],
        ["asm", "x.s", "--isa", "rv32q"],
        ["asm", "x.s", "-D", "5=3"],
        ["asm", "x.s", "-D", "X=y"],
        ["asm", "x.s", "--base", "here"],
        ["asm", "x.s", "--section-start", ".data"],
        ["asm", "x.s", "--format", "exe"],
        ["disasm"],
        ["disasm", "--words", "0x100000000"],
        ["disasm", "--words", "word"],
        ["disasm", "x", "--isa", "arm"],
    ],
)
def test_usage_errors(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    try:
        code = run(*arguments)
    except SystemExit as stop:
        code = int(stop.code or 0)
    assert code == 2
    assert "neurohart" in capsys.readouterr().err


def test_warnings(source: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source.write_text(".data\n.byte 256\n")
    assert run("asm", str(source), "-o", "x.bin") == 0
    assert "blink.s:2:7: warning: value 0x100 does not fit in 8 bits, 0x0 is stored" in capsys.readouterr().err
    (tmp_path / "x.bin").unlink()
    assert run("asm", str(source), "-o", "x.bin", "--fatal-warnings") == 1
    assert not (tmp_path / "x.bin").exists()


def test_placing(source: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    options = ["-DLIMIT", "--base", "0x1000", "--section-start", ".data=0x2000", "--listing", "-", "--no-debug"]
    assert run("asm", str(source), *options) == 0
    out = capsys.readouterr().out
    assert ".text at 0x00001000" in out and ".data at 0x00002000" in out


def test_includes(source: Path, tmp_path: Path) -> None:
    (tmp_path / "inc").mkdir()
    (tmp_path / "inc" / "limits.inc").write_text(".equ LIMIT, 9\n")
    source.write_text('.include "limits.inc"\n' + TEXT)
    assert run("asm", str(source), "-I", "inc", "-o", "x.bin") == 0
    assert run("asm", str(source), "-o", "y.bin") == 1


def test_disassembly_of_a_program(source: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("asm", str(source), "-D", "LIMIT=0x12345") == 0
    assert run("disasm", "blink.elf") == 0
    out = capsys.readouterr().out
    assert "80000000 <_start>:\n80000000:  00012537  lui a0, 0x12\n" in out
    assert "80000008:  ff9ff06f  j 0x80000000                     # _start" in out
    assert "00000007" not in out
    assert run("disasm", "blink.elf", "--all") == 0
    assert "00000007" in capsys.readouterr().out


def test_disassembly_of_words(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("disasm", "--words", "0x00c58533", "0xffffffff", "--base", "0x100") == 0
    assert capsys.readouterr().out == "00000100:  00c58533  add a0, a1, a2\n00000104:  ffffffff  .4byte 0xffffffff\n"


def test_disassembly_of_what_is_no_program(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "x.elf").write_bytes(b"\x7fELF")
    assert run("disasm", str(tmp_path / "x.elf")) == 1
    assert "truncated" in capsys.readouterr().err


def test_linker_script(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("asm", "--print-linker-script") == 0
    assert capsys.readouterr().out == linker_script()
