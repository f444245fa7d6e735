"""Widths of numbers in an extension file: `signed(16)`, `unsigned(8)`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from iss.isa.values import bounds
from iss.isa.values import signed as two_complement


@dataclass(frozen=True, slots=True)
class Width:
    """Numbers of `bits` bits. Calling it on a value gives the value's low bits as such a number."""

    bits: int
    is_signed: bool

    @property
    def minimum(self) -> int:
        """The least number."""
        return bounds(self.bits, self.is_signed)[0]

    @property
    def maximum(self) -> int:
        """The greatest number."""
        return bounds(self.bits, self.is_signed)[1]

    def __call__(self, value: Any) -> Any:
        return two_complement(value, self.bits) if self.is_signed else value & ((1 << self.bits) - 1)

    def clip(self, value: Any) -> Any:
        """Return the number nearest to `value`: saturation. Each bound that can be passed is a path of the meaning."""
        if value < self.minimum:
            return self.minimum
        if value > self.maximum:
            return self.maximum
        return value

    def __str__(self) -> str:
        return f"{'signed' if self.is_signed else 'unsigned'}({self.bits})"


def signed(bits: int) -> Width:
    """Two's complement numbers of 1 to 64 bits."""
    return _width(bits, True)


def unsigned(bits: int) -> Width:
    """Numbers from 0 of 1 to 64 bits."""
    return _width(bits, False)


def _width(bits: int, is_signed: bool) -> Width:
    if not isinstance(bits, int) or not 1 <= bits <= 64:
        kind = "signed" if is_signed else "unsigned"
        raise ValueError(
            f"{kind}({bits!r}): a width is 1 to 64 bits; to take the low bits of a value write {kind}(16)(value)"
        )
    return Width(bits, is_signed)
