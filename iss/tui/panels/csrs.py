"""Control and status registers: those of traps first, then the coprocessor's; changed ones lit."""

from __future__ import annotations

from typing import Final

from iss.isa.causes import describe_cause
from iss.isa.csrs import MSTATUS_MIE, MSTATUS_MPIE, MSTATUS_MPP
from iss.tui import theme
from iss.tui.state import State
from iss.tui.text import Line, Row, page

_FIRST: Final = "mstatus mepc mcause mtval mtvec mie mip mscratch mcycle minstret".split()
_COUNTERS: Final = tuple(f"nm_{name}" for name in "sop nup spkin spkout wupd rdb wrb cyc".split())
_SILENT: Final = (
    "mhpm",
    "cycle",
    "time",
    "instret",
    "mvendorid",
    "marchid",
    "mimpid",
    "mconfigptr",
    "tselect",
    "tdata",
)
_WIDE: Final = 26
_STATES: Final = ("Off", "Initial", "Clean", "Dirty")


def title(state: State) -> str:
    """What stands above the pane."""
    return "csr"


def render(state: State, width: int, height: int) -> list[Line]:
    """CSRs with a meaning, as many as fit; those that changed and those that are not 0 come first."""
    csrs = state.csrs
    names = [name for name in _FIRST if name in csrs]
    rest = [name for name in csrs if name not in names and not name.startswith(_SILENT)]
    rest = [name for name in rest if not name.startswith(_COUNTERS)]
    own = [name for name in rest if name.startswith("nm_")]
    names += sorted(own, key=lambda name: csrs[name] == 0) + [name for name in rest if name not in own]
    changed = {name for name in names if state.before.csrs.get(name, csrs[name]) != csrs[name]}
    columns = max(1, width // _WIDE)
    if len(names) > height * columns:
        names.sort(key=lambda name: name not in changed and name not in _FIRST[:5])
    lines = max(1, -(-len(names) // columns))
    each = width // columns
    rows = []
    shown = min(lines, height)
    for line in range(lines):
        row = Row()
        for column in range(columns):
            index = column * shown + line if lines <= height else line * columns + column
            if index < len(names):
                row.to(column * each)
                _csr(row, names[index], csrs[names[index]], names[index] in changed, each)
        rows.append(row)
    return page(rows, width, height)


def _csr(row: Row, name: str, value: int, changed: bool, room: int) -> None:
    style = theme.CHANGED if changed else theme.PLAIN
    row.add(f"{name:<9}", theme.CHANGED if changed else theme.TITLE).add(f"{value:08x}", style)
    note = meaning(name, value)
    if note and len(note) + 20 <= room:
        row.add(f" {note}", theme.HINT)


def meaning(name: str, value: int) -> str:
    """What a value of a CSR says, in a few words."""
    if name == "mstatus":
        mode = "M" if value & MSTATUS_MPP == MSTATUS_MPP else "U"
        return f"{'MIE ' if value & MSTATUS_MIE else ''}{'MPIE ' if value & MSTATUS_MPIE else ''}MPP={mode}"
    if name == "mcause":
        return describe_cause(value)
    if name == "nm_ctl":
        return _STATES[value & 3] + (" ETRAP" if value & 4 else "")
    if name.startswith("nm_") and value >> 31:
        return f"{value - (1 << 32)}"
    return str(value) if value > 9 and name.startswith(("nm_", "mcycle", "minstret")) else ""
