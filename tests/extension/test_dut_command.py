"""Foreign simulators as second implementations: Spike on the base ISA, logs of other formats, and what goes wrong."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path

import numpy as np
import pytest

from iss.errors import NeuroHartError
from iss.extension import Extension, architecture_with, load_extensions
from iss.extension.dut import TestProgram, constant, encode
from iss.extension.dut_command import CommandImplementation, make, program_elf
from iss.extension.dut_machine import specification
from iss.extension.extension import ImplementationSpec
from iss.extension.lockstep import Session
from iss.loaders import load_image
from tests.oracles.toolchain import require, spike_binary

SPIKE = "--isa={base} --priv=m --triggers=0 --pmpregions=0 -m0x80000000:0x10000 --log-commits"
TEXT = '''from iss.extension import Extension
x = Extension("xone")
@x.instruction("0000000 00000 rs1 000 rd 1011011", "one.a rd, rs1")
def a(hart, insn):
    """Move."""
    hart.x[insn.rd] = hart.x[insn.rs1]
'''
PROGRAM = TestProgram((*constant(5, 77), encode("sw", rs1=4, rs2=5, imm=0), encode("lh", rd=6, rs1=4, imm=0)), (
    *(0, 0, 0), 0x8000_9100, *(0,) * 27
), traps=False)  # fmt: skip


@pytest.fixture
def extension(tmp_path: Path) -> Extension:
    """An extension of one instruction, in a folder of its own."""
    (tmp_path / "x.py").write_text(TEXT)
    (made,) = load_extensions(tmp_path / "x.py")
    return made


def implementation(extension: Extension, command: str, **options: object) -> CommandImplementation:
    """The implementation of a command."""
    spec = ImplementationSpec("other", "command", command, options, "x.py:9")
    return make(spec, extension, architecture_with([extension]))


def test_spike_on_base_programs(extension: Extension) -> None:
    for command in (
        f"{require(spike_binary)} {SPIKE} --log={{log}} {{elf}}",
        f"{require(spike_binary)} {SPIKE} {{elf}}",
    ):
        session = Session(extension, implementation(extension, command), seed=3)
        assert list(session.run(count=4)) == [None] * 4
        assert session.progress.instructions > 1500
        assert not session.programs.instructions  # the command has {base}: Spike does not know the extension
        session.close()


def test_a_wrong_simulator_is_noticed(extension: Extension, tmp_path: Path) -> None:
    """Spike behind a filter that changes every result of `sub`."""
    script = tmp_path / "wrong.py"
    script.write_text(
        "import re, subprocess, sys\n"
        "def change(m):\n"
        "    wrong = int(m[2], 16) & 0xFE00707F == 0x40000033\n"
        "    return m[1] + m[2] + m[3] + '%08x' % (int(m[4], 16) ^ wrong)\n"
        "text = subprocess.run(sys.argv[1:], capture_output=True, text=True).stderr\n"
        "print(re.sub(r'(\\(0x)([0-9a-f]{8})(\\) x\\d+ +0x)([0-9a-f]{8})', change, text))\n"
    )
    command = f"{sys.executable} {script} {require(spike_binary)} {SPIKE} {{elf}}"
    session = Session(extension, implementation(extension, command), seed=3)
    failures = [failure for failure in session.run(count=4) if failure is not None]
    assert failures and {failure.divergence.kind for failure in failures} == {"value"}
    assert {failure.divergence.word & 0xFE00707F for failure in failures} == {encode("sub", rd=0, rs1=0, rs2=0)}


@pytest.mark.parametrize("suffix", ["rvvi", "jsonl", "log"])
def test_other_formats(extension: Extension, suffix: str) -> None:
    """Our own simulator as the foreign one, by each format that it writes and that others write, too."""
    neurohart = f"{shlex.quote(sys.executable)} -m iss trace"
    record = f"{neurohart} record {{elf}} -o {{log}}.nht > /dev/null"
    convert = f"{neurohart} convert {{log}}.nht {{log}}.{suffix}"
    script = f"{record} && {convert} && cp {{log}}.{suffix} {{log}}"
    made = implementation(extension, shlex.join(["sh", "-c", script]))
    run, expected = made.run(PROGRAM, 1000), specification(extension, "reference").run(PROGRAM, 1000)
    assert run.ended == expected.ended == "exit"
    for name in ("pc", "word", "rd", "value"):
        np.testing.assert_array_equal(getattr(run, name), getattr(expected, name), err_msg=name)
    assert run.data == expected.data and run.data is not None and run.data[0x100] == 77


def test_the_limit_of_instructions(extension: Extension) -> None:
    run = implementation(extension, f"{require(spike_binary)} {SPIKE} {{elf}}").run(PROGRAM, 3)
    assert run.ended == "limit" and len(run.pc) == 3


def test_the_elf_file_is_the_program(tmp_path: Path) -> None:
    file = tmp_path / "p.elf"
    file.write_bytes(program_elf(PROGRAM))
    image = load_image(str(file))
    assert image.entry == 0x8000_0000 and image.symbols["tohost"].address == 0x8000_8000
    assert image.segments[0].data == PROGRAM.code_bytes()


@pytest.mark.parametrize(
    ("command", "problem"),
    [
        ("nothing-like-it {elf}", "'nothing-like-it' cannot be run"),
        ("true {elf}", "true wrote no log"),
        ("echo no trace {elf}", "format that is not known"),
    ],
)
def test_commands_that_fail(extension: Extension, command: str, problem: str) -> None:
    with pytest.raises(NeuroHartError, match=problem) as caught:
        implementation(extension, command).run(PROGRAM, 10)
    assert "neurohart-dut" not in str(caught.value).replace("/program.elf", "") or "echo" in command


def test_a_command_that_hangs_or_crashes(extension: Extension) -> None:
    assert (
        "not ended after 0.2 s"
        in implementation(extension, shlex.join(["sh", "-c", "sleep 30; echo {elf}"]), seconds=0.2)
        .run(PROGRAM, 9)
        .ended
    )
    crash = shlex.join(["sh", "-c", "echo oops {elf}; kill -SEGV $$"])
    assert "killed by signal 11: oops" in implementation(extension, crash).run(PROGRAM, 9).ended


@pytest.mark.parametrize(
    ("command", "options", "problem"),
    [
        ("spike", {}, r"the command has no \{elf\}"),
        ("spike {elf} {file}", {}, r"\{file\} stands for nothing; known are \{elf\}, \{log\}"),
        ("spike '{elf}", {}, "is no command: No closing quotation"),
        ("spike {elf}", {"colour": 1}, "option colour is not known"),
        ("spike {elf}", {"format": "vcd"}, "format 'vcd' is not known"),
        ("spike {elf}", {"instructions": ["one.b"]}, "'one.b' is no instruction of xone"),
        ("spike {elf}", {"abilities": ["magic"]}, "'magic' is no instruction of xone and no ability"),
    ],
)
def test_what_is_refused(extension: Extension, command: str, options: dict[str, object], problem: str) -> None:
    with pytest.raises(NeuroHartError, match=rf"x.py:9: implementation 'other': .*{problem}"):
        implementation(extension, command, **options)
