"""`Builder`: puts inputs, populations, projections and rules together, every argument checked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

from numpy.typing import ArrayLike

from coprocessor.errors import CoprocessorError
from coprocessor.golden.state import QUEUE_DEPTH, QUEUES
from coprocessor.network.checks import listed
from coprocessor.network.formats import Conv2d, Crossbar, Dense, OneToOne, Weights
from coprocessor.network.layout import Parts, ring_depth
from coprocessor.network.parts import Input, Origin, Population, Projection, Rule
from coprocessor.network.sparse import SameRows, Sparse, SparseRows

Part = TypeVar("Part", Input, Population, Projection, Rule)
_OPTIONS = ("exponent", "delay", "source_delays", "synapse_delays", "previous", "name")


class Builder:
    """The parts of a network by name; `_fixed` says that no more can be added."""

    def __init__(self) -> None:
        self._inputs: dict[str, Input] = {}
        self._populations: dict[str, Population] = {}
        self._projections: dict[str, Projection] = {}
        self._rules: dict[str, Rule] = {}

    @property
    def _fixed(self) -> bool:
        return False

    def input(
        self,
        name: str,
        n: int,
        *,
        encoding: str = "spikes",
        capacity: int = 0,
        largest: int | None = None,
        queue: int | None = None,
    ) -> Input:
        """Add an input stream of n spikes ("spikes"), n s32 numbers ("graded") or up to `capacity` "events" a step.

        An event list may hold an address twice. `largest` bounds |value| of graded inputs. Events of a "queue" are
        injected (nm.inj) before the step they are for, into queue `queue` (0 to 3, default: a free one), at most
        `capacity` of them (default: 64); exactly one projection reads it.
        """
        if encoding == "queue":
            taken = [stream.queue for stream in self._inputs.values() if stream.queue is not None]
            free = [number for number in range(QUEUES) if number not in taken]
            if queue in taken or (queue is None and not free):
                raise CoprocessorError(f"input {name!r}: queues {listed(sorted(taken))} are taken; there are four")
            queue, capacity = free[0] if queue is None else queue, capacity or QUEUE_DEPTH
        return self._add(self._inputs, Input(name, n, encoding, capacity, largest, queue))

    def population(
        self,
        name: str,
        n: int,
        profile: str = "LIF",
        *,
        refractory: int = 0,
        depth: int | None = None,
        record: bool = True,
        graded: bool | None = None,
        accumulate: bool = False,
        adds_to: str | Population | None = None,
        count: bool | None = None,
        **arguments: Any,
    ) -> Population:
        """Add n neurons of a profile (3.2). `arguments` are its parameters, each a number or an array [n], and the
        fields rounding, comparison, reset, width, symmetric, wrap_current, old_current, non_negative of the mode word.

        `refractory` is in steps, `depth` the slots of the input ring (default: what the delays need). Recorded
        populations appear in results; `graded` ones (default: LI, SD) give numbers instead of spikes; `accumulate`
        keeps the sum of the outputs; `count` (default: record) adds the spikes to `Result.spike_count`. The outputs
        are also the input of neuron i of the population `adds_to`, in the same step if that is updated later, else in
        the next: a one_to_one without delay that takes no synaptic operations.
        """
        known = str(profile).upper() in ("LI", "SD")
        options = {
            "record": bool(record),
            "graded": known if graded is None else bool(graded),
            "accumulate": bool(accumulate),
            "count": bool(record if count is None else count),
            "adds_to": adds_to.name if isinstance(adds_to, Population) else adds_to,
        }
        made = Population.check(name, n, profile, arguments, refractory=refractory, depth=depth, **options)
        return self._add(self._populations, made)

    def dense(
        self, source: str | Origin, target: str | Population, weights: ArrayLike, *, bits: int = 8, **options: Any
    ) -> Projection:
        """Add synapses from all to all: `weights` [n_source, n_target] of 8, 4, 2 (ternary) or 1 (+1, -1) bits.

        All projections take exponent (weights count 2^exponent fold), delay, source_delays [n_source], synapse_delays
        (like the weights, up to 15; not for conv2d, crossbar and one_to_one), previous (read the source's output of
        the previous step; needed for loops) and name.
        """
        shape = self._shape(source, target)
        return self._connect(
            source, target, Dense.check(self._where(source, target, options), weights, bits, shape), options
        )

    def sparse(
        self,
        source: str | Origin,
        target: str | Population,
        pointers: ArrayLike | SparseRows | Projection,
        columns: ArrayLike | None = None,
        weights: ArrayLike | None = None,
        **options: Any,
    ) -> Projection:
        """Add compressed sparse rows: synapses pointers[i] to pointers[i + 1] - 1 of source i, 8-bit weights.

        The arrays are `indptr`, `indices`, `data` of a SciPy CSR matrix; columns of type uint16 and weights of int8
        are taken as they are and must not change before the network is fixed. `SparseRows` instead of all three makes
        the synapses in place. A sparse projection instead of pointers and columns has the same ones, which are in
        memory once; `weights` is then an array or one number. Options as for `dense`.
        """
        where, shape = self._where(source, target, options), self._shape(source, target)
        if isinstance(pointers, Projection):
            if columns is not None:
                raise CoprocessorError(f"{where}: {pointers.name!r} brings the columns; give only weights=")
            found = self._find(self._projections, pointers, "projection")
            made: Sparse = SameRows.of(where, found.weights, weights, shape)
        else:
            made = Sparse.check(where, pointers, columns, weights, shape)
        return self._connect(source, target, made, options)

    def conv2d(
        self,
        source: str | Origin,
        target: str | Population,
        kernel: ArrayLike,
        shape: tuple[int, int, int],
        *,
        stride: int = 1,
        padding: int = 0,
        **options: Any,
    ) -> Projection:
        """Add a convolution over a source of `shape` (height, width, channels), neurons in this order.

        `kernel` is [cin, k, k, cout]; [channels, k, k] makes it depthwise. Options as for `dense`.
        """
        where = self._where(source, target, options)
        if len(shape) != 3:
            raise CoprocessorError(f"{where}: shape is {shape}, expected (height, width, channels)")
        made = Conv2d.check(where, kernel, shape, stride, padding, self._shape(source, target))
        return self._connect(source, target, made, options)

    def crossbar(
        self,
        source: str | Origin,
        target: str | Population,
        connections: ArrayLike,
        types: ArrayLike,
        weights: ArrayLike,
        stochastic: ArrayLike = 0,
        **options: Any,
    ) -> Projection:
        """Add a TrueNorth crossbar: `connections` [n, m] of 0, 1; `types` [n] in 0..3; `weights` [m, 4] in -256..255.

        A `stochastic` weight [m, 4] counts as its sign with probability (|w| + 1)/256, and 0 as 0.
        Options as for `dense`.
        """
        where = self._where(source, target, options)
        made = Crossbar.check(where, connections, types, weights, stochastic, self._shape(source, target))
        return self._connect(source, target, made, options)

    def one_to_one(
        self, source: str | Origin, target: str | Population, weights: ArrayLike | None = None, **options: Any
    ) -> Projection:
        """Connect neuron i to neuron i with 8-bit `weights` [n], default 1. Options as for `dense`."""
        made = OneToOne.check(self._where(source, target, options), weights, self._shape(source, target))
        return self._connect(source, target, made, options)

    def plasticity(
        self,
        kind: str,
        projection: str | Projection,
        *,
        name: str | None = None,
        pre_traces: bool | None = None,
        post_traces: bool | None = None,
        **parameters: Any,
    ) -> Rule:
        """Let a projection learn by rule "pair", "reward", "binary", "sdsp" or "eprop" (3.4), once a step.

        `parameters` are those of `coprocessor.network.parts.RULE_FIELDS`. Traces exist where the rule needs them.
        """
        found = self._find(self._projections, projection, "projection")
        chosen = name or self._fresh(self._rules, f"{kind}_{found.name}")
        return self._add(self._rules, Rule.check(chosen, kind, found, parameters, pre_traces, post_traces))

    def _add(self, table: dict[str, Part], part: Part) -> Part:
        if self._fixed:
            raise CoprocessorError(f"{part.name!r} comes too late: the network has run; add all parts before that")
        taken = {*self._inputs, *self._populations} if isinstance(part, Origin) else set(table)
        if part.name in taken:
            raise CoprocessorError(f"there is already a part called {part.name!r}; choose another name")
        table[part.name] = part
        return part

    def _find(self, table: Mapping[str, Any], wanted: Any, what: str) -> Any:
        found = table.get(wanted if isinstance(wanted, str) else getattr(wanted, "name", ""))
        if found is None or (not isinstance(wanted, str) and found is not wanted):
            raise CoprocessorError(f"there is no {what} {wanted!r} in this network; there are {listed(table)}")
        return found

    @staticmethod
    def _fresh(table: Mapping[str, Any], name: str) -> str:
        number, chosen = 1, name
        while chosen in table:
            number += 1
            chosen = f"{name}_{number}"
        return chosen

    def _ends(self, source: Any, target: Any) -> tuple[Origin, Population]:
        origin: Origin = self._find({**self._inputs, **self._populations}, source, "input or population")
        population: Population = self._find(self._populations, target, "population")
        return origin, population

    def _shape(self, source: Any, target: Any) -> tuple[int, int]:
        origin, population = self._ends(source, target)
        return origin.n, population.n

    def _name(self, source: Any, target: Any, options: Mapping[str, Any]) -> str:
        origin, population = self._ends(source, target)
        return options.get("name") or self._fresh(self._projections, f"{origin.name}_to_{population.name}")

    def _where(self, source: Any, target: Any, options: Mapping[str, Any]) -> str:
        return f"projection {self._name(source, target, options)!r}"

    def _connect(self, source: Any, target: Any, weights: Weights, options: dict[str, Any]) -> Projection:
        name = self._name(source, target, options)
        origin, population = self._ends(source, target)
        for option in options:
            if option not in _OPTIONS:
                raise CoprocessorError(f"projection {name!r}: unknown option {option!r}; there are {listed(_OPTIONS)}")
        order = list(self._populations)
        same_step = isinstance(origin, Population) and not options.get("previous")
        if same_step and order.index(origin.name) >= order.index(population.name):
            raise CoprocessorError(
                f"projection {name!r}: {origin.name!r} is updated after {population.name!r} reads it; "
                "use previous=True to read its output of the step before"
            )
        made = Projection.check(
            name,
            origin,
            population,
            weights,
            exponent=options.get("exponent", 0),
            delay=options.get("delay", 0),
            source_delays=options.get("source_delays"),
            synapse_delays=options.get("synapse_delays"),
            previous=bool(options.get("previous")),
        )
        return self._add(self._projections, made)

    def _parts(self) -> Parts:
        for population in self._populations.values():
            self._check_target(population)
        inputs, populations = list(self._inputs.values()), list(self._populations.values())
        return Parts(inputs, populations, list(self._projections.values()), list(self._rules.values()))

    def _check_target(self, population: Population) -> None:
        if population.adds_to is None:
            return
        where = f"population {population.name!r} adds to {population.adds_to!r}"
        target = self._populations.get(population.adds_to)
        if target is None or target is population:
            others = (name for name in self._populations if name != population.name)
            raise CoprocessorError(f"{where}; other populations are {listed(others)}")
        if target.n != population.n:
            raise CoprocessorError(f"{where}, which has {target.n} neurons, not {population.n}; use a projection")
        if ring_depth(target, list(self._projections.values())) > 1:
            raise CoprocessorError(f"{where}, whose projections have delays; use one_to_one")
        if population.accumulate:
            raise CoprocessorError(f"{where} and keeps a sum; use one_to_one, or leave accumulate out")

    @property
    def populations(self) -> Mapping[str, Population]:
        """All populations by name."""
        return dict(self._populations)

    @property
    def projections(self) -> Mapping[str, Projection]:
        """All projections by name."""
        return dict(self._projections)

    def __repr__(self) -> str:
        neurons = sum(p.n for p in self._populations.values())
        profiles = ", ".join(f"{p.name}: {p.n} {p.profile.name}" for p in self._populations.values())
        return f"<{type(self).__name__} of {neurons} neurons ({profiles}), {len(self._projections)} projections>"
