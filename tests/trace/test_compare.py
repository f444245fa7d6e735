"""The first difference of traces: each field, alignment, ends, and traces of the same run by different engines."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from iss.trace.compare import Difference, Start, align, first_difference, last_writes
from iss.trace.reader import KeptBlocks, Trace
from tests.trace.recording import busy, record


@pytest.fixture(scope="module")
def trace() -> Trace:
    return record(busy(), "interpreter", [1500, 1500, 100, None]).trace


def with_change(trace: Trace, number: int, **columns: object) -> Trace:
    """The trace with some columns of a block exchanged."""
    blocks = [trace._source.block(index) for index in range(len(trace._source))]
    blocks[number] = replace(blocks[number], **columns)  # type: ignore[arg-type]
    return Trace(KeptBlocks(tuple(blocks)), trace.description)


def test_engines_and_cuts_make_no_difference(trace: Trace) -> None:
    for engine, steps in (("reference", (None,)), ("interpreter", (7, 1, 999, None))):
        other = record(busy(), engine, steps).trace
        assert first_difference(trace, other, align(trace, other)) is None


def test_values(trace: Trace) -> None:
    """Of every block the place is found; values of instructions without a destination do not count."""
    block = trace._source.block(0)
    for place in (0, 700, len(block) - 1):
        changed = block.value.copy()
        changed[place] ^= 4
        found = first_difference(trace, with_change(trace, 0, value=changed), Start(0, 0))
        retired = trace.instruction(place)
        if retired.destination:
            assert found is not None and (found.left, found.right, len(found.fields or ())) == (place, place, 1)
        else:
            assert found is None


def test_memory(trace: Trace) -> None:
    block = trace._source.block(0)
    for column in ("address", "data"):
        changed = getattr(block, column).copy()
        changed[300] += 1
        found = first_difference(trace, with_change(trace, 0, **{column: changed}), Start(0, 0))
        assert found == Difference(int(block.access_index[300]), int(block.access_index[300]), ("memory",))
    fewer = {name: np.delete(getattr(block, name), 300) for name in ("access_index", "access_kind", "address", "data")}
    found = first_difference(trace, with_change(trace, 0, **fewer), Start(0, 0))
    assert found is not None and found.fields == ("memory",)
    unaware = with_change(trace, 0, **fewer)
    unaware.description = {**trace.description, "has": ["word", "value"]}
    assert first_difference(trace, unaware, Start(0, 0)) is None


def test_csrs(trace: Trace) -> None:
    block = trace._source.block(0)
    event = block.event.copy()
    place = int(np.flatnonzero(event["tag"] & 0xFF == 4)[50])
    event["a"][place] += 1
    found = first_difference(trace, with_change(trace, 0, event=event), Start(0, 0))
    assert found == Difference(int(block.event_index[place]), int(block.event_index[place]), ("CSR",))


def test_alignment_and_ends(trace: Trace) -> None:
    view = trace.view(0)
    rest = Trace(KeptBlocks((view.block.part(5, 1000, view.time(5)),)), trace.description)
    assert align(trace, rest) == Start(5, 0)
    assert align(rest, trace) == Start(0, 5)
    assert first_difference(rest, trace, align(rest, trace)) == Difference(995, 1000, None)
    empty = Trace(KeptBlocks(()), trace.description)
    assert first_difference(empty, trace, align(empty, trace)) == Difference(0, 0, None)
    assert first_difference(empty, empty, align(empty, empty)) is None


def test_last_writes(trace: Trace) -> None:
    for index in (40, 1600, trace.count - 1):
        found = last_writes(trace, index, 1 << 6 | 1 << 9 | 1 << 31)
        for number in (6, 9):
            expected = [r for r in trace.instructions(0, index) if r.destination == number][-1]
            assert found[number].index == expected.index
        assert 31 not in found
