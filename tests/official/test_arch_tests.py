"""riscv-arch-test (I, M, Zifencei, privilege): every engine's signature and commit log are Spike's."""

from __future__ import annotations

import pytest

from tests.official.build import arch_tests
from tests.official.listing import by_name
from tests.oracles.building import Program
from tests.oracles.commit_log import require_same_log
from tests.oracles.neurohart import ENGINES, run_neurohart
from tests.oracles.signature import signature_text
from tests.oracles.spike import run_spike
from tests.oracles.toolchain import cross_compiler, official_sources, require, spike_binary

UNTOUCHED = 0xDEADBEEF
"""What the tests fill the signature with before they run."""


def test_all_are_there() -> None:
    """The package ships 39 I, 8 M, 1 Zifencei and 15 privilege tests."""
    require(official_sources)
    require(cross_compiler)
    names = [program.name.partition("-")[0] for program in arch_tests()]
    assert {part: names.count(part) for part in names} == {"I": 39, "M": 8, "Zifencei": 1, "privilege": 15}


@by_name(arch_tests)
def test_spike_writes_a_signature(program: Program) -> None:
    """The oracle reaches the end of the test and has stored results."""
    require(spike_binary)
    result = run_spike(program.build(), signature=True)
    assert result.exit_code == 0
    assert any(word != UNTOUCHED for word in result.signature)


@pytest.mark.parametrize("engine", ENGINES)
@by_name(arch_tests)
def test_signature_and_log(program: Program, engine: str) -> None:
    """Signature and commit log up to the exit are Spike's."""
    require(spike_binary)
    elf = program.build()
    expected = run_spike(elf, signature=True, log_commits=True)
    actual = run_neurohart(elf, engine, signature=True, log_commits=True)
    assert actual.exit_code == 0
    assert signature_text(actual.signature) == signature_text(expected.signature)
    require_same_log(expected.log, actual.log)
