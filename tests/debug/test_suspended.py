"""Watchpoints on what a suspended command of the coprocessor has done: seen in the handler that interrupted it."""

from __future__ import annotations

from pathlib import Path

import pytest

import asm
from iss.debug.debugger import Debugger, StopKind
from iss.machine import Machine
from iss.memory.map import MemoryMap
from tests.engines.lockstep import XNM

PROGRAM = """
.globl _start
_start:
    la   t0, handler
    csrw mtvec, t0
    li   t0, 0x2004000
    li   t1, 600            # mtimecmp: in the middle of nm.upd
    sw   t1, 0(t0)
    sw   zero, 4(t0)
    li   t0, 0x80
    csrw mie, t0
    li   t0, 1              # no trap on errors
    csrw nm_ctl, t0
    csrwi nm_slice, 1
    csrsi mstatus, 8
    la   a0, population
    nm.upd a1, a0
after:
    li   t0, 0x100000
    li   t1, 0x5555
    sw   t1, 0(t0)
1:  j    1b
handler:
    addi s1, s1, 1
    li   t2, -1
    li   t0, 0x2004000
    sw   t2, 4(t0)          # not again
    mret
    .data
    .balign 16
population:
    .word 0x4E4D0101, 1000, 1, 0
    .word 0, 0, 0, 0
    .word -1, 0, states, 0
    .word currents, spikes, 0, 0
    .balign 16
states: .space 4000, 0
currents: .space 4000, 0
spikes: .space 128, 0
"""


@pytest.mark.parametrize("engine", ["interpreter", "reference"])
def test_state_that_a_suspended_command_has_left_is_seen_in_the_handler(engine: str, tmp_path: Path) -> None:
    file = tmp_path / "suspended.S"
    file.write_text(PROGRAM)
    machine = Machine(XNM, engine, memory_map=MemoryMap().with_ram(1 << 20))
    machine.load(asm.assemble([file], architecture=machine.architecture).image())
    debugger = Debugger(machine, interval=100)
    debugger.watch("spikes[0]")
    stop = debugger.resume()
    assert (stop.kind, stop.old, stop.new) == (StopKind.POINT, 0, -1)
    handler, after = debugger.evaluate("handler"), debugger.evaluate("after")
    assert handler < machine.hart.pc < handler + 24  # not only when the command has retired, at `after`
    assert machine.hart.mepc == after - 4
    at = debugger.now
    debugger.delete(1)
    debugger.watch("spikes[31]")
    stop = debugger.resume()
    assert (machine.hart.pc, stop.new) == (after, 0xFF)
    stop = debugger.resume_back()
    assert stop.new == 0xFF
    debugger.delete(2)
    debugger.watch("spikes[0]")
    stop = debugger.resume_back()
    assert (stop.old, stop.new, debugger.now) == (0, -1, at - 1)
