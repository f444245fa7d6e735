"""Networks, populations and spikes as the panels see them: which are shown, and what is known about them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from coprocessor.golden.population import Population
from coprocessor.golden.projection import Projection
from iss.debug import descriptors, past
from iss.debug.descriptors import Networks
from iss.debug.log import TraceLog

if TYPE_CHECKING:
    from iss.tui.state import State

SPIKE_WINDOW: Final = 1_000_000
"""Instructions that are replayed at most to find spikes."""
_LOOK_AGAIN: Final = 1_000
"""Instructions after which software may have made other networks."""


class Spiking:
    """What a State's coprocessor and trace tell of spiking networks."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._networks: tuple[int, Networks] | None = None

    @property
    def networks(self) -> Networks:
        """The networks and populations in memory, looked for again when much has happened."""
        if self._state.unit is None:
            return descriptors.NOTHING
        now = self._state.now
        if self._networks is None or not (self._state.running or 0 <= now - self._networks[0] < _LOOK_AGAIN):
            self._networks = now, descriptors.find(self._state.machine)
        return self._networks[1]

    @property
    def population(self) -> Population | None:
        """The population that is shown: the chosen one, else the first one of a network, else the first one."""
        found = self.networks
        first = next((populations[0] for populations in found.networks.values() if populations), None)
        for address in (self._state.view.population, first, next(iter(found.populations), None)):
            if address in found.populations:
                return found.populations[address]
        return None

    @property
    def projection(self) -> Projection | None:
        """The projection that is shown: the chosen one, else the first to the population that is shown, or of all."""
        found, population = self.networks.projections, self.population
        if self._state.view.projection in found:
            return found[self._state.view.projection]
        mine = (one for one in found.values() if population is not None and one.cur == population.cur)
        return next(mine, next(iter(found.values()), None))

    def synapses(self, projection: Projection, source: int) -> dict[int, tuple[int, int]]:
        """Weight and delay of each synapse of a source, by neuron."""
        key = f"synapses {projection.address} {source}"
        found: dict[int, tuple[int, int]] = self._state.once(
            key, lambda: descriptors.synapses_of(self._state.machine, projection, source)
        )
        return found

    @property
    def shown(self) -> tuple[int, int] | None:
        """Descriptor and neurons of the population whose spikes are shown; of a played trace that of the last spike."""
        population = self.population
        if population is not None:
            return population.address, population.n
        if self._state.playback is None:
            return None
        found: tuple[int, int] | None = self._state.once("spiking", self._find_shown)
        return found

    def _find_shown(self) -> tuple[int, int] | None:
        _, log = self._logged(max(0, self._state.log_now - SPIKE_WINDOW), self._state.log_now)
        if not len(log):
            return None
        chosen = self._state.view.population
        wanted = int(log["descriptor"][-1]) if chosen is None or chosen not in log["descriptor"] else chosen
        own = log[log["descriptor"] == wanted]
        return wanted, 32 * (int(own["group"].max()) + 1)

    def spikes(self, population: int, steps: int) -> tuple[NDArray[np.int64], NDArray[np.void]]:
        """The latest spikes of a population: the step of each record, counted from its first one, and the records.

        They are looked for far enough back for `steps` steps, but in SPIKE_WINDOW instructions at most.
        """
        key = f"spikes {population} {steps}"
        found: tuple[NDArray[np.int64], NDArray[np.void]] = self._state.once(
            key, lambda: self._spikes(population, steps)
        )
        return found

    def _spikes(self, population: int, steps: int) -> tuple[NDArray[np.int64], NDArray[np.void]]:
        now, length = self._state.log_now, 1_000
        while True:
            start = max(0, now - length)
            numbers, log = self._logged(start, now)
            log = log[(log["descriptor"] == population) & (numbers >= start) & (numbers < now)]
            times = log["time"].astype(np.int64)
            ahead = np.diff(times, prepend=times[:1])
            counted = np.cumsum(np.where(ahead < 0, 1, ahead))  # where software has set nm_t back, a new step begins
            enough = len(counted) and counted[-1] >= steps
            if enough or start == 0 or length >= SPIKE_WINDOW:
                return counted, log
            length *= 10

    def _logged(self, begin: int, end: int) -> tuple[NDArray[np.int64], NDArray[np.void]]:
        """All spikes of these instructions of the log, and maybe of others: instruction and record of each."""
        log = self._state.tracing.log
        if isinstance(log, TraceLog):
            return past.spikes(log.trace, begin, end)
        trace = self._state.history_log.recent.wanted(begin, end)
        return past.spikes(trace, 0, trace.count, numbered=True)

    def name(self, address: int) -> str:
        """A population's symbol or address."""
        return self._state.program.names.at(address)
