"""What a trace adds up to: mix of instructions, hottest places, calls, traps, commands, spikes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from coprocessor.interface import Outcome
from iss.isa.causes import describe_cause
from iss.trace.block import STORE_BIT
from iss.trace.commands import issues, spike_counts
from iss.trace.events import Kind
from iss.trace.reader import Trace
from iss.trace.view import View


@dataclass
class Tally:
    """How often, for how many cycles, with how many spikes."""

    count: int = 0
    cycles: int = 0
    spikes: int = 0

    def add(self, count: int, cycles: int = 0, spikes: int = 0) -> None:
        """Count more."""
        self.count += count
        self.cycles += cycles
        self.spikes += spikes


@dataclass
class Summary:
    """The figures of a trace."""

    instructions: int = 0
    cycles: int = 0
    loads: int = 0
    stores: int = 0
    branches: int = 0
    taken: int = 0
    sleep: int = 0
    mnemonics: dict[str, Tally] = field(default_factory=dict)
    pcs: dict[int, Tally] = field(default_factory=dict)
    functions: dict[str, Tally] = field(default_factory=dict)
    calls: Counter[int] = field(default_factory=Counter)
    traps: Counter[str] = field(default_factory=Counter)
    commands: dict[str, Tally] = field(default_factory=dict)
    suspended: int = 0
    spikes: Counter[int] = field(default_factory=Counter)

    def plain(self, trace: Trace, most: int) -> dict[str, Any]:
        """As an object of JSON with at most so many rows of each table."""

        def rows(table: Mapping[Any, Tally], name: str, form: Any = str) -> list[dict[str, Any]]:
            return [{name: form(key), **vars(tally)} for key, tally in ranked(table, most)]

        found = {
            name: getattr(self, name)
            for name in ("instructions", "cycles", "loads", "stores", "branches", "taken", "sleep")
        }
        return found | {
            "mnemonics": rows(self.mnemonics, "mnemonic"),
            "pcs": rows(self.pcs, "pc", int),
            "functions": rows(self.functions, "name"),
            "calls": [{"name": trace.names.at(pc), "count": n} for pc, n in self.calls.most_common(most)],
            "traps": dict(self.traps.most_common(most)),
            "commands": rows(self.commands, "command"),
            "suspended": self.suspended,
            "spikes": {trace.names.at(pop): n for pop, n in self.spikes.most_common(most)},
        }


def ranked(table: Mapping[Any, Tally], most: int) -> list[tuple[Any, Tally]]:
    """The rows of a table with the most cycles, then the most often."""
    return sorted(table.items(), key=lambda row: (-row[1].cycles, -row[1].count, str(row[0])))[:most]


def summarise(trace: Trace) -> Summary:
    """Count everything in a trace."""
    summary = Summary()
    for view in trace.views():
        _count_instructions(summary, trace, view)
        _count_events(summary, view)
    for pc, tally in summary.pcs.items():
        symbol = trace.names.function(pc)
        name = symbol.name if symbol is not None else f"{pc:#010x}"
        summary.functions.setdefault(name, Tally()).add(tally.count, tally.cycles)
    return summary


def _count_instructions(summary: Summary, trace: Trace, view: View) -> None:
    block = view.block
    summary.instructions += len(view)
    summary.cycles += view.end_cycle - block.cycle
    counts = np.bincount(block.site, minlength=len(block.site_pc))
    cycles = np.bincount(block.site, weights=view.cost.astype(np.float64), minlength=len(block.site_pc))
    for pc, word, count, took in zip(block.site_pc, block.site_word, counts, cycles, strict=True):
        summary.pcs.setdefault(int(pc), Tally()).add(int(count), int(took))
        mnemonic = trace.decoder.word(int(word)).mnemonic
        summary.mnemonics.setdefault(mnemonic, Tally()).add(int(count), int(took))
    stored = int(np.count_nonzero(block.access_kind & STORE_BIT))
    summary.stores += stored
    summary.loads += len(block.access_kind) - stored
    summary.branches += int(np.count_nonzero(view.each(lambda decoded: decoded.is_branch, bool)))
    summary.taken += int(np.count_nonzero(view.taken))
    called = view.each(lambda decoded: decoded.is_call, bool)
    _update(summary.calls, view.followed_by[called])


def _update(counter: Counter[int], values: Any, weights: Iterable[int] | None = None) -> None:
    if weights is None:
        found, counts = np.unique(values, return_counts=True)
        counter.update(dict(zip(found.tolist(), counts.tolist(), strict=True)))
    else:
        for value, weight in zip(values, weights, strict=True):
            counter[int(value)] += int(weight)


def _count_events(summary: Summary, view: View) -> None:
    event, kinds = view.block.event, view.kinds
    for kind in (Kind.TRAP, Kind.INTERRUPT):
        for cause in event["b"][kinds == kind].tolist():
            summary.traps[describe_cause(cause)] += 1
    slept = event[kinds == Kind.SLEEP]
    summary.sleep += int((slept["a"].astype(np.uint64) + (slept["b"].astype(np.uint64) << np.uint64(32))).sum())
    _update(summary.spikes, view.block.spike["descriptor"], spike_counts(view))
    for issue in issues(view):
        summary.suspended += issue.outcome == Outcome.SUSPENDED
        tally = summary.commands.setdefault(issue.mnemonic, Tally())
        tally.add(int(issue.retired), issue.cycles, issue.spikes)
