"""The last instructions before the present moment: what each wrote, its cycles, spikes and energy."""

from __future__ import annotations

from iss.debug.figures import energy_of, energy_text
from iss.debug.past import Executed
from iss.isa.causes import describe_cause
from iss.isa.registers import ABI_NAMES
from iss.tui import theme
from iss.tui.panels.code import mnemonic_style
from iss.tui.state import State
from iss.tui.text import Line, Row, page


def title(state: State) -> str:
    """What stands above the pane."""
    end = state.now if state.view.trace is None else state.view.trace
    locked = "" if state.view.trace is None else " locked"
    return f"trace {end:,}/{state.debugger.history.latest:,}{locked}"


def render(state: State, width: int, height: int) -> list[Line]:
    """One instruction a line, the latest one at the bottom."""
    end = state.now if state.view.trace is None else state.view.trace
    if state.running:
        return page([Row("running", theme.DIM)], width, height)
    found = state.executed(max(0, end - height), end)
    return page([row(state, item) for item in found] or [Row("nothing yet", theme.DIM)], width, height)


def row(state: State, item: Executed) -> Row:
    """An instruction as a row of the trace."""
    line = Row("▌" if item.index == state.now - 1 else " ", theme.GOOD).add(f"{item.index:>9,} ", theme.DIM)
    text = state.disassembler.word(item.word, item.pc).text
    mnemonic, _, operands = text.partition(" ")
    line.add(f"{item.pc:08x} ", theme.ADDRESS)
    line.add(f"{mnemonic} ", mnemonic_style(item.word)).add(operands).to(46)
    if item.trap is not None:
        line.add(f"▲ after {describe_cause(item.trap[0])} at {item.trap[1]:08x} ", theme.TRAP)
    if item.destination:
        line.add(f"{ABI_NAMES[item.destination]}={item.value:08x} ")
    for access in item.accesses:
        arrow = "←" if access.is_store else "→"
        line.add(f"[{access.address:08x}]{arrow}{access.value:0{2 * access.size}x} ", theme.TAKEN)
    names = {csr.number: csr.name for csr in state.machine.architecture.csrs} if item.csr_writes else {}
    for number, value in item.csr_writes:
        line.add(f"{names.get(number, hex(number))}={value:x} ", theme.LABEL)
    if item.events.get("spkout"):
        line.add(f"⚡{item.events['spkout']} ", theme.SPIKE)
    if item.events.get("sop"):
        line.add(f"{item.events['sop']:,} SOP ", theme.SPIKE)
    line.to(66).add(f"{item.cycles} cyc ", theme.DIM)
    line.add(energy_text(energy_of(state.preset, 1, len(item.accesses), item.cycles, item.events)), theme.ENERGY)
    return line
