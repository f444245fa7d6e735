"""Draws one run of the CUBA network on both sides: spikes, population rate, rates and ISI CVs of neurons."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

import numpy as np

from tools.validation.cuba_measures import Run
from tools.validation.findings import ReferenceMissing

SHOWN_NEURONS, SHOWN_MS = 300, 500.0
COLOURS = {"coprocessor": "#d1495b", "Brian2": "#30638e"}


def draw(ours: Run, theirs: Run, file: Path) -> None:
    """Write the picture in the format of the file's name; ReferenceMissing without matplotlib."""
    try:
        matplotlib: Any = importlib.import_module("matplotlib")
        plots: Any = importlib.import_module("matplotlib.pyplot")
    except ImportError:
        raise ReferenceMissing("matplotlib is not installed; pip install matplotlib") from None
    matplotlib.use("svg")
    matplotlib.rcParams.update({"svg.hashsalt": "cuba", "svg.fonttype": "none", "font.size": 9})
    figure, axes = plots.subplots(
        3, 2, figsize=(9, 7.5), layout="constrained", height_ratios=(3, 1.2, 2), dpi=110, sharex=False
    )
    sides = dict(zip(COLOURS, (ours.counted(), theirs.counted()), strict=True))
    for column, (name, run) in enumerate(sides.items()):
        early = run.times < SHOWN_MS
        shown = early & (run.neurons % (run.n // SHOWN_NEURONS) == 0)
        raster, rate = axes[0, column], axes[1, column]
        raster.plot(run.times[shown], run.neurons[shown], ".", ms=1.5, color=COLOURS[name], rasterized=True)
        raster.set(title=name, xlim=(0, SHOWN_MS), ylim=(0, run.n), xticklabels=[])
        raster.axhline(0.8 * run.n, lw=0.5, color="black")
        bins = np.arange(0, SHOWN_MS + 1, 2.0)
        counts = np.histogram(run.times[early], bins)[0]
        rate.plot(bins[:-1] + 1, counts / run.n / 0.002, lw=0.8, color=COLOURS[name])
        rate.set(xlim=(0, SHOWN_MS), ylim=(0, 15), xlabel="ms")
    axes[0, 0].set_ylabel("neuron (inhibitory above the line)")
    axes[1, 0].set_ylabel("Hz")
    for axis, label, values, bins in (
        (axes[2, 0], "rate of a neuron, Hz", [run.rates() for run in sides.values()], np.arange(-0.25, 30, 1.0)),
        (axes[2, 1], "ISI CV of a neuron", [run.isi_cvs() for run in sides.values()], np.arange(0, 1.6, 0.05)),
    ):
        for (name, colour), data in zip(COLOURS.items(), values, strict=True):
            axis.hist(data, bins, histtype="step", lw=1.4, color=colour, label=name)
        axis.set_xlabel(label)
        axis.legend(frameon=False)
    axes[2, 0].set_ylabel("neurons")
    figure.savefig(file, metadata={"Date": None} if file.suffix == ".svg" else None)
    plots.close(figure)
