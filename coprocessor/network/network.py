"""`Network`: spiking networks from NumPy arrays, run by the coprocessor without any firmware.

This is the face; parts, layout, sessions and files are in the modules beside it.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from coprocessor.errors import CoprocessorError
from coprocessor.golden.memory import Memory
from coprocessor.golden.projection import read_projection
from coprocessor.interface import MOST_LANES
from coprocessor.network import image
from coprocessor.network.accumulators import AccumulatorBound, bounds
from coprocessor.network.builder import Builder
from coprocessor.network.checks import integer, integers
from coprocessor.network.formats import READERS, Weights
from coprocessor.network.layers import accounting
from coprocessor.network.layout import Layout
from coprocessor.network.parts import Population, Projection, Rule
from coprocessor.network.result import Result
from coprocessor.network.session import Factory, Session
from coprocessor.network.sparse import Sparse
from coprocessor.network.streams import Encoded

DEFAULT_BASE = 0x8010_0000
_MAKING = threading.Lock()
TRACES = {"pre": "<u2", "post": "<u2", "eligibility": "<i2", "signal": "<i4"}


class Network(Builder):
    """A spiking network: inputs, populations, projections, plasticity rules, and the memory they lie in.

    In every step the populations are updated in the order in which they were made, each after its projections; then
    the rules are applied. The first run fixes the parts. `steps` is the length of the stream buffers (longer runs are
    split, with the same result), `base` the guest address of the image, `coprocessor` a factory (ram, base) that
    replaces the C coprocessor, for example `coprocessor.golden.Coprocessor`; `simd` is the instruction set that C uses,
    one of `coprocessor.simd_levels()` (default: environment variable NEUROHART_SIMD, or the fastest). `lanes` are the
    synapses a cycle (1 to 255, default 4): cycles and energy depend on it, nothing else. All errors are
    CoprocessorError.
    """

    def __init__(
        self,
        *,
        base: int = DEFAULT_BASE,
        steps: int = 256,
        coprocessor: Factory | None = None,
        simd: str | None = None,
        lanes: int | None = None,
    ) -> None:
        if coprocessor is not None and simd is not None:
            raise CoprocessorError("simd is for the C coprocessor; leave it out, or leave `coprocessor` out")
        self._base = integer("base", base, 16, 2**32 - 16)
        self._steps = integer("steps", steps, 1, 1 << 24, cure="longer runs are split")
        self._factory, self._simd = coprocessor, simd
        self._lanes = None if lanes is None else integer("lanes", lanes, 1, MOST_LANES)
        super().__init__()
        self._session: Session | None = None

    @property
    def _fixed(self) -> bool:
        return self._session is not None

    # Memory ---------------------------------------------------------------------------------------------------------
    @property
    def _ready(self) -> Session:
        """The memory and the coprocessor, made at first use."""
        with _MAKING:
            if self._session is None:
                parts = self._parts()
                layout = Layout(parts, self._base, self._steps)
                ram = layout.image()
                bounds(parts)
                session = Session(layout, ram, self._factory, self._simd, self._lanes)
                session.check()
                self._session = session
            return self._session

    def _view(self, name: str, kind: str) -> NDArray[Any]:
        session = self._ready
        region = session.layout.regions[name]
        return session.ram[region.offset : region.offset + region.size].view(kind)

    def accumulators(self) -> dict[str, AccumulatorBound]:
        """The worst-case input sum of every population; CoprocessorError if one does not fit 32 bits.

        A network with `SparseRows` is fixed by it, since the synapses have to exist.
        """
        if not all(p.weights.filled for p in self._projections.values() if isinstance(p.weights, Sparse)):
            return bounds(self._ready.layout.parts)
        return bounds(self._parts())

    def state(self, population: str | Population) -> dict[str, NDArray[np.int32]]:
        """Views [n] of the state words of a population, by name; writing them changes the network."""
        found = self._find(self._populations, population, "population")
        rows = self._view(f"state.{found.name}", "<i4").reshape(-1, found.n)
        return dict(zip(found.state_names, rows, strict=True))

    def ring(self, population: str | Population) -> NDArray[np.int32]:
        """View [depth, n] of the input ring: slot t mod depth is used by step t."""
        found = self._find(self._populations, population, "population")
        return self._view(f"ring.{found.name}", "<i4").reshape(-1, found.n)

    def accumulated(self, population: str | Population) -> NDArray[np.int32]:
        """View [n] of the summed outputs of a population with accumulate=True."""
        found = self._find(self._populations, population, "population")
        if not found.accumulate:
            raise CoprocessorError(f"population {found.name!r} keeps no sums; make it with accumulate=True")
        return self._view(f"acc.{found.name}", "<i4")

    def traces(self, rule: str | Rule) -> dict[str, NDArray[Any]]:
        """Views of what a rule keeps: "pre" [n] and "post" [m] (u16), "eligibility" (s16), "signal" [m] (s32)."""
        found = self._find(self._rules, rule, "rule")
        regions = self._ready.layout.regions
        names = {part: f"{part}.{found.name}" for part in TRACES}
        return {part: self._view(name, TRACES[part]) for part, name in names.items() if name in regions}

    def weights(self, projection: str | Projection) -> Weights:
        """A copy of the present weights of a projection, as the class of its format."""
        found = self._find(self._projections, projection, "projection")
        session = self._ready
        memory = Memory(session.ram.data, session.layout.base)
        syn = read_projection(memory, session.layout.address(f"syn.{found.name}"))

        def read(address: int, size: int) -> NDArray[np.uint8]:
            offset = address - session.layout.base
            return session.ram[offset : offset + size].copy()

        return READERS[syn.format](syn, read)

    # Running --------------------------------------------------------------------------------------------------------
    @property
    def time(self) -> int:
        """Steps since the last reset (nm_t)."""
        return self._ready.read("t")

    def reset(self, seed: int | None = None) -> None:
        """Bring states, rings, outputs, sums, traces and the time back to the start; weights stay as learned.

        The random source is seeded with `seed`, or gets its reset value.
        """
        session = self._session or self._ready
        seed = 0 if seed is None else integer("seed", seed, 0, 2**32 - 1)
        with session.lock:
            session.reset(seed)

    def encode(
        self,
        spikes: ArrayLike | Mapping[str, ArrayLike] | None = None,
        steps: int | None = None,
        *,
        events: ArrayLike | Mapping[str, ArrayLike] | None = None,
        samples: int | None = None,
    ) -> Encoded:
        """Make inputs ready for many runs: what it gives goes into `run`, or with [samples, steps, n] or `samples`
        into `run_batch`.

        Arguments are those of `run` and `run_batch`; the values are copied. It fixes the parts of the network.
        """
        inputs = self._ready.inputs
        first = next(iter(spikes.values()), None) if isinstance(spikes, Mapping) else spikes
        many = first is not None and not isinstance(first, Encoded) and np.ndim(first) == 3
        if samples is not None or many:
            return inputs.batch(spikes, events, steps, samples).packed()
        return inputs.sample(spikes, events, steps).packed()

    def run(
        self,
        spikes: ArrayLike | Mapping[str, ArrayLike] | Encoded | None = None,
        steps: int | None = None,
        *,
        events: ArrayLike | Mapping[str, ArrayLike] | None = None,
        reward: int = 0,
        layers: bool = False,
    ) -> Result:
        """Run `steps` steps from the present state.

        `spikes` is [steps, n] of 0 and 1, or numbers for a graded input; `events` is [k, 2] of (step, address) and
        needs `steps`. With several inputs both are mappings by name; an input without values is silent. What `encode`
        gave can be run instead. `reward` (s16) goes to reward-modulated rules. With `layers` the result also has what
        each projection, population and rule cost.
        """
        session = self._session or self._ready
        encoded = session.inputs.sample(spikes, events, steps)
        if reward:
            reward = integer("reward", reward, -32768, 32767)
        with session.lock:
            if layers:
                with accounting([session]) as kept:
                    block = session.run(encoded.packed(), reward)
                return Result(block, session.recorded, (encoded.steps,)).with_layers(kept)
            block = session.run(encoded, reward)
        return Result(block, session.recorded, (encoded.steps,))

    def run_batch(
        self,
        spikes: ArrayLike | Mapping[str, ArrayLike] | Encoded | None = None,
        steps: int | None = None,
        *,
        events: ArrayLike | Mapping[str, ArrayLike] | None = None,
        samples: int | None = None,
        threads: int = 1,
        seeds: Sequence[int] | None = None,
        reward: int = 0,
        layers: bool = False,
    ) -> Result:
        """Run every sample of `spikes` [samples, steps, n] from the present state, which is the same afterwards.

        `events` is [k, 3] of (sample, step, address), in any order, and needs `samples` and `steps` unless some input
        has spikes. With several inputs both are mappings by name; an input without values is silent.
        Threads take sample after sample, each with a coprocessor of its own; the result does not depend on their
        number. Sample k starts with random seed seeds[k], or with the present random state. What samples learn is
        dropped. `layers` is as for `run`, over all samples.
        """
        session = self._ready
        encoded = session.inputs.batch(spikes, events, steps, samples)
        assert encoded.samples is not None
        integer("threads", threads, 1, 1024)
        random = None
        if seeds is not None:
            random = integers("seeds", list(seeds), 0, 2**32 - 1, shape=(encoded.samples,)).astype(np.uint32)
        reward = integer("reward", reward, -32768, 32767)
        shape = encoded.samples, encoded.steps
        with session.lock:
            if layers:
                with accounting(session.crew.team(encoded, threads)) as kept:
                    block = session.crew.run(encoded.packed(), threads, reward, random)
                return Result(block, session.recorded, shape, threads).with_layers(kept)
            block = session.crew.run(encoded, threads, reward, random)
        return Result(block, session.recorded, shape, threads)

    # Files ----------------------------------------------------------------------------------------------------------
    def export(self, path: str | Path, base: int = DEFAULT_BASE, steps: int | None = None) -> image.Exported:
        """Write `path`.bin and `path`.inc for firmware that has the image at address `base`; state and weights are
        the present ones. `steps` is the length of the stream buffers, default that of this network.

        The include defines what firmware needs as symbols; to go on where this network is, firmware also writes the
        time and the random state into nm_t and nm_rng.
        """
        session = self._ready
        length = self._steps if steps is None else integer("steps", steps, 1, 1 << 24)
        layout = Layout(self._parts(), integer("base", base, 16, 2**32 - 16), length)
        return image.export(layout, session.layout, session.ram, Path(path), session.read("t"), session.read("rng"))

    @classmethod
    def load(
        cls,
        path: str | Path,
        *,
        coprocessor: Factory | None = None,
        simd: str | None = None,
        lanes: int | None = None,
    ) -> Network:
        """The network of an exported `.bin`, with the weights, state, time and random state it was exported with."""
        loaded = image.load(Path(path))
        layout = loaded.layout
        network = cls(base=layout.base, steps=layout.steps, coprocessor=coprocessor, simd=simd, lanes=lanes)
        network._inputs = {part.name: part for part in layout.parts.inputs}
        network._populations = {part.name: part for part in layout.parts.populations}
        network._projections = {part.name: part for part in layout.parts.projections}
        network._rules = {part.name: part for part in layout.parts.rules}
        network._session = session = Session(layout, loaded.ram, network._factory, simd, network._lanes)
        session.write("t", loaded.time)
        session.write("rng", loaded.random)
        return network
