"""What a run gives back: outputs, counters, energy. It is the block of `plan`, unpacked when somebody looks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coprocessor.csrs import COUNTERS
from coprocessor.errors import CoprocessorError
from coprocessor.network.checks import listed
from coprocessor.network.parts import Population
from coprocessor.network.plan import TALLY_BYTES
from coprocessor.network.streams import Bytes, unpack


class Outputs(Mapping[str, NDArray[Any]]):
    """Outputs by population; each is unpacked when it is first read."""

    __slots__ = ("_block", "_populations", "_shape", "_unpacked")

    def __init__(self, block: Bytes, populations: Sequence[Population], shape: tuple[int, ...]) -> None:
        self._block, self._populations, self._shape = block, populations, shape
        self._unpacked: dict[str, NDArray[Any]] = {}

    def __getitem__(self, name: str) -> NDArray[Any]:
        found = self._unpacked.get(name)
        if found is None:
            found = self._unpacked[name] = unpack(*self._packed(name))
        return found

    def _packed(self, name: str) -> tuple[Population, Bytes]:
        """A population and its rows [*shape, bytes]."""
        place, rows = TALLY_BYTES, int(np.prod(self._shape))
        for population in self._populations:
            size = population.buffer_bytes
            if population.name == name:
                return population, self._block[place : place + rows * size].reshape(*self._shape, size)
            place += rows * size
        raise KeyError(name)

    def events(self, name: str) -> NDArray[np.int64]:
        """Where the output of a population is not zero [k, axes], in order; bits are not unpacked for it."""
        population, rows = self._packed(name)
        if population.graded:
            return np.argwhere(self[name])
        flat = rows.reshape(-1)
        places = np.flatnonzero(flat)
        byte, bit = np.nonzero(np.unpackbits(flat[places, None], axis=1, bitorder="little"))
        where = np.unravel_index(places[byte] * 8 + bit, (*self._shape, 8 * rows.shape[-1]))
        return np.stack(where, axis=1)

    def __iter__(self) -> Iterator[str]:
        return (population.name for population in self._populations)

    def __len__(self) -> int:
        return len(self._populations)

    def __contains__(self, name: object) -> bool:
        return any(population.name == name for population in self._populations)


class Result:
    """Outputs of recorded populations and what the run cost.

    `outputs[name]` is [steps, n], of a batch [samples, steps, n]: spikes as uint8, graded values as int32.
    """

    __slots__ = ("_block", "_tally", "outputs")

    def __init__(self, block: Bytes, populations: Sequence[Population], shape: tuple[int, ...]) -> None:
        self.outputs = Outputs(block, populations, shape)
        self._block = block
        self._tally: list[int] | None = None

    def _counted(self) -> list[int]:
        if self._tally is None:
            self._tally = self._block[:TALLY_BYTES].view("<u8").tolist()
        return self._tally

    @property
    def counters(self) -> Mapping[str, int]:
        """The counters of specification 4.4 for this run."""
        return dict(zip(COUNTERS, self._counted(), strict=False))

    @property
    def spike_count(self) -> int:
        """Spikes of the populations with count=True."""
        return self._counted()[-1]

    def __getitem__(self, population: str) -> NDArray[Any]:
        """The output of a population; CoprocessorError if it was not recorded."""
        return self.outputs[self._recorded(population)]

    def _recorded(self, population: str) -> str:
        if population not in self.outputs:
            raise CoprocessorError(
                f"{population!r} is not recorded; recorded are {listed(self.outputs)}, others need record=True"
            )
        return population

    def events(self, population: str) -> NDArray[np.int64]:
        """The output as events [k, 2] of (step, neuron), of a batch [k, 3] of (sample, step, neuron), in order."""
        return self.outputs.events(self._recorded(population))

    def energy_fj(self, preset: str = "default22") -> int:
        """Energy of the coprocessor by specification 8.2 in fJ, without instructions of a hart."""
        from coprocessor.energy import energy_fj
        from coprocessor.energy import preset as preset_of

        counters = self.counters
        counted = {name: counters[name] for name in ("sop", "nup", "spkout", "wupd")}
        return energy_fj(preset_of(preset), cycles=counters["cyc"], **counted)

    def __repr__(self) -> str:
        return f"<result of {', '.join(self.outputs) or 'nothing recorded'}: {self.spike_count} spikes>"
