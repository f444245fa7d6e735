"""Runs Spike, the RISC-V reference simulator, on an ELF file. What it does exactly is told in README.md here."""

from __future__ import annotations

import re
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from iss.memory.map import MemoryMap
from tests.oracles.commit_log import cut_after_exit
from tests.oracles.signature import read_signature
from tests.oracles.toolchain import spike_binary

ISA = "rv32im_zicsr_zifencei_zicntr"


class SpikeError(RuntimeError):
    """Spike did not come to an end, or refused the program."""


@dataclass(frozen=True)
class SpikeResult:
    """What one run left: exit code by HTIF, console output, commit log up to the exit, signature words."""

    exit_code: int
    output: str
    log: str
    signature: tuple[int, ...]


def run_spike(
    elf: Path,
    isa: str = ISA,
    priv: str = "m",
    log_commits: bool = False,
    max_instructions: int | None = None,
    signature: bool = False,
    pmp_regions: int = 0,
    triggers: int = 0,
    misaligned: bool = False,
    timeout: float = 30.0,
) -> SpikeResult:
    """Run `elf` until it exits through `tohost`; raises SpikeError after `timeout` seconds.

    `max_instructions` is only a net against endless programs: Spike counts a trap as up to 5000 instructions and then
    stops with exit code 0. `misaligned` loads and stores are done instead of trapping (extension Zicclsm).
    """
    ram = MemoryMap().ram
    command = [
        str(spike_binary()),
        f"--isa={isa}_zicclsm" if misaligned else f"--isa={isa}",
        f"--priv={priv}",
        f"--triggers={triggers}",
        f"--pmpregions={pmp_regions}",
        f"-m{ram.base:#x}:{ram.size:#x}",
    ]
    if max_instructions is not None:
        command.append(f"--instructions={max_instructions}")
    with tempfile.TemporaryDirectory(prefix="spike-") as directory:
        log, words = Path(directory, "log"), Path(directory, "signature")
        if log_commits:
            command += ["--log-commits", f"--log={log}"]
        if signature:
            command += [f"+signature={words}", "+signature-granularity=4"]
        try:
            done = subprocess.run(
                [*command, str(elf)], capture_output=True, timeout=timeout, check=False, stdin=subprocess.DEVNULL
            )
        except subprocess.TimeoutExpired:
            raise SpikeError(f"Spike did not finish {elf} within {timeout:g} s") from None
        message = done.stderr.decode(errors="replace")
        failed = re.search(r"\*\*\* FAILED \*\*\* \(tohost = (\d+)\)", message)
        if done.returncode != 0 and failed is None and message.strip():
            raise SpikeError(f"Spike failed on {elf} (exit code {done.returncode}): {message.strip()}")
        return SpikeResult(
            exit_code=int(failed[1]) if failed else done.returncode,
            output=done.stdout.decode(errors="replace"),
            log=cut_after_exit(log.read_text(), elf) if log_commits else "",
            signature=read_signature(words.read_text()) if signature else (),
        )
