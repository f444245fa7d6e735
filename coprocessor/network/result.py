"""What a run gives back: outputs, counters, energy. It is the block of `plan`, unpacked when somebody looks."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coprocessor.csrs import COUNTERS
from coprocessor.errors import CoprocessorError
from coprocessor.network import streams
from coprocessor.network.checks import listed
from coprocessor.network.parts import Population
from coprocessor.network.plan import TALLY_BYTES
from coprocessor.network.streams import Bytes


class Recorded:
    """The recorded populations of a network, where their rows lie in a block, and how bits become bytes."""

    def __init__(
        self,
        populations: Iterable[Population],
        unpack: Callable[[Bytes, int], Bytes] = streams.unpack_bits,
        events: Callable[[Bytes], NDArray[np.int64]] = streams.events,
    ) -> None:
        self.unpack, self.events = unpack, events
        self.places: dict[str, tuple[Population, int]] = {}
        place = 0
        for population in populations:
            if population.record:
                self.places[population.name] = population, place
                place += population.buffer_bytes


class Outputs(Mapping[str, NDArray[Any]]):
    """Outputs by population; each is unpacked when it is first read."""

    __slots__ = ("_block", "_recorded", "_shape", "_unpacked")

    def __init__(self, block: Bytes, recorded: Recorded, shape: tuple[int, ...]) -> None:
        self._block, self._recorded, self._shape = block, recorded, shape
        self._unpacked: dict[str, NDArray[Any]] = {}

    def __getitem__(self, name: str) -> NDArray[Any]:
        found = self._unpacked.get(name)
        if found is None:
            population, rows = self._packed(name)
            found = rows.view("<i4") if population.graded else self._recorded.unpack(rows, population.n)
            self._unpacked[name] = found
        return found

    def _packed(self, name: str) -> tuple[Population, Bytes]:
        """A population and its rows [*shape, bytes]."""
        population, place = self._recorded.places[name]
        rows, size = math.prod(self._shape), population.buffer_bytes
        start = TALLY_BYTES + rows * place
        return population, self._block[start : start + rows * size].reshape(*self._shape, size)

    def events(self, name: str) -> NDArray[np.int64]:
        """Where the output of a population is not zero [k, axes], in order; bits are not unpacked for it."""
        population, rows = self._packed(name)
        if population.graded:
            return np.argwhere(self[name])
        found = self._recorded.events(rows.reshape(-1, rows.shape[-1]))
        if len(self._shape) == 1:
            return found
        return np.stack([*np.unravel_index(found[:, 0], self._shape), found[:, 1]], axis=1)

    def __iter__(self) -> Iterator[str]:
        return iter(self._recorded.places)

    def __len__(self) -> int:
        return len(self._recorded.places)

    def __contains__(self, name: object) -> bool:
        return name in self._recorded.places


class Result:
    """Outputs of recorded populations and what the run cost.

    `outputs[name]` is [steps, n], of a batch [samples, steps, n]: spikes as uint8, graded values as int32.
    """

    __slots__ = ("_block", "_tally", "outputs")

    def __init__(self, block: Bytes, recorded: Recorded, shape: tuple[int, ...]) -> None:
        self.outputs = Outputs(block, recorded, shape)
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
