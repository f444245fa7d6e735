"""`neurohart run`: exit codes, where output goes, options, files written, statistics."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from iss.cli.exit_codes import ExitCode
from iss.machine import ENGINES, Machine
from iss.trace.spike import SpikeLog
from tests.cli.command import HELLO, Command, write_source

ROOT = Path(__file__).resolve().parents[2]

ECHO = """
_start: li s1, 0x10000000
1:  lbu t0, 5(s1)
    andi t0, t0, 1
    beqz t0, 1b
    lbu t0, 0(s1)
    sb t0, 0(s1)
    li t1, '.'
    bne t0, t1, 1b
    li t0, 0x100000
    li t1, 0x5555
    sw t1, 0(t0)
2:  j 2b
"""
"""Echoes its input up to a full stop."""

SIGNATURE = """
_start: la t0, begin_signature
    li t1, 0x01234567
    sw t1, 4(t0)
    li t0, 0x100000
    li t1, 0x5555
    sw t1, 0(t0)
1:  j 1b
    .data
    .balign 16
    .globl begin_signature
begin_signature: .word 0xdeadbeef, 0
end_signature:
    .globl counted
    .type counted, @object
    .size counted, 3
counted: .byte 1, 2, 3
"""

COUNTER_DEVICE = """
class Counter:
    size = 4
    count = 0
    def load(self, offset, size):
        self.count += 1
        return self.count
    def store(self, offset, size, value):
        self.count = value
"""

XNM = ("--isa", "rv32im_xnmspk_xnmeng")


@pytest.mark.parametrize(("given", "expected"), [(0, 0), (1, 1), (70, 70), (255, 255), (256, 255), (0x1234, 0x34)])
def test_exit_code_is_the_firmwares(neurohart: Command, tmp_path: Path, given: int, expected: int) -> None:
    ended = neurohart("run", write_source(tmp_path, HELLO, CODE=given))
    assert (ended.code, ended.output) == (expected, b"hello\n")
    assert f"exit code {expected}" in ended.errors


@pytest.mark.parametrize("engine", ENGINES)
def test_statistics_as_text(neurohart: Command, tmp_path: Path, engine: str) -> None:
    ended = neurohart("run", write_source(tmp_path, HELLO, CODE=0), "--engine", engine, "--timing", "edge2")
    first, *rows = ended.errors.splitlines()
    assert first == f"{tmp_path}/program.S: test finisher: fail, code 0, exit code 0"
    figures = {row[:14].strip(): row[14:].split() for row in rows}
    assert figures["instructions"][0] == "39"
    assert figures["cycles"][0] == "60"
    assert figures["cycles"][-1] == "edge2"
    assert figures["traps"][0] == "0"


def test_quiet(neurohart: Command, tmp_path: Path) -> None:
    ended = neurohart("run", "-q", write_source(tmp_path, HELLO, CODE=7))
    assert (ended.code, ended.output, ended.errors) == (7, b"hello\n", "")


def test_json_file(neurohart: Command, tmp_path: Path) -> None:
    source = write_source(tmp_path, HELLO, CODE=2)
    ended = neurohart("run", "-q", source, "--json", tmp_path / "s.json", "--isa", "rv32i", "--engine", "reference")
    content = json.loads((tmp_path / "s.json").read_text())
    assert ended.code == content["exit_code"] == 2
    assert content["program"] == str(source)
    assert (content["isa"], content["engine"], content["timing"]) == ("rv32i", "reference", "ideal")
    assert (content["end"], content["instructions"], content["cycles"]) == ("exit", 39, 39)
    assert content["coprocessor"] == {}
    assert content["mips"] == pytest.approx(39e-6 / content["seconds"], rel=0.2)


def test_json_on_standard_output_has_it_alone(neurohart: Command, tmp_path: Path) -> None:
    ended = neurohart("run", "-q", write_source(tmp_path, HELLO, CODE=0), "--json", "-")
    assert json.loads(ended.output)["exit_code"] == 0
    assert ended.errors == "hello\n"


def test_engines_give_the_same_statistics(neurohart: Command) -> None:
    """Everything but the time on this computer."""
    found = []
    for engine in ("reference", "interpreter"):
        ended = neurohart("run", ROOT / "programs" / "neurons", "--json", "-", "--engine", engine)
        content = json.loads(ended.output)
        for name in ("seconds", "mips", "engine"):
            del content[name]
        found.append(content)
    assert found[0] == found[1]
    assert set(found[0]["coprocessor"]) == {"sop", "nup", "spkin", "spkout", "wupd", "rdb", "wrb", "cyc"}


def test_console_output_to_a_file_and_nowhere(neurohart: Command, tmp_path: Path) -> None:
    source = write_source(tmp_path, HELLO, CODE=0)
    assert neurohart("run", "-q", source, "--uart", tmp_path / "out").output == b""
    assert (tmp_path / "out").read_bytes() == b"hello\n"
    assert neurohart("run", "-q", source, "--uart", "null").output == b""


@pytest.mark.parametrize("text", [b"abc.", b"x" * 10_000 + b".", b"a\0\xff\n.never read"])
def test_console_input(neurohart: Command, tmp_path: Path, text: bytes) -> None:
    (tmp_path / "in").write_bytes(text)
    ended = neurohart("run", "-q", write_source(tmp_path, ECHO), "--uart-input", tmp_path / "in")
    assert (ended.code, ended.output) == (0, text[: text.index(b".") + 1])


@pytest.mark.parametrize(
    ("text", "limit"), [("10", 10), ("0", 0), ("0x20", 32), ("1e2", 100), ("0.5k", 500), ("2K", 2000)]
)
def test_instruction_limit(neurohart: Command, tmp_path: Path, text: str, limit: int) -> None:
    source = write_source(tmp_path, "_start: j _start")
    ended = neurohart("run", "--json", "-", source, "--max-instructions", text)
    assert ended.code == ExitCode.LIMIT
    assert json.loads(ended.output)["instructions"] == limit


def test_program_by_folder_and_by_name(neurohart: Command, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The programs of a checkout are found from everywhere, those in ./programs before them."""
    monkeypatch.chdir(tmp_path)
    by_name = neurohart("run", "-q", "hello", "--check")
    assert by_name.code == 0
    assert neurohart("run", "-q", ROOT / "programs" / "hello").output == by_name.output
    own = tmp_path / "programs" / "hello"
    own.mkdir(parents=True)
    write_source(own, HELLO, "main.S", CODE=9)
    (own / "program.toml").write_text(
        'name = "hello"\ndescription = "mine"\ndefault = "a"\n[forms.a]\nsource = "main.S"\nisa = "rv32i"\n'
    )
    assert neurohart("run", "-q", "hello").code == 9


@pytest.mark.parametrize("form", ["scalar", "fine", "engine"])
def test_digits_in_every_form(neurohart: Command, form: str) -> None:
    ended = neurohart("run", ROOT / "programs" / "digits", "--form", form, "--check", "--uart", "null")
    assert ended.code == 0
    assert f"digits ({form}): test finisher: pass, exit code 0" in ended.errors
    assert ("10,037,426  nm_sop" in ended.errors) == (form == "engine")


def test_lanes(neurohart: Command) -> None:
    """A dense row of up to 255 weights takes a cycle each on one lane, and one cycle on 255 lanes."""
    counted = {}
    for lanes in (1, 255):
        ended = neurohart(
            "run", ROOT / "programs" / "digits", "--form", "engine", "--lanes", lanes, "--uart", "null", "--json", "-"
        )
        counted[lanes] = json.loads(ended.output)["coprocessor"]
    one, many = counted.values()
    assert one["sop"] == many["sop"] and one["spkin"] == many["spkin"]
    assert one["cyc"] - many["cyc"] == one["sop"] - one["spkin"]


@pytest.mark.parametrize(
    ("options", "error"),
    [
        (
            ["--lanes", "0", *XNM],
            "a coprocessor of 0 lanes is not possible, expected 1..255 (nm_cap has 8 bits for them)",
        ),
        (["--lanes", "256", *XNM], "a coprocessor of 256 lanes is not possible, expected 1..255"),
        (["--lanes", "four"], "'four' is not a count"),
        (["--lanes", "2", "--isa", "rv32im"], "rv32im has no coprocessor that could have 2 lanes; add _xnmspk_xnmeng"),
    ],
)
def test_impossible_lanes(neurohart: Command, tmp_path: Path, options: list[str], error: str) -> None:
    ended = neurohart("run", write_source(tmp_path, HELLO, CODE=0), *options)
    assert ended.code == ExitCode.USAGE
    assert error in ended.errors and ended.errors.count("\n") == 1


def test_check_looks_at_the_counters(neurohart: Command, tmp_path: Path) -> None:
    original, copy = ROOT / "programs" / "digits", tmp_path / "digits"
    copy.mkdir()
    (tmp_path / "common").symlink_to(original.parent / "common")
    for path in original.iterdir():
        if path.name != "expect.json":
            (copy / path.name).symlink_to(path)
    expected = json.loads((original / "expect.json").read_text())
    expected["counters"]["nup"] += 1
    (copy / "expect.json").write_text(json.dumps(expected))
    assert neurohart("run", "-q", copy, "--form", "fine", "--check").code == 0
    ended = neurohart("run", "-q", copy, "--form", "engine", "--check")
    assert ended.code == ExitCode.FAILED
    assert ended.errors == "neurohart run: check failed: counter nm_nup is 496800, expected 496801\n"


def test_define(neurohart: Command, tmp_path: Path) -> None:
    assert neurohart("run", "-q", write_source(tmp_path, HELLO), "-D", "CODE=0x11").code == 0x11


@pytest.mark.parametrize("form", ["elf", "bin", "ihex"])
def test_formats_of_the_assembler(neurohart: Command, tmp_path: Path, form: str) -> None:
    source, program = write_source(tmp_path, HELLO, CODE=5), tmp_path / "program.image"
    assert neurohart("asm", source, "-o", program, "--format", form, "--no-cross-check").code == 0
    assert neurohart("run", "-q", program).code == 5
    assert neurohart("run", "-q", program, "--format", form).code == 5


def test_verilog_hex(neurohart: Command, tmp_path: Path) -> None:
    source, binary, program = write_source(tmp_path, HELLO, CODE=5), tmp_path / "a.bin", tmp_path / "a.txt"
    neurohart("asm", source, "-o", binary, "--no-cross-check")
    program.write_text("@80000000\n" + " ".join(f"{byte:02x}" for byte in binary.read_bytes()))
    assert neurohart("run", "-q", program, "--format", "vhex").code == 5


@pytest.mark.parametrize("engine", ["reference", "interpreter"])
def test_trace(neurohart: Command, tmp_path: Path, engine: str) -> None:
    """The file holds what the trace writer makes of the same run."""
    program, log = tmp_path / "program.elf", tmp_path / "log"
    neurohart("asm", write_source(tmp_path, HELLO, CODE=0), "-o", program, "--no-cross-check")
    neurohart("run", "-q", program, "--trace", log, "--engine", engine)
    machine, expected = Machine(engine=engine), bytearray()
    machine.load(program)
    machine.observe(SpikeLog(machine.architecture, expected.extend).consume)
    machine.run()
    assert log.read_bytes() == expected
    assert expected.count(b"\n") == 39


def test_trace_on_standard_output(neurohart: Command, tmp_path: Path) -> None:
    ended = neurohart("run", "-q", write_source(tmp_path, HELLO, CODE=0), "--trace", "-")
    assert ended.output.startswith(b"core   0: 3 0x80000000 (")
    assert ended.errors == "hello\n"


def test_boot_as_spike(neurohart: Command, tmp_path: Path) -> None:
    source = write_source(tmp_path, HELLO, CODE=0)
    ended = neurohart("run", "-q", source, "--trace", "-", "--boot-as-spike")
    assert ended.output.startswith(b"core   0: 3 0x00001000 (")


def test_signature_and_memory(neurohart: Command, tmp_path: Path) -> None:
    source = write_source(tmp_path, SIGNATURE)
    dumps = {"counted": b"\1\2\3", "counted:2": b"\1\2", "begin_signature:4": b"\xef\xbe\xad\xde"}
    options = [option for n, place in enumerate(dumps) for option in ("--dump-memory", place, tmp_path / f"{n}")]
    assert neurohart("run", "-q", source, "--signature", tmp_path / "signature", *options).code == 0
    assert (tmp_path / "signature").read_text() == "deadbeef\n01234567\n"
    assert [(tmp_path / f"{n}").read_bytes() for n in range(len(dumps))] == list(dumps.values())


def test_device_file(neurohart: Command, tmp_path: Path) -> None:
    (tmp_path / "counter.py").write_text(COUNTER_DEVICE)
    text = """
_start: li t0, 0x20000000
    li t1, 40
    sw t1, 0(t0)
    lw t1, 0(t0)
    lw t1, 0(t0)
    slli t1, t1, 16
    li t2, 0x3333
    or t1, t1, t2
    li t0, 0x100000
    sw t1, 0(t0)
1:  j 1b
"""
    source = write_source(tmp_path, text)
    assert neurohart("run", "-q", source, "--device", f"{tmp_path}/counter.py:Counter@0x20000000").code == 42
    assert neurohart("run", "-q", source).code == ExitCode.UNHANDLED_TRAP


def test_misaligned(neurohart: Command, tmp_path: Path) -> None:
    text = "_start: la t0, _start\n lw t1, 1(t0)\n li t0, 0x100000\n li t1, 0x5555\n sw t1, 0(t0)\n1: j 1b"
    source = write_source(tmp_path, text)
    assert neurohart("run", "-q", source, "--misaligned", "emulate").code == 0
    assert neurohart("run", "-q", source, "--misaligned", "trap").code == ExitCode.UNHANDLED_TRAP


def test_ram_size(neurohart: Command, tmp_path: Path) -> None:
    text = "_start: li t0, 0x80100000\n sw t0, -4(t0)\n li t0, 0x100000\n li t1, 0x5555\n sw t1, 0(t0)\n1: j 1b"
    source = write_source(tmp_path, text)
    assert neurohart("run", "-q", source, "--ram", "1M").code == 0
    assert neurohart("run", "-q", source, "--ram", "1020K").code == ExitCode.UNHANDLED_TRAP


def test_timing_models_are_listed(neurohart: Command) -> None:
    ended = neurohart("run", "--timing", "list")
    assert ended.code == 0
    assert b"edge2" in ended.output
    assert b"taken branch +1" in ended.output


def test_version_and_overview(neurohart: Command) -> None:
    assert neurohart("--version").output.startswith(b"neurohart ")
    overview = neurohart("--help").output.decode()
    assert all(f"{code:>3}  " in overview for code in ExitCode)


def test_warnings_of_the_assembler(neurohart: Command, tmp_path: Path) -> None:
    source = write_source(tmp_path, HELLO + '.warning "dusty"\n', CODE=0)
    assert "warning: dusty" in neurohart("run", source).errors
    assert neurohart("run", "-q", source).errors == ""


def test_internal_errors_are_one_line(neurohart: Command, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def broken(self: Machine, *_: object) -> None:
        raise RuntimeError("the impossible")

    monkeypatch.setattr(Machine, "run", broken)
    source = write_source(tmp_path, HELLO, CODE=0)
    ended = neurohart("run", source)
    assert ended.code == ExitCode.INTERNAL
    assert ended.errors == (
        "neurohart run: internal error: RuntimeError: the impossible; "
        "please report it with the output of --debug-traceback\n"
    )
    assert "Traceback" in neurohart("run", source, "--debug-traceback").errors
    monkeypatch.setenv("NEUROHART_DEBUG", "1")
    assert "Traceback" in neurohart("run", source).errors
