"""The CUBA network in Brian2, written from its equations; needs the package `brian2`."""

from __future__ import annotations

import importlib
import importlib.util
from typing import Any

import numpy as np

from tools.validation.cuba_measures import Run
from tools.validation.cuba_network import Cuba

EQUATIONS = """
dv/dt = (ge + gi - (v - El))/taum : volt (unless refractory)
dge/dt = -ge/taue : volt
dgi/dt = -gi/taui : volt
"""


def available() -> bool:
    """Whether Brian2 is installed."""
    return importlib.util.find_spec("brian2") is not None


def parts(b: Any, cuba: Cuba) -> tuple[Any, Any, Any, Any]:
    """Neurons, excitatory and inhibitory synapses and the monitor of spikes; `b` is the package."""
    values = {
        "taum": cuba.membrane_tau * b.ms,
        "taue": cuba.excitatory_tau * b.ms,
        "taui": cuba.inhibitory_tau * b.ms,
        "El": cuba.rest * b.mV,
        "Vt": cuba.threshold * b.mV,
        "Vr": cuba.reset * b.mV,
    }
    neurons = b.NeuronGroup(
        cuba.n,
        EQUATIONS,
        threshold="v > Vt",
        reset="v = Vr",
        refractory=cuba.refractory * b.ms,
        method="exact",
        namespace=values,
    )
    neurons.v = "Vr + rand() * (Vt - Vr)"
    excitation = b.Synapses(neurons, neurons, on_pre=f"ge += {cuba.excitatory_weight} * mV")
    inhibition = b.Synapses(neurons, neurons, on_pre=f"gi += {cuba.inhibitory_weight} * mV")
    excitation.connect(f"i < {cuba.sources}", p=cuba.probability)
    inhibition.connect(f"i >= {cuba.sources}", p=cuba.probability)
    return neurons, excitation, inhibition, b.SpikeMonitor(neurons)


def run(cuba: Cuba, seed: int, duration: float, dt: float) -> Run:
    """One run of `duration` ms with exact integration in steps of dt ms."""
    b: Any = importlib.import_module("brian2")
    b.start_scope()
    b.seed(seed)
    b.defaultclock.dt = dt * b.ms
    made = parts(b, cuba)
    b.Network(*made).run(duration * b.ms)
    spikes = made[-1]
    times = np.asarray(spikes.t / b.ms, dtype=np.float64)
    return Run(times, np.asarray(spikes.i, dtype=np.int64), cuba.n, duration)
