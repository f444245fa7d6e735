"""Where everything of a network lies: regions of a RAM image, and the descriptors of chapter 6 that point at them.

    base  header | net, pop, syn, rule descriptors | constant tables | plastic weights, state | names | loops | streams
          ------------------------------ stored in an exported image ----------------------------------- | zero

Loops are recorded outputs that are read one step later; they have a buffer in front for the step before the first.

To give a part more memory, add a region in `_reserve_*` and name it in the descriptor below.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from coprocessor.errors import CoprocessorError
from coprocessor.golden.descriptors import MAGIC, VERSION, Type
from coprocessor.golden.mode import Parameters
from coprocessor.golden.numbers import u32
from coprocessor.golden.profiles import Profile, reset_state
from coprocessor.golden.projection import Delay
from coprocessor.golden.rule import RuleKind
from coprocessor.network.checks import listed
from coprocessor.network.packing import LINE, Bytes, pack_rows, pitch, zeroed
from coprocessor.network.parameters import encode_parameters
from coprocessor.network.parts import Input, Origin, Population, Projection, Rule
from coprocessor.network.sparse import SameRows

HEADER_BYTES: Final = 48
IMAGE_WORD: Final = MAGIC << 16 | ord("I") << 8 | VERSION
LARGEST_COUNT: Final = 255
_SYN, _UPD, _LEARN, _OUT = 1, 2, 3, 1 << 8
_PLAIN, _DOUBLE, _STREAM, _PREVIOUS = range(4)


@dataclass(frozen=True)
class Parts:
    """All parts of a network, in the order in which they were made."""

    inputs: Sequence[Input]
    populations: Sequence[Population]
    projections: Sequence[Projection]
    rules: Sequence[Rule]


@dataclass(frozen=True)
class Region:
    """A stretch of the image, at an offset from its base; `content` if it is not written by somebody else or zero."""

    offset: int
    size: int
    content: Bytes | None = None

    @property
    def end(self) -> int:
        """Offset behind it."""
        return self.offset + self.size

    @property
    def place(self) -> slice:
        """Where it is in the image."""
        return slice(self.offset, self.end)


def ring_depth(population: Population, projections: Sequence[Projection]) -> int:
    """Slots of the input ring: as declared, or the smallest power of two that holds the longest delay."""
    longest = max((p.longest_delay for p in projections if p.target is population), default=0)
    return population.depth or 1 << longest.bit_length()


class Layout:
    """The memory image of a network at guest address `base`, with streams for `steps` steps of one nm.run.

    `regions` are named kind.part, for example "state.hidden", and stand in the order of their offsets. The first
    `head_bytes` are the descriptors; `stored` bytes come before the streams, `size` is all.
    A run changes `mutable_start` to `mutable_end`; of this a reset clears `resting`, where `resting_values` (offset,
    content) are not zero.
    Raises CoprocessorError if the image does not fit below 2^32.
    """

    def __init__(self, parts: Parts, base: int, steps: int) -> None:
        if base % 16 or base <= 0:
            raise CoprocessorError(f"base {base:#x} is not a positive multiple of 16; choose one that is")
        self.parts, self.base, self.steps = parts, base, steps
        self.regions: dict[str, Region] = {}
        self.entries = self._operations()
        self.size = 0
        self._reserve("header", HEADER_BYTES)
        self._reserve("net.net", 16 + 8 * len(self.entries))
        for kind, members, size in (
            ("pop", parts.populations, 64),
            ("syn", parts.projections, 64),
            ("rule", parts.rules, 80),
        ):
            for member in members:
                self._reserve(f"{kind}.{member.name}", size)
        self.head_bytes = self.size
        plastic = {rule.projection.name for rule in parts.rules}
        for population in parts.populations:
            own = encode_parameters(population.profile, population.n, population.parameters)[1]
            if own:
                self._words(f"parameters.{population.name}", np.concatenate([own[index] for index in sorted(own)]))
        for projection in parts.projections:
            self._reserve_tables(projection, projection.name in plastic, mutable=False)
        self.mutable_start = self.size
        for projection in parts.projections:
            self._reserve_tables(projection, projection.name in plastic, mutable=True)
        for rule in parts.rules:
            if rule.kind is RuleKind.EPROP:
                self._reserve(f"signal.{rule.name}", 4 * rule.projection.target.n)
        resting = self.size
        for population in parts.populations:
            self._reserve_state(population)
        for rule in parts.rules:
            self._reserve_traces(rule)
        for population in parts.populations:
            if self.has_output(population) and not population.record:
                copies = 2 if self.read_later(population) else 1
                self._reserve(f"out.{population.name}", copies * population.buffer_bytes)
        self.mutable_end = self.size
        self.resting = slice(resting, self.size)
        self.resting_values = [
            (region.offset, region.content)
            for name, region in self.regions.items()
            if name.startswith("state.") and region.content is not None and region.content.any()
        ]
        names = np.frombuffer(self._names(), dtype=np.uint8)
        self._reserve("names", len(names), names)
        streamed = [population for population in parts.populations if population.record]
        for population in streamed:
            if self.lead(population):
                self._reserve(f"out.{population.name}", (steps + 1) * population.buffer_bytes)
        self.stored = self.size
        for stream in parts.inputs:
            if not stream.queued:
                self._reserve(f"in.{stream.name}", steps * stream.buffer_bytes)
        for population in streamed:
            if not self.lead(population):
                self._reserve(f"out.{population.name}", steps * population.buffer_bytes)
        if base + self.size > 2**32:
            raise CoprocessorError(
                f"the network needs {self.size} bytes, which do not fit between base {base:#x} and 2^32; "
                "use a lower base or fewer steps"
            )

    # Regions --------------------------------------------------------------------------------------------------------
    def _reserve(self, name: str, size: int, content: Bytes | None = None) -> None:
        self.regions[name] = Region(self.size, size, content)
        self.size = -(-(self.size + size) // LINE) * LINE

    def _words(self, name: str, values: NDArray[np.int64]) -> None:
        content = (values & 0xFFFF_FFFF).astype("<u4").view(np.uint8)
        self._reserve(name, len(content), content)

    def _reserve_tables(self, projection: Projection, plastic: bool, *, mutable: bool) -> None:
        for part, size in projection.weights.sizes().items():
            if (plastic and part == "weights") == mutable:
                self._reserve(f"{part}.{projection.name}", size)
        table = projection.table
        if table is not None and not mutable:
            rows = np.atleast_2d(table)
            size = len(table) if projection.mode is Delay.PER_SOURCE else len(rows) * pitch(rows.shape[1], 4)
            self._reserve(f"delays.{projection.name}", size)

    def tables(self, projection: Projection, view: Callable[[str], Bytes]) -> dict[str, Bytes]:
        """The tables of a projection's weights by part, without shared ones; `view` gives a region by its name."""
        return {part: view(f"{part}.{projection.name}") for part in projection.weights.sizes()}

    def _table(self, part: str, projection: Projection) -> int:
        """Address of a table, which may be that of another projection; 0 if there is none."""
        weights = projection.weights
        if isinstance(weights, SameRows) and part in ("rows", "columns"):
            projection = next(p for p in self.parts.projections if p.weights is weights.rows)
        return self.address(f"{part}.{projection.name}")

    def write_delays(self, projection: Projection, view: Callable[[str], Bytes]) -> None:
        """Put the delays of a projection into zeroed memory."""
        if projection.table is not None:
            to = view(f"delays.{projection.name}")
            if projection.mode is Delay.PER_SOURCE:
                to[:] = projection.table
            else:
                pack_rows(to, np.atleast_2d(projection.table), 4)

    def _reserve_state(self, population: Population) -> None:
        n = population.n
        words, own = encode_parameters(population.profile, n, population.parameters)
        names = len(population.state_names)
        state = np.zeros((names, n), dtype=np.int64)
        for i in range(n) if population.profile in (Profile.ALIF, Profile.IZH) else ():
            values = [u32(int(own[index][i])) if index in own else u32(word) for index, word in enumerate(words)]
            state[:, i] = reset_state(population.profile, 0, Parameters(population.mode, *values))
        self._words(f"state.{population.name}", state.reshape(-1))
        self._reserve(f"ring.{population.name}", 4 * n * ring_depth(population, self.parts.projections))
        if population.accumulate:
            self._reserve(f"acc.{population.name}", 4 * n)

    def _reserve_traces(self, rule: Rule) -> None:
        n, m = rule.projection.weights.shape
        if rule.pre_traces:
            self._reserve(f"pre.{rule.name}", 2 * n)
        if rule.post_traces:
            self._reserve(f"post.{rule.name}", 2 * m)
        if rule.kind is RuleKind.REWARD:
            self._reserve(f"eligibility.{rule.name}", 2 * rule.elements)

    def has_output(self, population: Population) -> bool:
        """Whether the population needs an output buffer: somebody reads it."""
        learns = any(rule.projection.target is population for rule in self.parts.rules)
        return population.record or learns or any(p.source is population for p in self.parts.projections)

    def read_later(self, population: Population) -> bool:
        """Whether a projection reads the output of the previous step."""
        return any(p.source is population and p.previous for p in self.parts.projections)

    def lead(self, population: Population) -> int:
        """Bytes in front of a recorded output: the step before the first one, if somebody reads it."""
        return population.buffer_bytes if population.record and self.read_later(population) else 0

    def address(self, name: str) -> int:
        """Guest address of a region; 0 if there is none of this name or it is empty in memory."""
        region = self.regions.get(name)
        return self.base + region.offset if region is not None else 0

    # The order of operations ----------------------------------------------------------------------------------------
    def _operations(self) -> list[tuple[int, str]]:
        """Word a and descriptor of each entry of the NET: a population's projections before its update, rules last.

        Populations whose output only goes to the input of a later one are updated just before that, so that both can
        be done at once.
        """
        entries: list[tuple[int, str]] = []
        fed = {population.adds_to for population in self.parts.populations}
        later: dict[str, list[Population]] = {}
        made: set[str] = set()
        for population in self.parts.populations:
            made.add(population.name)
            entries += [(_SYN, f"syn.{p.name}") for p in self.parts.projections if p.target is population]
            target = population.adds_to
            if target and target not in made and population.name not in fed and not self.has_output(population):
                later.setdefault(target, []).append(population)
                continue
            for updated in (*later.pop(population.name, ()), population):
                entries.append((_UPD | (_OUT if updated.count else 0), f"pop.{updated.name}"))
        entries += [(_LEARN, f"rule.{rule.name}") for rule in self.parts.rules]
        for stream in self.parts.inputs:
            readers = [p.name for p in self.parts.projections if p.source is stream]
            if stream.queued and len(readers) != 1:
                raise CoprocessorError(
                    f"input {stream.name!r} is a queue, which the first projection that reads it empties, "
                    f"but the projections that read it are {listed(readers)}; it needs one"
                )
        if not self.parts.populations:
            raise CoprocessorError("the network has no population; add one with network.population(...)")
        if len(entries) > LARGEST_COUNT:
            raise CoprocessorError(
                f"the network has {len(entries)} operations (projections, populations and rules), "
                f"the limit is {LARGEST_COUNT}; merge some of them"
            )
        return entries

    # Descriptors ----------------------------------------------------------------------------------------------------
    def image(self) -> Bytes:
        """The whole image, `size` bytes: descriptors, tables, resting state, empty streams.

        Everything is written in place, and the weights of the parts refer to it from then on. Pages that stay empty
        take no memory.
        """
        ram = zeroed(self.size)
        ram[: self.head_bytes] = self.head()
        for region in self.regions.values():
            if region.content is not None:
                ram[region.place] = region.content

        def view(name: str) -> Bytes:
            return ram[self.regions[name].place]

        for projection in self.parts.projections:
            projection.weights.write(tables := self.tables(projection, view))
            projection.weights.hold(tables)
            self.write_delays(projection, view)
        return ram

    def head(self) -> Bytes:
        """Header and descriptors; time and random state in the header are 0."""
        head = np.zeros(self.head_bytes, dtype=np.uint8)
        names = self.regions["names"]
        header = (IMAGE_WORD, self.base, self.stored, self.size, self.address("net.net"), self.steps)
        self._put(head, "header", [*header, self.address("names"), names.size, self.mutable_start, self.mutable_end])
        pairs = [word for kind, name in self.entries for word in (kind, self.address(name))]
        self._put(head, "net.net", [_head(Type.NET), len(self.entries), 0, 0, *pairs])
        for population in self.parts.populations:
            self._put(head, f"pop.{population.name}", self._population_words(population))
        for projection in self.parts.projections:
            self._put(head, f"syn.{projection.name}", self._projection_words(projection))
        for rule in self.parts.rules:
            self._put(head, f"rule.{rule.name}", self._rule_words(rule))
        return head

    def _put(self, head: Bytes, name: str, words: Sequence[int]) -> None:
        offset = self.regions[name].offset
        data = np.array([u32(word) for word in words], dtype="<u4").view(np.uint8)
        head[offset : offset + len(data)] = data

    def _output_mode(self, population: Population) -> int:
        if not self.has_output(population):
            return _PLAIN
        return _STREAM if population.record else _DOUBLE if self.read_later(population) else _PLAIN

    def _population_words(self, p: Population) -> list[int]:
        words, own = encode_parameters(p.profile, p.n, p.parameters)
        mode = self._output_mode(p)
        log_depth = ring_depth(p, self.parts.projections).bit_length() - 1
        w2 = p.profile | sum(1 << index for index in own) << 4 | mode << 10 | p.graded << 12
        out = self.address(f"out.{p.name}") + self.lead(p)
        return [
            *(_head(Type.POP), p.n, w2 | p.refractory << 16 | log_depth << 24, p.mode),
            *words,
            *(self.address(f"state.{p.name}"), self.address(f"parameters.{p.name}"), self.address(f"ring.{p.name}")),
            *(out, p.buffer_bytes if mode != _PLAIN else 0),
            self.address(f"ring.{p.adds_to}" if p.adds_to else f"acc.{p.name}"),
        ]

    def source(self, origin: Origin, previous: bool) -> tuple[int, int, int]:
        """SMODE, address (or queue) and stride of what a projection reads."""
        if isinstance(origin, Input) and origin.queue is not None:
            return _PLAIN, origin.queue, 0
        if isinstance(origin, Input):
            return _STREAM, self.address(f"in.{origin.name}"), origin.buffer_bytes
        out, size = self.address(f"out.{origin.name}"), origin.buffer_bytes
        mode = self._output_mode(origin)
        if mode == _STREAM:
            return _STREAM, out if previous else out + self.lead(origin), size
        if mode == _DOUBLE:
            return _PREVIOUS if previous else _DOUBLE, out, size
        return _PLAIN, out, 0

    def _projection_words(self, p: Projection) -> list[int]:
        n, m = p.weights.shape
        mode, source, stride = self.source(p.source, p.previous)
        log_depth = ring_depth(p.target, self.parts.projections).bit_length() - 1
        w3 = p.weights.number | p.source.source << 4 | mode << 8 | p.mode << 10 | p.delay << 12 | log_depth << 24
        tables = [self._table(part, p) for part in ("weights", "rows", "columns", "delays")]
        ring, population = self.address(f"ring.{p.target.name}"), self.address(f"pop.{p.target.name}")
        return [
            *(_head(Type.SYN), n, m, w3, p.exponent, *tables, source, stride, ring, population),
            *p.weights.geometry(),
        ]

    def _rule_words(self, rule: Rule) -> list[int]:
        words = rule.words()
        target = rule.projection.target
        traces = [self.address(f"{part}.{rule.name}") for part in ("pre", "post", "eligibility")]
        return [
            *(_head(Type.RULE), rule.kind, self.address(f"syn.{rule.projection.name}")),
            *(words[k] for k in sorted(words)),
            *traces,
            *(self.address(f"pop.{target.name}"), self.address(f"signal.{rule.name}"), 0, 0),
        ]

    def _names(self) -> bytes:
        """What descriptors do not tell, as JSON: names, and which input or population a projection reads."""
        parts = self.parts
        table = {
            "inputs": [[i.name, i.n, i.encoding, i.capacity, i.largest, i.queue] for i in parts.inputs],
            "populations": [[p.name, p.record, p.count, p.depth, p.adds_to] for p in parts.populations],
            "projections": [[p.name, p.source.name, p.target.name, p.previous] for p in parts.projections],
            "rules": [[r.name, r.projection.name] for r in parts.rules],
            "offsets": {
                name: region.offset
                for name, region in self.regions.items()
                if name.split(".")[0] in ("pop", "syn", "rule")
            },
        }
        return json.dumps(table, separators=(",", ":")).encode("ascii")


def _head(kind: Type) -> int:
    return MAGIC << 16 | kind << 8 | VERSION
