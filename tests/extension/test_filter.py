"""`ext filter` on what objdump and Spike really print."""

from __future__ import annotations

import io
import re
import subprocess
from pathlib import Path

import pytest

from iss.cli.main import main
from iss.extension import architecture_with
from iss.extension.naming import Namer
from tests.extension.samples import extension, program, random_program
from tests.extension.test_spike_export import library
from tests.oracles.toolchain import cross_compiler, llvm_objdump, require, spike_binary

TEXT = """\
    .include "crt0.inc"
main:
    all.lif a0, a1, a2
    all.sum4 a0, -4(sp)
here:
    all.bodd a1, a2, here
    csrr a0, all_vth
    csrw all_vth, a1
    csrw mscratch, a1
    add a0, a1, a2
    all.pick a0, a1, 3, 7
    li a0, 0
    ret
"""
EXPECTED = ["all.lif a0, a1, a2", "all.sum4 a0, -4(sp)", "all.bodd a1, a2, 0x", "all.pick a0, a1, 3, 7"]


def plain(text: str) -> str:
    return re.sub(r"[ \t]+", " ", text)


def test_gnu_objdump(tmp_path: Path) -> None:
    given = extension(tmp_path)
    elf = program(tmp_path, TEXT, given)
    objdump = str(require(cross_compiler)).replace("gcc", "objdump")
    dump = subprocess.run([objdump, "-d", str(elf)], check=True, capture_output=True, text=True).stdout
    shown = "\n".join(map(Namer([given]).line, dump.splitlines()))
    assert all(text in plain(shown) for text in EXPECTED)
    assert dump.count(".4byte") == shown.count(".4byte") + 4
    assert "csrr a0,all_vth" in plain(shown) and "csrw all_vth,a1" in plain(shown) and "mscratch,a1" in shown
    changed = [
        (before, after) for before, after in zip(dump.splitlines(), shown.splitlines(), strict=True) if before != after
    ]
    assert len(changed) == 6  # and nothing else


def test_llvm_objdump(tmp_path: Path) -> None:
    tool = str(require(llvm_objdump))
    given = extension(tmp_path)
    elf = program(tmp_path, TEXT, given)
    dump = subprocess.run([tool, "-d", "--mattr=+m", str(elf)], check=True, capture_output=True, text=True).stdout
    shown = plain("\n".join(map(Namer([given]).line, dump.splitlines())))
    assert all(text in shown for text in EXPECTED) and "<unknown>" in dump and "<unknown>" not in shown


def test_spikes_logs(tmp_path: Path) -> None:
    given = extension(tmp_path)
    made = library(tmp_path, given)
    elf = program(tmp_path, TEXT, given)
    command = [str(require(spike_binary)), f"--extlib={made}", f"--isa={architecture_with([given]).isa}", "--priv=m"]
    command += ["-m0x80000000:0x4000000", "-l", f"--log={tmp_path}/log"]
    for option, expected in (
        ([], ["all.lif a0, a1, a2", "csrr a0, all_vth"]),
        (["--log-commits"], [" # all.lif a0, a1, a2", " c2000_all_vth "]),
    ):
        subprocess.run([*command, *option, str(elf)], check=True, timeout=60, stdin=subprocess.DEVNULL)
        lines = (tmp_path / "log").read_text().splitlines()
        shown = plain("\n".join(map(Namer([given]).line, lines)))
        for text in expected:
            assert text in shown, (text, [line for line in shown.splitlines() if "0x8000021" in line])
        assert len(shown.splitlines()) == len(lines)


def test_other_text_stays(tmp_path: Path) -> None:
    namer = Namer([extension(tmp_path)])
    elf = program(tmp_path, random_program(5, 20), extension(tmp_path))
    assert elf.exists()
    for line in (
        "",
        "Disassembly of section .text:",
        "80000000 <_start>:",
        "core   0: >>>>  main",
        "   3:\t01 02\t.byte 1",
    ):
        assert namer.line(line) == line
    unknown = "80000000:\t0000205b          \t.4byte\t0x205b"
    assert namer.line(unknown) == unknown
    assert namer.line("80000000:\t00c5852b          \t.insn\t4, 0x00c5852b").endswith("all.lif\ta0, a1, a2")
    assert namer.line("       0: 2b 85 c5 00  \t<unknown>").endswith("all.lif\ta0, a1, a2")


def test_the_command(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    given = extension(tmp_path)
    monkeypatch.setattr("sys.stdin", io.StringIO("80000000:\t00c5852b\t.4byte\t0xc5852b\nother\n"))
    assert main(["ext", "filter", str(given.path)]) == 0
    assert capsys.readouterr().out == "80000000:\t00c5852b\tall.lif\ta0, a1, a2\nother\n"
