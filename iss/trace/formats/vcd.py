"""Value change dump (IEEE 1364, clause 18) for waveform viewers: pc, word, registers, traps, spikes by cycle."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, TextIO

from iss.isa.registers import ABI_NAMES
from iss.trace.events import Command, Interrupt, Trap
from iss.trace.reader import Trace

_CLOCK_NS: Final = 10  # 100 MHz, as the energy model has it
_WIDEST: Final = 1024  # neurons of a population that are shown


def _identifiers() -> Iterator[str]:
    number = 0
    while True:
        text, rest = "", number
        while True:
            text += chr(33 + rest % 94)
            rest = rest // 94 - 1
            if rest < 0:
                break
        yield text
        number += 1


def write(trace: Trace, out: TextIO) -> None:
    """Write a dump of a trace; instructions that take no cycle share their time, the last of them is seen."""
    identifiers = _identifiers()
    pc, word, number, cause = (next(identifiers) for _ in range(4))
    registers = [next(identifiers) for _ in ABI_NAMES]
    populations: dict[int, tuple[str, int]] = {}
    for view in trace.views():
        for record in view.block.spike:
            descriptor, width = int(record["descriptor"]), min(32 * (int(record["group"]) + 1), _WIDEST)
            known = populations.get(descriptor)
            if known is None or known[1] < width:
                populations[descriptor] = (known[0] if known else next(identifiers), width)
    out.write(f"$version NeuroHart $end\n$timescale {_CLOCK_NS} ns $end\n$scope module hart $end\n")
    for identifier, name in ((pc, "pc"), (word, "instruction"), (number, "retired"), (cause, "mcause")):
        out.write(f"$var wire 32 {identifier} {name} $end\n")
    for identifier, name in list(zip(registers, ABI_NAMES, strict=True))[1:]:
        out.write(f"$var wire 32 {identifier} {name} $end\n")
    out.write("$upscope $end\n")
    if populations:
        out.write("$scope module spikes $end\n")
        for descriptor, (identifier, width) in populations.items():
            name = "".join(letter if letter.isalnum() else "_" for letter in trace.names.at(descriptor))
            out.write(f"$var wire {width} {identifier} {name} $end\n")
        out.write("$upscope $end\n")
    out.write("$enddefinitions $end\n")
    now, changes = -1, dict[str, int]()
    shown: dict[str, int] = {}

    def advance(time: int) -> None:
        nonlocal now
        if time != now:
            if changes:
                out.write(f"#{now}\n")
                out.writelines(f"b{value:b} {identifier}\n" for identifier, value in changes.items())
            changes.clear()
            now = time

    def change(identifier: str, value: int) -> None:
        if shown.get(identifier) != value:
            shown[identifier] = changes[identifier] = value

    for retired in trace.instructions():
        advance(retired.cycle)
        for event in retired.events:
            if isinstance(event, Trap | Interrupt):
                change(cause, event.cause)
            elif isinstance(event, Command) and event.spikes:
                active: dict[int, int] = {}
                for group in event.spikes:
                    active[group.descriptor] = active.get(group.descriptor, 0) | group.bits << 32 * group.group
                for descriptor, bits in active.items():
                    change(populations[descriptor][0], bits & (1 << populations[descriptor][1]) - 1)
        change(pc, retired.pc)
        change(word, retired.word)
        change(number, retired.number & 0xFFFF_FFFF)
        if retired.destination:
            change(registers[retired.destination], retired.value)
    advance(now + 1)
    out.write(f"#{now}\n")
