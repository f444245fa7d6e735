"""The one place where the oracle tests call the simulator under test."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path

from iss.machine import End, Machine
from iss.trace.spike import SpikeLog
from tests.oracles.commit_log import cut_after_exit

ENGINES = ("reference", "interpreter")
ISA = "rv32im_zicsr_zifencei_zicntr"
MAXIMUM_INSTRUCTIONS = 20_000_000


@dataclass(frozen=True)
class Result:
    """What one run left; the same fields as SpikeResult."""

    exit_code: int
    output: str
    log: str
    signature: tuple[int, ...]


def run_neurohart(
    elf: Path,
    engine: str,
    isa: str = ISA,
    max_instructions: int = MAXIMUM_INSTRUCTIONS,
    signature: bool = False,
    log_commits: bool = False,
    misaligned: bool = False,
) -> Result:
    """Run `elf` on the given engine, started as Spike starts it; raises RuntimeError when it does not exit.

    `misaligned` loads and stores are done instead of trapping.
    """
    output, log = bytearray(), bytearray()
    machine = Machine(isa=isa, engine=engine, console=output.extend, misaligned=misaligned)
    machine.load(elf)
    machine.boot_as_spike()
    writer = SpikeLog(machine.architecture, log.extend)
    if log_commits:
        machine.observe(writer.consume)
    outcome = machine.run(max_instructions)
    writer.close()
    if outcome.end is not End.EXIT or outcome.exit_code is None:
        raise RuntimeError(f"{elf.name} on {engine}: {outcome.reason}")
    words: tuple[int, ...] = ()
    if signature:
        start, end = (machine.symbol(name) - machine.ram.base for name in ("begin_signature", "end_signature"))
        words = struct.unpack(f"<{(end - start) // 4}I", machine.ram.buffer[start:end])
    return Result(outcome.exit_code, output.decode(errors="replace"), cut_after_exit(log.decode(), elf), words)
