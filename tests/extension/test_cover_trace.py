"""`ext cover --trace`: a recorded run hits the bins that the run itself hits."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from asm import assemble
from asm.elf import write_elf
from asm.source import Source
from iss.cli.exit_codes import ExitCode
from iss.cli.main import main
from iss.extension import architecture_with
from tests.cli.command import Command
from tests.extension.samples import ALL_KINDS, extension, program, random_program
from tests.extension.test_cover import EXTENSION

TRAPS = """
    .include "crt0.inc"
main:
    la t0, handler
    csrw mtvec, t0
    la s0, words
    li s1, 77
    li s2, 0x40000000
    cov.add a0, s1, s1
    cov.get a1, 0(s0)
    cov.get a1, 4(s0)
    cov.get a1, 1(s0)
    cov.get a1, -4(s2)
    cov.add a0, s1, s2
    ecall
    cov.get a2, 0(s0)
    li a0, 0
    ret
    .balign 4
handler:
    csrr t1, mepc
    addi t1, t1, 4
    csrw mepc, t1
    mret
    .data
    .balign 4
words:
    .word 0x80000001, 0
"""
"""The second word is 0, which is illegal; then a misaligned address and one where nothing answers."""


@pytest.fixture
def neurohart(capsysbinary: pytest.CaptureFixture[bytes]) -> Command:
    return Command(capsysbinary)


@pytest.fixture(autouse=True)
def _forget(monkeypatch: pytest.MonkeyPatch) -> None:
    """Extensions that commands load stay in one test."""
    monkeypatch.setattr("iss.builtin._loaded", {})


def recorded(folder: Path, elf: Path, file: Path, name: str, *options: str) -> Path:
    trace = folder / "run.nht"
    isa = f"rv32im_zicsr_zifencei_zicntr_{name}"
    arguments = ["trace", "record", str(elf), "--ext", str(file), "--isa", isa, "-q", *options, "-o", str(trace)]
    assert main(arguments) == 0
    return trace


def counts(folder: Path, file: Path, *options: str) -> dict[str, Any]:
    output = folder / "counts.json"
    assert main(["ext", "cover", str(file), "--no-vectors", "-o", str(output), *options]) == 0
    found: list[dict[str, Any]] = json.loads(output.read_text())
    return {mnemonic: dict(sorted(hits.items())) for mnemonic, hits in found[0]["instructions"].items() if hits}


@pytest.mark.parametrize("engine", ["interpreter", "reference"])
def test_a_trace_hits_what_the_run_hits(engine: str, tmp_path: Path) -> None:
    """State, loads, stores, jumps, CSRs with rules of their own."""
    given = extension(tmp_path, ALL_KINDS)
    elf = program(tmp_path, random_program(5, 400), given)
    trace = recorded(tmp_path, elf, given.path, "xall", "--engine", engine)
    by_trace = counts(tmp_path, given.path, "--trace", str(trace))
    assert by_trace == counts(tmp_path, given.path, "--run", str(elf))
    assert sum(hits["executed"] for hits in by_trace.values()) > 100


def trapping(folder: Path) -> tuple[Path, Path]:
    """The file of an extension and a program in which its instructions trap."""
    given = extension(folder, EXTENSION)
    (folder / "traps.S").write_text(TRAPS, encoding="utf-8")
    elf = folder / "traps.elf"
    made = assemble([Source(str(folder / "traps.S"), TRAPS)], architecture=architecture_with([given]))
    elf.write_bytes(write_elf(made))
    return given.path, elf


def test_traps(tmp_path: Path) -> None:
    file, elf = trapping(tmp_path)
    trace = recorded(tmp_path, elf, file, "xcov")
    assert counts(tmp_path, file, "--trace", str(trace))["cov.get"]["executed"] == 3
    by_trace = counts(tmp_path, file, "--trace", str(trace), "--program", str(elf))
    assert by_trace == counts(tmp_path, file, "--run", str(elf))
    assert [name for name in by_trace["cov.get"] if name.startswith("traps: ")] == [
        "traps: illegal instruction",
        "traps: load access fault",
        "traps: load address misaligned",
    ]
    assert by_trace["cov.get"]["executed"] == 5


def test_a_trace_of_another_definition(tmp_path: Path, neurohart: Command) -> None:
    file, elf = trapping(tmp_path)
    trace = recorded(tmp_path, elf, file, "xcov")
    file.write_text(EXTENSION.replace("hart.x[insn.rd] = 0", "hart.x[insn.rd] = 9"), encoding="utf-8")
    ended = neurohart("ext", "cover", file, "--trace", trace)
    assert (ended.code, ended.output) == (ExitCode.BAD_INPUT, b"")
    assert "cov.add at 0x" in ended.errors and "gives 0x9, the trace has 0x0; was the trace recorded" in ended.errors


def test_a_trace_with_a_filter(tmp_path: Path, neurohart: Command) -> None:
    file, elf = trapping(tmp_path)
    trace = recorded(tmp_path, elf, file, "xcov", "--filter", "write a0")
    ended = neurohart("ext", "cover", file, "--trace", trace)
    assert ended.code == ExitCode.BAD_INPUT
    assert "does not have all instructions from reset on; record it without a filter" in ended.errors


def test_a_log_of_spike(tmp_path: Path, neurohart: Command) -> None:
    log = tmp_path / "run.log"
    log.write_text("core   0: 3 0x80000000 (0x00000013)\n", encoding="utf-8")
    file = extension(tmp_path, EXTENSION).path
    ended = neurohart("ext", "cover", file, "--trace", log, "--json", "--no-vectors")
    assert ended.code == 0, ended.errors
    assert json.loads(ended.output)["percent"] == 0
