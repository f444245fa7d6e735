"""`Network`: spiking networks from NumPy arrays, run by the coprocessor without any firmware.

This is the face; parts, layout, sessions and files are in the modules beside it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from coprocessor.csrs import COUNTERS
from coprocessor.errors import CoprocessorError
from coprocessor.golden.memory import Memory
from coprocessor.golden.projection import read_projection
from coprocessor.interface import Operation
from coprocessor.network import image
from coprocessor.network.accumulators import AccumulatorBound, bounds
from coprocessor.network.builder import Builder
from coprocessor.network.checks import array_of, integer, integers, listed
from coprocessor.network.formats import READERS, Weights
from coprocessor.network.layout import Layout
from coprocessor.network.parts import Population, Projection, Rule
from coprocessor.network.result import Result
from coprocessor.network.session import Factory, Session, native
from coprocessor.network.streams import Bytes, pack, pack_events, unpack

DEFAULT_BASE = 0x8010_0000
TRACES = {"pre": "<u2", "post": "<u2", "eligibility": "<i2", "signal": "<i4"}


class Network(Builder):
    """A spiking network: inputs, populations, projections, plasticity rules, and the memory they lie in.

    In every step the populations are updated in the order in which they were made, each after its projections; then
    the rules are applied. The first run fixes the parts. `steps` is the length of the stream buffers (longer runs are
    split, with the same result), `base` the guest address of the image, `coprocessor` a factory (ram, base) that
    replaces the C coprocessor, for example `coprocessor.golden.Coprocessor`. All errors are CoprocessorError.
    """

    def __init__(self, *, base: int = DEFAULT_BASE, steps: int = 256, coprocessor: Factory | None = None) -> None:
        self._base = integer("base", base, 16, 2**32 - 16)
        self._steps = integer("steps", steps, 1, 1 << 24, cure="longer runs are split")
        self._factory = coprocessor or native
        super().__init__()
        self._session: Session | None = None

    @property
    def _fixed(self) -> bool:
        return self._session is not None

    # Memory ---------------------------------------------------------------------------------------------------------
    @property
    def _ready(self) -> Session:
        """The memory and the coprocessor, made at first use."""
        if self._session is None:
            parts = self._parts()
            bounds(parts)
            layout = Layout(parts, self._base, self._steps)
            self._session = Session(layout, layout.image(), self._factory)
            self._session.issue(Operation.CHECK, layout.address("net.net"))
        return self._session

    def _view(self, name: str, kind: str) -> NDArray[Any]:
        session = self._ready
        region = session.layout.regions[name]
        return session.ram[region.offset : region.offset + region.size].view(kind)

    def accumulators(self) -> dict[str, AccumulatorBound]:
        """The worst-case input sum of every population; CoprocessorError if one does not fit 32 bits."""
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

        def read(address: int, size: int) -> bytes:
            offset = address - session.layout.base
            return session.ram[offset : offset + size].tobytes()

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
        session = self._ready
        layout = session.layout
        for name, region in layout.regions.items():
            if name.split(".")[0] in ("state", "ring", "acc", "out", "pre", "post", "eligibility"):
                part = slice(region.offset, region.offset + region.size)
                session.ram[part] = np.frombuffer(region.content, dtype=np.uint8) if region.content else 0
        session.write("t", 0)
        session.write("rng", 0 if seed is None else integer("seed", seed, 0, 2**32 - 1))

    def run(
        self,
        spikes: ArrayLike | Mapping[str, ArrayLike] | None = None,
        steps: int | None = None,
        *,
        events: ArrayLike | Mapping[str, ArrayLike] | None = None,
        reward: int = 0,
    ) -> Result:
        """Run `steps` steps from the present state.

        `spikes` is [steps, n] of 0 and 1, or numbers for a graded input; `events` is [k, 2] of (step, address) and
        needs `steps`. With several inputs both are mappings by name; an input without values is silent. `reward`
        (s16) goes to reward-modulated rules.
        """
        session = self._ready
        values = self._rasters(spikes)
        lists = self._by_input("events", events)
        lengths = {value.shape[0] for value in values.values() if value.ndim} | (
            {steps} if steps is not None else set()
        )
        if len(lengths) != 1:
            given = listed(sorted(lengths)) if lengths else "nothing"
            raise CoprocessorError(f"how many steps to run? spikes and steps say {given}; give one number of steps")
        count = integer("steps", lengths.pop(), 0, 2**31 - 1)
        buffers = {name: pack(self._inputs[name], value) for name, value in values.items()}
        for name, value in lists.items():
            if name in buffers:
                raise CoprocessorError(f"input {name!r} has spikes and events; give one of them")
            buffers[name] = pack_events(self._inputs[name], value, count)
        self._silence(buffers, (count,))
        session.clear_counters()
        session.write("rew", integer("reward", reward, -32768, 32767))
        outputs, total = session.run(buffers, count)
        return self._result(outputs, session.counters(), total)

    def run_batch(
        self,
        spikes: ArrayLike | Mapping[str, ArrayLike],
        steps: int | None = None,
        *,
        threads: int = 1,
        seeds: Sequence[int] | None = None,
        reward: int = 0,
    ) -> Result:
        """Run every sample of `spikes` [samples, steps, n] from the present state, which stays as it is.

        Each thread has a copy of the memory and a coprocessor; the result does not depend on their number. Sample k
        starts with random seed seeds[k], or with the present random state. What samples learn is dropped.
        """
        session = self._ready
        values = self._rasters(spikes)
        shapes = {value.shape[:2] for value in values.values()}
        if len(shapes) != 1 or len(shape := shapes.pop()) != 2:
            raise CoprocessorError(
                "spikes must be samples x steps x inputs, with equal samples and steps for all inputs"
            )
        samples, count = shape
        if steps is not None and steps != count:
            raise CoprocessorError(f"steps is {steps}, the spikes have {count} steps; leave it out")
        integer("threads", threads, 1, 1024)
        if seeds is not None:
            integers("seeds", list(seeds), 0, 2**32 - 1, shape=(samples,))
        buffers = {name: pack(self._inputs[name], value, (samples,)) for name, value in values.items()}
        self._silence(buffers, shape)
        begin, random, reward = session.read("t"), session.read("rng"), integer("reward", reward, -32768, 32767)
        layout, start = session.layout, session.ram.copy()
        carried = [(layout.regions[f"out.{p.name}"], layout.lead(p)) for p in self._populations.values() if p.record]
        slots = [slice(region.offset, region.offset + lead) for region, lead in carried]
        slots.append(slice(layout.mutable_start, layout.mutable_end))
        collected: dict[str, Bytes] = {
            p.name: np.empty((samples, count, p.buffer_bytes), dtype=np.uint8)
            for p in self._populations.values()
            if p.record
        }

        def work(members: range) -> tuple[dict[str, int], int]:
            own = Session(layout, start.copy(), self._factory)
            total = 0
            for sample in members:
                for part in slots:
                    own.ram[part] = start[part]
                own.write("t", begin)
                own.write("rng", random if seeds is None else seeds[sample])
                own.write("rew", reward)
                outputs, spikes = own.run({name: buffer[sample] for name, buffer in buffers.items()}, count)
                for name, output in outputs.items():
                    collected[name][sample] = output
                total += spikes
            return own.counters(), total

        crew = min(threads, samples) or 1
        shares = [range(samples * k // crew, samples * (k + 1) // crew) for k in range(crew)]
        if crew == 1:
            done = [work(shares[0])]
        else:
            with ThreadPoolExecutor(crew) as pool:
                done = list(pool.map(work, shares))
        counters = {name: sum(counted[name] for counted, _ in done) for name in COUNTERS}
        return self._result(collected, counters, sum(total for _, total in done))

    def _by_input(self, argument: str, given: Any) -> dict[str, Any]:
        if given is None:
            return {}
        if isinstance(given, Mapping):
            for name in given:
                if name not in self._inputs:
                    raise CoprocessorError(f"{argument}: there is no input {name!r}; there are {listed(self._inputs)}")
            return dict(given)
        if len(self._inputs) != 1:
            raise CoprocessorError(
                f"{argument} is one array, the network has {len(self._inputs)} inputs; give a dictionary by input name"
            )
        return {next(iter(self._inputs)): given}

    def _rasters(self, spikes: Any) -> dict[str, NDArray[Any]]:
        given = self._by_input("spikes", spikes)
        return {name: array_of(f"spikes of input {name!r}", value) for name, value in given.items()}

    def _silence(self, buffers: dict[str, Bytes], leading: tuple[int, ...]) -> None:
        for name, stream in self._inputs.items():
            if name not in buffers:
                buffers[name] = np.zeros((*leading, stream.buffer_bytes), dtype=np.uint8)

    def _result(self, outputs: Mapping[str, Bytes], counters: dict[str, int], total: int) -> Result:
        unpacked = {name: unpack(self._populations[name], buffers) for name, buffers in outputs.items()}
        return Result(unpacked, counters, total)

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
        ram = layout.image()
        lead = {f"out.{p.name}": layout.lead(p) for p in self._populations.values() if p.record}
        for name, old in session.layout.regions.items():
            if name.split(".")[0] in ("weights", "state", "ring", "acc", "out", *TRACES):
                new, kept = layout.regions[name].offset, lead.get(name, old.size)
                ram[new : new + kept] = session.ram[old.offset : old.offset + kept]
        return image.export(layout, ram, Path(path), session.read("t"), session.read("rng"))

    @classmethod
    def load(cls, path: str | Path, *, coprocessor: Factory | None = None) -> Network:
        """The network of an exported `.bin`, with the weights, state, time and random state it was exported with."""
        loaded = image.load(Path(path))
        layout = loaded.layout
        network = cls(base=layout.base, steps=layout.steps, coprocessor=coprocessor)
        network._inputs = {part.name: part for part in layout.parts.inputs}
        network._populations = {part.name: part for part in layout.parts.populations}
        network._projections = {part.name: part for part in layout.parts.projections}
        network._rules = {part.name: part for part in layout.parts.rules}
        network._session = session = Session(layout, loaded.ram, network._factory)
        session.write("t", loaded.time)
        session.write("rng", loaded.random)
        return network
