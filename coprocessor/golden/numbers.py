"""Integers, saturation and shifts with rounding (specification 2.1, 2.2), on unbounded Python ints."""

from __future__ import annotations


def signed(x: int, bits: int) -> int:
    """`sN(x)`: x modulo 2^bits in [-2^(bits-1), 2^(bits-1) - 1]."""
    x &= (1 << bits) - 1
    return x - (1 << bits) if x >> (bits - 1) else x


def s8(x: int) -> int:
    """x modulo 2^8, signed."""
    return signed(x, 8)


def s9(x: int) -> int:
    """x modulo 2^9, signed."""
    return signed(x, 9)


def s16(x: int) -> int:
    """x modulo 2^16, signed."""
    return signed(x, 16)


def s32(x: int) -> int:
    """x modulo 2^32, signed."""
    return signed(x, 32)


def u16(x: int) -> int:
    """x modulo 2^16."""
    return x & 0xFFFF


def u32(x: int) -> int:
    """x modulo 2^32."""
    return x & 0xFFFF_FFFF


def field(word: int, high: int, low: int) -> int:
    """`word[high:low]` as an unsigned number."""
    return word >> low & ((1 << (high - low + 1)) - 1)


def bit(word: int, index: int) -> int:
    """`word[index]`."""
    return word >> index & 1


def popcount(word: int) -> int:
    """Number of set bits of a 32-bit word."""
    return u32(word).bit_count()


def words(bits: int) -> int:
    """`W(k) = ceil(k / 32)`."""
    return ceil_div(bits, 32)


def ceil_div(x: int, y: int) -> int:
    """`ceil(x / y)` of non-negative integers."""
    return -(-x // y)


def clip(x: int, low: int, high: int) -> int:
    """x saturated to [low, high]."""
    return max(low, min(high, x))


def sgn(x: int) -> int:
    """-1, 0 or 1."""
    return (x > 0) - (x < 0)


def tz(x: int, k: int) -> int:
    """Shift with rounding toward zero: `sgn(x) * floor(|x| / 2^k)`."""
    return sgn(x) * (abs(x) >> k)


def asr(x: int, k: int) -> int:
    """Arithmetic shift: `floor(x / 2^k)`."""
    return x >> k


def rhu(x: int, k: int) -> int:
    """Shift with rounding half up: `floor((x + 2^(k-1)) / 2^k)`, x for k = 0."""
    return (x + (1 << (k - 1))) >> k if k else x
