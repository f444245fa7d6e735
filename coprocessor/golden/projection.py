"""SYN descriptors (specification 6.3): fields and validation in the order of the table."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

from coprocessor.golden.descriptors import Type, Words
from coprocessor.golden.memory import BAD, LIMIT, UNSUPPORTED, Memory
from coprocessor.golden.numbers import bit, field, words
from coprocessor.golden.population import Population, read_population


class Format(IntEnum):
    """Synapse formats (6.4)."""

    S8 = 0
    S4 = 1
    S2 = 2
    BINARY = 3
    CSR = 4
    CONV = 5
    CROSSBAR = 6
    ONE_TO_ONE = 7


class Source(IntEnum):
    """Source encodings (6.6)."""

    BITMAP = 0
    AER = 1
    GRADED = 2
    QUEUE = 3


class Delay(IntEnum):
    """DMODE: where delays come from (6.5)."""

    FIXED = 0
    PER_SOURCE = 1
    PER_SYNAPSE = 2


@dataclass(frozen=True)
class Convolution:
    """Geometry of FMT 5: sizes in pixels and channels."""

    height: int
    width: int
    channels_in: int
    channels_out: int
    kernel: int
    stride: int
    padding: int
    depthwise: bool

    @property
    def output_height(self) -> int:
        """`OH = floor((H + 2*PAD - KS)/STR) + 1`."""
        return (self.height + 2 * self.padding - self.kernel) // self.stride + 1

    @property
    def output_width(self) -> int:
        """`OW = floor((Wd + 2*PAD - KS)/STR) + 1`."""
        return (self.width + 2 * self.padding - self.kernel) // self.stride + 1


@dataclass(frozen=True)
class Projection:
    """A validated SYN (6.3); pointers are addresses."""

    address: int
    n_pre: int
    n_post: int
    format: Format
    source: Source
    source_mode: int
    delay: Delay
    fixed_delay: int
    log_depth: int
    exponent: int
    weights: int
    rows: int
    columns: int
    delays: int
    source_address: int
    stride: int
    cur: int
    population: Population | None
    convolution: Convolution | None

    @property
    def depth(self) -> int:
        """Slots of the input ring of the destination."""
        return 1 << self.log_depth


def source_bytes(source: Source, n: int) -> int:
    """Smallest size of one source buffer: bitmap 4W(n), AER 4, graded 4n."""
    return {
        Source.BITMAP: 4 * words(n),
        Source.AER: 4,
        Source.GRADED: 4 * n,
        Source.QUEUE: 0,
    }[source]


def read_projection(memory: Memory, address: int, *, needs_population: bool = False) -> Projection:
    """Validate a SYN and its POP (6.3); with `needs_population` a zero w12 gives 24 (nm.layer)."""
    w = Words(memory, address, Type.SYN)
    n, m = w[1], w[2]
    w.size(1)
    w.size(2)
    w.masked(3, 0x0F03FF7F)
    w.require(field(w[3], 3, 0) <= 7, UNSUPPORTED, 3)
    fmt = Format(field(w[3], 3, 0))
    w.require(field(w[3], 6, 4) <= 3, UNSUPPORTED, 3)
    source, source_mode = Source(field(w[3], 6, 4)), field(w[3], 9, 8)
    w.require(field(w[3], 11, 10) != 3, BAD, 3)
    delay, fixed_delay, log_depth = (
        Delay(field(w[3], 11, 10)),
        field(w[3], 17, 12),
        field(w[3], 27, 24),
    )
    w.require(log_depth <= 6, LIMIT, 3)
    w.require(fixed_delay < 1 << log_depth, BAD, 3)
    w.require(not (delay is Delay.PER_SYNAPSE and fmt >= Format.CONV), UNSUPPORTED, 3)
    w.require(not (source is Source.GRADED and fmt is Format.CROSSBAR), UNSUPPORTED, 3)
    w.require(not (source is Source.QUEUE and source_mode != 0), BAD, 3)
    if fmt is Format.CROSSBAR:
        w.require(n <= 256, LIMIT, 1)
        w.require(m <= 256, LIMIT, 2)
    if fmt is Format.ONE_TO_ONE:
        w.require(n == m, BAD, 2)
    w.require(w[4] <= 24, BAD, 4)
    if fmt is not Format.ONE_TO_ONE:
        w.pointer(5, 1 if fmt is Format.CSR else 4)
    if fmt is Format.CSR:
        w.pointer(6, 4)
        w.pointer(7, 2)
    elif fmt is Format.CROSSBAR:
        w.pointer(6, 1)
        w.pointer(7, 2)
    else:
        w.zero(6)
        w.zero(7)
    if delay is Delay.FIXED:
        w.zero(8)
    elif delay is Delay.PER_SYNAPSE and fmt is not Format.CSR:
        w.pointer(8, 4)
    else:
        w.pointer(8, 1)
    if source is Source.QUEUE:
        w.require(w[9] <= 3, BAD, 9)
    else:
        w.pointer(9, 4)
    if source_mode != 0:
        w.optional(10, 4)
        w.require(w[10] > 0 and w[10] >= source_bytes(source, n), BAD, 10)
    else:
        w.zero(10)
    w.pointer(11, 4)
    convolution = read_convolution(w) if fmt is Format.CONV else None
    if convolution is None:
        for k in (13, 14, 15):
            w.zero(k)
    w.require(not (needs_population and w[12] == 0), BAD, 12)
    population = read_population(memory, w[12]) if w[12] else None
    if population is not None:
        w.require(population.n == m, BAD, 2)
        w.require(population.cur == w[11], BAD, 11)
        w.require(population.log_depth == log_depth, BAD, 3)
    return Projection(
        address=address,
        n_pre=n,
        n_post=m,
        format=fmt,
        source=source,
        source_mode=source_mode,
        delay=delay,
        fixed_delay=fixed_delay,
        log_depth=log_depth,
        exponent=w[4],
        weights=w[5],
        rows=w[6],
        columns=w[7],
        delays=w[8],
        source_address=w[9],
        stride=w[10],
        cur=w[11],
        population=population,
        convolution=convolution,
    )


def read_convolution(w: Words) -> Convolution:
    """Validate w13 to w15 of a SYN of FMT 5."""
    height, width = field(w[13], 11, 0), field(w[13], 23, 12)
    w.require(w[13] >> 24 == 0 and height != 0 and width != 0, BAD, 13)
    channels_in, channels_out = field(w[14], 9, 0), field(w[14], 19, 10)
    kernel, stride, padding = (
        field(w[14], 23, 20),
        field(w[14], 27, 24),
        field(w[14], 31, 28),
    )
    w.require(channels_in != 0 and channels_out != 0 and kernel != 0 and stride != 0, BAD, 14)
    w.require(min(height, width) + 2 * padding >= kernel, BAD, 14)
    depthwise = bool(bit(w[15], 0))
    w.require(w[15] >> 1 == 0 and (not depthwise or channels_in == channels_out), BAD, 15)
    conv = Convolution(height, width, channels_in, channels_out, kernel, stride, padding, depthwise)
    w.require(w[1] == height * width * channels_in, BAD, 1)
    w.require(w[2] == conv.output_height * conv.output_width * channels_out, BAD, 2)
    return conv
