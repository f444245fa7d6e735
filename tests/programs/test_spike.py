"""Plain RV32IM forms, built by either assembler, on Spike: output and exit code are the expected ones."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.oracles.spike import run_spike
from tests.oracles.toolchain import cross_compiler, require, spike_binary
from tests.programs.catalogue import Form, expectation, forms

PLAIN = [form for form in forms() if not form.needs_coprocessor]


@pytest.fixture(autouse=True)
def tools() -> None:
    require(cross_compiler)
    require(spike_binary)


@pytest.mark.parametrize("form", PLAIN, ids=lambda form: f"{form.program}-{form.name}")
@pytest.mark.parametrize("assembler", ["gnu", "neurohart"])
def test_form_on_spike(form: Form, assembler: str, tmp_path: Path) -> None:
    if assembler == "gnu":
        elf = form.build_with_gnu()
    else:
        elf = tmp_path / "program.elf"
        form.assemble(htif=True).save(elf)
    expected = expectation(form.program)
    result = run_spike(elf)
    assert (result.output, result.exit_code) == (expected["output"], expected["exit_code"])


def test_traps_reports_the_first_failed_check() -> None:
    """With compressed instructions a target of 2 modulo 4 is no misaligned address: the first check must fail."""
    (form,) = (form for form in PLAIN if form.program == "traps")
    result = run_spike(form.build_with_gnu(), isa="rv32imc_zicsr_zifencei_zicntr", max_instructions=1_000_000)
    assert result.exit_code == 1
    assert "FAILED  instruction address misaligned" in result.output
    assert result.output.count("FAILED") == 1
