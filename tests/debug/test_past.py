"""Replayed looks into the past: they tell what happened and leave the machine where it was."""

from __future__ import annotations

import numpy as np
import pytest

from iss.debug import past
from iss.debug.assign import assign
from iss.debug.calls import Calls
from iss.debug.expressions import ExpressionError
from tests.tui.program import state


@pytest.mark.parametrize("engine", ["reference", "interpreter"])
def test_executed_instructions_tell_everything(engine: str) -> None:
    session = state(engine)
    history, machine = session.debugger.history, session.machine
    session.debugger.goto(436)
    found = past.executed(history, 0, 10_000)
    assert [item.index for item in found] == list(range(436))
    assert history.now == 436
    assert sum(item.cycles for item in found) == machine.hart.cycles
    assert sum(item.events.get("sop", 0) for item in found) == session.counters["sop"]
    assert sum(len(item.accesses) for item in found) == machine.hart.accesses
    (trapped,) = [item for item in found if item.trap is not None]
    assert trapped.trap == (11, machine.symbol("_start") + 0x34)
    assert trapped.pc == machine.symbol("handler")
    assert past.executed(history, 5, 5) == []


def test_branches_and_commands_and_spikes() -> None:
    session = state()
    history = session.debugger.history
    session.debugger.goto(436)
    counts = past.branches(history, 1000)
    (branch,) = counts
    assert counts[branch] == (19, 20)
    with past.unmoved(history):
        commands = list(past.commands(history))
    assert len(commands) == 20
    assert {(command.operation, command.rs1, command.rs2) for command in commands} == {
        (0, session.machine.symbol("network"), 2)
    }
    assert commands == sorted(commands, key=lambda command: -command.moment)
    spikes = past.spikes(history, 0)
    assert sum(int(bits).bit_count() for bits in spikes["bits"]) == session.counters["spkout"]
    assert np.all(np.diff(spikes["time"].astype(int)) >= 0)
    assert history.now == 436


def test_find_instructions_both_ways() -> None:
    from iss.debug.search import AtInstruction

    session = state()
    debugger = session.debugger
    wanted = AtInstruction(lambda word: word & 0x7F == 0x2B)
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
    names = [session.names.at(frame.function or 0) for frame in frames]
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
