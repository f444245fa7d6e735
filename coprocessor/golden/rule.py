"""RULE descriptors (specification 6.7): fields and validation in the order of the table."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

from coprocessor.golden.descriptors import Type, Words
from coprocessor.golden.memory import BAD, UNSUPPORTED, Fault, Memory
from coprocessor.golden.numbers import field, s8, s16
from coprocessor.golden.plasticity import LearningParameters
from coprocessor.golden.population import Population, read_population
from coprocessor.golden.profiles import Profile
from coprocessor.golden.projection import Format, Projection, Source, read_projection


class RuleKind(IntEnum):
    """Plasticity rules (3.4)."""

    PAIR = 0
    REWARD = 1
    BINARY = 2
    SDSP = 3
    EPROP = 4


@dataclass(frozen=True)
class Rule:
    """A validated RULE (6.7) with its SYN and POP."""

    address: int
    kind: RuleKind
    projection: Projection
    learning: LearningParameters
    ap: int
    am: int
    kx: int
    ky: int
    impx: int
    impy: int
    ke: int
    shr: int
    pre_traces: int
    post_traces: int
    eligibility: int
    population: Population
    signal: int


def read_rule(memory: Memory, address: int) -> Rule:
    """Validate a RULE, its SYN tree and its POP (6.7)."""
    w = Words(memory, address, Type.RULE)
    w.masked(1, 0xF)
    w.require(w[1] <= 4, UNSUPPORTED, 1)
    kind = RuleKind(w[1])
    w.require(w[2] != 0, BAD, 2)
    w.masked(3, 0x001F1F07)
    w.masked(4, 0xFFFF)
    w.require(s8(w[4]) <= s8(w[4] >> 8), BAD, 4)
    w.masked(5, 0x07FF07FF)
    w.masked(7, 0x7FFF7FFF)
    w.masked(8, 0x7FFF)
    w.masked(10, 0x1FFF1FFF)
    w.masked(11, 0x7FFF7FFF)
    w.masked(12, 0x001F1FFF)
    w.require(
        kind not in (RuleKind.PAIR, RuleKind.REWARD, RuleKind.EPROP) or w[13] != 0,
        BAD,
        13,
    )
    w.optional(13, 2)
    w.require(
        kind not in (RuleKind.PAIR, RuleKind.REWARD, RuleKind.SDSP) or w[14] != 0,
        BAD,
        14,
    )
    w.optional(14, 2)
    if kind is RuleKind.REWARD:
        w.pointer(15, 2)
    else:
        w.zero(15)
    w.require(w[16] != 0, BAD, 16)
    if kind is RuleKind.EPROP:
        w.pointer(17, 4)
    else:
        w.zero(17)
    w.zero(18)
    w.zero(19)
    projection = read_projection(memory, w[2])
    population = read_population(memory, w[16])
    formats = (Format.BINARY,) if kind is RuleKind.BINARY else (Format.S8, Format.CSR)
    if projection.format not in formats or projection.source is not Source.BITMAP:
        raise Fault(UNSUPPORTED, projection.address + 12)
    w.require(population.n == projection.n_post, BAD, 16)
    if population.out == 0:
        raise Fault(BAD, population.address + 52)
    membraneless = population.profile in (Profile.IZH, Profile.SD)
    if population.graded or (kind in (RuleKind.SDSP, RuleKind.EPROP) and membraneless):
        raise Fault(UNSUPPORTED, population.address + 8)
    return Rule(
        address=address,
        kind=kind,
        projection=projection,
        learning=LearningParameters(*w.values[3:9]),
        ap=s16(w[9]),
        am=s16(w[9] >> 16),
        kx=field(w[10], 12, 0),
        ky=field(w[10], 28, 16),
        impx=field(w[11], 14, 0),
        impy=field(w[11], 30, 16),
        ke=field(w[12], 12, 0),
        shr=field(w[12], 20, 16),
        pre_traces=w[13],
        post_traces=w[14],
        eligibility=w[15],
        population=population,
        signal=w[17],
    )
