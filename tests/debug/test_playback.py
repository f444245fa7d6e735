"""A trace that is played: every moment has the registers, memory and CSRs of the run it was recorded of."""

from __future__ import annotations

from pathlib import Path

import pytest

import asm
from iss.debug.csrs import read_csr
from iss.debug.debugger import Debugger, StopKind
from iss.debug.history import ReplayedConsole
from iss.debug.playback import Playback, machine_of
from iss.debug.points import PointKind
from iss.machine import Machine
from iss.trace.reader import Trace, TraceFile
from iss.trace.recorder import Kept, Recorder, describe
from tests.tui.program import state

CSRS = ("mepc", "mcause", "mtvec", "mscratch", "mstatus")


def recorded(machine: Machine, instructions: int = 10_000) -> Trace:
    """What a machine does next, as a trace."""
    description = describe(machine.architecture.isa, machine.timing, machine.image)
    kept = Kept(description)
    recorder = Recorder(kept, description, first=machine.hart.retired, cycle=machine.hart.cycles)
    machine.observe(lambda data: recorder.consume(data, machine.take_spikes(), machine.hart.cycles), spikes=True)
    outcome = machine.run(instructions)
    machine.observe(None)
    recorder.close({"reason": outcome.reason, "exit_code": outcome.exit_code})
    return kept.trace


def played(trace: Trace, interval: int = 50) -> Debugger:
    """A debugger of it."""
    console = ReplayedConsole()
    return Debugger(machine_of(trace, None, console.write), console, interval)


COUNTING = """
    li a0, 1000
    csrw mcycle, a0
    nop
    csrw minstret, a0
    li a1, 1
    csrw mcountinhibit, a1
    nop
    csrw mcountinhibit, x0
    csrw mcycleh, a1
1:  j 1b
"""


@pytest.mark.parametrize("interval", [3, 50])
def test_written_counters_count_on_from_their_moment(interval: int) -> None:
    machine = Machine()
    machine.load(asm.assemble([asm.Source("counting.S", COUNTING)], architecture=machine.architecture).image())
    truth = Debugger(machine, interval=interval)
    another = Machine()
    another.load(asm.assemble([asm.Source("counting.S", COUNTING)], architecture=machine.architecture).image())
    debugger = played(recorded(another, 40), interval)
    for moment in (40, *range(40), 7, 30):
        truth.goto(moment)
        debugger.goto(moment)
        for name in ("mcycle", "mcycleh", "minstret", "mcountinhibit"):
            csr = machine.architecture.csrs.named(name)
            assert csr is not None
            assert read_csr(debugger.machine, csr) == read_csr(machine, csr), (moment, name)


def test_every_moment_is_that_of_the_run() -> None:
    trace = recorded(state().machine)
    debugger, truth = played(trace), state().debugger
    real, shown = truth.machine, debugger.machine
    engine = shown.engine
    assert isinstance(engine, Playback)
    written: set[int] = set()
    for moment in [*range(0, 437, 7), 436, 200, 35, 300, 100]:
        truth.goto(moment)
        debugger.goto(moment)
        assert (shown.hart.retired, shown.hart.pc) == (real.hart.retired, real.hart.pc)
        assert (shown.hart.cycles, shown.hart.accesses) == (real.hart.cycles, real.hart.accesses)
        assert (shown.hart.traps, shown.hart.interrupts) == (real.hart.traps, real.hart.interrupts)
        assert list(shown.hart.x) == list(real.hart.x)
        for name in CSRS:
            csr = shown.architecture.csrs.named(name)
            assert csr is not None
            assert read_csr(shown, csr) == read_csr(real, csr), (moment, name)
        addresses = range(real.symbol("_start"), real.symbol("_start") + 0x1200)
        known = [address for address in addresses if engine.knows(address, 1)]
        written |= set(known)
        assert [shown.ram.read(address, 1) for address in known] == [real.ram.read(address, 1) for address in known]
    assert len(written) > 100
    assert not engine.knows(real.symbol("_start") + 0x1100, 1)


def test_what_is_not_told_yet_is_not_known_after_going_back() -> None:
    debugger = played(recorded(state().machine))
    engine = debugger.machine.engine
    debugger.goto(40)
    stack = debugger.machine.register("sp") + 12
    assert engine.knows(stack, 4)
    debugger.goto(5)
    assert not engine.knows(stack, 4)


def test_motions_work_as_on_the_program() -> None:
    debugger, truth = played(recorded(state().machine)), state().debugger
    for each in (debugger, truth):
        each.step(10)
        each.break_at("dot")
        each.watch("a0", "a0 == 2")
        each.watch("u32[sp + 12]", kind=PointKind.ACCESS)
    for motion in ("resume", "resume", "next", "finish", "resume_back", "next_back", "finish_back", "step", "resume"):
        stop, expected = getattr(debugger, motion)(), getattr(truth, motion)()
        assert (motion, stop.kind, stop.text, debugger.now) == (motion, expected.kind, expected.text, truth.now)
    debugger.points.clear()
    stop = debugger.resume()
    assert (stop.kind, stop.text) == (StopKind.ENDED, "the trace ends here: test finisher: pass")
    assert debugger.history.console.shown == b"." * 20
    assert debugger.resume_back().kind is StopKind.BEGINNING


def test_a_trace_that_begins_later_has_its_own_times() -> None:
    session = state()
    session.debugger.goto(100)
    debugger = played(recorded(session.machine))
    assert (debugger.now, debugger.history.earliest) == (100, 100)
    debugger.goto(150)
    session = state()
    session.debugger.goto(150)
    assert debugger.machine.hart.pc == session.machine.hart.pc


@pytest.mark.parametrize("line", ["core   0: 3 0x00100080 (0x00500093) x1  0x00000005"])
def test_code_anywhere_has_room(tmp_path: Path, line: str) -> None:
    from iss.trace.formats import read_trace

    file = tmp_path / "other.log"
    file.write_text(line + "\n")
    trace = read_trace(file)
    assert not isinstance(trace, TraceFile)
    debugger = played(trace)
    assert debugger.machine.hart.pc == 0x100080
    debugger.step()
    assert debugger.machine.register("ra") == 5
    assert debugger.machine.ram.read(0x100080, 4) == bytes.fromhex("93005000")
