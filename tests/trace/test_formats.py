"""Formats of traces: there and back, logs of other tools, what they themselves accept, and damaged text."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections import Counter
from pathlib import Path

import pytest

from asm import Source, assemble
from coprocessor.energy import PRESETS, energy_fj
from iss.builtin import builtin_architecture
from iss.machine import Machine
from iss.trace.block import TraceError
from iss.trace.compare import align, first_difference
from iss.trace.events import CsrWrite, Interrupt, MemoryAccess, Trap
from iss.trace.formats import READERS, WRITERS, detect, read_trace, write_trace
from iss.trace.reader import Trace
from iss.trace.spike import SpikeLog
from tests.oracles.spike import run_spike
from tests.oracles.toolchain import spike_binary
from tests.trace import foreign
from tests.trace.recording import BUSY, Recorded, busy, record
from tests.trace.test_trace_file import spikes_of, unpacked

ISA = "rv32im_zicsr_zifencei_zicntr"


@pytest.fixture(scope="module")
def made() -> Recorded:
    return record(busy(), "interpreter", [2000, 1000, None])


def written(trace: Trace, folder: Path, format: str) -> Path:
    path = folder / f"trace{WRITERS[format][0]}"
    write_trace(trace, path, format, PRESETS["default22"] if format == "callgrind" else None)
    return path


def as_read(folder: Path, text: str) -> Trace:
    path = folder / "log"
    path.write_text(text)
    return read_trace(path)


# There and back ------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("format", ["nht", "jsonl"])
def test_nothing_is_lost(made: Recorded, tmp_path: Path, format: str) -> None:
    path = written(made.trace, tmp_path, format)
    assert detect(path) == format
    back = read_trace(path)
    assert unpacked(back) == unpacked(made.trace)
    assert spikes_of(back) == spikes_of(made.trace)
    assert [r.cycle for r in back.instructions()] == [r.cycle for r in made.trace.instructions()]
    assert (back.description, back.end) == (made.trace.description, made.trace.end)


def test_parts_keep_their_numbers_in_json_lines(made: Recorded, tmp_path: Path) -> None:
    from iss.trace.reader import KeptBlocks

    view = made.trace.view(0)
    part = Trace(KeptBlocks((view.block.part(100, 1000, view.time(100)),)), made.trace.description)
    back = read_trace(written(part, tmp_path, "jsonl"))
    assert [(r.number, r.cycle) for r in back.instructions()] == [(r.number, r.cycle) for r in part.instructions()]


@pytest.mark.parametrize("format", ["rvvi", "spike"])
def test_what_the_format_knows_is_kept(made: Recorded, tmp_path: Path, format: str) -> None:
    path = written(made.trace, tmp_path, format)
    assert detect(path) == format
    back = read_trace(path, isa=made.trace.isa)
    assert back.count == made.trace.count
    assert first_difference(made.trace, back, align(made.trace, back)) is None
    if format == "rvvi":
        kinds = Counter(type(event) for retired in made.trace.instructions() for event in retired.events)
        again = Counter(type(event) for retired in back.instructions() for event in retired.events)
        assert all(again[kind] == kinds[kind] for kind in (MemoryAccess, CsrWrite, Trap, Interrupt))


def test_spike_format_is_that_of_a_run(made: Recorded, tmp_path: Path) -> None:
    text = bytearray()
    log = SpikeLog(made.trace.architecture, text.extend)
    log.consume(made.records)
    assert written(made.trace, tmp_path, "spike").read_bytes() == bytes(text)


# Other tools ---------------------------------------------------------------------------------------------------------
def test_spike(tmp_path: Path) -> None:
    trace = as_read(tmp_path, foreign.SPIKE)
    pcs = [0x8000_0000, 0x8000_0010, 0x8000_0014, 0x8000_0024, 0x8000_0044, 0x8000_0044]
    assert [r.pc for r in trace.instructions()] == pcs
    assert trace.instruction(1).events == (MemoryAccess(0x8000_1001, 1, 4, True),)
    load = trace.instruction(2)
    assert (load.destination, load.value, load.events) == (11, 0x400, (MemoryAccess(0x8000_1000, 2, 0x400, False),))
    assert trace.instruction(3).events == (CsrWrite(0x305, 0x8000_0044),)
    assert trace.instruction(4).events == (Trap(0x8000_0028, 11, 0),)
    assert trace.instruction(5).events == (
        Trap(0x8000_0048, 5, 0x1234_5678),
        Interrupt(0x8000_0048, 0x8000_0007),
    )


def test_sail(tmp_path: Path) -> None:
    trace = as_read(tmp_path, foreign.SAIL)
    assert [r.pc for r in trace.instructions()] == [0x8000_0010, 0x8000_0014, 0x8000_0024, 0x8000_0044]
    assert trace.instruction(0).events == (MemoryAccess(0x8000_1001, 1, 4, True),)
    assert trace.instruction(1).events == (MemoryAccess(0x8000_1000, 2, 0x400, False),)
    assert trace.instruction(2).events == (CsrWrite(0x305, 0x8000_0044),)
    assert trace.instruction(3).events == (Trap(0x8000_0028, 11, 0),)
    assert (trace.instruction(3).destination, trace.instruction(3).value) == (7, 0x8000_0028)


def test_ibex(tmp_path: Path) -> None:
    trace = as_read(tmp_path, foreign.IBEX)
    assert [(r.pc, r.word) for r in trace.instructions()] == [
        *((0x8000_0010, 0x00A4_00A3), (0x8000_0014, 0x0004_1583), (0x8000_0018, 0xFE05_1AE3)),
    ]
    assert trace.instruction(0).events == (MemoryAccess(0x8000_1001, 1, 4, True),)
    load = trace.instruction(1)
    assert (load.destination, load.value, load.events) == (11, 0x400, (MemoryAccess(0x8000_1000, 2, 0x400, False),))


def test_rvvi(tmp_path: Path) -> None:
    trace = as_read(tmp_path, foreign.RVVI)
    pcs = [0x8000_0010, 0x8000_0014, 0x8000_0024, 0x8000_0004, 0x8000_0044]
    assert [r.pc for r in trace.instructions()] == pcs
    assert (trace.instruction(1).destination, trace.instruction(1).value) == (11, 0x400)
    assert trace.instruction(2).events == (CsrWrite(0x305, 0x8000_0044),)
    assert trace.instruction(4).events == (Trap(0x8000_0028, 11, 0),)
    assert not trace.has("memory")


def ours(folder: Path) -> tuple[Path, Trace]:
    """The program of `foreign` as ELF, and our trace of it."""
    architecture = builtin_architecture(ISA)
    program = assemble([Source("program.S", foreign.PROGRAM)], architecture=architecture)
    elf = folder / "program.elf"
    elf.write_bytes(program.elf())
    from iss.trace.recorder import Kept, Recorder, describe

    machine = Machine(ISA)
    machine.load(elf)
    description = describe(machine.architecture.isa, machine.timing, machine.image)
    kept = Kept(description)
    recorder = Recorder(kept, description)
    machine.observe(lambda records: recorder.consume(records, b"", machine.hart.cycles))
    machine.run(1000)
    recorder.close({})
    return elf, kept.trace


@pytest.mark.skipif(shutil.which("qemu-system-riscv32") is None, reason="qemu-system-riscv32 is not installed")
@pytest.mark.parametrize("items", ["exec,nochain,cpu,in_asm,int", "exec,nochain,int", "exec,nochain,cpu"])
def test_against_qemu(tmp_path: Path, items: str) -> None:
    elf, trace = ours(tmp_path)
    log = tmp_path / "qemu.log"
    command = ["qemu-system-riscv32", "-M", "virt", "-nographic", "-bios", "none", "-kernel", str(elf)]
    subprocess.run(
        [*command, "-singlestep", "-d", items, "-D", str(log)], check=True, stdin=subprocess.DEVNULL, timeout=60
    )
    found = read_trace(log)
    assert found.has("word") == ("in_asm" in items)
    assert found.has("value") == ("cpu" in items)
    with_program = read_trace(log, program=str(elf))
    for other in (found, with_program):
        start = align(trace, other)
        assert start.right > 0
        if "int" in items:
            assert first_difference(trace, other, start) is None
            traps = [event for r in other.instructions() for event in r.events if isinstance(event, Trap)]
            assert traps == [Trap(trace.symbols["_start"].address + 0x28, 11, 0)]


@pytest.mark.skipif(spike_binary() is None, reason="spike is not installed")
def test_against_spike(tmp_path: Path) -> None:
    elf, trace = ours(tmp_path)
    log = tmp_path / "spike.log"
    log.write_text(run_spike(elf, max_instructions=30_000, log_commits=True).log)
    assert detect(log) == "spike"
    found = read_trace(log)
    difference = first_difference(trace, found, align(trace, found))
    # Spike has no test finisher: its store is an access fault. All before is equal.
    assert difference is not None
    assert trace.instruction(difference.left).events[-1:] == (MemoryAccess(0x10_0000, 4, 0x5555, True),)


# Written for viewers -------------------------------------------------------------------------------------------------
def test_perfetto(made: Recorded, tmp_path: Path) -> None:
    events = json.loads(written(made.trace, tmp_path, "perfetto").read_text())["traceEvents"]
    depth, names = 0, Counter[str]()
    for event in events:
        depth += {"B": 1, "E": -1}.get(event["ph"], 0)
        assert depth >= 0
        names[event.get("name", "")] += 1
    assert depth == 0
    times = [event["ts"] for event in events if event["ph"] in "BE"]
    assert times == sorted(times)
    assert names["leaf"] == 500
    assert names["machine timer interrupt"] == names["wfi"] == 1
    spikes = sum(event["args"]["spikes"] for event in events if event.get("name") == "spikes of pop")
    assert spikes == sum(record.bit_count() for *_, record in spikes_of(made.trace))


def test_folded(made: Recorded, tmp_path: Path) -> None:
    rows = dict(line.rsplit(" ", 1) for line in written(made.trace, tmp_path, "folded").read_text().splitlines())
    first, last = made.trace.view(0), list(made.trace.views())[-1]
    assert sum(map(int, rows.values())) == last.end_cycle - first.time(0)
    assert sum(int(cycles) for name, cycles in rows.items() if name.endswith(";leaf")) > 500
    assert any(name.endswith("trap:handler") for name in rows)


def test_callgrind(made: Recorded, tmp_path: Path) -> None:
    text = written(made.trace, tmp_path, "callgrind").read_text()
    assert "events: Instructions Cycles pJ\n" in text
    found = re.search(r"^cfn=leaf\ncalls=500 0x\w+ \d+\n0x\w+ \d+ (\d+) (\d+) (\d+)$", text, re.MULTILINE)
    assert found is not None and int(found[1]) == 1000
    total = re.search(r"^summary: (\d+) (\d+) (\d+)$", text, re.MULTILINE)
    assert total is not None
    trace = made.trace
    cycles = list(trace.views())[-1].end_cycle
    accesses = sum(isinstance(event, MemoryAccess) for r in trace.instructions() for event in r.events)
    energy = energy_fj(PRESETS["default22"], instructions=trace.count, memory_words=accesses, cycles=cycles)
    assert (int(total[1]), int(total[2])) == (trace.count, cycles)
    assert abs(int(total[3]) - energy / 1000) < 2  # without accounts the commands cost their cycles only


@pytest.mark.skipif(shutil.which("callgrind_annotate") is None, reason="valgrind is not installed")
def test_callgrind_annotate_reads_it(made: Recorded, tmp_path: Path) -> None:
    path = written(made.trace, tmp_path, "callgrind")
    ended = subprocess.run(["callgrind_annotate", str(path)], capture_output=True, text=True, check=True)
    assert f"{made.trace.count:,} (100.0%)" in ended.stdout


def test_lcov(made: Recorded, tmp_path: Path) -> None:
    text = written(made.trace, tmp_path, "lcov").read_text()
    lines = BUSY.splitlines()
    counts = {int(line): int(count) for line, count in re.findall(r"^DA:(\d+),(\d+)$", text, re.MULTILINE)}
    assert counts[1 + next(n for n, line in enumerate(lines) if "lw t1, 0(s1)" in line)] == 500
    assert counts[1 + next(n for n, line in enumerate(lines) if line.startswith("2:  j 2b"))] == 0
    assert "FNDA:500,leaf\n" in text
    assert text.endswith("end_of_record\n")


def test_lcov_needs_lines(made: Recorded, tmp_path: Path) -> None:
    trace = Trace(made.trace._source, {**made.trace.description, "lines": []})
    with pytest.raises(TraceError, match="no source lines; build the program with -g"):
        write_trace(trace, tmp_path / "x.info", "lcov")


def test_vcd(made: Recorded, tmp_path: Path) -> None:
    """Values at the end are those of the machine; times ascend; the neurons' spikes are there."""
    text = written(made.trace, tmp_path, "vcd").read_text()
    names = {found[1]: found[0] for found in re.findall(r"\$var wire \d+ (\S+) (\S+) \$end", text)}
    values: dict[str, int] = {}
    times = []
    for line in text.partition("$enddefinitions $end\n")[2].splitlines():
        if line.startswith("#"):
            times.append(int(line[1:]))
        else:
            value, identifier = line[1:].split()
            values[identifier] = int(value, 2)
    assert times == sorted(set(times))
    hart = made.subject.machine.hart
    assert values[names["t1"]] == hart.x[6]
    assert values[names["s1"]] == hart.x[9]
    assert values[names["retired"]] == made.trace.count - 1
    assert values[names["pop"]].bit_count() == 4 * 1 or values[names["pop"]] > 0


# Damaged text --------------------------------------------------------------------------------------------------------
GOOD = {"spike": foreign.SPIKE, "rvvi": foreign.RVVI, "sail": foreign.SAIL, "ibex": foreign.IBEX}


@pytest.mark.parametrize("format", [name for name in READERS if name not in ("nht", "qemu")])
def test_damaged_text_is_refused_with_its_line(made: Recorded, tmp_path: Path, format: str) -> None:
    """Whatever a line is replaced by, reading gives a trace or an error that names the line; nothing else."""
    text = GOOD.get(format) or written(made.trace, tmp_path, "jsonl").read_text()
    lines = text.splitlines(keepends=True)[:40]
    path = tmp_path / "damaged"
    refused = 0
    for place in range(len(lines)):
        for changed in (
            "\x00\xff nonsense 0x\n",
            lines[place].replace("0x", "0y"),
            lines[place][: len(lines[place]) // 2] + "\n",
        ):
            path.write_text("".join([*lines[:place], changed, *lines[place + 1 :]]), encoding="utf-8")
            try:
                read_trace(path, format)
            except TraceError as error:
                assert re.match(rf"{re.escape(str(path))}:\d+: ", str(error)), error
                refused += 1
    assert refused or format == "sail"  # which passes over lines of other things


@pytest.mark.parametrize("format", GOOD)
def test_a_line_that_was_cut_off_is_left_out(tmp_path: Path, format: str) -> None:
    trace = as_read(tmp_path, GOOD[format])
    cut = as_read(tmp_path, GOOD[format][:-3])
    assert unpacked(cut) == unpacked(trace)[: len(unpacked(cut))] or format == "sail"  # whose effects have lines
    assert cut.count == trace.count - (format != "sail")
