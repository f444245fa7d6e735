"""Replayed looks into the past: they tell what happened and leave the machine where it was."""

from __future__ import annotations

import numpy as np
import pytest

from iss.debug import past
from iss.debug.assign import assign
from iss.debug.calls import Calls
from iss.debug.expressions import ExpressionError
from iss.debug.log import HistoryLog
from iss.debug.recent import Recent, empty
from iss.debug.search import AtChosen
from iss.trace.events import MemoryAccess, Trap
from iss.trace.filters import Filter
from tests.tui.program import state


@pytest.mark.parametrize("engine", ["reference", "interpreter"])
def test_executed_instructions_tell_everything(engine: str) -> None:
    session = state(engine)
    history, machine = session.debugger.history, session.machine
    session.debugger.goto(436)
    log = HistoryLog(history)
    found = log.entries(0, 10_000)
    assert [entry.retired.number for entry in found] == list(range(436))
    assert history.now == 436
    assert sum(entry.cycles for entry in found) == machine.hart.cycles
    assert sum((entry.counted or {}).get("sop", 0) for entry in found) == session.counters["sop"]
    events = [event for entry in found for event in entry.retired.events]
    assert sum(isinstance(event, MemoryAccess) for event in events) == machine.hart.accesses
    (trapped,) = [event for event in events if isinstance(event, Trap)]
    assert (trapped.cause, trapped.pc) == (11, machine.symbol("_start") + 0x34)
    (handler,) = [entry for entry in found if trapped in entry.retired.events]
    assert handler.retired.pc == machine.symbol("handler")
    assert log.entries(5, 5) == []


def test_a_log_goes_on_with_the_machine_and_forgets_what_was_changed() -> None:
    """Pieces that are replayed one after the other are what a replay of everything gives."""
    session = state()
    log, whole = HistoryLog(session.debugger.history), HistoryLog(session.debugger.history)
    log.recent.length = 20
    for moment in (30, 31, 33, 40, 300, 20, 200, 201):
        session.debugger.goto(moment)
        assert log.entries(moment - 8, moment) == whole.entries(0, 436)[moment - 8 : moment]
    session.debugger.goto(200)
    assign(session.debugger, "pc", session.machine.symbol("dot") + 8)
    assign(session.debugger, "t1", 0x1234)
    assign(session.debugger, "t0", 0x10000000)
    session.debugger.goto(203)
    (access,) = log.entries(200, 203)[0].retired.events
    assert isinstance(access, MemoryAccess)
    assert access.value == 0x34
    session.debugger.goto(150)
    session.debugger.goto(203)
    assert log.entries(200, 201) == HistoryLog(session.debugger.history).entries(200, 201)


def test_branches_and_commands_and_spikes() -> None:
    session = state()
    history = session.debugger.history
    session.debugger.goto(436)
    trace = Recent(history, 0).trace(0, 436)
    counts = past.branches(trace, 0, 436)
    (branch,) = counts
    assert counts[branch] == (19, 20)
    with past.unmoved(history):
        commands = list(past.commands(history))
    assert len(commands) == 20
    assert {(command.operation, command.rs1, command.rs2) for command in commands} == {
        (0, session.machine.symbol("network"), 2)
    }
    assert commands == sorted(commands, key=lambda command: -command.moment)
    numbers, spikes = past.spikes(trace, 0, 436)
    assert set(numbers.tolist()) <= {command.moment for command in commands}
    assert sum(int(bits).bit_count() for bits in spikes["bits"]) == session.counters["spkout"]
    assert np.all(np.diff(spikes["time"].astype(int)) >= 0)
    assert history.now == 436


def test_find_instructions_both_ways() -> None:
    session = state()
    debugger = session.debugger
    trace = empty(debugger.history)
    wanted = AtChosen(Filter.parse("command", trace), trace)
    moments = []
    for _ in range(3):
        debugger.find(wanted, "nm.run")
        moments.append(debugger.now)
        assert debugger.machine.hart.pc == debugger.evaluate("infer")
    for moment in reversed(moments[:2]):
        debugger.find(wanted, "nm.run", back=True)
        assert debugger.now == moment
    assert not debugger.points


def test_calls_through_saved_return_addresses() -> None:
    session = state()
    session.debugger.break_at("dot")
    session.debugger.resume()
    frames = Calls(session.machine.image).stack(session.machine)
    names = [session.program.names.at(frame.function or 0) for frame in frames]
    assert names == ["dot", "classify", "_start"]
    assert [frame.stack is None for frame in frames] == [True, True, False]


def test_changes_forget_the_future() -> None:
    session = state()
    debugger = session.debugger
    debugger.goto(100)
    debugger.goto(30)
    for target, value in (("a5", -1), ("mscratch", 7), ("nm_vth", 9), ("[sp - 4]", 3), ("u8[sp - 8]", 200)):
        assign(debugger, target, value)
        assert debugger.evaluate(target) == value % (1 << 32)
    assert debugger.history.latest == 30
    before = debugger.evaluate("a5")
    for target, value in (("mvendorid", 1), ("nothing", 1), ("a0", 1 << 32), ("[0]", 1), ("pc", 6), ("_start", 4)):
        with pytest.raises(ExpressionError):
            assign(debugger, target, value)
    assert debugger.evaluate("a5") == before
