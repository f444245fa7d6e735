"""Stepping by source lines, forwards and backwards: one walk through a program whose every line is known."""

from __future__ import annotations

from pathlib import Path

import pytest

import asm
from iss.debug.debugger import Debugger, StopKind
from iss.debug.history import ReplayedConsole
from iss.machine import Machine
from iss.memory.map import MemoryMap
from tests.engines.lockstep import XNM

SOURCE = """\
    .globl _start
_start:
    la   sp, stack
    la   t0, handler
    csrw mtvec, t0
    li   s0, 0
again:
    mv   a0, s0
    call add; addi s1, a0, 0
    addi s0, s0, 1
    li   t1, 3; blt s0, t1, again
    ecall
    li   t0, 0x100000
    li   t1, 0x5555
    sw   t1, 0(t0)
1:  j    1b

add:
    addi sp, sp, -16
    sw   ra, 12(sp)
    call bare
    addi a0, a0, 2
    lw   ra, 12(sp)
    addi sp, sp, 16
    ret

handler:
    csrr t2, mepc
    addi t2, t2, 4
    csrw mepc, t2
    mret

bare:
    li   t3, 0x12345
    add  a0, a0, t3; ret
    .data
    .space 256
stack:
"""
INTO = [3, 4, 5, 6, 8, 9, 19, 20, 21, 34, 35, 22, 23, 24, 25, 10, 11]
"""Lines of the first turn of the loop."""


@pytest.fixture(params=[5, 1000])
def debugger(request: pytest.FixtureRequest, tmp_path: Path) -> Debugger:
    """The program, with checkpoints close to each other or far apart."""
    file = tmp_path / "lines.S"
    file.write_text(SOURCE)
    console = ReplayedConsole()
    machine = Machine(XNM, memory_map=MemoryMap().with_ram(1 << 20), console=console.write)
    machine.load(asm.assemble([file], architecture=machine.architecture).image())
    return Debugger(machine, console, request.param)


def line(debugger: Debugger) -> int:
    """The line of the present moment, which begins here."""
    image = debugger.machine.image
    assert image is not None
    pc = debugger.machine.hart.pc
    place, before = image.lines.at(pc), image.lines.at(pc - 4)
    assert place is not None
    assert before is None or before.line != place.line
    return place.line


def walk(debugger: Debugger, motion: str) -> list[tuple[int, int]]:
    """(moment, line) after each motion until nothing more can happen."""
    found = []
    while getattr(debugger, motion)().kind is StopKind.STEP:
        found.append((debugger.now, line(debugger)))
        assert len(found) < 200
    return found


def test_steps_go_into_functions_and_back_the_same_way(debugger: Debugger) -> None:
    lines = walk(debugger, "step_line")
    assert [number for _, number in lines][: len(INTO) - 1] == INTO[1:]
    assert [number for _, number in lines][-7:] == [12, 29, 30, 31, 13, 14, 15]
    back = walk(debugger, "step_line_back")
    assert [number for _, number in back] == [*[number for _, number in reversed(lines)], 3]
    assert [moment for moment, _ in back] == [*[moment for moment, _ in reversed(lines)], 0]


def test_next_takes_calls_and_traps_as_a_whole(debugger: Debugger) -> None:
    lines = walk(debugger, "next_line")
    turn = [8, 9, 10, 11]
    assert [number for _, number in lines] == [4, 5, 6, *turn, *turn, *turn, 12, 13, 14, 15]
    back = walk(debugger, "next_line_back")
    assert [number for _, number in back] == [*[number for _, number in reversed(lines)], 3]


def test_from_the_middle_of_a_line_back_to_its_beginning(debugger: Debugger) -> None:
    debugger.break_at("add")
    debugger.resume()
    debugger.delete(1)
    debugger.finish()  # behind the call, in the middle of line 9
    middle = debugger.now
    assert debugger.step_line().kind is StopKind.STEP
    assert line(debugger) == 10
    debugger.goto(middle)
    debugger.next_line_back()
    assert line(debugger) == 9
    debugger.goto(middle)
    debugger.step_line_back()
    assert line(debugger) == 25  # ret: the line before in time
    debugger.goto(1)
    debugger.step_line_back()
    assert debugger.now == 0


def test_points_on_the_way_stop(debugger: Debugger) -> None:
    for _ in range(5):
        debugger.next_line()
    assert line(debugger) == 9
    before = debugger.now
    point = debugger.break_at("bare")
    stop = debugger.next_line()
    assert (stop.kind, stop.point) == (StopKind.POINT, point)
    debugger.delete(point.number)
    debugger.goto(before)
    debugger.next_line()
    assert line(debugger) == 10
    point = debugger.break_at("bare")
    stop = debugger.next_line_back()
    assert (stop.kind, stop.point) == (StopKind.POINT, point)


def test_functions_without_lines_are_passed(debugger: Debugger) -> None:
    """As in gdb, a step does not stop where no line is known; there it is one instruction."""
    from dataclasses import replace

    from iss.loaders.lines import LineRow, LineTable

    machine = debugger.machine
    assert machine.image is not None
    low, high = machine.symbol("bare"), machine.symbol("bare") + 16
    rows = [row for row in machine.image.lines.rows if not low <= row.address < high]
    table = LineTable([*rows, LineRow(low, None)])
    machine.image = replace(machine.image, line_reader=lambda: table)
    lines = walk(debugger, "step_line")
    assert [number for _, number in lines][: len(INTO) - 3] == [number for number in INTO[1:] if number < 34]
    back = walk(debugger, "step_line_back")
    assert [number for _, number in back] == [*[number for _, number in reversed(lines)], 3]
    debugger.until("bare")
    now = debugger.now
    debugger.step_line()
    assert debugger.now == now + 1
