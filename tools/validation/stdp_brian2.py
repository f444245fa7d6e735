"""Pair STDP in Brian2 on random spikes; `python -m tools.validation.stdp_brian2` stores its weights."""

from __future__ import annotations

import importlib
import json
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from tools.validation.stdp_reference import Raster, Window, trains

STORED = Path(__file__).resolve().parent / "data" / "stdp.json"
SYNAPSES, STEPS, RATE = 200, 1000, 0.02
PAIRS = Window(2.0, 1.8, 20.0, 30.0)


def gold_spikes() -> tuple[Raster, Raster]:
    """Spikes [STEPS, SYNAPSES] before and behind each synapse."""
    return trains(SYNAPSES, STEPS, RATE, 7)


def run(window: Window, pre: Raster, post: Raster) -> Any:
    """Weights [synapses] after the spikes, in steps of 1 ms."""
    b: Any = importlib.import_module("brian2")
    b.start_scope()
    b.defaultclock.dt = 1 * b.ms
    sides = []
    for raster in (pre, post):
        times, neurons = np.nonzero(raster)
        sides.append(b.SpikeGeneratorGroup(raster.shape[1], neurons, times * b.ms))
    synapses = b.Synapses(
        *sides,
        """w : 1
        dx/dt = -x/tau_plus : 1 (event-driven)
        dy/dt = -y/tau_minus : 1 (event-driven)""",
        on_pre="x += plus; w -= y",
        on_post="y += minus; w += x",
        namespace={
            "plus": window.plus,
            "minus": window.minus,
            "tau_plus": window.tau_plus * b.ms,
            "tau_minus": window.tau_minus * b.ms,
        },
    )
    synapses.connect(j="i")
    b.Network(*sides, synapses).run(len(pre) * b.ms)
    return np.asarray(synapses.w)


def main() -> int:
    """Store the weights."""
    weights = [round(float(w), 9) for w in run(PAIRS, *gold_spikes())]
    STORED.write_text(json.dumps({"version": version("brian2"), "w": weights}) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
