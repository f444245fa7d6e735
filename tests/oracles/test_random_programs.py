"""Random programs: every engine's commit log is Spike's; and the programs themselves are what they claim to be."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from iss.isa.catalogue import instruction_set
from tests.oracles.commit_log import require_same_log
from tests.oracles.neurohart import ENGINES, run_neurohart
from tests.oracles.random_programs import PRIVILEGED, TOHOST, random_program
from tests.oracles.spike import run_spike
from tests.oracles.toolchain import require, spike_binary

ISA = "rv32im_zicsr_zifencei"
SEEDS = range(60)
EXIT = f" mem 0x{TOHOST:08x} 0x00000001\n"


def words_of(log: str) -> list[int]:
    """The instruction words of a log."""
    return [int(line.split()[4].strip("()"), 16) for line in log.splitlines()]


def test_generation_is_deterministic() -> None:
    """The same seed gives the same program, another one another."""
    instructions = instruction_set(ISA)
    assert random_program(1, instructions) == random_program(1, instructions)
    assert random_program(1, instructions).words != random_program(2, instructions).words


def test_without_privileged_snippets_nothing_traps(tmp_path: Path) -> None:
    """Then the handler is never entered."""
    require(spike_binary)
    elf = random_program(7, instruction_set(ISA), without=PRIVILEGED).write_elf(tmp_path / "random.elf")
    assert 0x34202F73 not in words_of(run_spike(elf, log_commits=True).log)


def test_coverage(tmp_path: Path) -> None:
    """All programs end, and together they retire every instruction and reach every trap cause of M-mode RV32IM."""
    require(spike_binary)
    instructions = instruction_set(ISA)
    seen: Counter[str] = Counter()
    causes = set()
    for seed in SEEDS:
        elf = random_program(seed, instructions).write_elf(tmp_path / "random.elf")
        log = run_spike(elf, log_commits=True).log
        assert log.endswith(EXIT), f"seed {seed} does not end"
        for line, word in zip(log.splitlines(), words_of(log), strict=True):
            definition = instructions.decode(word)
            seen[definition.mnemonic if definition else f"{word:#010x}"] += 1
            if word == 0x34202F73:
                causes.add(int(line.split()[-1], 16))
    never = {"ecall", "ebreak", "wfi"}
    assert {definition.mnemonic for definition in instructions} - never <= set(seen)
    assert causes == {0, 1, 2, 3, 4, 5, 6, 7, 11, 0x8000_0003}


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("first", SEEDS[::10])
def test_commit_log(first: int, engine: str, tmp_path: Path) -> None:
    """The commit log is Spike's for ten programs."""
    require(spike_binary)
    instructions = instruction_set(ISA)
    for seed in range(first, first + 10):
        elf = random_program(seed, instructions).write_elf(tmp_path / f"random-{seed}.elf")
        expected = run_spike(elf, log_commits=True).log
        actual = run_neurohart(elf, engine, log_commits=True).log
        require_same_log(expected, actual, f"seed {seed}")


@pytest.mark.parametrize("engine", ENGINES)
def test_commit_log_misaligned(engine: str, tmp_path: Path) -> None:
    """Also when misaligned accesses are done: at the end of RAM mtval names the part that is outside."""
    require(spike_binary)
    instructions = instruction_set(ISA)
    for seed in (*range(20), 86, 100):
        elf = random_program(seed, instructions).write_elf(tmp_path / f"random-{seed}.elf")
        expected = run_spike(elf, log_commits=True, misaligned=True).log
        actual = run_neurohart(elf, engine, log_commits=True, misaligned=True).log
        require_same_log(expected, actual, f"seed {seed}")
