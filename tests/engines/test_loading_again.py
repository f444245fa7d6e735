"""A machine that loads another program, or its own once more, is a new one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

import asm
from coprocessor.golden import Coprocessor as Golden
from iss.builtin import builtin_architecture
from iss.debug import snapshot
from iss.loaders import Image, LoadError
from iss.machine import End, Machine
from iss.memory.map import MemoryMap
from tests.engines.lockstep import BASE, XNM, image_of

ENGINES = [("reference", None), ("reference", Golden), ("interpreter", None)]
engines = pytest.mark.parametrize(("engine", "coprocessor"), ENGINES, ids=["reference", "golden", "interpreter"])

TOUCHING = """# leaves something in all parts of the machine, having told what it found there
_start: la t0, scratch
        lw t1, 0(t0)
        li t2, 0x1234
        sw t2, 0(t0)
        csrwi nm_ctl, 1
        csrr t3, nm_t
        csrwi nm_t, 7
        nm.inj t2, t2, t3
        li t4, 0x10000000   # UART: read a byte, then leave its scratch register
        lbu t5, 0(t4)
        lbu t6, 7(t4)
        sb t2, 7(t4)
        li a0, 0x02004000   # CLINT: an interrupt soon
        lw a1, 0(a0)
        li a2, 100
        sw a2, 0(a0)
        sw zero, 4(a0)
        li a3, 128
        csrw mie, a3
        csrw mscratch, a3
wait:   csrr a4, mip
        beqz a4, wait
        li a5, 0x100000
        li a6, 0x5555
        sw a6, 0(a5)
        .bss
scratch: .skip 8
        .section .tohost, "aw"
tohost: .dword 0
fromhost: .dword 0
"""


def machine_with(engine: str, coprocessor: Callable[[Any, int], Any] | None) -> Machine:
    """A small machine with console input."""
    memory_map = MemoryMap().with_ram(1 << 16)
    return Machine(XNM, engine, memory_map=memory_map, console_input=b"abc", coprocessor=coprocessor)


def touching() -> Image:
    return asm.assemble([asm.Source("touching.S", TOUCHING)], architecture=builtin_architecture(XNM)).image()


@engines
def test_the_same_program_again(engine: str, coprocessor: Any) -> None:
    """Every run of it finds the same and leaves the same."""
    machine, image = machine_with(engine, coprocessor), touching()
    seen = []
    for _ in range(3):
        machine.load(image)
        loaded = snapshot.take(machine)
        assert machine.run(10_000).end is End.EXIT
        seen.append((loaded, snapshot.take(machine)))
    assert seen[0] == seen[1] == seen[2]
    assert (machine.register("t1"), machine.register("t3"), chr(machine.register("t5"))) == (0, 0, "a")


@engines
def test_another_program(engine: str, coprocessor: Any) -> None:
    """It finds a machine like one that has never run anything."""
    other = image_of([(BASE + 0x40, bytes(range(64)))], entry=BASE + 0x40)
    used, new = machine_with(engine, coprocessor), machine_with(engine, coprocessor)
    used.load(touching())
    used.run(10_000)
    for machine in (used, new):
        machine.load(other)
    assert snapshot.take(used) == snapshot.take(new)


def test_a_program_that_does_not_fit_changes_nothing() -> None:
    machine = machine_with("interpreter", None)
    machine.load(touching())
    machine.run(20)
    before = snapshot.take(machine)
    with pytest.raises(LoadError, match="outside of RAM"):
        machine.load(image_of([(BASE - 16, bytes(16))]))
    assert snapshot.take(machine) == before


@pytest.mark.parametrize("engine", ["reference", "interpreter"])
def test_booting_again_as_spike_does(engine: str) -> None:
    machine = machine_with(engine, None)
    for entry in (BASE + 0x40, BASE + 0x80):
        machine.load(image_of([(entry, bytes(64))], entry=entry))
        assert machine.hart.marchid == 0
        machine.boot_as_spike()
        machine.run(5)
        assert (machine.hart.pc, machine.register("t0"), machine.hart.marchid) == (entry, entry, 5)
