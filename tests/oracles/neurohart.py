"""The one place where the oracle tests call the simulator under test."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

ENGINES = ("reference", "interpreter")
ISA = "rv32im_zicsr_zifencei_zicntr"


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
    max_instructions: int = 10_000_000,
    signature: bool = False,
    log_commits: bool = False,
) -> Result:
    """Run `elf` on the given engine until it exits; an endless program raises RuntimeError."""
    raise NotImplementedError
