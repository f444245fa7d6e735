"""`neurohart ext whatif`: cycles and energy of a recorded run under other costs, without running it again."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from typing import TYPE_CHECKING

from iss.cli.exit_codes import ExitCode, failing
from iss.cli.parsing import count

if TYPE_CHECKING:
    from iss.extension.whatif import WhatIf

HELP = "Show cycles and energy of a recorded run under other costs of instructions, without running it again."
EXAMPLE = """\
examples:
  neurohart trace record app.elf --ext xspk.py -o app.nht
  neurohart ext whatif app.nht --ext xspk.py --set spk.lif.cycles=1 --set spk.lif.energy_pj=0.8
  neurohart ext whatif app.nht --ext xspk.py --timing edge5 --json
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `ext whatif`."""
    from iss.cli.trace_files import add_trace_arguments

    parser.usage = "neurohart ext whatif [OPTIONS] TRACE"
    parser.add_argument("trace", metavar="TRACE", help="a recorded trace, or one of another tool")
    parser.add_argument(
        "--set", metavar="INSN.COST=X", action="append", default=[], help="cycles or energy_pj of an instruction"
    )
    parser.add_argument("--timing", metavar="MODEL", help="another timing model for all other instructions")
    parser.add_argument("--preset", metavar="NAME", help="energies of all other instructions (default: default22)")
    parser.add_argument("--rows", type=count, metavar="N", default=20, help="rows of the table (default: %(default)s)")
    parser.add_argument("--json", action="store_true", help="one JSON object")
    add_trace_arguments(parser)


def run(args: argparse.Namespace) -> int:
    """Carry out `ext whatif`; raises Failure."""
    from coprocessor.energy import DEFAULT_PRESET
    from iss.cli.energy import find_preset
    from iss.cli.trace_files import open_trace
    from iss.extension.extension import declared_energies
    from iss.extension.whatif import EnergyModel, Settings, what_if
    from iss.hart.timing import timing_model

    preset = find_preset(args.preset or DEFAULT_PRESET)
    model = EnergyModel(preset.name, preset.instruction_fj, preset.memory_word_fj, preset.leak_nw, preset.clock_mhz)
    own = declared_energies(args.ext or [])
    settings = Settings()
    with failing(ExitCode.USAGE):
        for text in args.set:
            settings.add(text)
        timing = timing_model(args.timing) if args.timing else None
    trace = open_trace(args.trace, args)
    with failing(ExitCode.USAGE):
        found = what_if(trace, settings, model, own, timing)
    if args.json:
        print(json.dumps({"preset": preset.name} | found.plain(), indent=2))
    else:
        for line in _lines(found, preset.name, args.rows):
            print(line)
    return ExitCode.OK


def _lines(found: WhatIf, preset: str, most: int) -> Iterator[str]:
    head = f"{'':<20} {'times':>12} {'cycles':>14} {'if':>14} {'':>8} {'nJ':>12} {'if':>12}"
    yield head.rstrip()
    changed = [row for row in found.rows if row.changes]
    others = [row for row in found.rows if not row.changes]
    for row in (*changed, *others)[:most]:
        yield _line(row.mnemonic, f"{row.count:,}", row.cycles, row.new_cycles, row.fj, row.new_fj)
    left = (*changed, *others)[most:]
    if left:
        sums = [sum(getattr(row, name) for row in left) for name in ("count", "cycles", "new_cycles", "fj", "new_fj")]
        yield _line(f"{len(left)} more", f"{sums[0]:,}", *sums[1:])
    rest = found.cycles - sum(row.cycles for row in found.rows)
    if rest:
        yield _line("(asleep, traps)", "", rest, rest, 0, 0)
    yield _line("(leakage)", "", 0, 0, found.leakage_fj, found.new_leakage_fj)
    yield _line("total", "", found.cycles, found.new_cycles, found.fj, found.new_fj)
    yield f"energies of instructions that declare none: preset {preset}"
    if found.doubts:
        yield f"take care: the program may do something else at another speed, for {', '.join(found.doubts)}"


def _line(name: str, times: str, cycles: int, new_cycles: int, fj: int, new_fj: int) -> str:
    """Return a row; where nothing changes, the new figures are left out."""
    new = f"{new_cycles:,}" if new_cycles != cycles else ""
    part = f"{100 * (new_cycles - cycles) / cycles:+.1f} %" if new and cycles else ""
    energy = f"{new_fj / 1e6:,.3f}" if new_fj != fj else ""
    return f"{name:<20} {times:>12} {cycles:>14,} {new:>14} {part:>8} {fj / 1e6:>12,.3f} {energy:>12}".rstrip()
