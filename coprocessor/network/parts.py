"""The parts a network is made of, checked: inputs, populations, projections, plasticity rules.

What they mean is in specification chapter 3; how they become descriptors is in `layout`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from coprocessor.errors import CoprocessorError
from coprocessor.golden.descriptors import LARGEST_SIZE
from coprocessor.golden.profiles import Profile
from coprocessor.golden.projection import Delay, Format, Source
from coprocessor.golden.rule import RuleKind
from coprocessor.golden.state import QUEUE_DEPTH, QUEUES
from coprocessor.network.checks import Integers, choice, integer, listed, narrowed
from coprocessor.network.formats import Weights
from coprocessor.network.parameters import MODE, STATE_NAMES, check_parameters, encode_mode
from coprocessor.network.sparse import Sparse

ENCODINGS = {"spikes": Source.BITMAP, "events": Source.AER, "graded": Source.GRADED, "queue": Source.QUEUE}
PROFILES = {profile.name: profile for profile in Profile}
KINDS = {kind.name.lower(): kind for kind in RuleKind}
DEEPEST_RING = 64
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def check_name(name: str) -> str:
    """A name that can be part of an assembler symbol; CoprocessorError otherwise."""
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise CoprocessorError(f"{name!r} is not a name; use letters, digits and _, and no digit first")
    return name


def check_size(where: str, n: Any) -> int:
    """A number of neurons or inputs."""
    return integer(f"{where}: size", n, 1, LARGEST_SIZE, cure="split it")


@dataclass(frozen=True)
class Input:
    """A stream from outside: n spike bits ("spikes"), n numbers ("graded"), or at most `capacity` events a step, in a
    list in memory ("events") or injected into queue `queue` of the coprocessor ("queue")."""

    name: str
    n: int
    encoding: str = "spikes"
    capacity: int = 0
    largest: int | None = None
    queue: int | None = None

    def __post_init__(self) -> None:
        where = f"input {check_name(self.name)!r}"
        check_size(where, self.n)
        choice(f"{where}: encoding", self.encoding, ENCODINGS)
        if self.encoding == "events":
            integer(f"{where}: capacity", self.capacity, 1, LARGEST_SIZE, cure="say how many events one step may have")
        elif self.queued:
            integer(f"{where}: capacity", self.capacity, 1, QUEUE_DEPTH, cure="a queue has 64 places")
            integer(f"{where}: queue", self.queue, 0, QUEUES - 1, cure="there are four queues")
        elif self.capacity:
            raise CoprocessorError(f'{where}: capacity is for encoding="events" and "queue"; leave it out')
        if self.queue is not None and not self.queued:
            raise CoprocessorError(f'{where}: queue is for encoding="queue"; leave it out')
        if self.largest is not None:
            integer(f"{where}: largest", self.largest, 1, 2**31 - 1)

    @property
    def queued(self) -> bool:
        """Whether it is a queue, and so no stream in memory."""
        return self.encoding == "queue"

    @property
    def source(self) -> Source:
        """SRC of projections that read it."""
        return ENCODINGS[self.encoding]

    @property
    def buffer_bytes(self) -> int:
        """Size of one step in memory (6.6); of a queue, of the list of what is injected."""
        sizes = {"spikes": 4 * -(-self.n // 32), "graded": 4 * self.n}
        return sizes.get(self.encoding, 4 + 4 * self.capacity)


@dataclass(frozen=True)
class Population:
    """n neurons of one profile; `parameters` are int64 scalars or arrays [n], `mode` is the mode word (2.5)."""

    name: str
    n: int
    profile: Profile
    parameters: Mapping[str, Integers]
    mode: int
    refractory: int = 0
    depth: int | None = None
    record: bool = True
    graded: bool = False
    accumulate: bool = False
    count: bool = True
    adds_to: str | None = None

    @property
    def state_names(self) -> tuple[str, ...]:
        """Names of the state words."""
        return (*STATE_NAMES[self.profile], *(("countdown",) if self.refractory else ()))

    @property
    def source(self) -> Source:
        """SRC of projections that read its output."""
        return Source.GRADED if self.graded else Source.BITMAP

    @property
    def buffer_bytes(self) -> int:
        """Size of the output of one step in memory (6.6)."""
        return 4 * self.n if self.graded else 4 * -(-self.n // 32)

    @property
    def largest(self) -> int | None:
        """Bound of |g| of a graded output; None if it is as large as the state."""
        return None if self.profile in (Profile.LI, Profile.SD) else 1

    @classmethod
    def check(cls, name: str, n: int, profile: str, arguments: Mapping[str, Any], **options: Any) -> Population:
        """`arguments` are parameters of the profile and fields of the mode word by name."""
        where = f"population {check_name(name)!r}"
        size = check_size(where, n)
        known = choice(f"{where}: profile", profile.upper() if isinstance(profile, str) else profile, PROFILES)
        fields = {key: value for key, value in arguments.items() if key in MODE}
        values = {key: value for key, value in arguments.items() if key not in MODE}
        try:
            mode = encode_mode(fields)
        except CoprocessorError as error:
            raise CoprocessorError(f"{where}: {error}") from None
        refractory = integer(f"{where}: refractory", options.pop("refractory", 0), 0, 255)
        if refractory and known > Profile.CUBA:
            raise CoprocessorError(f"{where}: profile {known.name} has no refractory period; only IF, LIF and CUBA do")
        depth = options.pop("depth", None)
        if depth is not None and depth not in {1 << k for k in range(7)}:
            raise CoprocessorError(f"{where}: depth is {depth!r}; use a power of two from 1 to {DEEPEST_RING}")
        parameters = check_parameters(where, known, size, values)
        return cls(name, size, known, parameters, mode, refractory, depth, **options)


Origin = Input | Population


@dataclass(frozen=True)
class Projection:
    """Synapses from `source` to `target`; `previous` reads the source's output of the step before.

    A spike of step t arrives in step t + delay (+ the table's value for its source or synapse).
    """

    name: str
    source: Origin
    target: Population
    weights: Weights
    exponent: int = 0
    delay: int = 0
    source_delays: NDArray[np.uint8] | None = None
    synapse_delays: NDArray[np.uint8] | None = None
    previous: bool = False

    @property
    def mode(self) -> Delay:
        """DMODE."""
        if self.source_delays is not None:
            return Delay.PER_SOURCE
        return Delay.FIXED if self.synapse_delays is None else Delay.PER_SYNAPSE

    @property
    def table(self) -> NDArray[np.uint8] | None:
        """The delay table, if there is one."""
        return self.synapse_delays if self.source_delays is None else self.source_delays

    @property
    def longest_delay(self) -> int:
        """Largest delay of any synapse, in steps."""
        table = self.table
        return self.delay + (int(table.max()) if table is not None and table.size else 0)

    @classmethod
    def check(
        cls,
        name: str,
        source: Origin,
        target: Population,
        weights: Weights,
        *,
        exponent: int,
        delay: int,
        source_delays: ArrayLike | None,
        synapse_delays: ArrayLike | None,
        previous: bool,
    ) -> Projection:
        """CoprocessorError unless delays and exponent fit the format and the target."""
        where = f"projection {check_name(name)!r}"
        if source_delays is not None and synapse_delays is not None:
            raise CoprocessorError(f"{where}: give source_delays or synapse_delays, not both")
        if previous and isinstance(source, Input):
            raise CoprocessorError(f"{where}: previous=True is for populations; shift the input or use delay=1")
        if source.source is Source.GRADED and weights.number is Format.CROSSBAR:
            raise CoprocessorError(f"{where}: a crossbar takes spikes, not graded values; use dense or sparse")
        n = weights.shape[0]
        longest = (target.depth or DEEPEST_RING) - 1
        cure = f"population {target.name!r} has a ring of {longest + 1} steps"
        per_source = per_synapse = None
        if source_delays is not None:
            per_source = narrowed(f"{where}: source_delays", source_delays, 0, longest, np.uint8, shape=(n,), cure=cure)
        if synapse_delays is not None:
            if weights.number >= Format.CONV:
                raise CoprocessorError(f"{where}: delays of single synapses need dense or sparse weights")
            shape = (weights.count,) if isinstance(weights, Sparse) else weights.shape
            limit = min(longest, 15)
            per_synapse = narrowed(
                f"{where}: synapse_delays", synapse_delays, 0, limit, np.uint8, shape=shape, cure=cure
            )
        fixed = integer(f"{where}: delay", delay, 0, longest, cure=cure)
        made = cls(
            name,
            source,
            target,
            weights,
            integer(f"{where}: exponent", exponent, 0, 24),
            fixed,
            None if per_source is None else np.array(per_source),
            np.array(per_synapse) if per_synapse is not None and not isinstance(weights, Sparse) else per_synapse,
            bool(previous),
        )
        if made.longest_delay > longest:
            raise CoprocessorError(
                f"{where}: the longest delay is {made.longest_delay} steps, the limit {longest}; {cure}"
            )
        return made


@dataclass(frozen=True)
class RuleField:
    """Bits [low + bits - 1 : low] of RULE word `word`."""

    word: int
    low: int
    bits: int
    signed: bool = False
    default: int = 0


RULE_FIELDS: dict[str, RuleField] = {
    "rounding": RuleField(3, 0, 2),
    "nearest": RuleField(3, 2, 1),
    "surrogate_shift": RuleField(3, 8, 5),
    "shift": RuleField(3, 16, 5),
    "smallest": RuleField(4, 0, 8, signed=True, default=-128),
    "largest": RuleField(4, 8, 8, signed=True, default=127),
    "potentiation": RuleField(5, 0, 11),
    "depression": RuleField(5, 16, 11),
    "membrane_threshold": RuleField(6, 0, 32, signed=True),
    "calcium_low": RuleField(7, 0, 15),
    "calcium_depression": RuleField(7, 16, 15),
    "calcium_potentiation": RuleField(8, 0, 15),
    "pre_amplitude": RuleField(9, 0, 16, signed=True),
    "post_amplitude": RuleField(9, 16, 16, signed=True),
    "pre_retention": RuleField(10, 0, 13, default=4096),
    "post_retention": RuleField(10, 16, 13, default=4096),
    "pre_impulse": RuleField(11, 0, 15),
    "post_impulse": RuleField(11, 16, 15),
    "eligibility_retention": RuleField(12, 0, 13, default=4096),
    "reward_shift": RuleField(12, 16, 5),
}
"""Parameters of plasticity rules: LRND, NN, HS, SH, WMIN, WMAX, PP, PD, TM, T1, T2, T3, AP, AM, KX, KY, IMPX, IMPY,
KE, SHR of specification 3.3, 3.4 and 6.7, in this order."""


@dataclass(frozen=True)
class Rule:
    """A plasticity rule on a projection; `parameters` by the names of RULE_FIELDS."""

    name: str
    kind: RuleKind
    projection: Projection
    parameters: Mapping[str, int]
    pre_traces: bool = False
    post_traces: bool = False

    @property
    def elements(self) -> int:
        """Synapses that have an eligibility trace."""
        weights = self.projection.weights
        n, m = weights.shape
        return weights.count if isinstance(weights, Sparse) else n * m

    @property
    def limits(self) -> tuple[int, int]:
        """Smallest and largest weight."""
        return self.parameters["smallest"], self.parameters["largest"]

    def words(self) -> dict[int, int]:
        """w3 to w12."""
        words = dict.fromkeys(range(3, 13), 0)
        for name, place in RULE_FIELDS.items():
            words[place.word] |= (self.parameters[name] & (1 << place.bits) - 1) << place.low
        return words

    @classmethod
    def check(
        cls,
        name: str,
        kind: str,
        projection: Projection,
        arguments: Mapping[str, Any],
        pre_traces: bool | None,
        post_traces: bool | None,
    ) -> Rule:
        """CoprocessorError unless rule, projection and target fit together (6.7)."""
        where = f"rule {check_name(name)!r}"
        known = choice(f"{where}: kind", kind, KINDS)
        target, number = projection.target, projection.weights.number
        if known is RuleKind.BINARY and number is not Format.BINARY:
            raise CoprocessorError(f"{where}: kind 'binary' needs dense weights with bits=1")
        if known is not RuleKind.BINARY and number not in (Format.S8, Format.CSR):
            raise CoprocessorError(f"{where}: kind {kind!r} needs dense weights with bits=8, or sparse ones")
        if projection.source.source is not Source.BITMAP or target.graded:
            raise CoprocessorError(f"{where}: plasticity needs spikes on both sides, not events or graded values")
        if known >= RuleKind.SDSP and target.profile in (Profile.IZH, Profile.SD):
            raise CoprocessorError(
                f"{where}: kind {kind!r} needs a membrane, which profile {target.profile.name} lacks"
            )
        for key in arguments:
            if key not in RULE_FIELDS:
                raise CoprocessorError(f"{where}: {key!r} is not a parameter of rules; there are {listed(RULE_FIELDS)}")
        values = {}
        for key, place in RULE_FIELDS.items():
            value = arguments.get(key, place.default)
            if key == "rounding" and isinstance(value, str):
                value = choice(f"{where}: rounding", value, MODE["rounding"][2])
            low = -(1 << place.bits - 1) if place.signed else 0
            values[key] = integer(f"{where}: {key}", value, low, low + (1 << place.bits) - 1)
        if values["smallest"] > values["largest"]:
            raise CoprocessorError(f"{where}: smallest is above largest; exchange them")
        needs_pre = known in (RuleKind.PAIR, RuleKind.REWARD, RuleKind.EPROP)
        needs_post = known in (RuleKind.PAIR, RuleKind.REWARD, RuleKind.SDSP)
        return cls(name, known, projection, values, needs_pre or bool(pre_traces), needs_post or bool(post_traces))
