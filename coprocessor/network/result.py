"""What a run gives back: outputs, counters, energy. It is the block of `plan`, unpacked when somebody looks."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from coprocessor.csrs import COUNTERS
from coprocessor.errors import CoprocessorError
from coprocessor.network import streams
from coprocessor.network.checks import listed
from coprocessor.network.parts import Population
from coprocessor.network.plan import TALLY_BYTES
from coprocessor.network.streams import Bytes, Unpacking

if TYPE_CHECKING:
    from coprocessor.network.layers import Layer


class Place(NamedTuple):
    """Rows of `size` bytes for n neurons; for each row of them, `before` bytes of others are in front of all."""

    before: int
    size: int
    n: int
    graded: bool


class Recorded:
    """The recorded populations of a network, where their rows lie in a block, and how bits become bytes."""

    def __init__(
        self,
        populations: Iterable[Population],
        unpack: Unpacking = streams.unpack_bits,
        events: Callable[[Bytes], NDArray[np.int64]] = streams.events,
    ) -> None:
        self.unpack, self.events = unpack, events
        self.places: dict[str, Place] = {}
        before = 0
        for population in populations:
            if population.record:
                size = population.buffer_bytes
                self.places[population.name] = Place(before, size, population.n, population.graded)
                before += size


class Outputs(Mapping[str, NDArray[Any]]):
    """Outputs by population; each is unpacked when it is first read."""

    __slots__ = ("_block", "_recorded", "_rows", "_shape", "_threads", "_unpacked")

    def __init__(self, block: Bytes, recorded: Recorded, shape: tuple[int, ...], threads: int) -> None:
        self._block, self._recorded, self._shape, self._threads = block, recorded, shape, threads
        self._rows = math.prod(shape)
        self._unpacked: dict[str, NDArray[Any]] = {}

    def __getitem__(self, name: str) -> NDArray[Any]:
        found = self._unpacked.get(name)
        if found is None:
            before, size, n, graded = self._recorded.places[name]
            start, shape = TALLY_BYTES + self._rows * before, (*self._shape, n)
            if graded:
                found = self._block[start : start + self._rows * size].view("<i4").reshape(shape)
            else:
                found = self._recorded.unpack(self._block, start, size, shape, self._threads)
            self._unpacked[name] = found
        return found

    def events(self, name: str) -> NDArray[np.int64]:
        """Where the output of a population is not zero [k, axes], in order; bits are not unpacked for it."""
        before, size, _, graded = self._recorded.places[name]
        if graded:
            return np.argwhere(self[name])
        start, rows = TALLY_BYTES + self._rows * before, self._rows
        found = self._recorded.events(self._block[start : start + rows * size].reshape(rows, size))
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

    __slots__ = ("_block", "_layers", "_tally", "outputs")

    def __init__(self, block: Bytes, recorded: Recorded, shape: tuple[int, ...], threads: int = 1) -> None:
        self.outputs = Outputs(block, recorded, shape, threads)
        self._block = block
        self._tally: list[int] | None = None

    def with_layers(self, layers: Sequence[Layer]) -> Result:
        """This result, now with what layers have cost."""
        self._layers = tuple(layers)
        return self

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
        try:
            return self.outputs[population]
        except KeyError:
            raise self._missing(population) from None

    def _missing(self, population: str) -> CoprocessorError:
        return CoprocessorError(
            f"{population!r} is not recorded; recorded are {listed(self.outputs)}, others need record=True"
        )

    def events(self, population: str) -> NDArray[np.int64]:
        """The output as events [k, 2] of (step, neuron), of a batch [k, 3] of (sample, step, neuron), in order."""
        try:
            return self.outputs.events(population)
        except KeyError:
            raise self._missing(population) from None

    def energy_fj(self, preset: str = "default22") -> int:
        """Energy of the coprocessor by specification 8.2 in fJ, without instructions of a hart."""
        from coprocessor.energy import preset as preset_of
        from coprocessor.energy import work_fj

        counters = self.counters
        return work_fj(preset_of(preset), counters, counters["cyc"])

    @property
    def layers(self) -> tuple[Layer, ...]:
        """What each projection, population and rule has cost, in the order of a step; of a batch all samples together.

        CoprocessorError unless the run was one with layers=True.
        """
        try:
            return self._layers
        except AttributeError:
            raise CoprocessorError("the costs of layers were not kept; run with layers=True") from None

    def report(self, preset: str = "default22") -> str:
        """The layers as a table: operations, cycles, counters, energy; their sum is that of the run."""
        from coprocessor.network.layers import table

        return table(self.layers, preset)

    def __repr__(self) -> str:
        return f"<result of {', '.join(self.outputs) or 'nothing recorded'}: {self.spike_count} spikes>"
