"""Mutated files give an image or a LoadError, nothing else, without large allocations."""

from __future__ import annotations

import struct
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from hypothesis import given, settings
from hypothesis import strategies as st

from iss.loaders import Image, LoadError, elf, ihex, vhex
from iss.loaders.files import detect_format
from tests.loaders.broken import HIGH, PROGRAM
from tests.loaders.elf_writer import ElfFile

VALID = ElfFile().build()
WORDS = st.one_of(
    st.sampled_from([0, 1, 2, 3, 4, 31, 32, 51, 52, 53, len(VALID) - 1, len(VALID), 0x7FFF_FFFF, 0x8000_0000,
                     0xFFFF_FFFF, 0xFFFF_FFFE, 0xFFFF_0000, 0xFFFF, 0xFF00]),
    st.integers(0, 0xFFFF_FFFF),
)  # fmt: skip
POSITIONS = st.integers(0, len(VALID) - 1)


@contextmanager
def small() -> Iterator[None]:
    tracemalloc.start()
    try:
        yield
        assert tracemalloc.get_traced_memory()[1] < 16 << 20
    finally:
        tracemalloc.stop()


def refused_or_sound(loader: Callable[[str, bytes], Image], data: bytes) -> None:
    """Load; an image must be consistent, an error be a LoadError in one line with a cure."""
    try:
        image = loader("file", data)
    except LoadError as error:
        message = str(error)
        assert message.startswith("file")
        assert "; " in message
        assert "\n" not in message
        return
    assert any(segment.address <= image.entry < segment.end for segment in image.segments)
    last = 0
    for segment in image.segments:
        assert last <= segment.address
        assert len(segment.data) <= segment.size
        last = segment.end
    assert last <= 1 << 32
    assert sum(len(segment.data) for segment in image.segments) <= 2 * len(data)


@settings(max_examples=600, deadline=None)
@given(st.lists(st.tuples(POSITIONS, st.binary(min_size=1, max_size=4)), max_size=6), st.integers(0, len(VALID)))
def test_elf_bytes(changes: list[tuple[int, bytes]], cut: int) -> None:
    data = bytearray(VALID)
    for position, replacement in changes:
        data[position : position + len(replacement)] = replacement
    with small():
        refused_or_sound(elf.load, bytes(data[: cut or None]))


@settings(max_examples=600, deadline=None)
@given(st.lists(st.tuples(st.integers(4, len(VALID) // 4 - 1), WORDS), min_size=1, max_size=4))
def test_elf_words(changes: list[tuple[int, int]]) -> None:
    """Whole aligned words take nasty values, as addresses, offsets and sizes would."""
    data = bytearray(VALID)
    for position, value in changes:
        struct.pack_into("<I", data, 4 * position, value)
    with small():
        refused_or_sound(elf.load, bytes(data))


def test_elf_every_truncation() -> None:
    for length in range(len(VALID)):
        refused_or_sound(elf.load, VALID[:length])


def test_elf_every_single_byte() -> None:
    """Every byte of the headers at its extremes."""
    for position in (*range(4, 116), *range(len(VALID) - 200, len(VALID))):
        for value in (0x00, 0x01, 0x7F, 0x80, 0xFF):
            data = bytearray(VALID)
            data[position] = value
            refused_or_sound(elf.load, bytes(data))


@settings(max_examples=300, deadline=None)
@given(
    st.one_of(st.text(":0123456789ABCDEFabcdef \n\r\x0b\x85é", max_size=80), st.text(max_size=40)), st.integers(0, 60)
)
def test_intel_hex_text(change: str, position: int) -> None:
    content = HIGH + PROGRAM + ":00000001FF\n"
    data = (content[:position] + change + content[position + len(change) :]).encode("utf-8", "surrogatepass")
    with small():
        refused_or_sound(ihex.load, data)


@settings(max_examples=300, deadline=None)
@given(st.one_of(st.text("@0123456789abcdefxz_/* \n\r\t", max_size=60), st.text(max_size=40)), st.integers(0, 40))
def test_verilog_hex_text(change: str, position: int) -> None:
    content = "@80000000 // start\n13 05 50 00\n6f 00 00 00 /* end */\n"
    data = (content[:position] + change + content[position + len(change) :]).encode("utf-8", "surrogatepass")
    with small():
        refused_or_sound(vhex.load, data)


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=64), st.sampled_from(["file", "file.elf", "file.hex", "file.bin"]))
def test_detection_knows_or_refuses(data: bytes, name: str) -> None:
    try:
        assert detect_format(name, data) in ("elf", "binary", "ihex", "vhex")
    except LoadError as error:
        assert str(error).startswith(name)
