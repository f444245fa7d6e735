"""Snapshots and replay: any instruction count is reached again with the same state, on both engines."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import pytest

import asm
from iss.builtin import builtin_architecture
from iss.debug import snapshot
from iss.debug.history import History, ReplayedConsole
from iss.errors import NeuroHartError
from iss.hart.hart import STATE
from iss.machine import End, Machine
from iss.memory.map import MemoryMap
from tests.engines.assembled import firmware, text
from tests.engines.lockstep import XNM

PROGRAMS = Path(__file__).resolve().parents[2] / "programs"
ECHO = """
    li   s0, 0x10000000
1:  lbu  t0, 5(s0)
    andi t0, t0, 1
    beqz t0, 2f
    lbu  a0, 0(s0)
    sb   a0, 0(s0)
    addi s1, s1, 1
    j    1b
2:  li   t1, 0x100000
    li   t2, 0x5555
    sw   t2, 0(t1)
3:  j    3b
"""


def machine_of(image: Any, engine: str, console: ReplayedConsole, **options: Any) -> Machine:
    """A small machine with a loaded program."""
    machine = Machine(XNM, engine, memory_map=MemoryMap().with_ram(1 << 21), console=console.write, **options)
    machine.load(image)
    return machine


def state_of(machine: Machine) -> dict[str, Any]:
    """Everything a program could see."""
    hart = machine.hart
    hart.settle()
    seen: dict[str, Any] = {name: getattr(hart, name) for name in STATE}
    seen |= {"x": list(hart.x), "pc": hart.pc, "devices": machine.device_state(), "ram": machine.ram.buffer[:]}
    return seen | {"unit": machine.coprocessor.state()}


def digits(form: str) -> Any:
    """The image of a form of the digits program."""
    return asm.assemble([PROGRAMS / "digits" / f"{form}.S"], architecture=builtin_architecture(XNM)).image()


CASES: dict[str, tuple[Callable[[], Any], int, tuple[str, ...]]] = {
    "timers": (
        lambda: firmware("timers", isa=XNM, SEED=5, VECTORED=1, ROUNDS=900),
        30_000,
        ("interpreter", "reference"),
    ),
    "engine": (lambda: digits("engine"), 400_000, ("interpreter",)),
    "fine": (lambda: digits("fine"), 3_000_000, ("interpreter",)),
}


@pytest.mark.parametrize(("name", "engine"), [(name, engine) for name, case in CASES.items() for engine in case[2]])
def test_every_moment_is_reached_again(name: str, engine: str) -> None:
    """Random seeks, back and forth, give the state of a machine that ran there straight."""
    make, length, _ = CASES[name]
    image, source = make(), Random(name)
    console, straight_console = ReplayedConsole(), ReplayedConsole()
    history = History(machine_of(image, engine, console), console, interval=length // 7)
    history.run(length)
    straight = machine_of(image, "interpreter", straight_console)
    moments = sorted(source.randrange(history.latest + 1) for _ in range(6))
    expected = {}
    for moment in moments:
        straight.run(moment - straight.hart.retired)
        assert straight.hart.retired == moment
        expected[moment] = state_of(straight), straight_console.shown
    source.shuffle(moments)
    for moment in [*moments, moments[0] - 1, moments[0]]:
        history.seek(moment)
        assert history.now == moment
        if moment in expected:
            assert state_of(history.machine) == expected[moment][0]
            assert console.shown == expected[moment][1]


@pytest.mark.parametrize("engine", ["interpreter", "reference"])
def test_console_is_replayed_silently(engine: str) -> None:
    """Input is given again, output is shown once, and the end is met again."""
    shown = bytearray()
    console = ReplayedConsole(shown.extend)
    history = History(machine_of(text(ECHO), engine, console, console_input=b"spikes"), console, interval=16)
    assert history.run(10_000).end is End.EXIT
    end = history.now
    for moment in (0, 5, end - 3, 20, 1):
        history.seek(moment)
    assert history.run(10_000).end is End.EXIT
    assert (history.now, bytes(shown), console.shown) == (end, b"spikes", b"spikes")


def test_checkpoints_are_thinned_out_and_share_pages() -> None:
    console = ReplayedConsole()
    machine = machine_of(text("1: addi s0, s0, 1\n j 1b\n"), "interpreter", console)
    history = History(machine, console, interval=10)
    history.run(5000)
    assert len(history.checkpoints) <= 65
    assert history.checkpoints[0] == 0
    history.seek(1234)
    assert machine.register("s0") == 617
    first, second = snapshot.take(machine), snapshot.take(machine)
    again = snapshot.take(machine, first)
    assert all(again.pages[place] is page for place, page in first.pages.items())
    assert second == first


def test_changing_the_past_forgets_the_future() -> None:
    console = ReplayedConsole()
    machine = machine_of(text("1: addi s0, s0, 1\n j 1b\n"), "interpreter", console)
    history = History(machine, console, interval=100)
    history.run(1000)
    history.seek(500)
    machine.hart.x[8] = 7000
    history.rewrite()
    assert history.latest == 500
    history.run(300)
    assert machine.register("s0") == 7150
    history.seek(500)
    assert machine.register("s0") == 7000


def test_there_is_nothing_before_the_beginning() -> None:
    console = ReplayedConsole()
    machine = machine_of(text("1: j 1b\n"), "interpreter", console)
    machine.run(50)
    history = History(machine, console)
    with pytest.raises(NeuroHartError, match="instruction 49 is before the history, which begins at 50"):
        history.seek(49)
    with pytest.raises(NeuroHartError, match="interval 0 is impossible"):
        History(machine, console, interval=0)
