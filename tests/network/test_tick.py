"""The event loop of nm_tick.inc: it sleeps between ticks, and what a tick interrupts does not notice."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

import asm
from coprocessor.csrs import BY_NAME, TABLE
from tests.network.firmware import FINISH, Firmware

each_engine = pytest.mark.parametrize("engine", ["reference", "interpreter"])

START = """
    .include "nm_descriptors.inc"
    .include "nm_layer.inc"
    .include "nm_tick.inc"
    .text
    .globl _start
_start:
    la   sp, __stack_top
    nm_enable
"""
NO_OTHER_TRAP = """
nm_other_trap:
    j    nm_other_trap
"""

TICKS = f"""{START}
    nm_tick_start 1000, step
    nm_wait_ticks 3
    lw   s0, nm_ticks
    li   s1, 0x1234
    nm_wait_ticks 10
    nm_tick_stop
    csrr s2, mcycle
    lw   s3, nm_ticks
    li   t0, 5000                       # no more ticks
1:  addi t0, t0, -1
    bnez t0, 1b
    lw   s4, nm_ticks
    la   t0, result
    sw   s0, 0(t0)
    sw   s1, 4(t0)
    sw   s2, 8(t0)
    sw   s3, 12(t0)
    sw   s4, 16(t0)
{FINISH}
step:
    la   t0, steps                      # changes every register that a function may change
    lw   t1, 0(t0)
    addi t1, t1, 1
    sw   t1, 0(t0)
    .irp register, a0, a1, a2, a3, a4, a5, a6, a7, t0, t2, t3, t4, t5, t6
    li   \\register, -1
    .endr
    ret
{NO_OTHER_TRAP}
    .bss
    .balign 4
result: .space 20
steps:  .space 4
"""


@each_engine
def test_tick_loop(engine: str) -> None:
    """Ten ticks of 1000 cycles take 10,000 cycles and a little; the hart sleeps in between."""
    firmware = Firmware(TICKS, engine)
    firmware.run()
    first, kept, cycles, ticks, after = firmware.words("result", 5).tolist()
    assert (first, kept, ticks, after) == (3, 0x1234, 10, 10)
    assert 10_000 <= cycles < 10_300
    assert firmware.words("steps", 1)[0] == 10
    assert firmware.machine.hart.retired < 18_000


def test_cost_of_a_tick_is_what_the_library_says() -> None:
    """Cycles besides those of the function, which here does nothing."""
    said = re.search(r"the (\d+) cycles", (Path(asm.session.LIBRARY) / "nm_tick.inc").read_text(encoding="utf-8"))
    assert said
    cycles = []
    for period in (500, 1 << 20):
        firmware = Firmware(OPERATION.format(period=period, step="    ret", slice=1))
        firmware.run()
        cycles.append((firmware.words("result", 1)[0], firmware.machine.hart.mcycle))
    ((ticks, with_ticks), (none, without)) = cycles
    assert ticks > 1 and none == 0
    assert with_ticks - without == ticks * (int(said[1]) + 1)  # the function's ret


OPERATION = f"""{START}
    li   t0, {{slice}}
    csrw nm_slice, t0
    nm_tick_start {{period}}, step
    la   a0, net
    li   a1, 3
    nm.run s0, a0, a1
    csrr s1, nm_t
    nm_tick_stop
    la   t0, result
    lw   t1, nm_ticks
    sw   t1, 0(t0)
    sw   s0, 4(t0)
    sw   s1, 8(t0)
{FINISH}
step:
{{step}}
{NO_OTHER_TRAP}
    .data
    nm_pop big, n=320, profile=NM_IF, vth=2, p1=1, state=state, cur=currents
    nm_pop small, n=1, profile=NM_IF, vth=100, p1=1, state=other_state, cur=other_currents
    nm_net net, NM_UPD | NM_OUT, big
    .bss
    .balign 4
result:         .space 12
state:          .space 4 * 320
currents:       .space 4 * 320
other_state:    .space 4
other_currents: .space 4
"""
UPDATE = """
    la   a0, small
    nm.upd a0, a0
    ret"""


@each_engine
@pytest.mark.parametrize("period", [1 << 20, 5000, 1200, 500])
def test_interrupted_operation_goes_on(period: int, engine: str) -> None:
    """Specification 7.2: without its progress it would start over, and with ticks often enough never end."""
    firmware = Firmware(OPERATION.format(period=period, step=UPDATE, slice=1), engine)
    firmware.run()
    ticks, spikes, time = firmware.words("result", 3).tolist()
    assert (ticks > 0) == (period <= 1200)
    assert (spikes, time) == (320, 3)
    assert firmware.words("state", 320).tolist() == [0] * 320
    assert firmware.words("other_state", 1)[0] == ticks
    assert firmware.machine.coprocessor.state()["counters"]["nup"] == 3 * 320 + ticks


NEURONS = 45
FINE = f"""{START}
    li   t0, 0x00120034                 # plasticity has parameters of its own
    csrw nm_l0, t0
    {{start}}
    li   s0, 40
1:  call load
    la   a0, state
    la   a1, currents
    la   a2, spikes
    call update
    addi s0, s0, -1
    bnez s0, 1b
    csrr s1, nm_l0
    {{stop}}
    la   t0, result
    sw   s1, 0(t0)
    lw   t1, nm_ticks
    sw   t1, 4(t0)
{FINISH}
step:
    addi sp, sp, -16
    sw   ra, 12(sp)
    call other_load
    li   t0, 0x07ff0001
    csrw nm_l0, t0
    la   a0, other_state
    la   a1, other_currents
    la   a2, other_spikes
    call other_update
    lw   ra, 12(sp)
    addi sp, sp, 16
    ret
{NO_OTHER_TRAP}
    nm_load load, mode=NM_RESET_SUBTRACT, p0=4000 << 16, p1=11, vth=100
    nm_update update, n={NEURONS}, profile=LIF
    nm_load other_load, mode=NM_WIDTH_16, p0=3000 << 16, p1=90, vth=30, vrst=-7
    nm_update other_update, n=7, profile=LIF
    .bss
    .balign 4
result:         .space 8
state:          .space 4 * {NEURONS}
currents:       .space 4 * {NEURONS}
spikes:         .space 8
other_state:    .space 28
other_currents: .space 28
other_spikes:   .space 4
"""


@each_engine
def test_neurons_in_single_instructions_go_on(engine: str) -> None:
    """Parameters and half a word of spikes survive a tick that updates other neurons in the same way."""
    found = []
    for start in ("", "nm_tick_start 733, step"):
        firmware = Firmware(FINE.format(start=start, stop="nm_tick_stop" if start else ""), engine)
        random = np.random.default_rng(1)
        firmware.run({"state": random.integers(0, 100, NEURONS).astype("<i4").tobytes()})
        result, ticks = firmware.words("result", 2).tolist()
        assert (ticks > 5) == bool(start)
        found.append((result, firmware.words("state", NEURONS).tolist(), firmware.words("spikes", 2).tolist()))
        assert any(found[-1][2])
    assert found[0] == found[1]


LEFT = {"nm_ctl", "nm_slice", "nm_qwm", "nm_tick", "nm_tnext", "nm_rng", "nm_t", "nm_rew"}
"""Configuration, and what a function is meant to go on with; all else belongs to the interrupted code."""
KEPT = [csr for csr in TABLE if csr.writable and csr.name not in LEFT]


@each_engine
def test_every_csr_of_the_interrupted_code_is_kept(engine: str) -> None:
    """Also nm_err and nm_eaddr, which it may be about to read."""
    own = "\n".join(f"    li t0, {0x13572468 * (k + 3) & csr.mask}\n csrw {csr.name}, t0" for k, csr in enumerate(KEPT))
    step = "\n".join(f"    li t0, {0x7A7A7A7A & csr.mask}\n csrw {csr.name}, t0" for csr in [*KEPT, BY_NAME["nm_t"]])
    stored = "\n".join(
        f"    csrr t1, {csr.name}\n sw t1, {4 * k}(t0)" for k, csr in enumerate([*KEPT, BY_NAME["nm_t"]])
    )
    text = OTHER.replace("result: .space 8", f"result: .space {4 * len(KEPT) + 4}")
    text = text.replace("    sw   s0, 0(t0)\n    sw   a0, 4(t0)\n", stored + "\n")
    firmware = Firmware(text.format(main=own, step=step), engine)
    firmware.run()
    found = firmware.words("result", len(KEPT) + 1).view(np.uint32).tolist()
    assert found == [0x13572468 * (k + 3) & csr.mask for k, csr in enumerate(KEPT)] + [0x7A7A7A7A]


OFF = f"""{START}
    csrw nm_ctl, zero                   # a program that does not need the coprocessor for a while
    nm_tick_start 1000, step
    nm_wait_ticks 3
    nm_tick_stop
    csrr s0, nm_ctl
    la   t0, result
    sw   s0, 0(t0)
{FINISH}
step:
    nm_enable etrap=0
    la   a0, small
    nm.upd a0, a0
    ret
{NO_OTHER_TRAP}
    .data
    nm_pop small, n=1, profile=NM_IF, vth=100, p1=1, state=state, cur=currents
    .bss
    .balign 4
result:   .space 4
state:    .space 4
currents: .space 4
"""


@each_engine
def test_coprocessor_may_be_off(engine: str) -> None:
    """Its CSRs trap then; a function that switches it on finds it off the next time, as the program left it."""
    firmware = Firmware(OFF, engine)
    firmware.run()
    assert firmware.words("result", 1)[0] == 0
    assert firmware.words("state", 1)[0] == 3


OTHER = f"""{START}
    nm_tick_start 1000, step
    {{main}}
    nm_wait_ticks 3
    nm_tick_stop
    la   t0, result
    sw   s0, 0(t0)
    sw   a0, 4(t0)
{FINISH}
step:
    {{step}}
    ret
nm_other_trap:                          # skips the instruction, changes s0 and a0 only
    csrr a0, mepc
    addi a0, a0, 4
    csrw mepc, a0
    addi s0, s0, 1
    li   a0, 77
    mret
    .bss
    .balign 4
result: .space 8
"""


@each_engine
def test_other_traps_reach_the_program_and_return(engine: str) -> None:
    """With all registers as they were, also t0, t1 and sp, which the library needs to find out."""
    text = OTHER.format(main="li t0, 5\n li t1, 6\n mv s1, sp\n ecall\n add s0, s0, t0\n add s0, s0, t1", step="")
    firmware = Firmware(text.replace("sw   a0, 4(t0)", "sub  a0, sp, s1\n    sw   a0, 4(t0)"), engine)
    firmware.run()
    assert firmware.words("result", 2).tolist() == [1 + 5 + 6, 0]


@each_engine
def test_the_function_may_trap_and_enable_interrupts(engine: str) -> None:
    """mepc and mstatus of the tick are kept; a0 of the interrupted code too."""
    for step in ("ecall", "csrsi mstatus, 8\n    ecall"):
        firmware = Firmware(OTHER.format(main="li a0, 5", step=step), engine)
        firmware.run()
        assert firmware.words("result", 2).tolist() == [3, 5]


LATE = """
    lw   t0, late
    bnez t0, 2f                         # this tick came while one was handled
    li   t0, 1
    sw   t0, late, t1
    csrsi mstatus, 8
    lw   t1, nm_ticks                   # each takes a little longer, so that the next comes at every point
    addi t1, t1, 100
1:  addi t1, t1, -1
    bnez t1, 1b
    sw   zero, late, t1
2:"""


@each_engine
def test_ticks_may_interrupt_the_handling_of_ticks(engine: str) -> None:
    """Where the function enables interrupts, they are off again before anything is restored."""
    text = OTHER.replace("nm_tick_start 1000", "nm_tick_start 500").replace("nm_wait_ticks 3", "nm_wait_ticks 150")
    firmware = Firmware(text.format(main="li s0, 9\n li a0, 5", step=LATE) + "late: .space 4\n", engine)
    firmware.run()
    assert firmware.words("result", 2).tolist() == [9, 5]
