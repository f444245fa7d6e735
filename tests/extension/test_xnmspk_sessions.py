"""Xnmspk in the workbench: its specification against the C coprocessor and the Verilog by random programs, and bugs."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from iss.errors import NeuroHartError
from iss.extension import Extension, architecture_with, load_extensions
from iss.extension.dut import HALTS
from iss.extension.implementations import make_implementation
from iss.extension.lockstep import Session
from iss.extension.programs import Programs
from iss.extension.shrink import Shrunk, shrink
from tests.extension.rtl.tools import rtl_tool
from tests.extension.test_xnmspk import FILE, specification


def run_session(extension: Extension, name: str, count: int, **options: object) -> tuple[list[Shrunk], int]:
    """The first failure of so many programs against an implementation, shrunk, and the instructions run."""
    spec = extension.implementations[name]
    spec = replace(spec, options={**spec.options, **options})
    session = Session(extension, make_implementation(spec, extension, architecture_with([extension])), seed=11)
    try:
        for failure in session.run(count=count):
            if failure is not None:
                return [shrink(failure, architecture_with([extension]))], session.progress.instructions
    finally:
        session.close()
    return [], session.progress.instructions


def test_against_the_coprocessor() -> None:
    failures, instructions = run_session(specification(), "coprocessor", 60)
    assert failures == [] and instructions > 50_000


def test_against_verilog() -> None:
    failures, instructions = run_session(specification(), "rtl", 60, simulator=rtl_tool("verilator"))
    assert failures == [] and instructions > 50_000


def test_a_planted_bug_is_found_and_shrunk(tmp_path: Path) -> None:
    """> for >= and the other way round, in Verilog."""
    shutil.copytree(FILE.parent, tmp_path, dirs_exist_ok=True)
    verilog = tmp_path / "rtl" / "xnmspk_pcpi.v"
    text = verilog.read_text()
    assert text.count("left > right || (or_equal") == 1
    verilog.write_text(text.replace("left > right || (or_equal", "left > right || (!or_equal"))
    (extension,) = load_extensions(tmp_path / "xnmspk.py")
    failures, _ = run_session(extension, "rtl", 1000, simulator=rtl_tool("verilator"))
    divergence = failures[0].divergence
    definition = extension.instructions.decode(divergence.word)
    assert divergence.kind == "value" and len(failures[0].lines) <= 8
    assert definition is not None and definition.mnemonic in ("nm.cmp", "nm.thr", "nm.lif")


def test_what_is_wrong_with_an_implementation_in_verilog() -> None:
    extension = specification()
    for options, problem in (
        ({"colour": 1}, "option colour is not known"),
        ({"instructions": ["nm.rndm"]}, "has no instruction 'nm.rndm'"),
        ({"top": None}, "expected verilog="),
        ({"simulator": "vcs"}, "'vcs' is not known"),
    ):
        with pytest.raises(NeuroHartError, match=f"xnmspk.py:.*implementation 'rtl': .*{problem}"):
            run_session(extension, "rtl", 1, **options)


def test_a_unit_that_hangs_is_shrunk(tmp_path: Path) -> None:
    """It hangs where popc gives 31: the program is shrunk to that."""
    shutil.copytree(FILE.parent, tmp_path, dirs_exist_ok=True)
    verilog = tmp_path / "rtl" / "xnmspk_pcpi.v"
    verilog.write_text(
        verilog.read_text().replace(
            "pcpi_ready <= resetn && accepted;", "pcpi_ready <= resetn && accepted && result != 31;"
        )
    )
    (extension,) = load_extensions(tmp_path / "xnmspk.py")
    options = {"simulator": rtl_tool("verilator"), "instructions": ["nm.popc"]}
    failures, _ = run_session(extension, "rtl", 1000, **options)
    assert failures[0].divergence.kind == "ended"
    assert "pcpi_ready never comes" in failures[0].divergence.dut
    assert extension.instructions.decode(failures[0].divergence.word) is not None and len(failures[0].lines) <= 4


def test_programs_for_a_core_that_halts_end_with_illegal_words() -> None:
    """It could not go on behind them; still a unit that executes one has to be found."""
    extension = specification()
    spec = Programs(extension, 1, frozenset({"csr", "state", "muldiv", HALTS}))
    known = architecture_with([extension]).instructions
    last = [spec.program(number).words[-1] for number in range(60)]
    illegal = [word for word in last if known.decode(word) is None]
    assert 5 < len(illegal) < 40 and {word & 0x7F for word in illegal} & {0x0B}
