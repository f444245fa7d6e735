"""The random source and the selectable rounding that may draw from it (specification 2.3, 2.4)."""

from __future__ import annotations

from coprocessor.csrs import RNG_RESET
from coprocessor.golden.numbers import asr, rhu, tz, u32


class RandomSource:
    """The generator behind `nm_rng`; its state is never 0."""

    def __init__(self) -> None:
        self.state = RNG_RESET

    def write(self, value: int) -> None:
        """Set the state as a CSR write does: 0 is replaced by 0x6E6D0001."""
        self.state = u32(value) or RNG_RESET

    def draw(self, n: int) -> int:
        """`x ^= x << 13; x ^= x >> 17; x ^= x << 5`; bits [31:32-n] of the new x, 1 <= n <= 32."""
        x = self.state
        x ^= u32(x << 13)
        x ^= x >> 17
        x ^= u32(x << 5)
        self.state = x
        return x >> (32 - n)

    def rnd(self, rounding: int, x: int, k: int) -> int:
        """`x / 2^k` rounded: 0 toward zero, 1 floor, 2 half up, 3 stochastic; an exact quotient draws nothing."""
        if x % (1 << k) == 0:
            return x >> k
        if rounding == 0:
            return tz(x, k)
        if rounding == 1:
            return asr(x, k)
        if rounding == 2:
            return rhu(x, k)
        return asr(x + self.draw(k), k)
