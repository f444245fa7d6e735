"""The syn operation: active rows and the synapses of a row in each storage format (specification 6.4, 6.5, 7.4)."""

from __future__ import annotations

from collections.abc import Iterator

from coprocessor.golden.engine import ENTRY_CYCLES, Issue, Step
from coprocessor.golden.memory import BAD, LIMIT, Fault, Memory, Unit
from coprocessor.golden.neurons import tnw
from coprocessor.golden.numbers import bit, ceil_div, s32, signed, words
from coprocessor.golden.projection import Delay, Format, Projection, Source
from coprocessor.golden.random import RandomSource

DENSE_BITS = {Format.S8: 8, Format.S4: 4, Format.S2: 2, Format.BINARY: 1}

Synapse = tuple[int, int, int]
"""Post index j, weight w, delay d beyond that of the source."""


def pitch(m: int, bits: int) -> int:
    """Bytes of a dense row: `4*ceil(m*b/32)`."""
    return 4 * words(m * bits)


def checked_delay(projection: Projection, base: int, value: int, place: int) -> int:
    """A delay from a table; `base + value >= depth` gives 27 at the byte holding it."""
    if base + value >= projection.depth:
        raise Fault(LIMIT, place)
    return value


def nibble(unit: Unit, table: int, index: int) -> tuple[int, int]:
    """Nibble `index` of a table, low nibble first, and the address of its byte."""
    place = table + index // 2
    return unit.load(place, 1) >> 4 * (index % 2) & 0xF, place


def dense_row(unit: Unit, p: Projection, i: int, base: int) -> Iterator[Synapse]:
    """Formats 0 to 3: the row at `weights + i*pitch`, one word load per synapse, then its delay nibble."""
    bits = DENSE_BITS[p.format]
    row = p.weights + i * pitch(p.n_post, bits)
    delay_row = p.delays + i * pitch(p.n_post, 4)
    for j in range(p.n_post):
        word = unit.load(row + 4 * (j * bits // 32))
        stored = word >> (j * bits % 32) & (1 << bits) - 1
        w = (1 if stored else -1) if p.format is Format.BINARY else signed(stored, bits)
        d = 0
        if p.delay is Delay.PER_SYNAPSE:
            value, place = nibble(unit, delay_row, j)
            d = checked_delay(p, base, value, place)
        yield j, w, d


def row_bounds(unit: Unit, p: Projection, i: int) -> tuple[int, int]:
    """`rowptr[i], rowptr[i+1]`; a decreasing pair gives 24 at rowptr[i+1]."""
    first, last = unit.load(p.rows + 4 * i), unit.load(p.rows + 4 * (i + 1))
    if last < first:
        raise Fault(BAD, p.rows + 4 * (i + 1))
    return first, last


def column(unit: Unit, p: Projection, e: int) -> int:
    """`col[e]`; a column >= m gives 24 at the column."""
    j = unit.load(p.columns + 2 * e, 2)
    if j >= p.n_post:
        raise Fault(BAD, p.columns + 2 * e)
    return j


def sparse_row(unit: Unit, p: Projection, i: int, base: int) -> Iterator[Synapse]:
    """Format 4 (CSR): elements `rowptr[i] .. rowptr[i+1]-1` with j = col[e], w = s8 weights[e]."""
    first, last = row_bounds(unit, p, i)
    for e in range(first, last):
        j = column(unit, p, e)
        w = unit.load_signed(p.weights + e, 1)
        d = 0
        if p.delay is Delay.PER_SYNAPSE:
            value, place = nibble(unit, p.delays, e)
            d = checked_delay(p, base, value, place)
        yield j, w, d


def convolution_row(unit: Unit, p: Projection, i: int) -> Iterator[Synapse]:
    """Format 5: for ky, kx with `oy*STR = y + PAD - ky`, `ox*STR = x + PAD - kx` inside, co ascending."""
    conv = p.convolution
    assert conv is not None
    pixel, c = divmod(i, conv.channels_in)
    y, x = divmod(pixel, conv.width)
    row_bytes = 4 if conv.depthwise else 4 * ceil_div(conv.channels_out, 4)
    for ky in range(conv.kernel):
        for kx in range(conv.kernel):
            oy, y_rest = divmod(y + conv.padding - ky, conv.stride)
            ox, x_rest = divmod(x + conv.padding - kx, conv.stride)
            if y_rest or x_rest or not (0 <= oy < conv.output_height and 0 <= ox < conv.output_width):
                continue
            kernel_row = p.weights + ((c * conv.kernel + ky) * conv.kernel + kx) * row_bytes
            pixel_out = (oy * conv.output_width + ox) * conv.channels_out
            for co in [c] if conv.depthwise else range(conv.channels_out):
                yield (
                    pixel_out + co,
                    unit.load_signed(kernel_row + (0 if conv.depthwise else co), 1),
                    0,
                )


def crossbar_row(unit: Unit, p: Projection, i: int, random: RandomSource) -> Iterator[Synapse]:
    """Format 6: where bit j is 1, `w = tnw(u16 at w7 + 2*(4j + t))` with the axon type t."""
    place = p.rows + i
    t = unit.load(place, 1)
    if t > 3:
        raise Fault(BAD, place)
    row = p.weights + i * pitch(p.n_post, 1)
    for j in range(p.n_post):
        if bit(unit.load(row + 4 * (j // 32)), j % 32):
            yield j, tnw(random, unit.load(p.columns + 2 * (4 * j + t), 2)), 0


def one_to_one_row(unit: Unit, p: Projection, i: int) -> Iterator[Synapse]:
    """Format 7: j = i, w = s8 weights[i], or 1 without weights."""
    yield i, unit.load_signed(p.weights + i, 1) if p.weights else 1, 0


def row_synapses(unit: Unit, p: Projection, i: int, base: int, random: RandomSource) -> Iterator[Synapse]:
    """The synapses of row i in storage order; `base` is the delay of the source."""
    if p.format in DENSE_BITS:
        return dense_row(unit, p, i, base)
    if p.format is Format.CSR:
        return sparse_row(unit, p, i, base)
    if p.format is Format.CONV:
        return convolution_row(unit, p, i)
    if p.format is Format.CROSSBAR:
        return crossbar_row(unit, p, i, random)
    return one_to_one_row(unit, p, i)


def bytes_read(p: Projection, sop: int) -> int:
    """F + D of the counter table 4.4: weight and delay bytes of one active row."""
    if p.format in DENSE_BITS:
        weights = pitch(p.n_post, DENSE_BITS[p.format])
        per_synapse = pitch(p.n_post, 4)
    elif p.format is Format.CSR:
        weights = 8 + 3 * sop
        per_synapse = ceil_div(sop, 2)
    else:
        weights = {
            Format.CONV: sop,
            Format.CROSSBAR: pitch(p.n_post, 1) + 1 + 2 * sop,
            Format.ONE_TO_ONE: int(p.weights != 0),
        }[p.format]
        per_synapse = 0
    return weights + {Delay.FIXED: 0, Delay.PER_SOURCE: 1, Delay.PER_SYNAPSE: per_synapse}[p.delay]


def row(issue: Issue, unit: Unit, p: Projection, i: int, g: int) -> None:
    """One active row: `cur[slot][j] = (cur[slot][j] + w * g * 2^WEXP) mod 2^32`."""
    t, random = issue.state.csr["t"], issue.state.random
    base = p.fixed_delay
    if p.delay is Delay.PER_SOURCE:
        base += checked_delay(p, base, unit.load(p.delays + i, 1), p.delays + i)
    sop = 0
    for j, w, d in row_synapses(unit, p, i, base, random):
        slot = (t + base + d) % p.depth
        place = p.cur + 4 * (slot * p.n_post + j)
        unit.store(place, s32(unit.load_signed(place) + (w * g << p.exponent)))
        sop += 1
    unit.events = {
        "sop": sop,
        "spkin": 1,
        "rdb": bytes_read(p, sop) + 4 * sop,
        "wrb": 4 * sop,
        "cyc": 4 + issue.lane_cycles(sop),
    }


def candidates(issue: Issue, p: Projection, source: int, count: int) -> Iterator[int]:
    """Indices of active rows (bitmap, graded), events (AER) or 0 while the queue has entries, from the progress on."""
    progress = issue.progress
    if p.source is Source.QUEUE:
        progress.index = 0
        while issue.state.queues[p.source_address]:
            yield 0
        return
    for index in range(progress.index, count if p.source is Source.AER else p.n_pre):
        progress.index = index
        if p.source is Source.BITMAP:
            active = bit(issue.memory.load(source + 4 * (index // 32), 4), index % 32)
        else:
            active = p.source is Source.AER or issue.memory.load(source + 4 * index, 4)
        if active:
            yield index


def row_and_value(issue: Issue, unit: Unit, p: Projection, source: int, index: int) -> tuple[int, int]:
    """The row i of a candidate and its value g (1 unless graded)."""
    if p.source is Source.BITMAP:
        return index, 1
    if p.source is Source.GRADED:
        return index, unit.load_signed(source + 4 * index)
    if p.source is Source.AER:
        place, error_place = source + 4 + 4 * index, source + 4 + 4 * index
        event = unit.load(place)
    else:
        event, error_place = issue.state.queues[p.source_address][0], p.address + 36
    i = event & 0xFFFFF
    if i >= p.n_pre:
        raise Fault(BAD, error_place)
    return i, 1


def source_bytes(memory: Memory, p: Projection, source: int) -> tuple[int, int]:
    """S of the counter table 4.4, and the count of an AER list (0 for other sources)."""
    if p.source is Source.AER:
        count = memory.load(source, 4)
        return 4 + 4 * count, count
    return {
        Source.BITMAP: 4 * words(p.n_pre),
        Source.GRADED: 4 * p.n_pre,
        Source.QUEUE: 0,
    }[p.source], 0


def perform(issue: Issue, p: Projection, step: Step, *, counts_rows: bool) -> None:
    """The syn operation from the present progress on; `counts_rows` adds active rows to the result."""
    source = issue.source_of(p, step)
    entry_bytes, count = source_bytes(issue.memory, p, source)
    issue.enter(rdb=entry_bytes, cyc=ENTRY_CYCLES + entry_bytes // 4)
    for index in candidates(issue, p, source, count):
        with issue.unit() as unit:
            i, g = row_and_value(issue, unit, p, source, index)
            row(issue, unit, p, i, g)
        if p.source is Source.QUEUE:
            del issue.state.queues[p.source_address][0]
        else:
            issue.progress.index = index + 1
        if counts_rows:
            issue.progress.add(1)
