"""Motions of the debugger, forwards and backwards, on a program whose every moment is known."""

from __future__ import annotations

import pytest

from iss.debug.debugger import Debugger, StopKind
from iss.debug.expressions import ExpressionError
from iss.debug.history import ReplayedConsole
from iss.debug.points import PointKind
from iss.errors import NeuroHartError
from iss.machine import Machine
from iss.memory.map import MemoryMap
from tests.engines.assembled import text
from tests.engines.lockstep import XNM

PROGRAM = """
.globl _start
_start:
    la   sp, stack
    li   s0, 0
    la   s2, total
again:
    mv   a0, s0
    call add
    addi s0, s0, 1
    li   t0, 100
    blt  s0, t0, again
    csrwi mscratch, 7
    li   t1, 0x100000
    li   t2, 0x5555
    sw   t2, 0(t1)
1:  j    1b
add:
    addi sp, sp, -16
    sw   ra, 12(sp)
    call twice
    lw   t3, 0(s2)
    add  t3, t3, a0
    sw   t3, 0(s2)
    lw   ra, 12(sp)
    addi sp, sp, 16
    ret
twice:
    add  a0, a0, a0
    ret
.data
.balign 4
total: .word 0
.space 256
stack:
"""


@pytest.fixture(params=["interpreter", "reference"])
def debugger(request: pytest.FixtureRequest) -> Debugger:
    """The program, not yet started, with checkpoints close to each other."""
    console = ReplayedConsole()
    machine = Machine(XNM, request.param, memory_map=MemoryMap().with_ram(1 << 20), console=console.write)
    machine.load(text(PROGRAM))
    return Debugger(machine, console, interval=500)


def test_breakpoints_both_ways(debugger: Debugger) -> None:
    point = debugger.break_at("add")
    for turn in range(5):
        assert debugger.resume().point is point
        assert (debugger.machine.hart.pc, debugger.evaluate("a0")) == (debugger.evaluate("add"), turn)
    for turn in (3, 2, 1, 0):
        assert debugger.resume_back().point is point
        assert debugger.evaluate("a0") == turn
    assert debugger.resume_back().kind is StopKind.BEGINNING
    assert debugger.now == 0
    assert point.hits == 5
    debugger.delete(point.number)
    assert debugger.resume().kind is StopKind.ENDED
    assert debugger.evaluate("total[0]") == 9900


def test_nothing_runs_behind_the_end(debugger: Debugger) -> None:
    end = debugger.resume()
    latest = debugger.now
    assert end.kind is StopKind.ENDED
    for motion in (debugger.resume, debugger.step, debugger.next, debugger.finish):
        assert (motion(), debugger.now) == (end, latest)
    debugger.step_back()
    assert (debugger.resume(), debugger.now) == (end, latest)


def test_conditions_counts_and_temporary_points(debugger: Debugger) -> None:
    debugger.break_at("add", "a0 >= 90 && a0 % 2 == 1", ignore=1)
    debugger.resume()
    assert debugger.evaluate("a0") == 93
    debugger.point(1).enabled = False
    debugger.goto(0)
    stop = debugger.until("twice")
    assert (stop.kind, debugger.machine.hart.pc) == (StopKind.POINT, debugger.evaluate("twice"))
    assert list(debugger.points) == [1]
    assert str(debugger.point(1)) == "1 break add if a0 >= 90 && a0 % 2 == 1, disabled, hit once"


def test_watchpoints_both_ways(debugger: Debugger) -> None:
    watch = debugger.watch("total[0]")
    seen = []
    for _ in range(4):
        stop = debugger.resume()
        seen.append((stop.old, stop.new))
    assert seen == [(0, 2), (2, 6), (6, 12), (12, 20)]  # the first turn adds 0, which is no change
    stop = debugger.resume_back()
    assert (stop.old, stop.new, debugger.evaluate("total[0]")) == (12, 20, 12)
    assert debugger.machine.register("t3") == 20  # before the store that made it 20
    stop = debugger.resume_back()
    assert (stop.old, stop.new) == (6, 12)
    stop = debugger.resume()
    assert (stop.point, stop.old, stop.new) == (watch, 6, 12)


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [("s0", PointKind.WATCH, 1), ("mscratch", PointKind.WATCH, 7), ("s0 * 2 + mscratch", PointKind.WATCH, 2)],
)
def test_other_watchpoints(debugger: Debugger, text: str, kind: PointKind, value: int) -> None:
    debugger.watch(text, kind=kind)
    assert debugger.resume().new == value


def test_accesses(debugger: Debugger) -> None:
    debugger.watch("total[0]", kind=PointKind.READ)
    debugger.resume()
    first = debugger.now
    assert debugger.machine.register("t3") == 0
    debugger.delete(1)
    debugger.watch("total[0]", kind=PointKind.ACCESS)
    debugger.resume()
    assert debugger.now == first + 2  # the store of the same turn


def test_calls_as_a_whole_both_ways(debugger: Debugger) -> None:
    debugger.until("add")
    debugger.step(3)
    inside = debugger.now  # at the jalr of the call of twice
    debugger.next()
    assert debugger.now == inside + 3
    debugger.next_back()
    assert debugger.now == inside
    assert debugger.finish().kind is StopKind.STEP
    assert debugger.machine.hart.pc == debugger.evaluate("again") + 12
    debugger.goto(inside)
    debugger.finish_back()
    assert debugger.machine.hart.pc == debugger.evaluate("again") + 8  # the jalr of the call


def test_steps_ignore_points_and_end_at_the_beginning(debugger: Debugger) -> None:
    debugger.break_at("add")
    debugger.step(300)
    assert debugger.now == 300
    debugger.step_back(200)
    assert debugger.now == 100
    assert debugger.step_back(101).kind is StopKind.BEGINNING


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("nowhere", "'nowhere' in 'nowhere' is unknown"),
        ("tota", "did you mean 'total'"),
        ("a0 +", "'a0 \\+' is no expression"),
        ("[0x10]", "4 bytes at 0x00000010 are not RAM"),
        ("a0.b", "is not allowed"),
        ("__import__('os')", "is not allowed"),
        ("1 << 100", "shifts by 100"),
        ("1 / 0", "divides by zero"),
        ("'x'", "is not allowed"),
    ],
)
def test_bad_expressions(debugger: Debugger, text: str, complaint: str) -> None:
    with pytest.raises(ExpressionError, match=complaint):
        debugger.evaluate(text)


def test_bad_places_and_numbers(debugger: Debugger) -> None:
    with pytest.raises(ExpressionError, match="no multiple of 4"):
        debugger.break_at("add+2")
    with pytest.raises(NeuroHartError, match="there is no break- or watchpoint 3; there are: none"):
        debugger.delete(3)
    with pytest.raises(ExpressionError, match="names no memory"):
        debugger.watch("s0", kind=PointKind.READ)
    assert debugger.points == {}


def test_a_motion_can_be_interrupted_and_goes_on(debugger: Debugger) -> None:
    """`between` is called at moments when the machine may be looked at; an interrupt ends the motion at one."""
    seen: list[int] = []

    def between() -> None:
        seen.append(debugger.now)
        if len(seen) == 3:
            debugger.interrupt()

    debugger.between, debugger.longest_pass = between, 50
    assert debugger.step(1000).kind is StopKind.INTERRUPTED
    assert seen == [50, 100, 150]
    assert debugger.now == 200
    debugger.break_at("twice", "a0 == 90")
    assert debugger.resume().kind is StopKind.POINT
    assert debugger.evaluate("a0") == 90
    debugger.points.clear()
    debugger.between = debugger.interrupt
    assert debugger.goto(10).kind is StopKind.STEP  # known, so it is one replay
    assert debugger.resume().kind is StopKind.INTERRUPTED


TRAPPING = """
_start:
    la   t0, handler
    csrw mtvec, t0
    ecall
    li   a0, 1
    ecall
1:  j    1b
handler:
    csrr t1, mepc
    addi t1, t1, 4
    csrw mepc, t1
    mret
"""


def test_breakpoints_at_the_first_instruction_of_a_trap_handler() -> None:
    """The moment before it is also that before the trap: the machine stands at the trapping instruction."""
    machine = Machine(XNM, memory_map=MemoryMap().with_ram(1 << 16))
    machine.load(text(TRAPPING))
    debugger = Debugger(machine)
    point = debugger.break_at("handler")
    assert [(debugger.resume().point, debugger.now) for _ in range(2)] == [(point, 3), (point, 8)]
    debugger.step()
    assert machine.hart.pc == debugger.evaluate("handler") + 4
    assert debugger.resume_back().point is point
    assert debugger.resume_back().point is point
    assert debugger.now == 3
