"""Small programs that do everything a trace can show, recorded on either engine."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from iss.machine import End
from iss.trace.reader import Chooser, Trace, TraceFile
from iss.trace.recorder import Kept, Recorder, describe
from iss.trace.store import TraceWriter
from tests.engines.assembled import text
from tests.engines.lockstep import XNM, Setup, Subject

BUSY = """
_start: la t0, handler
    csrw mtvec, t0
    li t0, 0x2004000
    li t1, 20000
    sw t1, 0(t0)
    sw zero, 4(t0)
    li t1, 0x80
    csrw mie, t1
    li t0, 5
    csrw nm_ctl, t0
    csrwi nm_slice, 2
    li s0, 500
    la s1, data
loop:
    andi t0, s0, 63
    bnez t0, 1f
    la a0, pop
    nm.upd a1, a0
    ecall
1:  lw t1, 0(s1)
    add t1, t1, s0
    sw t1, 0(s1)
    lbu t2, 1(s1)
    jal ra, leaf
    addi s0, s0, -1
    bnez s0, loop
    wfi
    csrsi mstatus, 8
    nop
    la a0, pop + 4
    nm.upd a1, a0
    li t0, 0x100000
    li t1, 0x5555
    sw t1, 0(t0)
2:  j 2b
    .type leaf, @function
leaf: csrw mscratch, t1
    ret
    .size leaf, . - leaf
handler:
    csrr t0, mcause
    bltz t0, timer
    csrr t0, mepc
    addi t0, t0, 4
    csrw mepc, t0
    mret
timer:
    li t0, 0x2004004
    li t1, -1
    sw t1, 0(t0)
    mret
    .data
data: .word 1, 2
    .balign 16
pop: .word 0x4e4d0101, 100, 1, 0, 0, 0, 0, 0, -1, 0, state, 0, cur, 0, 0, 0
state: .zero 400
cur: .zero 400
"""
"""Loads, stores, calls, CSR writes, exceptions, an interrupt after a sleep, suspended and trapped commands, spikes."""


def busy(timing: str = "edge2") -> Setup:
    """A machine with BUSY: a population of 100 neurons that all spike at each update."""
    return Setup(text(BUSY, XNM), XNM, timing, ram_size=1 << 16)


@dataclass
class Recorded:
    """A run, its records as the engine gave them, and the trace of it."""

    subject: Subject
    records: bytes
    spikes: bytes
    trace: Trace


def record(
    setup: Setup,
    engine: str,
    steps: Sequence[int | None] = (None,),
    path: Path | None = None,
    wanted: Chooser | None = None,
    most: int | None = None,
) -> Recorded:
    """Run in steps and record, into a file or memory."""
    subject = replace(setup, observed=False).on(engine)
    machine = subject.machine
    description = describe(machine.architecture.isa, machine.timing, machine.image)
    kept = Kept(description, most)
    recorder = Recorder(TraceWriter(path, description) if path else kept, description, wanted=wanted)
    records, spikes = bytearray(), bytearray()

    def consume(piece: Any) -> None:
        taken = machine.take_spikes()
        recorder.consume(piece, taken, machine.hart.cycles)
        records.extend(piece)
        spikes.extend(taken)

    machine.observe(consume, spikes=True)
    for step in steps:
        if machine.run(step).end is not End.LIMIT:
            break
    recorder.close({"end": "test"})
    assert recorder.error is None
    return Recorded(subject, bytes(records), bytes(spikes), TraceFile.open(path) if path else kept.trace)
