"""Tests of Xbits against strings of digits, on corners and random words; `neurohart ext mutate` scores them."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from iss.extension import load_extensions
from iss.extension.testing import Bench

BENCH = Bench(*load_extensions(Path(__file__).with_name("xbits.py")))
_RANDOM = random.Random(1)
WORDS = [
    *(0, 1, 0xFFFF_FFFF, 0x8000_0000, 0x7FFF_FFFF, 0x5555_5555, 0xAAAA_AAAA, 0x0F0F_0F0F),
    *(1 << bit for bit in range(1, 31)),
    *(_RANDOM.getrandbits(_RANDOM.randrange(8, 33)) for _ in range(24)),
]


@pytest.mark.parametrize("word", WORDS, ids=hex)
def test_words(word: int) -> None:
    digits = f"{word:032b}"
    result = BENCH.run("bits.count a0, a3\nbits.lead a1, a3\nbits.reverse a2, a3", a3=word)
    assert result.a0 == digits.count("1")
    assert result.a1 == (digits + "1").index("1")
    assert f"{result.a2:032b}" == "".join(digits[place : place + 8][::-1] for place in range(0, 32, 8))


@pytest.mark.parametrize("low", [0, 1, 7, 16, 30, 31])
@pytest.mark.parametrize("width", [1, 2, 8, 16, 31, 32])
def test_fields(low: int, width: int) -> None:
    """Above bit 9 of rs2 there may be anything; a field that leaves the word has zeros there."""
    for word in (0xA5C3_0F96, 0x5A3C_F069, 0xFFFF_FFFF):
        digits = f"{word:064b}"[64 - low - width : 64 - low]
        number = int(digits, 2) - (1 << width if digits[0] == "1" else 0)
        for junk in (0, 0xFFFF_FC00):
            assert (
                BENCH.run("bits.field a0, a1, a2", a1=word, a2=low | width - 1 << 5 | junk).a0 == number & 0xFFFF_FFFF
            )
