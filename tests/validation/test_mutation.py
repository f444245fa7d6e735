"""The mutation scores of our own tests, on a sample; `python -m tools.validation mutation` makes the whole tables."""

from __future__ import annotations

import pytest

from iss.extension import load_extensions
from tests.official.build import riscv_tests
from tests.oracles.toolchain import cross_compiler, official_sources, require
from tools.validation.mutation import XNMSPK, Official, Spiking, scored, total

pytest.importorskip("z3", reason="z3 is missing; run: pip install z3-solver")


def test_rv32im_by_official_programs() -> None:
    """Mutants of four instructions are killed by the program of their name; a known gap of the programs is found."""
    require(official_sources)
    require(cross_compiler)
    names = ("sra", "lbu", "mulhsu", "blt")
    programs = [program for program in riscv_tests() if program.name.rpartition("-")[2] in names]
    assert len(programs) == len(names)
    official = Official(programs)
    chosen = [one for one in official.definitions() if one.mnemonic in names]
    rows = {row.mnemonic: row for row in scored(chosen, official.is_killed, official.architecture, {})}
    assert all(rows[name].percent == 100 for name in ("sra", "lbu", "mulhsu"))
    survivors = [mutant.description for mutant, _ in rows["blt"].survivors]
    assert "`signed(x[rs1], 32) < signed(x[rs2], 32)` becomes `signed(x[rs1], 32) <= signed(x[rs2], 32)`" in survivors


def test_xnmspk_by_its_programs() -> None:
    """Fewer programs than the tests have kill at least 95 % of the mutants of some instructions."""
    (extension,) = load_extensions(XNMSPK)
    chosen = [extension.instructions.by_mnemonic[name] for name in ("nm.popc", "nm.sat", "nm.rndn")]
    spiking = Spiking(extension, range(12), chosen)
    whole = total(scored(chosen, spiking.is_killed, spiking.architecture, extension.states, every=4))
    assert whole.mutants > 40
    assert whole.percent >= 95, [str(mutant) for mutant, _ in whole.survivors]
