"""Counter events worked out by hand from the table 4.4, on both implementations."""

from __future__ import annotations

from typing import Any

import pytest

from coprocessor.csrs import COUNTERS
from coprocessor.interface import Operation
from tests.coprocessor.implementations import Machine, every_level
from tests.coprocessor.memory_image import Image


def counted(
    kind: Any, image: Image, operation: Operation, address: int, rs2: int = 0, lanes: int = 4
) -> tuple[int, ...]:
    """The counters after one instruction."""
    machine = Machine(kind, image.ram)
    machine.unit.lanes = lanes
    machine.write("slice", 0)
    machine.run(operation, address, rs2)
    counters = machine.unit.state()["counters"]
    assert machine.mcycle == counters["cyc"]
    return tuple(counters[name] for name in COUNTERS)


class Fields:
    """Regions for a projection of 40 sources on 13 neurons, all zero but the source bitmap of row 5."""

    def __init__(self) -> None:
        self.image = Image(1 << 15)
        self.zeros = self.image.allocate(8192, 16)
        self.row5 = self.image.words([1 << 5, 0])


ROWS: list[tuple[str, dict[str, int], tuple[int, int, int, int]]] = [
    ("s8", {"fmt": 0}, (13, 16, 52, 4 + 4)),
    ("s4", {"fmt": 1}, (13, 8, 52, 8)),
    ("s2", {"fmt": 2}, (13, 4, 52, 8)),
    ("binary", {"fmt": 3}, (13, 4, 52, 8)),
    ("s8 delay per source", {"fmt": 0, "delay": 1, "log_depth": 2}, (13, 16 + 1, 52, 8)),
    ("s8 delay per synapse", {"fmt": 0, "delay": 2, "log_depth": 2}, (13, 16 + 8, 52, 8)),
]
"""Name, fields, then sop, F + D, 4*sop and cycles of the one active row."""


@every_level
@pytest.mark.parametrize("row", ROWS, ids=[row[0] for row in ROWS])
def test_dense_rows(kind: Any, row: Any) -> None:
    _, fields, (sop, table_bytes, accumulator_bytes, cycles) = row
    f = Fields()
    delays = f.zeros if "delay" in fields else 0
    syn = f.image.syn(40, 13, weights=f.zeros, cur=f.zeros, source_address=f.row5, delays=delays, **fields)
    expected = (sop, 0, 1, 0, 0, 8 + table_bytes + accumulator_bytes, accumulator_bytes, 15 + 2 + cycles)
    assert counted(kind, f.image, Operation.SYN, syn) == expected


@every_level
@pytest.mark.parametrize(("delay", "delay_bytes"), [(0, 0), (1, 1), (2, 3)])
def test_sparse_row(kind: Any, delay: int, delay_bytes: int) -> None:
    f = Fields()
    rows = f.image.words([0] * 6 + [5] * 36)
    syn = f.image.syn(
        40,
        13,
        weights=f.zeros,
        cur=f.zeros,
        source_address=f.row5,
        fmt=4,
        rows=rows,
        columns=f.zeros,
        delay=delay,
        delays=f.zeros if delay else 0,
    )
    assert counted(kind, f.image, Operation.SYN, syn) == (5, 0, 1, 0, 0, 8 + 8 + 15 + delay_bytes + 20, 20, 17 + 4 + 2)


@every_level
def test_empty_sparse_row(kind: Any) -> None:
    f = Fields()
    syn = f.image.syn(40, 13, weights=1, cur=f.zeros, source_address=f.row5, fmt=4, rows=f.zeros, columns=2)
    assert counted(kind, f.image, Operation.SYN, syn) == (0, 0, 1, 0, 0, 8 + 8, 0, 17 + 4)


@every_level
def test_convolution_row(kind: Any) -> None:
    """5 x 4 pixels of 2 channels, 3 x 3 kernel, 3 channels out, no padding: pixel (0, 2) is met by 2 positions."""
    f = Fields()
    geometry = (5 | 4 << 12, 2 | 3 << 10 | 3 << 20 | 1 << 24, 0)
    syn = f.image.syn(40, 18, weights=f.zeros, cur=f.zeros, source_address=f.row5, fmt=5, geometry=geometry)
    assert counted(kind, f.image, Operation.SYN, syn) == (6, 0, 1, 0, 0, 8 + 6 + 24, 24, 17 + 4 + 2)


@every_level
def test_crossbar_row(kind: Any) -> None:
    f = Fields()
    bits = f.image.words([0, 0, 0, 0, 0, 0xF00F_0101])
    syn = f.image.syn(40, 13, weights=bits, cur=f.zeros, source_address=f.row5, fmt=6, rows=f.zeros, columns=f.zeros)
    assert counted(kind, f.image, Operation.SYN, syn) == (2, 0, 1, 0, 0, 8 + 4 + 1 + 4 + 8, 8, 17 + 4 + 1)


@every_level
@pytest.mark.parametrize("weighted", [False, True])
def test_one_to_one_row(kind: Any, weighted: bool) -> None:
    f = Fields()
    weights = f.zeros if weighted else 0
    syn = f.image.syn(40, 40, weights=weights, cur=f.zeros, source_address=f.row5, fmt=7)
    assert counted(kind, f.image, Operation.SYN, syn) == (1, 0, 1, 0, 0, 8 + weighted + 4, 4, 17 + 4 + 1)


@every_level
@pytest.mark.parametrize(("source", "entry"), [(0, 8), (1, 4 + 4 * 2), (2, 160)])
def test_entry_of_each_source(kind: Any, source: int, entry: int) -> None:
    f = Fields()
    content = {0: [0, 0], 1: [2, 7, 7], 2: [0] * 40}[source]
    events = 2 if source == 1 else 0
    address = f.image.words(content)
    syn = f.image.syn(40, 40, weights=0, cur=f.zeros, source_address=address, fmt=7, source=source)
    expected = (events, 0, events, 0, 0, entry + 4 * events, 4 * events, 15 + entry // 4 + 5 * events)
    assert counted(kind, f.image, Operation.SYN, syn) == expected


@every_level
@pytest.mark.parametrize(("lanes", "cycles"), [(1, 13), (2, 7), (3, 5), (4, 4), (5, 3), (13, 1), (255, 1)])
def test_lanes_of_a_row(kind: Any, lanes: int, cycles: int) -> None:
    f = Fields()
    syn = f.image.syn(40, 13, weights=f.zeros, cur=f.zeros, source_address=f.row5)
    assert counted(kind, f.image, Operation.SYN, syn, lanes=lanes)[-1] == 15 + 2 + 4 + cycles


UPDATES: list[tuple[dict[str, Any], tuple[int, int]]] = [
    ({"profile": 0}, (8, 8)),
    ({"profile": 2, "refractory": 3}, (16, 16)),
    ({"profile": 3}, (20, 20)),
    ({"profile": 7, "acc": True}, (20, 20)),
    ({"profile": 1, "per_neuron": 0b110010}, (8 + 12, 8)),
]
"""Fields and bytes read and written per neuron without output."""


@every_level
@pytest.mark.parametrize("update", UPDATES, ids=[str(row[0]) for row in UPDATES])
@pytest.mark.parametrize("output", ["none", "bitmap", "graded"])
def test_updates(kind: Any, update: Any, output: str) -> None:
    fields, (read, written) = dict(update[0]), update[1]
    f = Fields()
    fields["acc"] = f.zeros if fields.pop("acc", False) else 0
    fields["param"] = f.zeros if fields.get("per_neuron") else 0
    out = f.zeros if output != "none" else 0
    pop = f.image.pop(40, state=f.zeros, cur=f.zeros, vth=5, out=out, graded=output == "graded", **fields)
    output_bytes = {"none": 0, "bitmap": 8, "graded": 160}[output]
    expected = (0, 40, 0, 0, 0, 40 * read, 40 * written + output_bytes, 15 + 80)
    assert counted(kind, f.image, Operation.UPD, pop) == expected


@every_level
def test_reset(kind: Any) -> None:
    f = Fields()
    pop = f.image.pop(40, profile=3, state=f.zeros, cur=f.zeros, log_depth=2, per_neuron=0b11, param=f.zeros)
    assert counted(kind, f.image, Operation.RST, pop) == (0, 0, 0, 0, 0, 40 * 8, 40 * 4 * 8, 15 + 40)


@every_level
def test_conversions(kind: Any) -> None:
    f = Fields()
    events = f.image.words([3, 1, 39, 1])
    assert counted(kind, f.image, Operation.EV2BM, f.image.xfer(40, events, f.zeros, 0)) == (0, 0, 0, 0, 0, 16, 8, 20)
    bitmap = f.image.words([3, 0xFFFF_FF80])
    assert counted(kind, f.image, Operation.BM2EV, f.image.xfer(40, f.zeros, bitmap, 3)) == (0, 0, 0, 0, 0, 8, 16, 20)


LEARNED: list[tuple[str, int, dict[str, Any], tuple[int, int, int, int]]] = [
    ("pair, no post spike", 0, {}, (13, 13 + 2, 13, 4 + 4)),
    ("reward off", 1, {}, (0, 40 * (13 * 2 + 2), 40 * 26, 40 * 8)),
    ("reward on", 1, {"reward": 5}, (40 * 13, 40 * (13 + 26 + 2), 40 * (13 + 26), 40 * 8)),
    ("sdsp", 3, {}, (13, 13 + 13 * 6, 13, 8)),
    ("eprop, no trace", 4, {}, (0, 0, 0, 0)),
]
"""Name, rule, extras, then wupd, bytes read, bytes written and cycles of phase 0."""


@every_level
@pytest.mark.parametrize("row", LEARNED, ids=[row[0] for row in LEARNED])
def test_learn(kind: Any, row: Any) -> None:
    """Row 5 spikes, no neuron does; traces cost 2 bytes each way and ceil(c / 4) cycles per unit."""
    _, rule_kind, extras, (updates, read, written, cycles) = row
    f = Fields()
    cur = f.image.allocate(52)
    pop = f.image.pop(13, state=f.zeros, cur=cur, out=f.zeros)
    syn = f.image.syn(40, 13, weights=f.zeros, cur=cur, source_address=f.row5)
    fields: dict[str, int] = (
        {"eligibility": f.zeros} if rule_kind == 1 else {"signal": f.zeros} if rule_kind == 4 else {}
    )
    pre = f.zeros if rule_kind != 3 else 0
    post = f.zeros if rule_kind != 4 else 0
    rule = f.image.rule(rule_kind, syn, pop, pre_traces=pre, post_traces=post, **fields)  # type: ignore[arg-type]
    traces = (80 if pre else 0) + (26 if post else 0)
    trace_cycles = (8 + 2 if pre else 0) + (4 if post else 0)
    expected = (0, 0, 0, 0, updates, 12 + read + traces, written + traces, 15 + cycles + trace_cycles)
    assert counted(kind, f.image, Operation.LEARN, rule, extras.get("reward", 0)) == expected


@every_level
def test_learn_binary(kind: Any) -> None:
    """All 40 rows are visited; 3 post spikes meet 40 rows of zeros: 3 draws for the potentiated row only."""
    f = Fields()
    cur = f.image.allocate(52)
    pop = f.image.pop(13, state=f.zeros, cur=cur, out=f.image.words([0xE0E0_0007]))
    syn = f.image.syn(40, 13, weights=f.zeros, cur=cur, source_address=f.row5, fmt=3)
    rule = f.image.rule(2, syn, pop)
    assert counted(kind, f.image, Operation.LEARN, rule) == (0, 0, 0, 0, 3, 12 + 160, 160, 15 + 40 * 8)


@every_level
def test_learn_sparse(kind: Any) -> None:
    f = Fields()
    cur = f.image.allocate(52)
    pop = f.image.pop(13, state=f.zeros, cur=cur, out=f.zeros)
    rows = f.image.words([0] * 6 + [5] * 35)
    syn = f.image.syn(40, 13, weights=f.zeros, cur=cur, source_address=f.row5, fmt=4, rows=rows, columns=f.zeros)
    rule = f.image.rule(3, syn, pop, post_traces=f.image.allocate(32))
    expected = (0, 0, 0, 0, 5, 12 + 5 + 30 + 18 + 26, 5 + 26, 15 + 4 + 2 + 4)
    assert counted(kind, f.image, Operation.LEARN, rule) == expected
