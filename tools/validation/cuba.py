"""The CUBA network of 4,000 neurons: mean rate and ISI CV of the coprocessor and of Brian2 over many seeds.

Without Brian2 its runs are taken from `data/cuba.json`; `--store` writes that file. The networks are in `cuba_network`
and `cuba_brian2`, the measures in `cuba_measures`, the picture in `cuba_picture`.
"""

from __future__ import annotations

import argparse
import json
import math
import statistics
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from tools.validation import cuba_brian2
from tools.validation.cuba_measures import MEASURES, SKIPPED_MS, Run, of_raster
from tools.validation.cuba_network import Cuba, build
from tools.validation.findings import ReferenceMissing, Unequal, versions

STORED = Path(__file__).resolve().parent / "data" / "cuba.json"
DT = 0.1
SHORT, LONG = 1000.0, 2500.0
"""Durations in ms that are stored: the short one is what the test suite has time for."""
FEWEST_SEEDS = 5
SIDES = ("coprocessor", "brian2")
Values = dict[str, list[float]]
"""Measure: its value for each seed."""


@dataclass(frozen=True)
class Comparison:
    """One measure of both sides over their seeds."""

    name: str
    ours: list[float]
    theirs: list[float]

    @property
    def spread(self) -> float:
        """Pooled standard deviation of the seeds."""
        return math.sqrt((statistics.variance(self.ours) + statistics.variance(self.theirs)) / 2)

    @property
    def deviation(self) -> float:
        """Difference of the means in units of the spread."""
        return (statistics.fmean(self.ours) - statistics.fmean(self.theirs)) / self.spread

    @property
    def standard_errors(self) -> float:
        """The same in standard errors of the difference (Welch's t)."""
        sides = (self.ours, self.theirs)
        error = math.sqrt(sum(statistics.variance(side) / len(side) for side in sides))
        return self.deviation * self.spread / error

    @property
    def agrees(self) -> bool:
        """Within the spread of the seeds."""
        return abs(self.deviation) <= 1


def ours(seed: int, duration: float = LONG) -> Run:
    """A run of `duration` ms on the coprocessor."""
    return of_raster(build(seed=seed, dt=DT).run(steps=round(duration / DT))["neurons"], DT)


def theirs(seed: int, duration: float = LONG) -> Run:
    """The same network, with connections and first potentials of its own, in Brian2."""
    return cuba_brian2.run(Cuba(), seed, duration, DT)


def collect(runs: Iterator[Run], durations: list[float]) -> dict[str, Values]:
    """Measures by duration; shorter durations are beginnings of the runs."""
    found: dict[str, Values] = {f"{duration:g}": {name: [] for name in MEASURES} for duration in durations}
    for run in runs:
        for duration in durations:
            for name, value in run.first(duration).measures().items():
                found[f"{duration:g}"][name].append(round(value, 6))
    return found


def compare(mine: Values, other: Values) -> list[Comparison]:
    """All measures."""
    return [Comparison(name, mine[name], other[name]) for name in MEASURES]


def stored() -> Any:
    """The committed runs of both sides: {"versions", "dt_ms", "seeds", side: {duration: {measure: [...]}}}."""
    return json.loads(STORED.read_text(encoding="utf-8"))


def table(comparisons: list[Comparison], title: str) -> Table:
    """Both distributions, the difference, also in standard deviations of the seeds, and the verdict."""
    made = Table(title=title, title_justify="left")
    for column in ("", "coprocessor", "Brian2", "difference", "in SDs", "verdict"):
        made.add_column(column, justify="right" if column else "left", no_wrap=True)
    for c in comparisons:
        places = MEASURES[c.name].places
        sides = [f"{statistics.fmean(v):.{places}f} ± {statistics.stdev(v):.{places}f}" for v in (c.ours, c.theirs)]
        difference = statistics.fmean(c.ours) - statistics.fmean(c.theirs)
        verdict = "agree" if c.agrees else "DIFFER"
        made.add_row(
            MEASURES[c.name].title,
            *sides,
            f"{difference:+.{places}f}",
            f"{c.deviation:+.2f}",
            verdict,
        )
    return made


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `python -m tools.validation cuba`."""
    parser.add_argument("--seeds", type=int, default=10, metavar="N", help="seeds 1 to N on each side (default: 10)")
    parser.add_argument(
        "--duration", type=float, default=LONG, metavar="MS", help="biological time of a run; 500 ms are skipped"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every value as JSON (- is standard output)")
    parser.add_argument("--picture", type=Path, metavar="FILE", help="draw seed 1 of both sides (needs matplotlib)")
    parser.add_argument("--store", action="store_true", help="replace the committed runs, which need Brian2")


def main(arguments: argparse.Namespace) -> int:
    """Run and compare; raises ReferenceMissing, Unequal, ValueError."""
    if arguments.seeds < FEWEST_SEEDS or arguments.duration <= SKIPPED_MS:
        raise ValueError(
            f"give --seeds {FEWEST_SEEDS} or more, so that there is a spread, "
            f"and a --duration above {SKIPPED_MS:g} ms, which are skipped"
        )
    seeds = range(1, arguments.seeds + 1)
    durations = sorted({SHORT, LONG}) if arguments.store else [arguments.duration]
    last = f"{durations[-1]:g}"
    screen = Console(stderr=True)

    def watched(side: str) -> Iterator[Run]:
        for seed in seeds:
            screen.print(f"[dim]{side}: seed {seed} of {len(seeds)}", highlight=False)
            yield (ours if side == "coprocessor" else theirs)(seed, durations[-1])

    found: dict[str, Any] = {"versions": versions("numpy"), "dt_ms": DT, "seeds": list(seeds)}
    found["coprocessor"] = collect(watched("coprocessor"), durations)
    if cuba_brian2.available():
        found["versions"] = versions("brian2", "numpy")
        found["brian2"] = collect(watched("Brian2"), durations)
    elif arguments.store or arguments.picture or last not in stored()["brian2"]:
        raise ReferenceMissing(
            f"Brian2 is not installed, and stored runs have {' and '.join(stored()['brian2'])} ms; pip install brian2"
        )
    else:
        found["brian2"] = stored()["brian2"]
        found["versions"] |= {"brian2": stored()["versions"]["brian2"] + " (stored runs)"}
    comparisons = compare(found["coprocessor"][last], found["brian2"][last])
    if arguments.store:
        STORED.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    if arguments.picture:
        from tools.validation.cuba_picture import draw

        draw(ours(1, arguments.duration), theirs(1, arguments.duration), arguments.picture)
    counts = " and ".join(str(len(found[side][last]["rate"])) for side in SIDES)
    title = f"CUBA, 4,000 neurons, {last} ms at dt {DT} ms, {counts} seeds, Brian2 {found['versions']['brian2']}"
    if arguments.json:
        text = json.dumps(found, indent=1) + "\n"
        sys.stdout.write(text) if str(arguments.json) == "-" else arguments.json.write_text(text, encoding="utf-8")
    (screen if str(arguments.json) == "-" else Console()).print(table(comparisons, title))
    if not all(c.agrees for c in comparisons):
        raise Unequal("the mean of a measure is more than one standard deviation of the seeds away from Brian2's")
    return 0
