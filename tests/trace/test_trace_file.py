"""Traces keep all that engines record: in files, blocks, rings, filtered; damaged files are refused."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from coprocessor.interface import SPIKE_RECORD
from iss.trace import block as blocks
from iss.trace.block import TraceError
from iss.trace.events import RECORD, Command, CsrWrite, Event, Interrupt, Kind, MemoryAccess, Sleep, Trap
from iss.trace.filters import Filter
from iss.trace.reader import KeptBlocks, Trace, TraceFile
from iss.trace.recorder import Packer, describe
from tests.engines.lockstep import random_steps
from tests.trace.recording import Recorded, busy, record

ENGINES = ("reference", "interpreter")


def tuples(events: list[Event]) -> list[tuple[int, ...]]:
    """Events as the records they came from."""
    found: list[tuple[int, ...]] = []
    for event in events:
        match event:
            case MemoryAccess(address, size, value, is_store):
                found.append(((Kind.STORE if is_store else Kind.LOAD) | size << 8, address, value, 0))
            case CsrWrite(number, value):
                found.append((Kind.CSR | number << 8, value, 0, 0))
            case Trap(pc, cause, value):
                found.append((Kind.TRAP, pc, cause, value))
            case Interrupt(pc, cause):
                found.append((Kind.INTERRUPT, pc, cause, 0))
            case Sleep(cycles):
                found.append((Kind.SLEEP, cycles & 0xFFFF_FFFF, cycles >> 32, 0))
            case Command(operation, outcome, rs1, rs2, result, cycles, spikes):
                found.append((Kind.COMMAND | operation << 8 | outcome << 30, rs1, rs2, result))
                found.append((Kind.COST, cycles & 0xFFFF_FFFF, len(spikes), cycles >> 32))
    return found


def unpacked(trace: Trace) -> list[tuple[int, ...]]:
    """All records of a trace."""
    found = []
    for retired in trace.instructions():
        found += tuples(list(retired.events))
        found.append((Kind.RETIRED | retired.destination << 8, retired.pc, retired.word, retired.value))
    return found + tuples(trace.behind)


def spikes_of(trace: Trace) -> list[tuple[int, ...]]:
    """All spikes of a trace, by their commands."""
    events = [event for retired in trace.instructions() for event in retired.events] + trace.behind
    return [tuple(spikes) for event in events if isinstance(event, Command) for spikes in event.spikes]


def require_whole(made: Recorded) -> None:
    """The trace holds what the engine recorded."""
    assert unpacked(made.trace) == list(RECORD.iter_unpack(made.records))
    assert spikes_of(made.trace) == list(SPIKE_RECORD.iter_unpack(made.spikes))
    assert made.spikes


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("timing", ["ideal", "edge5"])
def test_everything_is_kept(tmp_path: Path, engine: str, timing: str) -> None:
    made = record(busy(timing), engine, path=tmp_path / "a.nht")
    require_whole(made)
    trace = made.trace
    kinds = {type(event) for retired in trace.instructions() for event in retired.events}
    assert kinds == {MemoryAccess, CsrWrite, Trap, Interrupt, Command, Sleep}
    assert (trace.count, trace.first, trace.end) == (made.subject.machine.hart.retired, 0, {"end": "test"})
    last = trace.instruction(trace.count - 1)
    hart = made.subject.machine.hart
    assert last.cycle + trace.decoder.word(last.word).cost == hart.cycles
    assert trace.names.at(trace.symbols["leaf"].address) == "leaf"


@pytest.mark.parametrize("engine", ENGINES)
def test_cycles_are_those_of_the_machine(engine: str) -> None:
    """The time of every instruction, with taken branches, commands, traps and sleep, as single steps show it."""
    made = record(busy(), engine)
    subject = busy().on(engine)
    for retired in list(made.trace.instructions())[::3]:
        subject.machine.run(retired.number - subject.machine.hart.retired)
        before = sum(event.cycles for event in retired.events if isinstance(event, Sleep | Command))
        assert retired.cycle - before <= subject.machine.hart.cycles <= retired.cycle
        assert (
            subject.machine.hart.pc == retired.pc
            or before
            or any(isinstance(event, Trap | Interrupt) for event in retired.events)
        )


@pytest.mark.parametrize("seed", range(4))
def test_blocks_may_end_anywhere(monkeypatch: pytest.MonkeyPatch, seed: int) -> None:
    """However the run is cut into pieces and the pieces into blocks, the trace is the same."""
    whole = record(busy(), "interpreter")
    monkeypatch.setattr("iss.trace.recorder.MOST", 50)
    made = record(busy(), "interpreter", [*random_steps(seed, 200, 4000), None])
    assert made.records == whole.records
    assert made.trace._source.__len__() > 50
    require_whole(made)
    cycles = [[retired.cycle for retired in each.trace.instructions()] for each in (whole, made)]
    assert cycles[0] == cycles[1]


def test_a_piece_larger_than_a_block() -> None:
    """The reference engine hands over 100,000 instructions at once: blocks are cut where nobody knows the time."""
    from tests.engines.encode import setup, word
    from tests.engines.lockstep import BASE

    words = [word("addi", rd=1, rs1=1, imm=1), word("sw", rs1=10, rs2=1), word("beq", imm=8), 0, word("jal", imm=-16)]
    made = setup(words, {10: BASE + 0x1000}, timing="edge5")
    recorded = [record(made, engine, [100_000]) for engine in ENGINES]
    assert len(recorded[0].trace._source) == 2
    views = [np.concatenate([view.cycle for view in each.trace.views()]) for each in recorded]
    assert (views[0] == views[1]).all()
    assert recorded[0].records == recorded[1].records
    assert recorded[0].trace.instruction(99_999) == recorded[1].trace.instruction(99_999)


def test_parts_of_blocks() -> None:
    made = record(busy(), "interpreter")
    view = made.trace.view(0)
    for begin, end in ((0, 10), (700, 1500), (1, len(view)), (len(view), len(view))):
        part = view.block.part(begin, end, int(view.cycle[begin]) if begin < len(view) else view.end_cycle)
        piece = Trace(KeptBlocks((part,)), made.trace.description)
        expected = list(made.trace.instructions(begin, end))
        assert [(r.number, r.cycle, r.pc, r.value, r.events) for r in piece.instructions()] == [
            (r.number, r.cycle, r.pc, r.value, r.events) for r in expected
        ]


@pytest.mark.parametrize("most", [1, 100, 1 << 20])
def test_ring(monkeypatch: pytest.MonkeyPatch, most: int) -> None:
    monkeypatch.setattr("iss.trace.recorder.MOST", 500)
    whole = record(busy(), "interpreter", [300] * 40 + [None])
    made = record(busy(), "interpreter", [300] * 40 + [None], most=most)
    kept = min(most, whole.trace.count)
    assert made.trace.count == kept
    expected = list(whole.trace.instructions(whole.trace.count - kept))
    for found, wanted in zip(made.trace.instructions(), expected, strict=True):
        assert (found.number, found.cycle, found.pc, found.value) == (
            *(wanted.number, wanted.cycle, wanted.pc, wanted.value),
        )


def test_filtered_recording(tmp_path: Path) -> None:
    """What was left out is missing, the rest has its number, time, accesses and spikes."""
    whole = record(busy(), "interpreter").trace
    text = "mnem~^nm | store | trap"
    wanted = Filter.parse(text, whole)
    expected = [whole.instruction(index) for index in whole.matching(wanted, 0, whole.count)]
    made = record(busy(), "interpreter", [5000, None], tmp_path / "f.nht", wanted).trace
    assert [(r.number, r.cycle, r.pc, r.value, r.events) for r in made.instructions()] == [
        (r.number, r.cycle, r.pc, r.value, r.events) for r in expected
    ]
    assert made.index_of(expected[7].number) == 7


# Files ---------------------------------------------------------------------------------------------------------------
def stored(folder: Path) -> Path:
    path = folder / "t.nht"
    record(busy(), "interpreter", [2000, 2000, None], path)
    return path


def test_a_truncated_file_is_read_to_its_last_whole_block(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("iss.trace.recorder.MOST", 1000)
    path = stored(tmp_path)
    data = path.read_bytes()
    whole = TraceFile.open(path)
    assert whole.complete
    path = tmp_path / "part.nht"
    counts = set()
    for length in range(len(data) - 1, 2500, -997):
        path.write_bytes(data[:length])
        part = TraceFile.open(path)
        assert not part.complete
        counts.add(part.count)
        if part.count:
            assert part.instruction(part.count - 1).pc == whole.instruction(part.count - 1).pc
    assert len(counts) > 3


def test_every_damaged_byte_is_noticed(tmp_path: Path) -> None:
    """A changed byte anywhere gives an error or, behind the blocks, less to read; never wrong content."""
    path = stored(tmp_path)
    data = path.read_bytes()
    good = unpacked(TraceFile.open(path))
    path = tmp_path / "damaged.nht"
    for place in range(0, len(data), 4001):
        path.write_bytes(data[:place] + bytes([data[place] ^ 0x10]) + data[place + 1 :])
        try:
            found = unpacked(TraceFile.open(path))
        except TraceError as error:
            assert str(path) in str(error) and ";" in str(error)
        else:
            assert found == good[: len(found)]


@pytest.mark.parametrize(
    "content", [b"", b"\x93NHTRACE", b"core   0: 3 0x", bytes(200), b"\x93NHTRACE\x07" + bytes(90)]
)
def test_what_is_no_trace(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "x.nht"
    path.write_bytes(content)
    with pytest.raises(TraceError, match=r"x\.nht: "):
        TraceFile.open(path)


CHILD = """
import sys, os, signal
from pathlib import Path
from tests.engines.encode import setup, word
from iss.trace.recorder import Recorder, describe
from iss.trace.store import TraceWriter
subject = setup([word("addi", rd=1, rs1=1, imm=1), word("jal", imm=-4)], {}).on("interpreter")
machine = subject.machine
description = describe(machine.architecture.isa, machine.timing, machine.image)
recorder = Recorder(TraceWriter(sys.argv[1], description), description)
machine.observe(lambda records: recorder.consume(records, b"", machine.hart.cycles))
machine.run(1_000_000)
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_killed_recording_is_readable(tmp_path: Path) -> None:
    path = tmp_path / "killed.nht"
    ended = subprocess.run([sys.executable, "-c", CHILD, str(path)], cwd=Path(__file__).parents[2], check=False)
    assert ended.returncode == -signal.SIGKILL
    trace = TraceFile.open(path)
    assert not trace.complete
    assert 1_000_000 - 65_536 <= trace.count < 1_000_000
    last = trace.instruction(trace.count - 1)
    assert last.number == last.cycle == trace.count - 1


def test_a_full_disk_ends_the_recording_only(tmp_path: Path) -> None:
    """Writing fails in the middle of a block; the error is kept, `failed` is called once, the file stays readable."""
    from iss.trace.recorder import Recorder
    from iss.trace.store import TraceWriter
    from tests.engines.encode import setup, word

    path = tmp_path / "full.nht"
    subject = setup([word("addi", rd=1, rs1=1, imm=1), word("jal", imm=-4)], {}).on("interpreter")
    machine = subject.machine
    description = describe(machine.architecture.isa, machine.timing, machine.image)
    calls: list[int] = []
    recorder = Recorder(TraceWriter(path, description), description, failed=lambda: calls.append(1))
    machine.observe(lambda records: recorder.consume(records, b"", machine.hart.cycles))
    former = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, former[1]))
    try:
        machine.run(1_000_000)
        recorder.close({})
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, former)
    assert isinstance(recorder.error, OSError) and calls == [1]
    assert machine.hart.retired == 1_000_000
    trace = TraceFile.open(path)
    assert 0 < trace.count < 1_000_000
    assert os.path.getsize(path) <= 1 << 20


def test_many_sites_fill_a_block() -> None:
    """A block ends where it has no room for another place in memory; nothing is lost."""
    records = b"".join(RECORD.pack(Kind.RETIRED, 4 * place, place, place) for place in range(70_000))
    packer = Packer()
    done = packer.take(records)
    assert done == blocks.MOST
    first = packer.block()
    assert (first.site_pc[first.site] == 4 * np.arange(done)).all()
    packer.reset(0)
    assert packer.take(records[done * 16 :]) == 70_000 - done
    assert packer.first == done
