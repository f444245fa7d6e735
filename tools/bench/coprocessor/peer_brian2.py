"""Brian2 with its standalone C++ device and its default compiler flags: W2 and W3, on one thread, in double precision.

Times are those that the compiled program takes for its simulation loop, without making synapses and writing results.
"""

from __future__ import annotations

import atexit
import shutil
import tempfile
from typing import Any

import brian2
import numpy as np
from brian2 import ms

from tools.bench.coprocessor.contender import AT_LEAST, Contender
from tools.bench.coprocessor.cuba import Workload
from tools.bench.coprocessor.stdp import Stdp
from tools.validation import cuba_brian2


class Standalone(Contender):
    """A simulation as a compiled program; `schedule` is the order of things in a step, Brian2's own if not said."""

    steps: int
    schedule = ("start", "groups", "thresholds", "synapses", "resets", "end")

    def prepare(self, dt: Any) -> None:
        """Choose the device; what is made afterwards is part of the program."""
        self.directory = tempfile.mkdtemp(prefix="brian2-")
        atexit.register(shutil.rmtree, self.directory, ignore_errors=True)
        brian2.set_device("cpp_standalone", build_on_run=False)
        brian2.defaultclock.dt = dt

    def compile(self, *parts: object) -> None:
        """Compile a simulation of these parts and run it once."""
        network = brian2.Network(*parts)
        network.schedule = self.schedule
        network.run(self.steps * brian2.defaultclock.dt)
        brian2.device.build(directory=self.directory, run=False)
        brian2.device.run()

    def measure(self) -> float:
        times: list[float] = []
        while sum(times) < AT_LEAST:
            brian2.device.run()
            times.append(float(brian2.device._last_run_time))
        return sum(times) / len(times) / self.steps


class Cuba(Standalone):
    """The network of `tools.validation`; its synapses are random, so only rates can be equal."""

    def __init__(self, workload: Workload) -> None:
        self.prepare(0.1 * ms)
        self.workload, self.steps = workload, workload.steps
        parts = cuba_brian2.parts(brian2, workload.cuba)
        self.monitor = parts[-1]
        self.compile(*parts)

    def facts(self) -> dict[str, float]:
        return {"rate": self.monitor.num_spikes / self.workload.neurons / self.steps}


class Learning(Standalone):
    """Event-driven traces as Brian2's example of STDP has them, with our input spikes, first weights and potentials.

    Spikes arrive after the reset, as ours do. The threshold is asked for after the decay and ours after the input,
    which the threshold compensates.
    """

    schedule = ("start", "groups", "thresholds", "resets", "synapses", "end")

    def __init__(self, workload: Stdp) -> None:
        self.prepare(1 * ms)
        self.workload, self.steps = workload, workload.steps
        names = {
            "tau": workload.tau * ms,
            "threshold": workload.threshold * float(np.exp(-1 / workload.tau)),
            "largest": float(workload.largest),
            "potentiation": workload.potentiation,
            # a pair of one step potentiates here and does nothing there, which this balances
            "depression": workload.depression * float(np.exp(1 / workload.tau)),
        }
        step, address = np.nonzero(workload.spikes)
        source = brian2.SpikeGeneratorGroup(workload.inputs, address, step * ms)
        neurons = brian2.NeuronGroup(
            workload.neurons,
            "dv/dt = -v / tau : 1",
            threshold="v > threshold",
            reset="v = 0",
            method="exact",
            namespace=names,
        )
        neurons.v = workload.potentials.astype(float)
        synapses = brian2.Synapses(
            source,
            neurons,
            """
            w : 1
            dpre/dt = -pre / tau : 1 (event-driven)
            dpost/dt = -post / tau : 1 (event-driven)
            """,
            on_pre="v_post += w; pre += potentiation; w = clip(w - post, 0, largest)",
            on_post="post += depression; w = clip(w + pre, 0, largest)",
            namespace=names,
        )
        synapses.connect()
        synapses.w = workload.weights.ravel().astype(float)
        self.monitor, self.synapses = brian2.SpikeMonitor(neurons), synapses
        self.compile(source, neurons, synapses, self.monitor)

    def facts(self) -> dict[str, float]:
        rate = self.monitor.num_spikes / self.workload.neurons / self.steps
        return {"rate": rate, "weight": float(np.mean(self.synapses.w[:]))}
