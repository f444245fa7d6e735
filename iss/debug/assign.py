"""Changing a machine from outside: registers, pc, CSRs, extensions, memory. What came after the moment is forgotten."""

from __future__ import annotations

from iss.debug.csrs import write_csr
from iss.debug.debugger import Debugger
from iss.debug.expressions import Expression, ExpressionError
from iss.isa.registers import NUMBER

_WORD = 1 << 32


def assign(debugger: Debugger, target: str, value: int) -> None:
    """Give `target` (a register, pc, a CSR, state of an extension, or memory as [x], u8[x], name[3]) a value.

    ExpressionError if it cannot be changed or the value does not fit; nothing is changed then.
    """
    machine, name = debugger.machine, target.strip().removeprefix("$")
    state = Expression(name).state(machine)
    if state is not None:
        _assign_state(debugger, *state, value)
        return
    place = Expression(name).location(machine)
    size = 4 if place is None else place[1]
    if not -(1 << 8 * size - 1) <= value < 1 << 8 * size:
        raise ExpressionError(f"{value} does not fit into the {size} bytes of {name}")
    if place is not None:
        try:
            machine.ram.write(place[0], (value % (1 << 8 * size)).to_bytes(size, "little"))
        except IndexError as error:
            raise ExpressionError(str(error)) from None
        offset = machine.ram.offset(place[0])
        machine.engine.invalidate(offset, offset + size)
    elif name == "pc":
        if value % 4:
            raise ExpressionError(f"pc cannot be {value:#x}: instructions begin at multiples of 4")
        machine.hart.pc = value % _WORD
    elif name in NUMBER:
        machine.hart.x[NUMBER[name]] = value % _WORD
    else:
        _assign_csr(debugger, name, value % _WORD)
    debugger.history.rewrite()


def _assign_state(debugger: Debugger, name: str, index: int, value: int) -> None:
    state = debugger.machine.hart.state
    field = state.layout.fields[name]
    if not field.minimum <= value <= field.maximum:
        raise ExpressionError(f"{value} does not fit into {name}; expected {field.minimum} to {field.maximum}")
    state.array(name)[index] = value
    debugger.history.rewrite()


def _assign_csr(debugger: Debugger, name: str, value: int) -> None:
    machine = debugger.machine
    csr = machine.architecture.csrs.named(name)
    if csr is None:
        Expression(name).evaluate(machine)  # says what is unknown
        raise ExpressionError(f"{name!r} cannot be changed; expected a register, pc, a CSR or memory such as [{name}]")
    if not write_csr(machine, csr, value):
        raise ExpressionError(f"the CSR {name} is read-only")
