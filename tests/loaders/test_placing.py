"""Images land in RAM whole, or not at all."""

from __future__ import annotations

import pytest

from iss.loaders import Image, LoadError, Segment, place_image
from iss.memory.map import Region
from iss.memory.ram import Ram

BASE = 0x8000_0000


def image(*segments: Segment) -> Image:
    return Image(BASE, segments, {}, "program")


def test_placed() -> None:
    ram = Ram(Region(BASE, 0x3000))
    ram.write(BASE, b"\xff" * 0x3000)
    place_image(image(Segment(BASE, b"code", 4, "rx"), Segment(BASE + 0x1000, b"data", 0x1800, "rw")), ram)
    assert ram.read(BASE, 8) == b"code\xff\xff\xff\xff"
    assert ram.read(BASE + 0x1000, 0x2000) == b"data" + bytes(0x17FC) + b"\xff" * 0x800


@pytest.mark.parametrize(
    ("segment", "span"),
    [
        (Segment(0x1000, b"code", 4, "rx"), "0x00001000..0x00001003"),
        (Segment(BASE + 0x2FFE, b"code", 4, "rx"), "0x80002ffe..0x80003001"),
        (Segment(BASE + 0x2000, b"", 0x1001, "rw"), "0x80002000..0x80003000"),
    ],
)
def test_outside_of_ram(segment: Segment, span: str) -> None:
    ram = Ram(Region(BASE, 0x3000))
    with pytest.raises(LoadError) as caught:
        place_image(image(Segment(BASE, b"code", 4, "rx"), segment), ram)
    assert str(caught.value) == (
        f"program: segment {span} is outside of RAM (0x80000000..0x80002fff, 12 KiB); "
        "link or load the program at 0x80000000 or give the machine more RAM"
    )
    assert ram.read(BASE, 4) == bytes(4), "half-written"


@pytest.mark.parametrize("address", [0x1000, BASE - 0x1000, BASE - 2, BASE, BASE + 0x2FFE, BASE + 0x3000])
def test_headers_are_placed_as_far_as_there_is_ram(address: int) -> None:
    ram = Ram(Region(BASE, 0x3000))
    place_image(image(Segment(address, b"head", 4, "rx", optional=True)), ram)
    expected = bytearray(0x3000)
    for index, byte in enumerate(b"head"):
        if 0 <= address + index - BASE < 0x3000:
            expected[address + index - BASE] = byte
    assert ram.read(BASE, 0x3000) == expected
