"""Xnmspk by its specification: the text's examples, the C coprocessor, and Verilog on PicoRV32."""

from __future__ import annotations

import shutil
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from coprocessor.instructions import xnmlrn, xnmspk
from iss.builtin import extended_architecture
from iss.extension import Extension, architecture_with, load_extensions
from iss.extension.dut import encode
from iss.extension.implementations import make_implementation
from iss.extension.rtl.design import TOOLS, Design
from iss.extension.rtl.protocol import Job
from iss.extension.rtl.simulator import RtlSimulator
from iss.extension.testing import Bench
from iss.isa.causes import Cause
from iss.isa.definitions import Definition
from tests.coprocessor.test_instruction_examples import EXAMPLES
from tests.extension.rtl.tools import rtl_tool
from tests.extension.xnm_programs import CASES, case_program, enabling_program, records, retired, xnm_program

FILE = Path(__file__).resolve().parents[2] / "programs" / "extensions" / "xnmspk" / "xnmspk.py"
BUILTIN = extended_architecture("rv32im_zicsr_zifencei_zicntr_xnmspk_xnmeng_xnmlrn", ())


@cache
def specification() -> Extension:
    """The extension file."""
    (extension,) = load_extensions(FILE)
    return extension


def register_level() -> dict[str, Definition]:
    """The coprocessor's own definitions of the same instructions."""
    chosen = [definition for definition in (*xnmspk, *xnmlrn) if definition.encoding.match & 0x7F == 0x0B]
    return {definition.mnemonic: definition for definition in chosen}


def test_it_describes_all_register_level_instructions() -> None:
    own = register_level()
    assert len(own) == 49
    assert {(d.mnemonic, d.encoding.pattern, d.syntax.text, d.cycles) for d in specification().instructions} == {
        (d.mnemonic, d.encoding.pattern, d.syntax.text, d.cycles) for d in own.values()
    }
    for csr in specification().csrs:
        assert BUILTIN.csrs.by_number[csr.number].name == csr.name


@pytest.mark.parametrize(
    ("name", "csrs", "operands", "expected", "changed"), EXAMPLES, ids=lambda value: str(value)[:8]
)
def test_examples_of_the_text(
    name: str, csrs: dict[str, int], operands: tuple[int, ...], expected: int, changed: dict[str, int]
) -> None:
    bench = Bench(specification())
    text = specification().instructions.by_mnemonic[f"nm.{name}"].syntax.text
    names = {"rd": "a2", "rs1": "a0", "rs2": "a1"}
    reads_rd = len(operands) > text.count("rs")
    order = (["a2"] if reads_rd else []) + [names[part] for part in ("rs1", "rs2") if part in text]
    line = " ".join(names.get(part.rstrip(","), part) + ("," if part.endswith(",") else "") for part in text.split())
    state = {"ctl": 1} | {key.removeprefix("nm_"): value for key, value in csrs.items()}
    registers: dict[str, Any] = dict(zip(order, operands, strict=True))
    result = bench.run(line, state=state, **registers)
    assert result.a2 == expected and result.trap is None
    assert bench.read_csr("nm_ctl") == 3
    for key, value in changed.items():
        assert bench.read_csr(key) == value


def test_off_is_illegal_and_changes_nothing() -> None:
    bench = Bench(specification())
    for line in ("nm.rnd a2", "csrr a2, nm_p0", "csrw nm_p0, a0", "csrr a2, nm_rng"):
        result = bench.run(line, a0=7, a2=5)
        assert result.trap is not None and result.trap[0] == Cause.ILLEGAL_INSTRUCTION and result.a2 == 5
        assert result.state.rng == 0x6E6D0001 and result.state.p0 == 0 and result.state.ctl == 4
    assert bench.run("csrw nm_ctl, a0; nm.rnd a2; csrr a3, nm_ctl", a0=0xFFFF_FFFD).a3 == 7
    for line, st in (("csrw nm_p0, a0", 3), ("csrr a2, nm_p0", 1), ("nm.popc x0, a0", 3)):
        assert bench.run(line, state={"ctl": 1}).state.ctl == st


@pytest.mark.parametrize("engine", ["interpreter", "reference"])
def test_against_the_coprocessor(engine: str) -> None:
    own = architecture_with([specification()], "rv32im_zicsr_zifencei_zicntr")
    csrs = [csr.number for csr in specification().csrs]
    for seed in range(150 if engine == "interpreter" else 4):
        code = xnm_program(seed, specification().instructions, csrs)
        specified, given = records(own, code, engine), records(BUILTIN, code, engine)
        np.testing.assert_array_equal(specified, given, err_msg=f"seed {seed}")


def test_every_instruction_needs_st_and_marks_it_dirty() -> None:
    """Illegal while ST is Off, with the word as mtval and nothing changed; else Dirty afterwards (1.4, 1.6)."""
    own = architecture_with([specification()], "rv32im_zicsr_zifencei_zicntr")
    for definition in specification().instructions:
        for ctl in range(8):
            code = enabling_program(definition, ctl)
            specified, given = records(own, code), records(BUILTIN, code)
            np.testing.assert_array_equal(specified, given, err_msg=f"{definition.mnemonic}, nm_ctl {ctl}")


@pytest.mark.parametrize("mnemonic", sorted({case["instruction"] for case in CASES}))
def test_cases_that_tell_mutants_apart(mnemonic: str) -> None:
    own = architecture_with([specification()], "rv32im_zicsr_zifencei_zicntr")
    definition = specification().instructions.by_mnemonic[mnemonic]
    code = case_program(definition, specification().csrs)
    given = records(BUILTIN, code)
    assert len(retired(given)) == len(code) // 4, "no case traps"
    np.testing.assert_array_equal(records(own, code), given)


def test_a_wrong_specification_is_noticed(tmp_path: Path) -> None:
    """The comparison can fail: saturation of traces one too low."""
    for file in FILE.parent.glob("*.py"):
        shutil.copy(file, tmp_path)
    kernels = tmp_path / "xnmspk_kernels.py"
    kernels.write_text(kernels.read_text().replace("raised > 0x7FFF, 0x7FFF", "raised > 0x7FFE, 0x7FFE"))
    (wrong,) = load_extensions(tmp_path / "xnmspk.py")
    own = architecture_with([wrong], "rv32im_zicsr_zifencei_zicntr")
    csrs = [csr.number for csr in wrong.csrs]
    found = set()
    for seed in range(3):
        code = xnm_program(seed, wrong.instructions, csrs)
        specified, given = (retired(records(each, code, "reference")) for each in (own, BUILTIN))
        first = int(np.nonzero((specified != given).any(axis=1))[0][0])
        word = int(given[first, 2])
        found |= {d.mnemonic for d in BUILTIN.instructions if word & d.encoding.mask == d.encoding.match}
    assert found == {"nm.tri"}


@pytest.mark.parametrize("tool", TOOLS)
def test_verilog_against_the_coprocessor(tool: str) -> None:
    spec = specification().implementations["rtl"]
    chosen = [specification().instructions.by_mnemonic[name] for name in spec.options["instructions"]]
    csrs = [csr.number for csr in specification().csrs]
    design = Design(tuple(FILE.parent / name for name in spec.target), spec.options["top"])
    with RtlSimulator(design, rtl_tool(tool)) as simulator:
        for seed in range(60 if tool == "verilator" else 3):
            code = xnm_program(seed, chosen, csrs)
            given = retired(records(BUILTIN, code))
            run = simulator.run(Job(code, len(given)))
            assert run.problem is None and len(run.pc) == len(given)
            np.testing.assert_array_equal(run.pc, given[:, 1], err_msg=f"seed {seed}")
            np.testing.assert_array_equal(run.rd, given[:, 0] >> 8 & 0xFF, err_msg=f"seed {seed}")
            np.testing.assert_array_equal(run.value, given[:, 3], err_msg=f"seed {seed}")


def test_verilog_refuses_what_is_illegal() -> None:
    spec = specification().implementations["rtl"]
    implementation = make_implementation(spec, specification(), architecture_with([specification()]))
    assert implementation.abilities == {"state", "muldiv", "csr", "halts"}
    assert implementation.mnemonics is not None and len(implementation.mnemonics) == 33
    implementation.close()
    design = Design(tuple(FILE.parent / name for name in spec.target), spec.options["top"])
    on = [encode("addi", rd=1, imm=1), encode("csrrw", rs1=1, csr=0x7C0)]
    popc = 0x0000_000B
    with RtlSimulator(design, rtl_tool()) as simulator:
        for words in ([popc], [*on, popc | 1 << 20], [*on, 0x3A00_000B], [encode("csrrs", csr=0x800)]):
            run = simulator.run(Job(np.array(words, dtype="<u4").tobytes(), 10))
            assert run.trap.tolist() == [0] * (len(words) - 1) + [1]
