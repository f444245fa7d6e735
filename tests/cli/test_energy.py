"""`neurohart run --energy`, `--energy-report`: figures worked out by hand, sums of tables, the same on both engines."""

from __future__ import annotations

import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest

from coprocessor.csrs import COUNTERS
from coprocessor.energy import PRESETS, energy_fj, picojoules
from iss.cli.energy import Part, Report
from iss.cli.energy_tables import MOST_SYMBOLS, show
from iss.cli.exit_codes import ExitCode
from tests.cli.command import HELLO, Command, write_source

ROOT = Path(__file__).resolve().parents[2]
XNM = ("--isa", "rv32im_zicsr_xnmspk_xnmeng_xnmlrn")
both = pytest.mark.parametrize("engine", ["reference", "interpreter"])

FINISH = """
    li t0, 0x100000
    li t1, 0x5555
    sw t1, 0(t0)
1:  j 1b
"""
"""Four instructions that are executed, one of them a store."""

EXAMPLE = f"""
    .globl _start
_start:
    csrwi nm_ctl, 5
    csrwi nm_slice, 2
    la a1, network
    li a2, 2
    nm.run a0, a1, a2
    csrwi nm_ctl, 13                 # clears the counters: the energy is spent all the same
    nm.popc a3, a0
    call finish
    .type finish, @function
finish:
{FINISH}
    .size finish, . - finish
    .data
    .balign 16
neurons:
    .word 0x4e4d0101, 2, 0x801, 8, 0x0e660000, 0, 0, 0
    .word 100, 0, state, 0, currents, spikes, 4, 0
projection:
    .word 0x4e4d0201, 3, 2, 0x200, 0, weights, 0, 0
    .word 0, inputs, 4, currents, 0, 0, 0, 0
network:
    .word 0x4e4d0401, 2, 0, 0, 1, projection, 0x102, neurons
state: .word 0, 0
currents: .word 0, 0
spikes: .word 0, 0
weights: .word 0x283c, 0xf650, 0x0a1e
inputs: .word 3, 5
"""
"""The worked example 9.1 of the specification as firmware."""

SLEEPER = f"""
    .globl _start
_start:
    la t0, handler
    csrw mtvec, t0
    li t0, 0x02004000                # mtimecmp
    li t1, 1000
    sw t1, 0(t0)
    sw zero, 4(t0)
    li t0, 1 << 7
    csrw mie, t0
    wfi
    csrwi mstatus, 8
1:  j 1b
    .balign 4
handler:
{FINISH}
"""


def reported(neurohart: Command, *arguments: object) -> dict[str, Any]:
    """The JSON of a run, without what depends on engine and computer."""
    ended = neurohart("run", *arguments, "--uart", "null", "--json", "-")
    assert ended.code == 0, ended.errors
    content: dict[str, Any] = json.loads(ended.output)
    for name in ("engine", "seconds", "mips"):
        del content[name]
    return content


def require_sums(content: dict[str, Any]) -> None:
    """Every table adds up to the total and to what the run has counted."""
    energy = content["energy"]
    for table, instructions in (
        ("layers", 0),
        ("classes", content["instructions"]),
        ("symbols", content["instructions"]),
    ):
        rows = energy[table]
        assert sum(row["fj"] for row in rows) == energy["total_fj"], table
        assert sum(row["accesses"] for row in rows) == content["accesses"], table
        if table != "layers":
            assert sum(row["instructions"] for row in rows) == instructions
            assert sum(row["cycles"] for row in rows) == content["cycles"]
        for name in COUNTERS:
            expected = sum(row.get(name, 0) for row in energy["layers"])
            assert sum(row.get(name, 0) for row in rows) == expected, (table, name)


def rows_of(content: dict[str, Any], table: str) -> dict[str, dict[str, Any]]:
    """Rows of a table by name."""
    return {row["name"]: row for row in content["energy"][table]}


@pytest.mark.parametrize("engine", ["reference", "interpreter"])
def test_energy(neurohart: Command, tmp_path: Path, engine: str) -> None:
    """39 instructions, 7 loads and 7 stores, 39 cycles with preset default22; beside a trace too."""
    source = write_source(tmp_path, HELLO, CODE=0)
    for trace in ([], ["--trace", tmp_path / "log"]):
        ended = neurohart("run", source, "--engine", engine, "--energy", "default22", "--json", "-", *trace)
        content = json.loads(ended.output)
        assert (content["accesses"], content["energy"]["preset"]) == (14, "default22")
        assert content["energy"]["classes"] is content["energy"]["symbols"] is None
        assert content["energy"]["total_fj"] == 39 * 12000 + 14 * 3500 + 20000 * 39 // 100
        assert "524.8 pJ  Xnm model, preset default22" in ended.errors
    assert (tmp_path / "log").read_bytes().count(b"\n") == 39


def test_energy_presets_are_listed(neurohart: Command) -> None:
    ended = neurohart("run", "--energy", "list")
    assert ended.code == 0
    assert {line.split()[0] for line in ended.output.decode().splitlines() if line[0] != " "} == set(PRESETS)


@both
def test_report_by_hand(neurohart: Command, tmp_path: Path, engine: str) -> None:
    """Energies of 9.1: 16000 for 8 SOPs, 50000 for 4 updates and 2 spikes; the slices of 2 units change nothing."""
    content = reported(neurohart, write_source(tmp_path, EXAMPLE), *XNM, "--engine", engine, "--energy-report")
    require_sums(content)
    energy = content["energy"]
    assert (energy["preset"], content["lanes"]) == ("default22", 4)
    layers = rows_of(content, "layers")
    assert list(layers) == ["projection", "neurons", "(hart)", "(leakage)"]
    projection = layers["projection"]
    assert [projection[name] for name in ("operation", "operations", "sop", "spkin", "fj")] == ["syn", 2, 8, 4, 16000]
    update = layers["neurons"]
    assert [update[name] for name in ("operation", "operations", "nup", "spkout", "fj")] == ["upd", 2, 4, 2, 50000]
    assert (projection["cycles"], update["cycles"]) == (2 * (16 + 2 * 5), 2 * (15 + 4))
    classes = rows_of(content, "classes")
    assert {name: row["instructions"] for name, row in classes.items() if row["instructions"]} == {
        "ALU": 4 + 3,
        "store": 1,
        "branch, jump": 1,
        "CSR, system": 3,
        "Xnm spikes": 1,
        "Xnm engine": 1,
    }
    assert (classes["Xnm engine"]["cycles"], classes["Xnm engine"]["fj"]) == (90, 12000 + 66000)
    assert classes["store"]["fj"] == 12000 + 3500
    symbols = rows_of(content, "symbols")
    assert list(symbols) == ["_start", "finish", "(leakage)"]
    assert (symbols["_start"]["sop"], symbols["_start"]["fj"]) == (8, 10 * 12000 + 66000)
    assert (symbols["finish"]["instructions"], symbols["finish"]["fj"]) == (4, 4 * 12000 + 3500)
    assert content["coprocessor"]["sop"] == 0, "the firmware has cleared it"
    assert energy["leakage_fj"] == 20000 * content["cycles"] // 100
    assert content["cycles"] == 13 + 90


@pytest.mark.parametrize("program", ["neurons", "hello", "traps"])
def test_engines_give_the_same_report(neurohart: Command, program: str) -> None:
    folder = ROOT / "programs" / program
    options = (folder, "--energy-report", "--energy", "loihi14", "--timing", "edge2")
    contents = [reported(neurohart, *options, "--engine", engine) for engine in ("reference", "interpreter")]
    assert contents[0] == contents[1]
    require_sums(contents[0])


@pytest.mark.parametrize("form", ["scalar", "fine", "engine"])
def test_total_is_the_formula_on_the_counters(neurohart: Command, form: str) -> None:
    content = reported(neurohart, ROOT / "programs/digits", "--form", form, "--energy-report", "--energy", "sne22")
    require_sums(content)
    counters = {name: content["coprocessor"].get(name, 0) for name in ("sop", "nup", "spkout", "wupd")}
    counts = {"instructions": content["instructions"], "memory_words": content["accesses"], "cycles": content["cycles"]}
    assert content["energy"]["total_fj"] == energy_fj(PRESETS["sne22"], **counts, **counters)
    quick = reported(neurohart, ROOT / "programs/digits", "--form", form, "--energy", "sne22")
    assert quick["energy"] == content["energy"] | {"classes": None, "symbols": None}
    if form == "engine":
        named = [(row["name"], row["operation"]) for row in content["energy"]["layers"] if "operation" in row]
        assert ("hidden_synapses", "syn") in named and ("output_neurons", "upd") in named
        assert rows_of(content, "symbols")["infer"]["sop"] == content["coprocessor"]["sop"]


@both
def test_sleep_has_a_row(neurohart: Command, tmp_path: Path, engine: str) -> None:
    content = reported(neurohart, write_source(tmp_path, SLEEPER), "--engine", engine, "--energy-report")
    require_sums(content)
    for table in ("classes", "symbols"):
        asleep = rows_of(content, table)["(asleep)"]
        assert (asleep["instructions"], asleep["fj"]) == (0, 0)
        assert asleep["cycles"] > 900


def test_tables_on_standard_error(neurohart: Command, tmp_path: Path) -> None:
    source = write_source(tmp_path, EXAMPLE)
    lines = neurohart("run", source, *XNM, "--energy", "sne22").errors.splitlines()
    assert [line.split()[:3] for line in lines if line.startswith("energy by")] == [["energy", "by", "layer"]]
    assert "projection syn 2 52 8 4 56 32 1.8".split() in [line.split()[:9] for line in lines]
    lines = neurohart("run", source, *XNM, "--energy-report").errors.splitlines()
    assert [line.split()[2] for line in lines if line.startswith("energy by")] == ["layer", "class", "symbol"]
    assert len([line for line in lines if line.startswith("total ") and line.endswith("100.0 %")]) == 3
    assert not any("energy by" in line for line in neurohart("run", "-q", source, *XNM, "--energy-report").errors)


def test_unknown_preset(neurohart: Command, tmp_path: Path) -> None:
    ended = neurohart("run", write_source(tmp_path, HELLO, CODE=0), "--energy", "sun", "--energy-report")
    assert ended.code == ExitCode.USAGE
    assert ended.errors.startswith("neurohart run: energy preset 'sun' is not known, expected one of default22, sne22")


def test_many_symbols_are_put_together() -> None:
    parts = [Part(f"f{k}", count=1, fj=1000) for k in range(MOST_SYMBOLS + 3)]
    total = 1000 * len(parts) + 50
    stream = StringIO()
    show(Report(PRESETS["default22"], total, 50, [], [], [*parts, Part("(leakage)", fj=50)]), stream)
    lines = stream.getvalue().splitlines()
    assert [line.split()[0] for line in lines[-4:]] == [f"f{MOST_SYMBOLS - 2}", "(4", "(leakage)", "total"]
    assert lines[-3].split() == ["(4", "others)", "4", "4.0", f"{400000 / total:.1f}", "%"]


def test_picojoules_are_rounded_half_up() -> None:
    assert [picojoules(fj) for fj in (0, 49, 50, 149, 999_949, 999_950)] == [
        "0.0",
        "0.0",
        "0.1",
        "0.1",
        "999.9",
        "1,000.0",
    ]


ENERGIES = """
from iss.extension import Extension

xe = Extension("xe", title="Energies", version="1.0")


@xe.instruction("0000000 rs2 rs1 000 rd 0001011", "xe.dear rd, rs1, rs2", energy_pj=100.25, cycles=3)
def dear(hart, insn):
    \"\"\"A sum.\"\"\"
    hart.x[insn.rd] = hart.x[insn.rs1] + hart.x[insn.rs2]


@xe.instruction("0000001 00000 rs1 000 rd 0001011", "xe.cheap rd, rs1", energy_pj=0.5)
def cheap(hart, insn):
    \"\"\"A load.\"\"\"
    hart.x[insn.rd] = hart.load(hart.x[insn.rs1], 4)


@xe.instruction("0000010 00000 rs1 000 rd 0001011", "xe.plain rd, rs1")
def plain(hart, insn):
    \"\"\"A copy.\"\"\"
    hart.x[insn.rd] = hart.x[insn.rs1]
"""
CUSTOM = f"""
    .globl _start
_start:
    xe.dear a0, a1, a2
    xe.plain a3, a0
    call two
    call finish
    .type two, @function
two:
    la a1, _start
    xe.cheap a2, a1
    xe.cheap a3, a1
    xe.dear a0, a1, a2
    ret
    .size two, . - two
    .type finish, @function
finish:
{FINISH}
    .size finish, . - finish
"""


def with_energies(folder: Path, monkeypatch: pytest.MonkeyPatch, text: str) -> tuple[object, ...]:
    """The arguments of a run with the extension, whose instructions are forgotten after the test."""
    monkeypatch.setattr("iss.builtin._loaded", {})
    file = folder / "xe.py"
    file.write_text(ENERGIES, encoding="utf-8")
    return write_source(folder, text), "--ext", file, "--isa", "rv32im_zicsr_xe", "--energy", "default22"


@both
def test_energies_that_an_extension_declares(
    neurohart: Command, tmp_path: Path, engine: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two at 100.25 pJ and two at 0.5 pJ that load a word each, in place of 12 pJ; the third kind declares nothing."""
    arguments = (*with_energies(tmp_path, monkeypatch, CUSTOM), "--engine", engine)
    content = reported(neurohart, *arguments, "--energy-report")
    require_sums(content)
    instructions, cycles = content["instructions"], content["cycles"]
    own = 2 * 100_250 + 2 * 500
    expected = (instructions - 4) * 12_000 + own + 3 * 3_500
    assert content["accesses"] == 3 and cycles == instructions + 4
    assert content["energy"]["total_fj"] == expected + 20_000 * cycles // 100
    assert rows_of(content, "layers")["(hart)"]["fj"] == expected
    assert rows_of(content, "classes")["custom"]["fj"] == own + 12_000 + 2 * 3_500
    symbols = rows_of(content, "symbols")
    two = symbols["two"]
    assert two["fj"] == 100_250 + 2 * 500 + (two["instructions"] - 3) * 12_000 + 2 * 3_500
    assert symbols["_start"]["fj"] == 100_250 + (symbols["_start"]["instructions"] - 1) * 12_000
    without_tables = reported(neurohart, *arguments)
    assert without_tables["energy"] == content["energy"] | {"classes": None, "symbols": None}


@both
def test_energies_of_code_that_was_replaced(
    neurohart: Command, tmp_path: Path, engine: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An instruction that overwrites itself is a `nop` at the end: by symbol its energy has a row of its own."""
    text = CUSTOM.replace(
        "    xe.dear a0, a1, a2\n    xe.plain a3, a0\n",
        "    la t0, place\n    li t1, 0x13\nplace:\n    xe.dear a0, a1, a2\n    sw t1, 0(t0)\n    fence.i\n",
    )
    arguments = (*with_energies(tmp_path, monkeypatch, text), "--engine", engine, "--energy-report")
    content = reported(neurohart, *(one if one != "rv32im_zicsr_xe" else f"{one}_zifencei" for one in arguments))
    require_sums(content)
    assert rows_of(content, "symbols")["(replaced code)"]["fj"] == 100_250 - 12_000
