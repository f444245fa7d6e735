"""W2: the CUBA network, sparse and recurrent, in steps of 0.1 ms; `tools.validation.cuba_network` defines it."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path

from coprocessor import Network
from coprocessor.golden import Coprocessor as Golden
from tools.bench.coprocessor.checking import compare
from tools.bench.coprocessor.contender import Contender, timed
from tools.validation.cuba_network import Cuba, build


@dataclass(frozen=True)
class Workload:
    """Neurons, mean synapses of each, steps of one measurement, and of one call of `Network.run` in it."""

    neurons: int = 4000
    synapses: int = 80
    steps: int = 10_000
    stretch: int = 10_000

    @property
    def cuba(self) -> Cuba:
        """The constants."""
        return Cuba.of_size(self.neurons, self.synapses)

    def network(self) -> Network:
        """The network on the coprocessor."""
        return build(self.neurons, synapses=self.synapses)


class Python(Contender):
    """Stretch after stretch through `Network.run`; all spikes are read as events (step, neuron)."""

    def __init__(self, workload: Workload) -> None:
        self.workload = workload
        self.network = workload.network()
        self.spikes = self.work()

    def work(self) -> int:
        """All steps, from where the last ones ended; gives the number of spikes."""
        steps, stretch = self.workload.steps, self.workload.stretch
        lengths = (min(stretch, steps - first) for first in range(0, steps, stretch))
        results = (self.network.run(steps=length) for length in lengths)
        return sum(len(result.events("neurons")) for result in results)

    def measure(self) -> float:
        return timed(self.work, self.workload.steps)

    def facts(self) -> dict[str, float]:
        return {"rate": self.spikes / self.workload.neurons / self.workload.steps}

    def verify(self) -> None:
        """The golden model gets the network through a file, in the state that it is in now."""
        with tempfile.TemporaryDirectory(prefix="cuba-") as directory:
            file = self.workload.network().export(Path(directory, "net")).binary
            ours, golden = Network.load(file), Network.load(file, coprocessor=Golden)
            compare(ours, ours.run(steps=10), golden, golden.run(steps=10))
