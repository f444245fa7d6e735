"""How wide the input of each neuron can get (specification 7.4): sums wrap at 32 bits, so they must not get there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coprocessor.errors import CoprocessorError
from coprocessor.golden.projection import Format
from coprocessor.network.layout import Parts
from coprocessor.network.parts import Input, Population, Projection

LARGEST = 2**31 - 1


@dataclass(frozen=True)
class AccumulatorBound:
    """Worst-case input sum of the neurons of a population in one step, before ASH.

    Graded sources without a known bound are left out and named in `unbounded`; they must stay below `graded_limit`.
    """

    population: str
    lowest: int
    highest: int
    unbounded: tuple[str, ...] = ()
    graded_limit: int | None = None

    @property
    def bits(self) -> int:
        """Two's complement bits that hold every sum."""
        return max(self.highest.bit_length(), (-self.lowest - 1 if self.lowest < 0 else 0).bit_length()) + 1


def bounds(parts: Parts) -> dict[str, AccumulatorBound]:
    """The bound of every population; CoprocessorError if a sum can leave 32 bits."""
    limits = {
        rule.projection.name: rule.limits for rule in parts.rules if rule.projection.weights.number is not Format.BINARY
    }
    return {
        p.name: _bound(
            p,
            [q for q in parts.projections if q.target is p],
            [q for q in parts.populations if q.adds_to == p.name],
            limits,
        )
        for p in parts.populations
    }


def _bound(
    population: Population,
    projections: Sequence[Projection],
    adding: Sequence[Population],
    limits: dict[str, tuple[int, int]],
) -> AccumulatorBound:
    highest: NDArray[Any] = np.zeros(population.n, dtype=np.int64)
    lowest, open_sum = highest, highest
    unbounded = []
    for projection in projections:
        positive, negative = projection.weights.incoming(limits.get(projection.name))
        source, factor = projection.source, 1 << projection.exponent
        graded = source.encoding == "graded" if isinstance(source, Input) else source.graded
        if graded:
            positive = positive - negative
            negative = -positive
            factor *= source.largest or 1
        elif isinstance(source, Input) and source.capacity:
            factor *= source.capacity
        # Beyond 2^52 Python's integers take over; what is below fits, also 255 times.
        wide = max(int(positive.max()), -int(negative.min())) * factor >> 52
        positive, negative = (part.astype(object if wide else np.int64) * factor for part in (positive, negative))
        if graded and source.largest is None:
            unbounded.append(projection.name)
            open_sum = open_sum + positive
        else:
            highest, lowest = highest + positive, lowest + negative
    for other in adding:
        if other.largest is None:
            unbounded.append(other.name)
            open_sum = open_sum + 1
        else:
            highest = highest + other.largest
    bound = AccumulatorBound(population.name, int(lowest.min()), int(highest.max()))
    if max(bound.highest, -bound.lowest) > LARGEST:
        raise CoprocessorError(
            f"population {population.name!r}: the input of a neuron can reach {bound.lowest}..{bound.highest}, "
            f"which needs {bound.bits} bits, the limit is 32; lower `exponent`, the weights or the fan-in"
        )
    if not unbounded:
        return bound
    room = LARGEST - max(bound.highest, -bound.lowest)
    largest = int(open_sum.max())
    limit = room // largest if largest else None
    return AccumulatorBound(population.name, bound.lowest, bound.highest, tuple(unbounded), limit)
