"""RVVI-TEXT 0.3 (riscv-verification/RVVI), with accesses, interrupts, commands and spikes in META elements of ours:

META 4 LOAD|STORE address size value; META 2 INTERRUPT mcause; META 4 COMMAND name outcome cycles;
META n SPIKES population time neuron...; META 2 SLEEP cycles; with a preset META 2 ENERGY femtojoules.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final, TextIO

from coprocessor.energy import EnergyPreset
from coprocessor.interface import Operation, Outcome
from iss.loaders import Image
from iss.trace.events import Command, CsrWrite, Event, Interrupt, MemoryAccess, Retired, Sleep, Trap
from iss.trace.formats.importing import Access, Importer, lines, refusal
from iss.trace.profile.blocks import BlockCosts
from iss.trace.profile.collect import Counted
from iss.trace.profile.costs import Prices
from iss.trace.reader import Trace
from iss.trace.render import Renderer
from iss.trace.view import View

_TOKEN: Final = re.compile(r"\s*(?:'[^'\n]*'|\"(?P<name>[^\"\n]*)\"|(?P<word>[^\s'\"]+))")
_COUNTS: Final = {"VENDOR": 3, "ISSUE": 1, "ORDER": 1, "MODE": 1, "VIRT": 1, "DM": 1, "NET": 2, "TIME": 1, "CYCLE": 1}
_VERSION: Final = "VERSION 0 3"
_WORD: Final = 0xFFFF_FFFF
MEPC, MCAUSE, MTVAL = 0x341, 0x342, 0x343


def fits(head: bytes) -> bool:
    """Whether a file begins with the version of the format."""
    return re.match(rb"\s*(?:'[^'\n]*'\s*)*VERSION\s+\d+\s+\d+", head) is not None


# Writing --------------------------------------------------------------------------------------------------------------
def write(trace: Trace, out: TextIO, preset: EnergyPreset | None = None) -> None:
    """Write all of a trace; with a preset also the energy of each instruction and of the time up to the next."""
    prices = Prices(preset, trace.end)
    out.write(f'{_VERSION}\nVENDOR "NeuroHart" 0 1\nPARAMS 6 ILEN 32 XLEN 32 FLEN 0 VLEN 0 NHART 1 RETIRE 1\n')
    renderer = Renderer(trace)
    words: dict[int, int] = {}
    for view in trace.views():
        words.update(zip(view.block.site_pc.tolist(), view.block.site_word.tolist(), strict=True))
    time, first = 0, True
    for view in trace.views():
        energies = _energies(prices, view) if preset is not None else None
        for place, retired in enumerate(view.instructions(0, len(view))):
            for event in retired.events:
                if isinstance(event, Trap):
                    out.write(_trap(renderer, event, words.get(event.pc, 0)))
            head = f"ORDER {retired.number} MODE 0x3 " if first else ""
            energy = "" if energies is None else f" META 2 ENERGY {energies[place]}"
            out.write(f"{head}{_line(renderer, retired)}{energy} CYCLE {retired.cycle - time}\n")
            time, first = retired.cycle, False


def _energies(prices: Prices, view: View) -> list[int]:
    """[n] femtojoules of each instruction, with those of a command to the coprocessor that was suspended before it."""
    costs = BlockCosts(view)
    counted = [
        Counted(1, cycles, accesses)
        for cycles, accesses in zip(costs.cycles.tolist(), costs.accesses.tolist(), strict=True)
    ]
    for issue in costs.own:
        if issue.index < len(view):
            counted[issue.index].add(Counted(engine={int(view.pc[issue.index]): issue.cycles}))
    for index, issues in costs.interrupted.items():
        for issue in issues if index < len(view) else ():
            counted[index].add(Counted(0, issue.cycles, 0, {costs.traps[index][0]: issue.cycles}))
    return [round(prices.of(one).fj) for one in counted]


def _trap(renderer: Renderer, trap: Trap, word: int) -> str:
    csrs = ((MEPC, trap.pc), (MCAUSE, trap.cause), (MTVAL, trap.value))
    changes = " ".join(f"C {number:#x} {value:#010x}" for number, value in csrs)
    return f"TRAP {trap.pc:#010x} {word:#010x} '{renderer.cause(trap.cause)}' {changes}\n"


def _line(renderer: Renderer, retired: Retired) -> str:
    place, text = renderer.code(retired.pc, retired.word)
    where = f" '{place}'" if place else ""
    parts = [f"RET {retired.pc:#010x}{where} {retired.word:#010x} '{text}'"]
    if retired.destination:
        parts.append(f"X {retired.destination} {retired.value:#010x}")
    parts += [part for event in retired.events for part in _elements(event)]
    return " ".join(parts)


def _elements(event: Event) -> Iterator[str]:
    match event:
        case MemoryAccess(address, size, value, is_store):
            yield f"META 4 {'STORE' if is_store else 'LOAD'} {address:#010x} {size} {value:#0{2 + 2 * size}x}"
        case CsrWrite(number, value):
            yield f"C {number:#x} {value:#010x}"
        case Interrupt(_, cause):
            yield f"META 2 INTERRUPT {cause:#010x}"
        case Sleep(cycles):
            yield f"META 2 SLEEP {cycles}"
        case Command(operation, outcome, _, _, _, cycles, spikes):
            names = Operation(operation).name, Outcome(outcome).name
            yield f"META 4 COMMAND {names[0]} {names[1]} {cycles}"
            for group in spikes:
                neurons = group.neurons
                numbers = " ".join(map(str, neurons))
                yield f"META {3 + len(neurons)} SPIKES {group.descriptor:#010x} {group.time} {numbers}"


# Reading --------------------------------------------------------------------------------------------------------------
class _Line:
    """The tokens of a line, taken one after the other."""

    def __init__(self, path: str | Path, number: int, text: str) -> None:
        self._path, self.number, self._tokens = path, number, []
        position = 0
        text = text.rstrip()
        while position < len(text):
            found = _TOKEN.match(text, position)
            if found is None:
                raise self.fail("a quote is not closed")
            token = found["name"] if found["name"] is not None else found["word"]
            if token is not None:
                self._tokens.append(token)
            position = found.end()
        self._tokens.reverse()

    def __bool__(self) -> bool:
        return bool(self._tokens)

    def fail(self, problem: str) -> Exception:
        return refusal(self._path, self.number, problem)

    def word(self) -> str:
        if not self._tokens:
            raise self.fail("the line ends where a value is expected")
        return self._tokens.pop()

    def hexadecimal(self) -> int:
        return self._number(self.word(), 16)

    def decimal(self) -> int:
        return self._number(self.word(), 10)

    def _number(self, text: str, base: int) -> int:
        try:
            return int(text, 16 if text[:2].lower() == "0x" else base)
        except ValueError:
            raise self.fail(f"{text!r} is not a number") from None


def read(path: str | Path, isa: str | None, image: Image | None) -> Trace:
    """Read a text; TraceError with file and line, OSError."""
    made = Importer(path, isa, image, ("word", "value", "csr", "trap"))
    pending, begin = "", 0
    for number, text in lines(path):
        begin = begin or number
        if text.rstrip().endswith("\\"):
            pending += text.rstrip()[:-1] + " "
            continue
        _read_line(made, _Line(path, begin, pending + text))
        pending, begin = "", 0
    return made.trace()


def _read_line(made: Importer, line: _Line) -> None:
    event: tuple[str, int, int] | None = None
    destination = value = 0
    csr_writes: list[tuple[int, int]] = []
    accesses: list[Access] = []
    interrupt: int | None = None

    def finish() -> None:
        if event is None:
            return
        kind, pc, word = event
        if kind == "TRAP":
            found = dict(csr_writes)
            made.trap(pc, found.get(MCAUSE, 0), found.get(MTVAL, 0))
            return
        if interrupt is not None:
            made.trap(pc, interrupt)
        if accesses:
            made.knows("memory")
        made.retired(pc, word, destination, value, accesses, csr_writes)

    while line:
        key = line.word()
        if key == "VERSION":
            major, minor = line.decimal(), line.decimal()
            if major != 0:
                raise line.fail(f"version {major}.{minor} of RVVI-TEXT is not known, only 0.x")
        elif key in ("RET", "TRAP"):
            finish()
            event = (key, line.hexadecimal() & _WORD, line.hexadecimal() & _WORD)
            destination = value = 0
            csr_writes, accesses, interrupt = [], [], None
        elif key == "X":
            destination, value = line.decimal() & 31, line.hexadecimal() & _WORD
        elif key == "C":
            csr_writes.append((line.hexadecimal() & 0xFFF, line.hexadecimal() & _WORD))
        elif key in ("F", "V"):
            line.word(), line.word()
        elif key == "HART":
            if line.decimal() != 0:
                raise line.fail("another hart than 0; only traces of one hart are read")
        elif key == "PARAMS":
            for _ in range(2 * line.decimal()):
                line.word()
        elif key == "META":
            tokens = [line.word() for _ in range(line.decimal())]
            try:
                if tokens[:1] in (["LOAD"], ["STORE"]) and len(tokens) == 4:
                    address, size, data = (int(token, 0) for token in tokens[1:])
                    accesses.append((address & _WORD, size & 0x7F, data & _WORD, tokens[0] == "STORE"))
                elif tokens[:1] == ["INTERRUPT"] and len(tokens) == 2:
                    interrupt = int(tokens[1], 0) & _WORD
            except ValueError:
                raise line.fail(f"META {' '.join(tokens)} is not understood") from None
        elif key in _COUNTS:
            for _ in range(_COUNTS[key]):
                line.word()
        else:
            raise line.fail(f"{key!r} is no element of RVVI-TEXT")
    finish()
