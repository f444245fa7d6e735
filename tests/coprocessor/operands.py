"""Random and corner operands and parameter words for differential tests, from a seeded generator."""

from __future__ import annotations

from random import Random

WORD_CORNERS = (
    0,
    1,
    2,
    0x7F,
    0x80,
    0xFF,
    0x7FFF,
    0x8000,
    0xFFFF,
    0x10000,
    0x7FFFFF,
    0x800000,
    0x7FFF_FFFF,
    0x8000_0000,
)


def word(random: Random) -> int:
    """A word: a corner or its neighbour or negative, a small number, a shifted one, or any."""
    kind = random.randrange(5)
    if kind == 0:
        return (random.choice(WORD_CORNERS) + random.randint(-1, 1)) * random.choice((1, -1)) & 0xFFFF_FFFF
    if kind == 1:
        return random.randint(-300, 300) & 0xFFFF_FFFF
    if kind == 2:
        return random.getrandbits(random.randint(1, 32)) & 0xFFFF_FFFF
    if kind == 3:
        return -random.getrandbits(random.randint(1, 31)) & 0xFFFF_FFFF
    return random.getrandbits(32)


def mode(random: Random) -> int:
    """A legal mode word."""
    value = random.getrandbits(11)
    return value & ~0x8 if value & 0x18 == 0x18 else value


def decay_pair(random: Random) -> int:
    """Two 13-bit retention factors in one word, often near 4096."""
    factors = [random.choice((0, 4096, 4095, 3686, random.randrange(8192))) for _ in range(2)]
    return factors[0] | factors[1] << 16


def shift_word(random: Random) -> int:
    """P2: a small ASH mostly, any of the control bits."""
    return random.choice((0, 0, 2, 6, random.randrange(32))) | random.choice((0, 0x100, 0x200, 0x300, 0x700))
