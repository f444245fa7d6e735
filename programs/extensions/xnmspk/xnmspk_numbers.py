"""Numbers of the Xnm specification, chapter 2: choices without branches, rounding, saturation, the random source.

Everything works on integers and on the abstract values that a definition is traced with. A choice between values is
made by `choose`, which computes both; an `if` stands where an effect depends on it, that is where a draw may happen.
"""

from __future__ import annotations

from typing import Any

from iss.isa.values import signed

RNG_RESET = 0x6E6D0001
STOCHASTIC = 3


def choose(condition: Any, chosen: Any, other: Any) -> Any:
    """`chosen` where the condition (0 or 1) holds, `other` elsewhere."""
    return other ^ (-condition & (chosen ^ other))


def s32(value: Any) -> Any:
    """Reduce modulo 2^32 to a signed number (2.1)."""
    return signed(value, 32)


def sgn(value: Any) -> Any:
    """The sign: -1, 0 or 1."""
    return (value > 0) - (value < 0)


def magnitude(value: Any) -> Any:
    """The absolute value."""
    return choose(value < 0, -value, value)


def clip(value: Any, low: Any, high: Any) -> Any:
    """The number of low..high that is nearest (2.1)."""
    return choose(value < low, low, choose(value > high, high, value))


def field(word: Any, high: int, low: int) -> Any:
    """Bits high..low of a word."""
    return (word >> low) & ((1 << (high - low + 1)) - 1)


# Rounding (2.2 to 2.4) ----------------------------------------------------------------------------------------------
def tz(value: Any, shift: Any) -> Any:
    """Divide by 2^shift, toward zero."""
    return choose(value < 0, -(-value >> shift), value >> shift)


def rhu(value: Any, shift: Any) -> Any:
    """Divide by 2^shift, half up."""
    return (value + ((1 << shift) >> 1)) >> shift


def draw(hart: Any, bits: Any) -> Any:
    """Step the random source and return its upper bits, 1 to 32 of them."""
    word = next_random(hart.state.rng)
    hart.state.rng = word
    return word >> ((32 - bits) & 31)


def next_random(word: Any) -> Any:
    """The state after one step of the xorshift generator."""
    word = (word ^ (word << 13)) & 0xFFFF_FFFF
    word = word ^ (word >> 17)
    return (word ^ (word << 5)) & 0xFFFF_FFFF


def rnd(hart: Any, rounding: Any, value: Any, shift: Any) -> Any:
    """Divide by 2^shift as `rounding` says; an exact quotient draws nothing."""
    inexact = (value & ((1 << shift) - 1)) != 0
    if inexact & (rounding == STOCHASTIC):
        return (value + draw(hart, shift)) >> shift
    floor = value >> shift
    return choose(rounding == 0, tz(value, shift), choose(rounding == 1, floor, rhu(value, shift)))


# The mode word (2.5) and the parameter words (2.6) ------------------------------------------------------------------
class Mode:
    """The fields of nm_mode and what follows from them."""

    def __init__(self, hart: Any) -> None:
        word = hart.state.mode
        self.rounding = field(word, 1, 0)
        self.ge = field(word, 2, 2)
        self.reset = field(word, 4, 3)
        width = field(word, 6, 5)
        self.high = choose(
            width == 0,
            (1 << 31) - 1,
            choose(width == 1, (1 << 23) - 1, choose(width == 2, (1 << 15) - 1, (1 << 19) - 1)),
        )
        self.low = field(word, 7, 7) - 1 - self.high
        self.wraps = field(word, 8, 8)
        self.no_negative = field(word, 10, 10)

    def sat(self, value: Any) -> Any:
        """Saturate to the width."""
        return s32(clip(value, self.low, self.high))

    def satm(self, value: Any) -> Any:
        """Saturate a membrane, whose lower bound may be 0."""
        return s32(clip(value, choose(self.no_negative, 0, self.low), self.high))

    def wrapu(self, value: Any) -> Any:
        """Reduce modulo 2^W into (-2^(W-1), 2^(W-1)], then to 32 bits."""
        return s32(((value + self.high) & (2 * self.high + 1)) - self.high)

    def greater(self, left: Any, right: Any) -> Any:
        """1 if left > right, or if they are equal and GE is set."""
        return (left > right) | (self.ge & (left == right))


class Parameters:
    """The parameter CSRs as kernels read them."""

    def __init__(self, hart: Any) -> None:
        state = hart.state
        self.p0, self.p1, self.p2, self.p3 = state.p0, state.p1, state.p2, state.p3
        self.ku, self.kv = field(self.p0, 12, 0), field(self.p0, 28, 16)
        self.bias = s32(self.p1)
        self.gain = 1 << field(self.p2, 4, 0)
        self.relu = field(self.p2, 8, 8)
        self.kth, self.kr = field(self.p3, 12, 0), field(self.p3, 28, 16)
        self.vth, self.vrst = s32(state.vth), s32(state.vrst)
