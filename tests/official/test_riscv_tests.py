"""riscv-tests (rv32ui, rv32um, rv32mi): every test passes, and every engine's commit log is Spike's, byte for byte."""

from __future__ import annotations

import pytest

from tests.official.build import riscv_tests
from tests.official.listing import by_name
from tests.oracles.building import Program
from tests.oracles.commit_log import require_same_log
from tests.oracles.neurohart import ENGINES, run_neurohart
from tests.oracles.spike import run_spike
from tests.oracles.toolchain import cross_compiler, official_sources, require, spike_binary


def misaligned_tests() -> list[Program]:
    """The tests that accept both kinds of machine."""
    return [program for program in riscv_tests() if program.name.endswith("-misaligned")]


def test_all_are_there() -> None:
    """The package ships 39 rv32ui, 8 rv32um and 14 rv32mi tests."""
    require(official_sources)
    require(cross_compiler)
    names = [program.name.partition("-")[0] for program in riscv_tests()]
    assert {suite: names.count(suite) for suite in names} == {"rv32ui": 39, "rv32um": 8, "rv32mi": 14}


@by_name(riscv_tests)
def test_spike_passes(program: Program) -> None:
    """The oracle itself passes: our environment header suits the test."""
    require(spike_binary)
    assert run_spike(program.build()).exit_code == 0


@pytest.mark.parametrize("engine", ENGINES)
@by_name(riscv_tests)
def test_passes(program: Program, engine: str) -> None:
    """Exit code 0; another one is the number of the failed case."""
    assert run_neurohart(program.build(), engine).exit_code == 0


@pytest.mark.parametrize("engine", ENGINES)
@by_name(riscv_tests)
def test_commit_log(program: Program, engine: str) -> None:
    """The commit log up to the exit is Spike's."""
    require(spike_binary)
    elf = program.build()
    expected = run_spike(elf, log_commits=True).log
    actual = run_neurohart(elf, engine, log_commits=True).log
    require_same_log(expected, actual)


@pytest.mark.parametrize("engine", ENGINES)
@by_name(misaligned_tests)
def test_misaligned_emulated(program: Program, engine: str) -> None:
    """The misaligned tests pass when such accesses are done, too, with Spike's log."""
    require(spike_binary)
    elf = program.build()
    expected = run_spike(elf, log_commits=True, misaligned=True)
    actual = run_neurohart(elf, engine, log_commits=True, misaligned=True)
    assert (actual.exit_code, expected.exit_code) == (0, 0)
    require_same_log(expected.log, actual.log)
