"""The first difference of two runs of a program, and its class: what has to stay the same while it is shrunk."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from iss.extension.dut import Run
from iss.isa.state import StateLayout

END = "at the end"


@dataclass(frozen=True)
class Divergence:
    """Where two runs differ: in row `row` (instructions retired before), or at the end (row -1).

    `kind` and `where` are its class; `what` names the thing, `spec` and `dut` are what they say.
    """

    kind: str  # ended, trap, path, word, value, access, register, state, csr, data
    where: str  # name of a state field or CSR, else nothing
    row: int
    word: int  # the instruction; 0 at the end
    what: str
    spec: str
    dut: str

    def same_class(self, other: Divergence) -> bool:
        """Whether another one may be called the same."""
        return (self.kind, self.where, self.opcode) == (other.kind, other.where, other.opcode)

    @property
    def opcode(self) -> int:
        """Major opcode and funct3 of the instruction."""
        return self.word & 0x707F


def first_divergence(spec: Run, dut: Run, layout: StateLayout) -> Divergence | None:
    """Return the first difference; None if they agree in all that both tell."""
    rows = min(len(spec.pc), len(dut.pc))
    candidates = [_column(spec, dut, rows), _traps(spec, dut), _accesses(spec, dut)]
    found = [one for one in candidates if one is not None]
    if found:
        return min(found, key=lambda one: one.row)
    if dut.ended not in ("exit", "limit", spec.ended):
        row = min(rows, len(spec.pc) - 1) if rows else -1  # the first one that did not retire, if any did
        word = int(spec.word[row]) if row >= 0 and spec.word is not None else 0
        return Divergence("ended", dut.ended, row, word, "the run", spec.ended, dut.ended)
    if spec.ended != dut.ended or len(spec.pc) != len(dut.pc):
        told = [f"{run.ended} after {len(run.pc)} instructions" for run in (spec, dut)]
        return Divergence("ended", "", rows, 0, "the run", told[0], told[1])
    return _end(spec, dut, layout)


def up_to_a_trap(run: Run) -> Run:
    """Return what an implementation does that halts at its first trap."""
    if run.traps is None or not len(run.traps):
        return run
    row, pc = (int(part) for part in run.traps[0, :2])
    word = run.word[:row] if run.word is not None else None
    accesses = run.accesses[run.accesses[:, 0] < row] if run.accesses is not None else None
    return Run(run.pc[:row], word, run.rd[:row], run.value[:row], accesses, ended=halted(pc))


def halted(pc: int) -> str:
    """How a run ends that halts at its first trap."""
    return f"halted by a trap at {pc:#010x}"


def _hex(value: int) -> str:
    return f"0x{value:08x}"


def _first(different: NDArray[np.bool_]) -> int | None:
    place = int(different.argmax()) if len(different) else 0
    return place if len(different) and bool(different[place]) else None


def _column(spec: Run, dut: Run, rows: int) -> Divergence | None:
    """Return the first row that differs in pc, word or result."""
    different = (spec.pc[:rows] != dut.pc[:rows]) | (spec.rd[:rows] != dut.rd[:rows])
    different |= spec.value[:rows] != dut.value[:rows]
    if spec.word is not None and dut.word is not None:
        different |= spec.word[:rows] != dut.word[:rows]
    row = _first(different)
    if row is None:
        return None
    word = int(spec.word[row]) if spec.word is not None else 0
    if spec.pc[row] != dut.pc[row]:
        return Divergence("path", "", row, word, "pc", _hex(int(spec.pc[row])), _hex(int(dut.pc[row])))
    if spec.rd[row] != dut.rd[row]:
        return Divergence("value", "rd", row, word, "rd", f"x{spec.rd[row]}", f"x{dut.rd[row]}")
    if spec.value[row] != dut.value[row]:
        name = f"x{spec.rd[row]}"
        return Divergence("value", "", row, word, name, _hex(int(spec.value[row])), _hex(int(dut.value[row])))
    assert dut.word is not None
    return Divergence("word", "", row, word, "instruction", _hex(word), _hex(int(dut.word[row])))


def _rows(spec: NDArray[np.uint32] | None, dut: NDArray[np.uint32] | None) -> int | None:
    """Return the first row of two tables that is not the same in both."""
    if spec is None or dut is None:
        return None
    common = min(len(spec), len(dut))
    place = _first((spec[:common] != dut[:common]).any(axis=1))
    if place is None and len(spec) != len(dut):
        return common
    return place


def _traps(spec: Run, dut: Run) -> Divergence | None:
    place = _rows(spec.traps, dut.traps)
    if place is None:
        return None
    assert spec.traps is not None and dut.traps is not None
    told, row = [], 1 << 62
    for table in (spec.traps, dut.traps):
        if place < len(table):
            before, pc, cause, value = (int(part) for part in table[place])
            told.append(f"cause {cause}, value {value:#x} at {pc:#010x}")
            row = min(row, before)
        else:
            told.append("none")
    limits = [len(spec.pc), len(dut.pc)]
    if row >= min(limits) and dut.ended not in ("exit", "limit"):
        return None  # it has not come so far
    return Divergence("trap", "", row, 0, "trap", told[0], told[1])


def _accesses(spec: Run, dut: Run) -> Divergence | None:
    place = _rows(spec.accesses, dut.accesses)
    if place is None:
        return None
    assert spec.accesses is not None and dut.accesses is not None
    told, row = [], 1 << 62
    for table in (spec.accesses, dut.accesses):
        if place < len(table):
            before, address, size, value, is_store = (int(part) for part in table[place])
            told.append(f"{'store' if is_store else 'load'} {size} at {address:#010x}: {value:#x}")
            row = min(row, before)
        else:
            told.append("none")
    if row >= min(len(spec.pc), len(dut.pc)):
        return None
    word = int(spec.word[row]) if spec.word is not None else 0
    return Divergence("access", "", row, word, "memory", told[0], told[1])


def _end(spec: Run, dut: Run, layout: StateLayout) -> Divergence | None:
    """Return the first difference of what is left."""
    if spec.state is not None and dut.state is not None and spec.state != dut.state:
        for field in layout:
            size, start = field.storage_bits // 8, layout.offsets[field.name]
            for index in range(field.count):
                place = slice(start + index * size, start + (index + 1) * size)
                if spec.state[place] != dut.state[place]:
                    numbers = [
                        int.from_bytes(run[place], "little", signed=field.signed) for run in (spec.state, dut.state)
                    ]
                    name = field.name if field.count == 1 else f"{field.name}[{index}]"
                    return Divergence("state", field.name, -1, 0, name, f"{numbers[0]:#x}", f"{numbers[1]:#x}")
    if spec.csrs is not None and dut.csrs is not None:
        for number, value in spec.csrs.items():
            if dut.csrs.get(number) != value:
                other = dut.csrs.get(number)
                told = "absent" if other is None else _hex(other)
                return Divergence("csr", f"{number:#x}", -1, 0, f"CSR {number:#x}", _hex(value), told)
    if spec.x is not None and dut.x is not None and spec.x != dut.x:
        number = next(number for number in range(32) if spec.x[number] != dut.x[number])
        return Divergence("register", f"x{number}", -1, 0, f"x{number}", _hex(spec.x[number]), _hex(dut.x[number]))
    if spec.data is not None and dut.data is not None and spec.data != dut.data:
        byte = next(byte for byte, (one, two) in enumerate(zip(spec.data, dut.data, strict=True)) if one != two)
        return Divergence("data", "", -1, 0, f"data[{byte:#x}]", f"{spec.data[byte]:#x}", f"{dut.data[byte]:#x}")
    return None
