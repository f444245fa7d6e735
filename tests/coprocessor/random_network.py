"""Random valid networks in a RAM image, with faults on demand: the input of the engine's differential tests.

A network has populations of every profile, projections of every format, source and delay mode, rules of every kind, a
NET over them and an XFER. Faults: one region at or beyond the end of RAM, or bad entries in tables and event lists.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random

from coprocessor.golden.population import PARAMETER_MASKS
from coprocessor.golden.profiles import STATE_WORDS, Profile
from tests.coprocessor import operands
from tests.coprocessor.implementations import BASE
from tests.coprocessor.memory_image import Image, pack_rows

STEPS = 5
"""Stream buffers are large enough for so many steps."""
LARGEST_RING = 1 << 13
"""Words of a ring that no population reads; those of large convolutions would fill the RAM."""
GUARD = 256
"""Bytes at the end of RAM that only a misplaced region uses."""
BITS = (8, 4, 2, 1)


def words(n: int) -> int:
    """W(n)."""
    return -(-n // 32)


@dataclass
class Population:
    """What projections and rules need to know of a POP."""

    address: int
    n: int
    profile: int
    cur: int
    log_depth: int
    out: int
    output_mode: int
    graded: bool


@dataclass
class Projection:
    """What rules need to know of a SYN."""

    address: int
    n: int
    m: int
    fmt: int
    has_population: bool
    elements: int


@dataclass
class RandomNetwork:
    """`misplaced` puts about one region outside RAM; `spoilt` is the probability of a bad table entry.

    Row pointers are spoilt only with `spoils_rows`: a bad one is an error in one row but changes the next silently.
    """

    random: Random
    misplaced: bool = False
    spoilt: float = 0.0
    spoils_rows: bool = True
    largest: int = 70
    size: int = 1 << 17
    populations: list[Population] = field(default_factory=list)
    projections: list[Projection] = field(default_factory=list)
    rules: list[int] = field(default_factory=list)
    nets: list[int] = field(default_factory=list)
    transfers: list[int] = field(default_factory=list)
    spoilt_places: list[tuple[int, int, int]] = field(default_factory=list)
    """Address, size and good value of each bad entry."""

    def __post_init__(self) -> None:
        self.image = Image(self.size)
        self.save_area = self.image.allocate(1280, 16)
        for _ in range(self.random.randint(1, 3)):
            self._population()
        for _ in range(self.random.randint(1, 3)):
            self._projection()
        for _ in range(self.random.randint(0, 2)):
            self._rule()
        self._net()
        self._transfer()

    def place(self, content: bytes, alignment: int = 4) -> int:
        """A region with this content; with `misplaced` rarely outside RAM or across its end."""
        if self.misplaced and self.random.random() < 0.05:
            self.misplaced = False
            end = BASE + self.size
            address = self.random.choice((end - self.random.randrange(GUARD), end, BASE - 64, 0xFFFF_FFF0, 0x1000))
            address -= address % alignment
            inside = max(0, min(len(content), end - address)) if address >= BASE else 0
            self.image.ram[address - BASE : address - BASE + inside] = content[:inside]
            return address
        assert self.image.end + len(content) + GUARD < BASE + self.size
        return self.image.allocate(len(content), alignment, content)

    def place_words(self, values: list[int]) -> int:
        """A region of words."""
        return self.place(b"".join((value & 0xFFFF_FFFF).to_bytes(4, "little") for value in values))

    def place_halves(self, values: list[int]) -> int:
        """A region of 16-bit numbers."""
        return self.place(b"".join((value & 0xFFFF).to_bytes(2, "little") for value in values), 2)

    def spoil(self, address: int, size: int, bad: int) -> None:
        """Sometimes overwrite an entry of a table with a bad value."""
        offset = address - BASE
        if self.random.random() < self.spoilt and 0 <= offset <= self.size - size:
            old = int.from_bytes(self.image.ram[offset : offset + size], "little")
            self.spoilt_places.append((address, size, old))
            self.image.ram[offset : offset + size] = bad.to_bytes(size, "little")

    def numbers(self, count: int, bits: int = 32) -> list[int]:
        """Random signed numbers, mostly small."""
        spread = self.random.choice((4, 8, 12, 20, bits))
        return [self.random.getrandbits(min(spread, bits)) - (1 << min(spread, bits) >> 1) for _ in range(count)]

    def bitmap(self, n: int) -> list[int]:
        """Words of n bits (and beyond) of random density."""
        density = self.random.choice((0.0, 0.05, 0.3, 0.9))
        return [sum((self.random.random() < density) << b for b in range(32)) for _ in range(words(n))]

    def _population(self) -> None:
        random, n = self.random, self.random.choice((1, 31, 32, 33, 64, self.random.randint(1, self.largest)))
        profile = Profile(random.randrange(8))
        refractory = random.choice((0, 0, 1, 2, 255)) if profile <= Profile.CUBA else 0
        log_depth = random.choice((0, 0, 1, 2, 4, 6))
        mode = operands.mode(random)
        per_neuron = random.choice((0, 0, random.randrange(64)))
        parameters = [self.parameter(profile, k) for k in range(4)]
        vth, vrst = (self.numbers(1)[0] for _ in range(2))
        own = [self.parameter(profile, k) if k < 4 else self.numbers(1)[0] for k in range(6)]
        param = [own[k] for k in range(6) if per_neuron >> k & 1 for _ in range(n)]
        state = self.numbers((STATE_WORDS[profile] + (refractory > 0)) * n)
        if refractory:
            state[-n:] = [random.choice((0, 0, 1, 3, -1, -(1 << 31))) for _ in range(n)]
        graded = random.random() < 0.3
        out_size = 4 * n if graded else 4 * words(n)
        has_output = random.random() < 0.8
        output_mode = random.randrange(3) if has_output else random.choice((0, 1, 2))
        stride = out_size + 4 * random.randrange(3) if has_output and output_mode else 0
        out = self.place_words(self.bitmap(8 * max(out_size, stride * STEPS))) if has_output else 0
        cur = self.place_words(self.numbers(n << log_depth))
        state_place = self.place_words(state)
        address = self.image.pop(
            n,
            state=state_place,
            cur=cur,
            profile=profile,
            mode=mode,
            parameters=parameters,
            vth=vth,
            vrst=vrst,
            per_neuron=per_neuron,
            param=self.place_words(param) if per_neuron else 0,
            refractory=refractory,
            log_depth=log_depth,
            output_mode=output_mode,
            graded=graded,
            out=out,
            stride=stride,
            acc=self.place_words(self.numbers(n)) if random.random() < 0.3 else 0,
        )
        self.populations.append(Population(address, n, profile, cur, log_depth, out, output_mode, graded))

    def parameter(self, profile: Profile, k: int) -> int:
        """A legal parameter word P0..P3."""
        random = self.random
        kinds = (operands.decay_pair, operands.word, operands.shift_word, operands.decay_pair)
        word = random.choice((kinds[k], operands.word))(random) & PARAMETER_MASKS[profile][k]
        return word & ~(1 << 12) if profile is Profile.TN and k == 0 else word

    def _projection(
        self, population: Population | None = None, fmt: int | None = None, source: int | None = None
    ) -> None:
        random = self.random
        chosen = fmt is not None
        fmt = random.randrange(8) if fmt is None else fmt
        if population is None and random.random() < 0.7:
            population = random.choice(self.populations)
        n = random.choice((1, 32, 33, random.randint(1, self.largest)))
        m = population.n if population else random.choice((1, 7, 32, 64, random.randint(1, self.largest)))
        geometry = (0, 0, 0)
        if fmt == 5:
            n, m, geometry = self.geometry()
            population = next((p for p in self.populations if p.n == m), None)
        elif fmt == 7:
            n = m
        deepest = (LARGEST_RING // m).bit_length() - 1
        log_depth = population.log_depth if population else min(deepest, random.choice((0, 1, 3, 4, 6)))
        depth = 1 << log_depth
        source = random.choice((0, 0, 0, 1, 2, 3)) if source is None else source
        if source == 2 and fmt == 6:
            source = 0
        delay = random.randrange(3) if not chosen and random.random() < 0.5 else 0
        delay = 1 if delay == 2 and fmt >= 5 else delay
        fixed = random.randrange(depth)
        tables = self.tables(fmt, n, m, geometry)
        delays = self.delays(delay, fmt, n, m, depth - fixed, tables[3])
        source_mode = random.randrange(4) if source != 3 and random.random() < 0.5 else 0
        source_address, stride = self.source(source, source_mode, n)
        address = self.image.syn(
            n,
            m,
            weights=tables[0],
            cur=population.cur if population else self.place_words(self.numbers(m << log_depth)),
            source_address=source_address,
            fmt=fmt,
            source=source,
            source_mode=source_mode,
            stride=stride,
            delay=delay,
            fixed_delay=fixed,
            log_depth=log_depth,
            exponent=random.choice((0, 0, 1, 6, 24)),
            rows=tables[1],
            columns=tables[2],
            delays=delays,
            population=population.address if population and (chosen or random.random() < 0.8) else 0,
            geometry=geometry,
        )
        named = self.image.get(address + 48)[0] != 0
        self.projections.append(Projection(address, n, m, fmt, named, tables[3]))

    def geometry(self) -> tuple[int, int, tuple[int, int, int]]:
        """A convolution of at most a few hundred neurons: n, m, w13 to w15."""
        random = self.random
        while True:
            height, width, channels_in = random.randint(1, 8), random.randint(1, 8), random.randint(1, 4)
            depthwise = random.random() < 0.3
            channels_out = channels_in if depthwise else random.randint(1, 6)
            kernel, stride, padding = random.randint(1, 5), random.randint(1, 3), random.randint(0, 3)
            if min(height, width) + 2 * padding < kernel:
                continue
            rows, columns = ((side + 2 * padding - kernel) // stride + 1 for side in (height, width))
            w14 = channels_in | channels_out << 10 | kernel << 20 | stride << 24 | padding << 28
            geometry = (height | width << 12, w14, int(depthwise))
            return height * width * channels_in, rows * columns * channels_out, geometry

    def tables(self, fmt: int, n: int, m: int, geometry: tuple[int, int, int]) -> tuple[int, int, int, int]:
        """Weights, rows, columns and the number of CSR elements of a format."""
        random = self.random
        if fmt <= 3:
            rows = [[random.getrandbits(8) for _ in range(m)] for _ in range(n)]
            return self.place(pack_rows(rows, BITS[fmt])), 0, 0, 0
        if fmt == 4:
            pointers = [random.randrange(4)]
            for _ in range(n):
                pointers.append(pointers[-1] + random.choice((0, 1, random.randint(0, m + 2))))
            columns = [random.randrange(m) for _ in range(pointers[-1])]
            weights = self.place(random.randbytes(pointers[-1] + 1), 1)
            row_place, column_place = self.place_words(pointers), self.place_halves([*columns, 0])
            for i in range(n if self.spoils_rows else 0):
                self.spoil(row_place + 4 * (i + 1), 4, max(0, pointers[i] - 1))
            for e in range(len(columns)):
                self.spoil(column_place + 2 * e, 2, random.choice((m, 0xFFFF)))
            return weights, row_place, column_place, pointers[-1]
        if fmt == 5:
            w14 = geometry[1]
            channels_in, channels_out, kernel = w14 & 0x3FF, w14 >> 10 & 0x3FF, w14 >> 20 & 0xF
            row_bytes = 4 if geometry[2] else 4 * -(-channels_out // 4)
            return self.place(random.randbytes(channels_in * kernel * kernel * row_bytes)), 0, 0, 0
        if fmt == 6:
            rows = [[random.getrandbits(1) for _ in range(m)] for _ in range(n)]
            types = self.place(bytes(random.randrange(4) for _ in range(n)), 1)
            for i in range(n):
                self.spoil(types + i, 1, random.choice((4, 255)))
            weights = self.place(pack_rows(rows, 1))
            return weights, types, self.place_halves([random.getrandbits(10) for _ in range(4 * m)]), 0
        return (self.place(random.randbytes(n), 1) if random.random() < 0.7 else 0), 0, 0, 0

    def delays(self, delay: int, fmt: int, n: int, m: int, limit: int, elements: int) -> int:
        """A delay table with values below `limit`."""
        random = self.random
        if delay == 0:
            return 0
        if delay == 1:
            place = self.place(bytes(random.randrange(limit) for _ in range(n)), 1)
            for i in range(n):
                self.spoil(place + i, 1, random.choice((limit, 255)))
            return place
        limit = min(limit, 16)
        if fmt == 4:
            table = pack_rows([[random.randrange(limit) for _ in range(elements + 1)]], 4)
        else:
            table = pack_rows([[random.randrange(limit) for _ in range(m)] for _ in range(n)], 4)
        place = self.place(table)
        if limit < 16:
            for k in range(len(table)):
                self.spoil(place + k, 1, limit * 0x11)
        return place

    def source(self, source: int, source_mode: int, n: int) -> tuple[int, int]:
        """Source address (or queue number) and stride."""
        random = self.random
        if source == 3:
            return random.randrange(4), 0
        buffers = (1, 2, STEPS, 2)[source_mode]
        capacity = random.randint(0, 6)
        size = {0: 4 * words(n), 1: 4 + 4 * capacity, 2: 4 * n}[source]
        stride = size + 4 * random.randrange(2) if source_mode else 0
        content: list[int] = []
        events: list[int] = []
        for _ in range(buffers):
            start = len(content)
            if source == 0:
                content += self.bitmap(n)
            elif source == 1:
                count = random.randint(0, capacity)
                content += [count] + [random.randrange(n) | random.getrandbits(12) << 20 for _ in range(capacity)]
                events += range(start + 1, start + 1 + count)
            else:
                content += [g if random.random() < 0.3 else 0 for g in self.numbers(n)]
            content += [0] * (max(stride, size) // 4 - (len(content) - start))
        address = self.place_words(content)
        for index in events:
            self.spoil(address + 4 * index, 4, random.choice((n, 0xFFFFF)))
        return address, stride

    def _rule(self) -> None:
        random = self.random
        kind = random.randrange(5)
        excluded = (Profile.IZH, Profile.SD) if kind >= 3 else ()
        suitable = [p for p in self.populations if p.out and not p.graded and p.profile not in excluded]
        if not suitable:
            return
        population = random.choice(suitable)
        self._projection(population, 3 if kind == 2 else random.choice((0, 4)), 0)
        syn = self.projections[-1]
        traces = [random.choice((0, random.randrange(0x8000))) for _ in range(max(syn.n, syn.m))]
        elements = syn.elements + 1 if syn.fmt == 4 else syn.n * syn.m
        limits = sorted(random.randint(-128, 127) for _ in range(2))
        low, high = sorted(random.randrange(0x8000) for _ in range(2))
        needs_pre, needs_post = kind in (0, 1, 4), kind in (0, 1, 3)
        lmode = random.getrandbits(3) | random.randrange(32) << 8 | random.choice((0, 4, 8, 16, 31)) << 16
        rule = self.image.rule(
            kind,
            syn.address,
            population.address,
            lmode=lmode,
            limits=(limits[0], limits[1]),
            l=(random.getrandbits(32) & 0x07FF07FF, self.numbers(1)[0], low | high << 16, random.randrange(0x8000)),
            amplitudes=(self.numbers(1, 16)[0], self.numbers(1, 16)[0]),
            decays=(random.randrange(0x2000), random.choice((4096, 3686))),
            impulses=(random.randrange(0x8000), random.choice((0, 256))),
            w12=random.randrange(0x2000) | random.randrange(32) << 16,
            pre_traces=self.place_halves(traces[: syn.n]) if needs_pre or random.random() < 0.5 else 0,
            post_traces=self.place_halves(traces[-syn.m :]) if needs_post or random.random() < 0.5 else 0,
            eligibility=self.place_halves(self.numbers(elements, 16)) if kind == 1 else 0,
            signal=self.place_words(self.numbers(syn.m)) if kind == 4 else 0,
        )
        self.rules.append(rule)

    def _net(self) -> None:
        entries = [(1, projection.address) for projection in self.projections]
        entries += [(2 | self.random.getrandbits(1) << 8, population.address) for population in self.populations]
        entries += [(3, rule) for rule in self.rules]
        self.random.shuffle(entries)
        self.nets.append(self.image.net(entries))

    def _transfer(self) -> None:
        n = self.random.randint(1, 100)
        count = self.random.randint(0, 12)
        events = self.place_words([count, *(self.random.randrange(n) for _ in range(100))])
        for index in range(count):
            self.spoil(events + 4 + 4 * index, 4, n)
        bitmap = self.place_words(self.bitmap(n))
        self.transfers.append(self.image.xfer(n, events, bitmap, self.random.choice((100, count))))

    def descriptors(self) -> list[int]:
        """Addresses of all descriptors."""
        parts = [*(part.address for part in self.populations), *(part.address for part in self.projections)]
        return [*parts, *self.rules, *self.nets, *self.transfers]
