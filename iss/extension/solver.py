"""Asking z3, with a limit that holds: the question is put in a process of its own, and answers come back as cases."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable
from dataclasses import dataclass
from time import monotonic
from typing import TYPE_CHECKING, Any, Literal

from iss.extension.cases import Case
from iss.extension.symbolic import World, index_bits
from iss.isa.encoding import Encoding
from iss.isa.state import HART_FIELDS

if TYPE_CHECKING:
    import z3
else:
    from iss.extension.smt import z3

_Status = Literal["unsat", "sat", "unknown"]
GRACE = 1.0  # seconds beyond its own limit until a solver is ended


@dataclass(frozen=True)
class Answer:
    """What z3 found: `unsat` (impossible), `sat` with a case, or `unknown` with the reason."""

    status: _Status
    seconds: float
    case: Case | None = None
    reason: str = ""


def ask(build: Callable[[], tuple[Any, World, Encoding]], seconds: float) -> Answer:
    """Decide the condition that `build` makes (with the world and encoding it is about) within so many seconds."""
    start = monotonic()
    told: tuple[_Status, Case | None, str] | None = within(seconds + GRACE, lambda: _answer(build, seconds))
    if told is None:
        return Answer("unknown", monotonic() - start, None, f"no answer in {seconds:g} s")
    status, case, reason = told
    return Answer(status, monotonic() - start, case, reason)


def within(seconds: float, question: Callable[[], Any]) -> Any:
    """Return what a function returns in a process of its own; None if it takes longer or ends early."""
    receiver, sender = multiprocessing.Pipe(duplex=False)
    process = multiprocessing.get_context("fork").Process(target=lambda: sender.send(question()), daemon=True)
    process.start()
    sender.close()
    try:
        return receiver.recv() if receiver.poll(seconds) else None
    except EOFError:  # out of memory?
        return None
    finally:
        process.kill()
        process.join()
        receiver.close()


def _answer(build: Callable[[], tuple[Any, World, Encoding]], seconds: float) -> tuple[_Status, Case | None, str]:
    condition, world, encoding = build()
    solver = z3.SolverFor("QF_UFBV")
    solver.set("timeout", max(1, int(1000 * seconds)))
    solver.add(condition)
    found = solver.check()
    if found == z3.sat:
        return "sat", concrete(_plain_model(solver, world, encoding), world, encoding), ""
    if found == z3.unsat:
        return "unsat", None, ""
    reason = solver.reason_unknown()
    return "unknown", None, f"no answer in {seconds:g} s" if reason in ("timeout", "canceled") else reason


def _plain_model(solver: Any, world: World, encoding: Encoding) -> Any:
    """Return a model of different registers in their usual places, if one is found soon; else the one there is."""
    model = solver.model()
    usual = {"rd": 10, "rs1": 11, "rs2": 12}
    wanted = [world.operand(encoding, name) == number for name, number in usual.items() if name in encoding.fields]
    solver.set("timeout", int(1000 * GRACE / 2))
    return solver.model() if solver.check(*wanted) == z3.sat else model


def concrete(model: Any, world: World, encoding: Encoding) -> Case:
    """Return the machine of a model."""

    def number(term: Any) -> int:
        return int(model.eval(term, model_completion=True).as_long())

    operands = {}
    for name, place in encoding.fields.items():
        value = number(world.operand(encoding, name))
        operands[name] = value - (1 << place.width) if place.signed and value >> (place.width - 1) else value
    used = {number(register) for register in world.registers} - {0}
    x = {index: number(world.x(z3.BitVecVal(index, 5))) for index in sorted(used)}
    states: dict[str, dict[int, int]] = {}
    for name, index in world.reads:
        place = world.states[name]
        element = z3.BitVecVal(number(index), index_bits(place.count))
        raw = number(world.function(f"state_{name}", place.bits, element, world.start))
        states.setdefault(name, {})[element.as_long()] = place.wrap(raw)
    memory: dict[int, int] = {}
    refused = set()
    for address, size, store in world.accesses:
        first = number(address)
        if z3.is_true(model.eval(world.refused(z3.BitVecVal(first, 32), size, store), model_completion=True)):
            refused.add((first, size, store))
            continue
        for offset in range(size):
            byte = z3.BitVecVal(first + offset & 0xFFFF_FFFF, 32)
            memory[byte.as_long()] = number(world.function("memory", 8, byte, world.start))
    fields = {
        name: number(world.function(f"field_{name}", HART_FIELDS[name], world.start)) for name in sorted(world.fields)
    }
    return Case(operands, x, states, memory, frozenset(refused), fields, number(world.pc))
