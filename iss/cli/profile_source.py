"""A function annotated: its source lines and instructions with what they cost."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from iss.cli.exit_codes import ExitCode, Failure
from iss.cli.profile_tables import written
from iss.machine import Machine
from iss.trace.profile.costs import Costs
from iss.trace.profile.stacks import Profile
from iss.trace.profile.tables import Instruction, annotated
from iss.trace.render import Renderer

_HOT, _WARM = 0.10, 0.01
_WIDTH = 14


def show_annotated(profile: Profile, symbol: str, machine: Machine | None) -> None:
    """Print a function; what never ran is shown where the program is at hand. Raises Failure."""
    lines = list(_lines(profile, symbol, machine))
    sys.stdout.writelines(f"{line}\n" for line in lines)


def _instructions(profile: Profile, symbol: str, machine: Machine | None) -> list[Instruction]:
    names = profile.counted.functions.names
    if symbol not in names:
        from difflib import get_close_matches

        near = get_close_matches(symbol, names, n=1)
        cure = f"did you mean {near[0]!r}?" if near else "the table of `neurohart profile` has those that were"
        raise Failure(f"--annotate {symbol}: no function of this name was executed; {cure}", ExitCode.USAGE)
    found = list(annotated(profile, symbol))
    if machine is None:
        return found
    trace, known = profile.counted.trace, {one.pc: one for one in found}
    ram = range(machine.ram.base, machine.ram.base + machine.ram.size - 3)
    whole = trace.symbols.get(symbol)
    pc = found[0].pc if whole is None else min(found[0].pc, whole.address)
    while pc in ram and _name(profile, pc) == symbol and (not trace.lines or trace.lines.at(pc) is not None):
        known.setdefault(pc, Instruction(pc, int.from_bytes(machine.ram.read(pc, 4), "little"), Costs()))
        pc += 4
    return [known[pc] for pc in sorted(known) if _name(profile, pc) == symbol]


def _name(profile: Profile, pc: int) -> str:
    return profile.counted.functions.names[profile.counted.functions.number(pc)]


def _lines(profile: Profile, symbol: str, machine: Machine | None) -> Iterator[str]:
    trace, measure = profile.counted.trace, profile.measure
    renderer = Renderer(trace)
    instructions = _instructions(profile, symbol, machine)
    own = sum(one.costs.by(measure) for one in instructions)
    share = 100 * own / profile.whole if profile.whole else 0.0
    yield f"{symbol}: {own:,} {'pJ' if measure == 'energy' else measure} of its own and its commands, {share:.1f} %"
    yield f"{measure:>{_WIDTH}}  {'share':>7}  {'times':>12}"
    before = None
    for one in instructions:
        place = trace.lines.at(one.pc)
        if place is not None and place != before:
            text = source(place.file)
            shown = text[place.line - 1].rstrip() if text and place.line <= len(text) else ""
            yield _painted(f"{os.path.basename(place.file)}:{place.line:<6} {shown}", "36")
        before = place
        figure = written(one.costs, measure) if one.costs.instructions or one.costs.cycles else "-"
        part = one.costs.by(measure) / own if own else 0.0
        times = f"{one.costs.instructions:,}" if one.costs.instructions else "-"
        row = f"{figure:>{_WIDTH}}  {f'{100 * part:.1f} %' if part else '':>7}  {times:>12}"
        code = f"{one.pc:08x}  {renderer.code(one.pc, one.word)[1]}"
        yield f"{_painted(row, '1;31' if part >= _HOT else '33' if part >= _WARM else '2' if not part else '')}  {code}"


def _painted(text: str, code: str) -> str:
    from iss.cli.trace_files import colourful

    return f"\x1b[{code}m{text}\x1b[0m" if code and colourful() else text


@cache
def source(path: str) -> list[str]:
    """The lines of a source file; empty if it is not here."""
    try:
        return Path(path).read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return []
