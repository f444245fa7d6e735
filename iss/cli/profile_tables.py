"""A profile as tables: functions and commands with their own and total costs, and who calls whom."""

from __future__ import annotations

import sys
from typing import Final

from iss.cli.tables import show_tables, table
from iss.debug.figures import energy_text
from iss.trace.profile.costs import Costs
from iss.trace.profile.stacks import Kind, Profile
from iss.trace.profile.tables import calls, kinds, rows

STYLES: Final = {Kind.FIRMWARE: "", Kind.TRAP: "red", Kind.COPROCESSOR: "blue", Kind.ASLEEP: "dim"}


def written(costs: Costs, measure: str) -> str:
    """A figure of one of MEASURES for people."""
    return energy_text(round(costs.fj)) if measure == "energy" else f"{costs.by(measure):,}"


def _share(part: int, whole: int) -> str:
    return f"{100 * part / whole:.1f} %" if whole else ""


def show_functions(profile: Profile, most: int) -> None:
    """Print what it all adds up to, and the functions with the most of their own."""
    trace, total, measure = profile.counted.trace, profile.root.total, profile.measure
    energy = f", {energy_text(round(total.fj))} ({preset.name})" if (preset := profile.prices.preset) else ""
    cycles = f", {total.cycles:,} cycles" if trace.has("cycle") else ""
    print(f"{trace.program or 'trace'}: {total.instructions:,} instructions{cycles}{energy}")
    parts = [f"{kind} {_share(amount, profile.whole)}" for kind, amount in kinds(profile).items()]
    print(f"  by {measure}: {', '.join(parts)}")
    found = rows(profile)
    others = ["SOPs"] if any(row.sops for row in found) else []
    others += ["spikes"] if any(row.spikes for row in found) else []
    made = table("function", "self", measure, "total", measure, "calls", *others)
    for row in found[:most]:
        figures = [f"{row.sops:,}" if row.sops else ""] if "SOPs" in others else []
        figures += [f"{row.spikes:,}" if row.spikes else ""] if "spikes" in others else []
        made.add_row(
            row.name,
            _share(row.own.by(measure), profile.whole),
            written(row.own, measure),
            _share(row.total.by(measure), profile.whole),
            written(row.total, measure),
            f"{row.calls:,}" if row.calls else "",
            *figures,
            style=STYLES[row.kind],
        )
    show_tables([made], sys.stdout)
    if len(found) > most:
        print(f"and {len(found) - most} more (--rows)")


def show_calls(profile: Profile, most: int) -> None:
    """Print who calls whom, what costs most first."""
    found, measure = calls(profile), profile.measure
    made = table("caller", "callee", "calls", "share", measure)
    for call in found[:most]:
        share = _share(call.costs.by(measure), profile.whole)
        made.add_row(call.caller, call.callee, f"{call.count:,}", share, written(call.costs, measure))
    made.columns[1].justify = "left"
    show_tables([made], sys.stdout)
    if len(found) > most:
        print(f"and {len(found) - most} more (--rows)")
