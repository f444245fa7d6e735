"""What a run gives back: outputs, counters, energy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coprocessor.errors import CoprocessorError
from coprocessor.network.checks import listed


@dataclass(frozen=True)
class Result:
    """Outputs of recorded populations and what the run cost.

    `outputs[name]` is [steps, n], of a batch [samples, steps, n]: spikes as uint8, graded values as int32.
    `counters` are those of specification 4.4 for this run; `spike_count` counts populations with count=True.
    """

    outputs: Mapping[str, NDArray[Any]]
    counters: Mapping[str, int]
    spike_count: int

    def __getitem__(self, population: str) -> NDArray[Any]:
        """The output of a population; CoprocessorError if it was not recorded."""
        if population not in self.outputs:
            raise CoprocessorError(
                f"{population!r} is not recorded; recorded are {listed(self.outputs)}, others need record=True"
            )
        return self.outputs[population]

    def events(self, population: str) -> NDArray[np.int64]:
        """The output as events [k, 2] of (step, neuron), of a batch [k, 3] of (sample, step, neuron), in order."""
        return np.argwhere(self[population])

    def energy_fj(self, preset: str = "default22") -> int:
        """Energy of the coprocessor by specification 8.2 in fJ, without instructions of a hart."""
        from coprocessor.energy import energy_fj
        from coprocessor.energy import preset as preset_of

        counted = {name: self.counters[name] for name in ("sop", "nup", "spkout", "wupd")}
        return energy_fj(preset_of(preset), cycles=self.counters["cyc"], **counted)
