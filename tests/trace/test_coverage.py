"""Coverage by source line and branch, of assembly and C, against gcov and genhtml; lcov's format there and back."""

from __future__ import annotations

import io
import re
import shutil
import subprocess
from itertools import pairwise
from pathlib import Path

import pytest

from asm import Source, assemble
from asm.disassembler import Disassembler
from iss.builtin import builtin_architecture
from iss.loaders import load_image
from iss.loaders.image import Image
from iss.machine import End, Machine
from iss.trace.block import TraceError
from iss.trace.branches import branches
from iss.trace.coverage.collect import Executions
from iss.trace.coverage.lines import Branch, Coverage, FileCoverage, Rate, coverage
from iss.trace.formats import lcov
from iss.trace.passing import PassingTrace
from iss.trace.recorder import Recorder, describe
from tests.oracles.toolchain import ToolMissing, for_target

ISA = "rv32im_zicsr"
PROGRAM = """\
_start: li a0, 3
1:  call work
    addi a0, a0, -1
    bnez a0, 1b
    beqz a0, 2f
    call never
2:  li t0, 0x100000
    li t1, 0x5555
    sw t1, 0(t0)
3:  j 3b
    .type work, @function
work: li t0, 2
    bne a0, t0, 1f
    nop
1:  ret
    .size work, . - work
    .type never, @function
never: nop
    bnez a0, never
    ret
    .size never, . - never
    .word 0x80000063, 0x00000463
"""
"""The words behind it look like branches: far away, and behind the end."""
EXPECTED = {
    1: 1, 2: 3, 3: 3, 4: 3, 5: 1, 6: 0, 7: 1, 8: 1, 9: 1, 10: 0, 12: 3, 13: 3, 14: 1, 15: 3, 18: 0, 19: 0, 20: 0,
}  # fmt: skip
C_PROGRAM = """\
static volatile int sink;

static int collatz(int n)
{
    int steps = 0;
    while (n != 1) {
        if (n & 1)
            n = 3 * n + 1;
        else
            n /= 2;
        steps++;
    }
    return steps;
}

static int choose(int n)
{
    switch (n) {
    case 1:
        return 10;
    case 2:
        return 20;
    default:
        return 30;
    }
}

int unused(int n)
{
    if (n > 3)
        return n;
    return sink;
}

int main(void)
{
    for (int n = 1; n < 20; n++)
        sink += collatz(n);
    sink += choose(2) + choose(7);
    if (sink < 0)
        sink = 0;
    return 0;
}
"""
START = """
    .globl _start
_start: la sp, top
    call main
    li t0, 0x100000
    li t1, 0x5555
    sw t1, 0(t0)
1:  j 1b
    .bss
    .space 4096
top:
"""


def run(image: Image) -> Coverage:
    """Run a program and count while blocks pass by, as the command does."""
    machine = Machine(ISA)
    machine.load(image)
    description = describe(ISA, machine.timing, machine.image)
    executions: list[Executions] = []
    trace = PassingTrace(description, lambda view: executions[0].take(view))
    executions.append(Executions(trace))
    recorder = Recorder(trace, description)
    machine.observe(lambda records: recorder.consume(records, b"", machine.hart.cycles))
    assert machine.run(1_000_000).end is End.EXIT
    recorder.close({})
    return coverage(executions[0])


def assembled(text: str) -> Image:
    return assemble([Source("program.S", text)], architecture=builtin_architecture(ISA)).image()


def compiled(folder: Path, *options: str) -> Image:
    """C_PROGRAM with start-up code, with debug information."""
    (folder / "work.c").write_text(C_PROGRAM)
    (folder / "start.S").write_text(START)
    try:
        command = [*for_target("rv32im"), "-g", "-nostdlib", "-nostartfiles", "-Wl,-Ttext=0x80000000", *options]
    except ToolMissing as error:
        pytest.skip(str(error))
    subprocess.run([*command, "-o", "work.elf", "work.c", "start.S", "-lgcc"], check=True, cwd=folder, timeout=60)
    return load_image(folder / "work.elf")


def only(found: Coverage, name: str) -> FileCoverage:
    (path,) = [path for path in found.files if path.endswith(name)]
    return found.files[path]


def test_lines_and_branches_of_assembly() -> None:
    found = only(run(assembled(PROGRAM)), "program.S")
    assert {line: count for line, count in found.lines.items() if line != 10} | {10: 0} == EXPECTED
    assert found.branches == {4: [Branch(2, 1)], 5: [Branch(1, 0)], 13: [Branch(2, 1)], 19: [Branch(0, 0)]}
    assert found.functions == {"work": (12, 3), "never": (18, 0)}
    assert [line for line in found.lines if found.partial(line)] == [5]
    assert found.missing[-1] == (18, 20)
    assert (found.branch_rate, found.function_rate) == (Rate(5, 8), Rate(1, 2))


@pytest.mark.parametrize("level", ["-O0", "-O2"])
def test_branches_are_those_of_the_disassembly(tmp_path: Path, level: str) -> None:
    image = compiled(tmp_path, level)
    architecture = builtin_architecture(ISA)
    disassembler = Disassembler(architecture, aliases=False)
    expected = []
    for segment in image.segments:
        for place in range(0, len(segment.data) - 3, 4):
            word, pc = int.from_bytes(segment.data[place : place + 4], "little"), segment.address + place
            text = disassembler.word(word, pc, 4).text
            if re.match(r"b(eq|ne|ltu?|geu?) ", text) and image.lines.at(pc) is not None:
                expected.append(pc)
    assert len(expected) > 3
    assert branches(image) == expected


@pytest.mark.skipif(shutil.which("gcov") is None, reason="gcov is not installed")
def test_gcov_finds_the_same_lines(tmp_path: Path) -> None:
    """The same source on this computer, instrumented: the same lines have code, the same of them were executed."""
    found = only(run(compiled(tmp_path, "-O0")), "work.c")
    host = tmp_path / "host"
    host.mkdir()
    (host / "work.c").write_text(C_PROGRAM)
    for command in (["gcc", "-O0", "-g", "--coverage", "-c", "work.c"], ["gcc", "--coverage", "-o", "work", "work.o"]):
        subprocess.run(command, check=True, cwd=host, timeout=60)
    subprocess.run(["./work"], check=True, cwd=host, timeout=60)
    subprocess.run(["gcov", "work.c"], check=True, cwd=host, capture_output=True, timeout=60)
    theirs = {}
    for row in (host / "work.c.gcov").read_text().splitlines():
        count, line = (part.strip() for part in row.split(":")[:2])
        if count != "-" and int(line):
            theirs[int(line)] = int(count.rstrip("*")) if count[0].isdigit() else 0
    shared = found.lines.keys() & theirs.keys()
    assert {line: found.lines[line] > 0 for line in shared} == {line: theirs[line] > 0 for line in shared}
    rows = C_PROGRAM.splitlines()
    heads = {row for row, after in pairwise(rows) if after == "{" or row.endswith(":")}  # of functions and cases
    assert {rows[line - 1] for line in found.lines.keys() - shared} <= {"{", "}"}  # entry and exit of functions
    assert {rows[line - 1] for line in theirs.keys() - shared} <= heads
    for text in ("n = 3 * n + 1;", "n /= 2;", "steps++;", "return 20;", "return 10;", "return n;"):
        number = 1 + next(place for place, row in enumerate(rows) if row.strip() == text)
        assert found.lines[number] == theirs[number], text


def written(found: Coverage) -> str:
    out = io.StringIO()
    lcov.write(found, out)
    return out.getvalue()


@pytest.mark.skipif(shutil.which("genhtml") is None, reason="lcov is not installed")
def test_genhtml_shows_the_same_percentages(tmp_path: Path) -> None:
    source = tmp_path / "program.S"
    source.write_text(PROGRAM)
    found = run(assemble([source], architecture=builtin_architecture(ISA)).image())
    found.merge(run(compiled(tmp_path, "-O2")))
    (tmp_path / "out.info").write_text(written(found))
    command = ["genhtml", "--branch-coverage", "--output-directory", str(tmp_path / "html"), str(tmp_path / "out.info")]
    ended = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    for what, rate in (
        ("lines", found.rate(lambda one: one.line_rate)),
        ("functions", found.rate(lambda one: one.function_rate)),
        ("branches", found.rate(lambda one: one.branch_rate)),
    ):
        shown = re.search(rf"{what}\.*: +([\d.]+)% \((\d+) of (\d+) ", ended.stdout)
        assert shown is not None, ended.stdout
        assert (int(shown[2]), int(shown[3])) == rate
        assert abs(float(shown[1]) - rate.percent) <= 0.05


def test_runs_are_merged_by_source_line(tmp_path: Path) -> None:
    found, again = run(assembled(PROGRAM)), run(assembled(PROGRAM))
    found.merge(again)
    once, twice = again.files, found.files
    for path, one in once.items():
        assert twice[path].lines == {line: 2 * count for line, count in one.lines.items()}
        assert twice[path].branch_rate == one.branch_rate
        assert twice[path].functions == {name: (line, 2 * n) for name, (line, n) in one.functions.items()}
    other = run(assembled(PROGRAM.replace("beqz a0, 2f", "bnez a0, 2f")))  # comes to what was never executed
    found.merge(other)
    merged = only(found, "program.S")
    assert merged.branches[5] == [Branch(2, 1)]
    assert merged.lines[18] == 1


def test_lcov_there_and_back(tmp_path: Path) -> None:
    found = run(assembled(PROGRAM))
    path = tmp_path / "out.info"
    path.write_text(written(found))
    assert lcov.fits(path.read_bytes()[:16])
    assert lcov.read(path) == found
    path.write_text(written(found) * 2)  # as `lcov -a` would see two runs
    twice = lcov.read(path)
    found.merge(run(assembled(PROGRAM)))
    assert twice == found


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("DA:2,", "DA:x,"), r":\d+: not understood: 'DA:x,3'; expected a tracefile of lcov"),
        (("SF:", "what is this"), r":2: not understood"),
        (("end_of_record\n", ""), r"the file ends within .*program.S; it was cut off"),
        (("FN:12,work\n", ""), r":\d+: not understood: 'FNDA:3,work'"),
    ],
)
def test_damaged_files_are_refused(tmp_path: Path, change: tuple[str, str], message: str) -> None:
    path = tmp_path / "out.info"
    path.write_text(written(run(assembled(PROGRAM))).replace(*change))
    with pytest.raises(TraceError, match=message):
        lcov.read(path)


def test_programs_without_lines_are_refused() -> None:
    image = assembled(PROGRAM)
    bare = Image(image.entry, image.segments, image.symbols, "bare.elf")
    with pytest.raises(TraceError, match=r"bare\.elf has no source lines; build the program with -g"):
        run(bare)
