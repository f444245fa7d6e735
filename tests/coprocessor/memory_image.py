"""Building RAM images with descriptors: field by field as in the tables of specification chapter 6."""

from __future__ import annotations

from collections.abc import Sequence

from tests.coprocessor.implementations import BASE, put_words, words_of

MAGIC = 0x4E4D


class Image:
    """RAM of `size` bytes at BASE, filled by a bump allocator that leaves address BASE itself unused."""

    def __init__(self, size: int = 1 << 16) -> None:
        self.ram = bytearray(size)
        self.end = BASE + 16

    def allocate(self, size: int, alignment: int = 4, content: bytes = b"") -> int:
        """Address of `size` fresh bytes."""
        address = -(-self.end // alignment) * alignment
        self.end = address + size
        assert self.end <= BASE + len(self.ram), "RAM image too small"
        self.ram[address - BASE : address - BASE + len(content)] = content
        return address

    def words(self, values: Sequence[int], alignment: int = 4) -> int:
        """Address of fresh words with these values."""
        address = self.allocate(4 * len(values), alignment)
        put_words(self.ram, address, *values)
        return address

    def halves(self, values: Sequence[int]) -> int:
        """Address of fresh 16-bit numbers with these values."""
        return self.allocate(2 * len(values), 4, b"".join((value & 0xFFFF).to_bytes(2, "little") for value in values))

    def put(self, address: int, *values: int) -> None:
        """Write words."""
        put_words(self.ram, address, *values)

    def get(self, address: int, count: int = 1) -> list[int]:
        """Read words."""
        return words_of(self.ram, address, count)

    def descriptor(self, kind: int, *words: int) -> int:
        """Address of a fresh descriptor of this type; `words` are w1, w2, ..."""
        return self.words([MAGIC << 16 | kind << 8 | 1, *words], 16)

    def pop(
        self,
        n: int,
        *,
        state: int,
        cur: int,
        profile: int = 1,
        mode: int = 0,
        parameters: Sequence[int] = (0, 0, 0, 0),
        vth: int = 0,
        vrst: int = 0,
        per_neuron: int = 0,
        param: int = 0,
        refractory: int = 0,
        log_depth: int = 0,
        output_mode: int = 0,
        graded: bool = False,
        out: int = 0,
        stride: int = 0,
        acc: int = 0,
    ) -> int:
        """A POP (6.2)."""
        w2 = profile | per_neuron << 4 | output_mode << 10 | graded << 12 | refractory << 16 | log_depth << 24
        return self.descriptor(1, n, w2, mode, *parameters, vth, vrst, state, param, cur, out, stride, acc)

    def syn(
        self,
        n: int,
        m: int,
        *,
        weights: int,
        cur: int,
        source_address: int,
        fmt: int = 0,
        source: int = 0,
        source_mode: int = 0,
        stride: int = 0,
        delay: int = 0,
        fixed_delay: int = 0,
        log_depth: int = 0,
        exponent: int = 0,
        rows: int = 0,
        columns: int = 0,
        delays: int = 0,
        population: int = 0,
        geometry: Sequence[int] = (0, 0, 0),
    ) -> int:
        """A SYN (6.3); `geometry` are w13 to w15."""
        w3 = fmt | source << 4 | source_mode << 8 | delay << 10 | fixed_delay << 12 | log_depth << 24
        tables = (weights, rows, columns, delays, source_address, stride, cur, population)
        return self.descriptor(2, n, m, w3, exponent, *tables, *geometry)

    def rule(
        self,
        kind: int,
        syn: int,
        pop: int,
        *,
        lmode: int = 0,
        limits: tuple[int, int] = (-128, 127),
        l: Sequence[int] = (0, 0, 0, 0),  # noqa: E741
        amplitudes: tuple[int, int] = (0, 0),
        decays: tuple[int, int] = (0, 0),
        impulses: tuple[int, int] = (0, 0),
        w12: int = 0,
        pre_traces: int = 0,
        post_traces: int = 0,
        eligibility: int = 0,
        signal: int = 0,
    ) -> int:
        """A RULE (6.7)."""
        pairs = [(low & 0xFFFF) | (high & 0xFFFF) << 16 for low, high in (amplitudes, decays, impulses)]
        limit_word = (limits[0] & 0xFF) | (limits[1] & 0xFF) << 8
        pointers = (pre_traces, post_traces, eligibility, pop, signal, 0, 0)
        return self.descriptor(3, kind, syn, lmode, limit_word, *l, *pairs, w12, *pointers)

    def net(self, entries: Sequence[tuple[int, int]]) -> int:
        """A NET (6.8) of (word a, address) pairs."""
        return self.descriptor(4, len(entries), 0, 0, *(word for entry in entries for word in entry))

    def xfer(self, n: int, events: int, bitmap: int, capacity: int) -> int:
        """An XFER (6.8)."""
        return self.descriptor(5, n, events, bitmap, capacity, 0, 0, 0)


def pack_rows(rows: Sequence[Sequence[int]], bits: int) -> bytes:
    """Dense rows of `bits`-bit elements, each padded to whole words."""
    packed = b""
    for row in rows:
        value = sum((element & (1 << bits) - 1) << bits * j for j, element in enumerate(row))
        packed += value.to_bytes(4 * -(-len(row) * bits // 32), "little")
    return packed
