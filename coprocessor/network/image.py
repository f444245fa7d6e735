"""Images of networks in files: written for firmware (`.bin` and an assembly include), and read back into parts."""

from __future__ import annotations

import json
import os
import re
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from coprocessor.errors import CoprocessorError
from coprocessor.golden.memory import Fault, Memory
from coprocessor.golden.network import read_network
from coprocessor.golden.population import Population as GoldenPopulation
from coprocessor.golden.population import read_population
from coprocessor.golden.projection import Delay, Format, read_projection
from coprocessor.golden.rule import read_rule
from coprocessor.network.checks import Integers
from coprocessor.network.formats import READERS
from coprocessor.network.layout import HEADER_BYTES, IMAGE_WORD, Layout, Parts
from coprocessor.network.packing import Bytes, pitch, unpack_rows, zeroed
from coprocessor.network.parameters import decode_parameters
from coprocessor.network.parts import RULE_FIELDS, Input, Origin, Population, Projection, Rule
from coprocessor.network.sparse import SameRows, Sparse

_TIME: Final = 40
"""Offset of nm_t and nm_rng in the header."""
_SHOWN = ("net", "pop", "syn", "rule", "state", "weights", "acc", "pre", "post", "eligibility", "signal", "in", "out")


@dataclass(frozen=True)
class Exported:
    """The files of an exported network and the symbols that the include defines."""

    binary: Path
    include: Path
    symbols: dict[str, int]


def symbols(layout: Layout, prefix: str) -> dict[str, int]:
    """Symbols of an image: addresses prefix_kind_name, sizes of buffers prefix_in_name_stride, queue numbers, ...

    An output's address is that of the buffer of step 0.
    """
    table = {f"{prefix}_base": layout.base, f"{prefix}_size": layout.size, f"{prefix}_steps": layout.steps}
    parts = layout.parts
    strides: dict[str, Input | Population] = {f"in.{i.name}": i for i in parts.inputs}
    strides |= {f"out.{p.name}": p for p in parts.populations if p.record}
    lead = {f"out.{p.name}": layout.lead(p) for p in parts.populations}
    for name in layout.regions:
        kind, _, member = name.partition(".")
        if kind not in _SHOWN:
            continue
        symbol = f"{prefix}_net" if kind == "net" else f"{prefix}_{kind}_{member}"
        table[symbol] = layout.address(name)
        if name in strides:
            size = strides[name].buffer_bytes
            table[symbol] += lead.get(name, 0)
            table[f"{symbol}_stride"] = size
    return table | {f"{prefix}_queue_{i.name}": i.queue for i in parts.inputs if i.queue is not None}


def export(layout: Layout, old: Layout, ram: Bytes, path: Path, time: int, random: int) -> Exported:
    """Write path.bin and path.inc: the network that lies in `ram` as `old`, laid out anew, with nm_t and nm_rng.

    CoprocessorError if a file cannot be written; there is no half-written one then.
    """
    prefix = path.with_suffix("").name
    if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", prefix):
        raise CoprocessorError(f"the file name {prefix!r} becomes part of symbols; use letters, digits and _")
    binary, include = path.with_suffix(".bin"), path.with_suffix(".inc")
    table = symbols(layout, prefix) | {f"{prefix}_time": time, f"{prefix}_random": random}
    width = max(map(len, table))
    lines = [
        f"# The spiking network {prefix}: what it consists of. Written by coprocessor.Network.export.",
        f"# Its addresses are absolute: the linker has to place section .{prefix} at {layout.base:#010x}.",
        *(f"    .equ {name + ',':{width + 1}} {value:#010x}" for name, value in table.items()),
        f'    .pushsection .{prefix}, "aw"',
        f'    .incbin "{binary.name}"',
        f"    .space {layout.size - layout.stored}",
        "    .popsection",
    ]
    _write(binary, _stored(layout, old, ram, time, random))
    _write(include, [("\n".join(lines) + "\n").encode("ascii")])
    return Exported(binary, include, table)


def _stored(layout: Layout, old: Layout, ram: Bytes, time: int, random: int) -> Iterator[bytes | memoryview]:
    """The bytes of an exported image, in pieces; what is in `ram` is not copied."""
    head = layout.head()
    head[_TIME:HEADER_BYTES] = np.array([time, random], dtype="<u4").view(np.uint8)
    yield head.data
    place = layout.head_bytes
    lead = {f"out.{p.name}": layout.lead(p) for p in layout.parts.populations if p.record}
    for name, region in layout.regions.items():
        if layout.head_bytes <= region.offset < layout.stored:
            yield bytes(region.offset - place)
            if name == "names":
                assert region.content is not None
                yield region.content.data
                place = region.end
            else:
                first, kept = old.regions[name].offset, lead.get(name, region.size)
                yield ram[first : first + kept].data
                place = region.offset + kept
    while place < layout.stored:
        yield bytes(step := min(layout.stored - place, 1 << 20))
        place += step


def _write(path: Path, pieces: Iterable[bytes | memoryview]) -> None:
    """Replace a file at once."""
    try:
        handle, scratch = tempfile.mkstemp(dir=path.parent, prefix=path.name)
        try:
            with os.fdopen(handle, "wb") as file:
                for piece in pieces:
                    file.write(piece)
            os.chmod(scratch, 0o644)
            os.replace(scratch, path)
        except BaseException:
            os.unlink(scratch)
            raise
    except OSError as error:
        raise CoprocessorError(f"cannot write {path}: {error.strerror}; choose a directory you may write to") from None


@dataclass(frozen=True)
class Loaded:
    """An image read back: the parts laid out as in the file, the memory, nm_t and nm_rng."""

    layout: Layout
    ram: Bytes
    time: int
    random: int


def load(path: Path) -> Loaded:
    """Read an exported `.bin`; CoprocessorError if it is not one or is damaged."""
    damaged = f"{path} is damaged"
    try:
        with path.open("rb") as file:
            header = np.frombuffer(file.read(HEADER_BYTES).ljust(HEADER_BYTES, b"\0"), dtype="<u4")
            if int(header[0]) != IMAGE_WORD:
                raise CoprocessorError(
                    f"{path} is not an exported network; expected the .bin that Network.export wrote"
                )
            base, stored, size, net, steps, names, length = (int(word) for word in header[1:8])
            found = os.fstat(file.fileno()).st_size
            if found != stored or not HEADER_BYTES <= stored <= size <= 2**32 - base or size > stored + (1 << 30):
                raise CoprocessorError(f"{damaged}: it has {found} bytes, its header says {stored}; export it again")
            ram = zeroed(size)
            file.seek(0)
            if file.readinto(ram[:stored].data) != stored:
                raise CoprocessorError(f"cannot read {path}: it became shorter meanwhile; export it again")
    except OSError as error:
        raise CoprocessorError(f"cannot read {path}: {error.strerror}") from None
    time, random = (int(word) for word in header[_TIME // 4 :])
    ram[_TIME:HEADER_BYTES] = 0
    memory = Memory(ram.data, base)
    try:
        read_network(memory, net)
        table = json.loads(ram[names - base : names - base + length].tobytes())
        layout = Layout(_Reader(memory, table, ram).parts(), base, steps)
        if layout.size != size or not _is_image(layout, ram):
            raise CoprocessorError("its descriptors are not those of its parts")
        return Loaded(layout, ram, time, random)
    except Fault as fault:
        raise CoprocessorError(f"{damaged}: {fault}; export it again") from None
    except (ValueError, LookupError, TypeError, AssertionError, AttributeError, OverflowError) as error:
        raise CoprocessorError(f"{damaged}: {error}; export it again") from None


def _is_image(layout: Layout, ram: Bytes) -> bool:
    """Whether descriptors and constant tables are those that the layout would write.

    Sparse rows are left out: they were checked, and are in memory what they are as arrays.
    """
    if not np.array_equal(layout.head(), ram[: layout.head_bytes]):
        return False
    place = layout.head_bytes
    for region in layout.regions.values():
        if layout.head_bytes <= region.offset < layout.mutable_start:
            if ram[place : region.offset].any():
                return False
            if region.content is not None and not np.array_equal(region.content, ram[region.place]):
                return False
            place = region.end
    fresh: dict[str, Bytes] = {}

    def view(name: str) -> Bytes:
        return fresh.setdefault(name, np.zeros(layout.regions[name].size, dtype=np.uint8))

    for projection in layout.parts.projections:
        fresh.clear()
        if not isinstance(projection.weights, Sparse):
            projection.weights.write(layout.tables(projection, view))
        layout.write_delays(projection, view)
        if not all(np.array_equal(table, ram[layout.regions[name].place]) for name, table in fresh.items()):
            return False
    return True


class _Reader:
    """Parts out of descriptors and the table of names."""

    def __init__(self, memory: Memory, table: dict[str, Any], ram: Bytes) -> None:
        self.memory, self.table, self.ram = memory, table, ram
        self._sparse: dict[tuple[int, int], Sparse] = {}

    def _read(self, address: int, size: int) -> Bytes:
        offset = self.memory.offset(address, size, 5)
        return self.ram[offset : offset + size]

    def _words(self, address: int, count: int) -> Integers:
        return self._read(address, 4 * count).view("<u4").astype(np.int64)

    def _address(self, kind: str, name: str) -> int:
        return self.memory.base + int(self.table["offsets"][f"{kind}.{name}"])

    def parts(self) -> Parts:
        """All parts."""
        inputs = [Input(*row) for row in self.table["inputs"]]
        populations = [self._population(*row) for row in self.table["populations"]]
        origins: dict[str, Origin] = {stream.name: stream for stream in inputs}
        origins.update({population.name: population for population in populations})
        projections = [self._projection(origins, *row) for row in self.table["projections"]]
        by_name = {projection.name: projection for projection in projections}
        rules = [self._rule(name, by_name[projection]) for name, projection in self.table["rules"]]
        return Parts(inputs, populations, projections, rules)

    def _population(self, name: str, record: bool, count: bool, depth: int | None, to: str | None) -> Population:
        pop: GoldenPopulation = read_population(self.memory, self._address("pop", name))
        p = pop.parameters
        words = [p.p0, p.p1, p.p2, p.p3, p.vth_word, p.vrst_word]
        own = {q: self._words(pop.parameter_address(q, 0), pop.n) for q in pop.replaced}
        parameters = decode_parameters(pop.profile, words, own)
        options = (pop.refractory, depth, record, pop.graded, pop.acc != 0 and to is None, count, to)
        return Population(name, pop.n, pop.profile, parameters, p.mode, *options)

    def _projection(
        self, origins: dict[str, Origin], name: str, source: str, target: str, previous: bool
    ) -> Projection:
        syn = read_projection(self.memory, self._address("syn", name))
        population = origins[target]
        assert isinstance(population, Population)
        weights = READERS[syn.format](syn, self._read)
        if isinstance(weights, Sparse):
            first = self._sparse.setdefault((syn.rows, syn.columns), weights)
            if first is not weights and first.shape == weights.shape:
                weights = SameRows(first, weights.weights)
        per_source: NDArray[np.uint8] | None = None
        per_synapse: NDArray[np.uint8] | None = None
        n, m = syn.n_pre, syn.n_post
        if syn.delay is Delay.PER_SOURCE:
            per_source = self._read(syn.delays, n)
        elif syn.delay is Delay.PER_SYNAPSE and syn.format is Format.CSR:
            count = int(self._words(syn.rows, n + 1)[-1])
            per_synapse = unpack_rows(self._read(syn.delays, pitch(count, 4)), 1, count, 4)[0]
        elif syn.delay is Delay.PER_SYNAPSE:
            per_synapse = unpack_rows(self._read(syn.delays, n * pitch(m, 4)), n, m, 4)
        delays = (syn.fixed_delay, per_source, per_synapse)
        return Projection(name, origins[source], population, weights, syn.exponent, *delays, previous)

    def _rule(self, name: str, projection: Projection) -> Rule:
        address = self._address("rule", name)
        rule = read_rule(self.memory, address)
        words: Sequence[int] = [int(word) for word in self._words(address, 20)]
        parameters = {}
        for key, place in RULE_FIELDS.items():
            value = words[place.word] >> place.low & (1 << place.bits) - 1
            parameters[key] = value - (value >> place.bits - 1 << place.bits if place.signed else 0)
        return Rule(name, rule.kind, projection, parameters, rule.pre_traces != 0, rule.post_traces != 0)
