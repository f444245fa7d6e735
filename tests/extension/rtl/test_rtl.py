"""The RTL bench: PicoRV32 against our machine on RV32IM, a unit on its port, and everything that can go wrong."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from iss.builtin import builtin_architecture
from iss.errors import NeuroHartError
from iss.extension.rtl.build import build
from iss.extension.rtl.design import TOOLS, Design
from iss.extension.rtl.protocol import BASE, End, Job, RtlRun
from iss.extension.rtl.simulator import RtlSimulator
from iss.loaders.image import Image, Segment
from iss.machine import Machine
from tests.extension.rtl.tools import rtl_tool
from tests.oracles.random_programs import DATA, DATA_SIZE, PRIVILEGED, random_program

TRIAL = Path(__file__).with_name("trial.v")
NOP, FENCE, SYSTEM = 0x13, 0x0F, 0x73
ISA = "rv32im_zicsr_zifencei"


def unit_word(funct3: int, rd: int = 0, rs1: int = 0, rs2: int = 0) -> int:
    """An instruction of the unit of trial.v."""
    return rs2 << 20 | rs1 << 15 | funct3 << 12 | rd << 7 | 0b0101011


def addi(rd: int, rs1: int, imm: int) -> int:
    """The instruction addi."""
    return (imm & 0xFFF) << 20 | rs1 << 15 | rd << 7 | NOP


def image(*words: int) -> bytes:
    """Words as bytes."""
    return np.array(words, dtype="<u4").tobytes()


@pytest.fixture(scope="module", params=TOOLS)
def simulator(request: pytest.FixtureRequest) -> Iterator[RtlSimulator]:
    """The trial unit under each simulator."""
    tool = rtl_tool(request.param)
    with RtlSimulator(Design((TRIAL,), "trial", {"STEP": 3}), tool, seconds=20) as made:
        yield made


def on_the_machine(program: bytes, limit: int) -> tuple[np.ndarray[tuple[int, int], np.dtype[np.uint32]], Machine]:
    """Records of the retired instructions of our machine, and the machine afterwards."""
    machine = Machine(ISA)
    machine.load(Image(BASE, (Segment(BASE, program, len(program), "rwx"),), {}, "random"))
    parts: list[bytes] = []
    machine.observe(lambda records: parts.append(bytes(records)))
    machine.run(limit)
    records = np.frombuffer(b"".join(parts), dtype="<u4").reshape(-1, 4)
    return records[records[:, 0] & 0xFF == 1], machine


def random_image(seed: int) -> bytes:
    """A random RV32IM program without what PicoRV32 lacks: CSRs, traps and the hints of FENCE."""
    instructions = builtin_architecture(ISA).instructions
    program = random_program(seed, instructions, 80, without=(*PRIVILEGED, "self_modifying"))
    words = [NOP if word & 0x7F in (SYSTEM, FENCE) else word for word in program.words]
    code = image(*words)
    return code + bytes(DATA - BASE - len(code)) + program.data


def test_random_base_programs(simulator: RtlSimulator) -> None:
    seeds, limit = (range(20), 2000) if simulator.built.tool == "verilator" else (range(3), 300)
    for seed in seeds:
        program = random_image(seed)
        expected, machine = on_the_machine(program, limit)
        run = simulator.run(Job(program, limit, dump=(DATA, DATA_SIZE)))
        assert run.problem is None and run.end is End.LIMIT and len(run.pc) == len(expected) == limit
        np.testing.assert_array_equal(run.pc, expected[:, 1])
        np.testing.assert_array_equal(run.word, expected[:, 2])
        np.testing.assert_array_equal(run.rd, expected[:, 0] >> 8 & 0xFF)
        np.testing.assert_array_equal(run.value, expected[:, 3])
        assert [int(value) for value in run.x] == list(machine.hart.x)
        assert run.memory == bytes(machine.ram.buffer[DATA - BASE : DATA - BASE + DATA_SIZE])


def test_picorv32_writes_the_reserved_rd_of_fence() -> None:
    """FENCE ignores rd (unprivileged manual, Memory Ordering Instructions); PicoRV32 writes it: leave it out there."""
    word = 5 << 7 | FENCE
    program = image(addi(5, 0, 77), word, addi(6, 5, 0), NOP)
    expected, _ = on_the_machine(program, 3)
    assert expected[2, 3] == 77
    with RtlSimulator(Design((TRIAL,), "trial", {"STEP": 3}), rtl_tool()) as made:
        run = made.run(Job(program, 3))
    assert run.rd[1] == 5 and run.value[2] != 77


def test_unit_with_three_operands_and_state(simulator: RtlSimulator) -> None:
    program = image(
        addi(1, 0, 40), addi(2, 0, 2), addi(3, 0, 100), unit_word(0, 3, 1, 2), unit_word(1, 4), unit_word(1, 4),
        unit_word(0, 0, 1, 2), unit_word(0, 3, 3, 3), NOP,
    )  # fmt: skip
    for _ in range(2):  # each job starts from reset
        run = simulator.run(Job(program, 8))
        assert run.rd.tolist() == [1, 2, 3, 3, 4, 4, 0, 3]
        assert run.value.tolist() == [40, 2, 100, 138, 3, 6, 0, 138]
        assert run.x[:5].tolist() == [0, 40, 2, 138, 6]


def test_a_short_word_of_custom_0_has_its_destination(simulator: RtlSimulator) -> None:
    """rvfi_rd_addr of the core is 0 for such words, which are `setq` with interrupts; the bench notes writes itself."""
    run = simulator.run(Job(image(addi(2, 0, 9), 1 << 25 | 2 << 15 | 1 << 7 | 0b0001011), 5))
    assert run.end is End.TRAP and run.trap.tolist() == [0, 1]  # no unit answers it


def test_memory_columns(simulator: RtlSimulator) -> None:
    lui, store_byte, load_half = 0x80010237, 0x001200A3, 0x00021283
    run = simulator.run(Job(image(addi(1, 0, 0x7F), lui, store_byte, load_half, NOP), 4, dump=(0x8001_0000, 4)))
    assert run.access.tolist()[2:] == [0x8001_0000] * 2
    assert run.mask.tolist()[2:] == [0x20, 0x0F]
    assert run.value.tolist()[3] == 0x7F00 and run.memory == b"\x00\x7f\x00\x00"


def run_words(simulator: RtlSimulator, *words: int) -> RtlRun:
    """Run a few instructions with little patience."""
    return simulator.run(Job(image(*words, NOP, NOP), 6, patience=500))


def test_unit_that_never_answers(simulator: RtlSimulator) -> None:
    run = run_words(simulator, NOP, unit_word(2, 1))
    assert run.end is End.HUNG and len(run.pc) == 1
    assert "has not answered instruction 0x000020ab" in str(run.problem)


def test_unit_that_ends_the_simulation(simulator: RtlSimulator) -> None:
    if simulator.built.tool == "verilator":
        assert "called $finish" in str(run_words(simulator, NOP, unit_word(3, 1)).problem)
    else:
        with pytest.raises(NeuroHartError, match="ended with code 0 before its program"):
            run_words(simulator, NOP, unit_word(3, 1))


def test_undefined_bits(simulator: RtlSimulator) -> None:
    run = run_words(simulator, addi(1, 0, 1), unit_word(4, 1), addi(2, 1, 0))
    if simulator.built.tool == "verilator":  # has values for them, always the same
        assert run.problem is None and run.value.tolist() == run_words(
            simulator, addi(1, 0, 1), unit_word(4, 1), addi(2, 1, 0)
        ).value.tolist()  # fmt: skip
    else:
        assert run.end is End.UNDEFINED and len(run.pc) == 1
        assert "undefined bits (x)" in str(run.problem) and "0x80000000" in str(run.problem)


def test_what_the_design_prints_is_no_record(simulator: RtlSimulator) -> None:
    run = run_words(simulator, unit_word(6), addi(1, 0, 3))
    assert run.end is End.TRAP and run.problem is None and run.value.tolist() == [0, 3, 0, 0, 0]


def test_access_outside_of_the_memory(simulator: RtlSimulator) -> None:
    run = run_words(simulator, 0x00002083)
    assert run.end is End.BUS and "0x00000000 is outside" in str(run.problem)


def test_a_trap_ends_the_run(simulator: RtlSimulator) -> None:
    for word in (0x0000_0000, 0x0010_0073, 0x0010_A103):  # illegal, ebreak, misaligned load
        run = run_words(simulator, 0x0000_0097, word)
        assert run.end is End.TRAP and run.trap.tolist() == [0, 1] and run.word[1] == word and run.problem is None


def test_an_endless_loop_in_the_design() -> None:
    with RtlSimulator(Design((TRIAL,), "trial", {"STEP": 3}), rtl_tool("verilator"), seconds=0.5) as made:
        began = time.monotonic()
        with pytest.raises(NeuroHartError, match=r"not answered for 0\.5 s"):
            run_words(made, unit_word(5))
        assert time.monotonic() - began < 20
        assert run_words(made, addi(1, 0, 3)).value[0] == 3  # the next job gets a new process


def test_jobs_that_cannot_be(simulator: RtlSimulator) -> None:
    with pytest.raises(NeuroHartError, match="300000 bytes, the RTL's memory 262144"):
        simulator.run(Job(bytes(300_000), 1))
    with pytest.raises(NeuroHartError, match="are no words of the RTL's memory"):
        simulator.run(Job(bytes(4), 1, dump=(0x7FFF_FFFC, 8)))


@pytest.mark.parametrize("tool", TOOLS)
class TestErrorsInVerilog:
    """One line with file and line, for each tool."""

    def design(self, path: Path, text: str, top: str = "u") -> Design:
        """A design of one file."""
        file = path / "u.v"
        file.write_text(text)
        return Design((file,), top)

    def test_syntax(self, tool: str, tmp_path: Path) -> None:
        with pytest.raises(NeuroHartError, match=r"/u\.v:2: syntax error"):
            build(self.design(tmp_path, "module u(input clk);\n  asign x = 1;\nendmodule\n"), rtl_tool(tool))

    def test_no_port(self, tool: str, tmp_path: Path) -> None:
        with pytest.raises(NeuroHartError, match="module u has no port pcpi_"):
            build(self.design(tmp_path, "module u(input clk, input resetn);\nendmodule\n"), rtl_tool(tool))

    def test_no_top(self, tool: str, tmp_path: Path) -> None:
        with pytest.raises(NeuroHartError, match="module other is in none of the files"):
            build(self.design(tmp_path, "module u(input clk);\nendmodule\n", "other"), rtl_tool(tool))

    def test_no_module(self, tool: str, tmp_path: Path) -> None:
        text = TRIAL.read_text().replace("endmodule", "other o(clk);\nendmodule")
        with pytest.raises(NeuroHartError, match=r"module other is not defined; add its file"):
            build(self.design(tmp_path, text, "trial"), rtl_tool(tool))


def test_names_and_files(tmp_path: Path) -> None:
    for design, problem in (
        (Design((TRIAL,)), "go together"),
        (Design((tmp_path / "none.v",), "u"), "none.v: cannot be read"),
        (Design((TRIAL,), "u; $finish"), "is no Verilog name"),
        (Design((TRIAL,), "trial", {"STEP": 1 << 40}), "parameter STEP"),
    ):
        with pytest.raises(NeuroHartError, match=problem):
            design.checked()
    with pytest.raises(NeuroHartError, match="'vcs' is not known, expected one of verilator, icarus"):
        build(Design(), "vcs")


def test_without_the_tools(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(NeuroHartError, match="neither Verilator nor Icarus"):
        build(Design())
    with pytest.raises(NeuroHartError, match="icarus needs iverilog, vvp; run `apt-get install iverilog`"):
        build(Design(), "icarus")
    with pytest.raises(NeuroHartError, match=r"run `apt-get install verilator make g\+\+`"):
        build(Design(), "verilator")


def test_a_cache_that_cannot_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rtl_tool("icarus")
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    with pytest.raises(NeuroHartError, match="cannot be kept there"):
        build(Design((TRIAL,), "trial"), "icarus")


def test_nothing_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rtl_tool("icarus")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("TMPDIR", str(tmp_path / "tmp"))
    (tmp_path / "tmp").mkdir()
    monkeypatch.setattr("tempfile.tempdir", None)
    with RtlSimulator(Design((TRIAL,), "trial"), "icarus") as made:
        made.run(Job(image(NOP, NOP), 2))
    assert list((tmp_path / "tmp").iterdir()) == []
    assert [path.name[:4] for path in (tmp_path / "cache" / "neurohart").iterdir()] == ["rtl-"]
