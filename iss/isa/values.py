"""Abstract integers: a `Value` carries an exact interval and records what is done with it.

Meanings are ordinary Python functions; called with ints they compute, called with `Value`s they are traced. Python's
ints are unbounded, so C and Python agree as long as every intermediate fits 64 bits; one that may not is refused
here, with the line that computes it. `if value:` asks the trace, which runs the function once for each answer.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from iss.isa.errors import caller_location, located

if TYPE_CHECKING:
    from iss.isa.tracing import Trace

INT64_MIN, INT64_MAX, UINT64_MAX = -(1 << 63), (1 << 63) - 1, (1 << 64) - 1
_MAXIMUM_SHIFT = 63


def signed(value: Any, bits: int = 32) -> Any:
    """Return the low `bits` bits of `value` as a two's complement number."""
    if isinstance(value, Value):
        return value.sign_extended(bits)
    if bits == 32:
        return (value & 0xFFFF_FFFF ^ 0x8000_0000) - 0x8000_0000
    return (value & ((1 << bits) - 1) ^ (1 << (bits - 1))) - (1 << (bits - 1))


def bounds(bits: int, is_signed: bool) -> tuple[int, int]:
    """Return the least and the greatest number of `bits` bits, in two's complement or from 0."""
    return (-(1 << (bits - 1)), (1 << (bits - 1)) - 1) if is_signed else (0, (1 << bits) - 1)


def wrapped_sum(left: Any, right: Any) -> Any:
    """Return `left + right` modulo 2^64: the sum of a 64-bit counter and its offset."""
    operands = tuple(part if isinstance(part, Value) else part & UINT64_MAX for part in (left, right))
    for operand in operands:
        if isinstance(operand, Value):
            return operand.trace.record("add64", operands, 0, UINT64_MAX)
    return (left + right) & UINT64_MAX


class Value:
    """An integer known only by its interval `[low, high]`; `index` is its node in the trace."""

    __slots__ = ("high", "index", "low", "trace")
    __hash__ = None  # type: ignore[assignment]  # key by index, never by value

    def __init__(self, trace: Trace, index: int, low: int, high: int) -> None:
        self.trace, self.index, self.low, self.high = trace, index, low, high

    def __repr__(self) -> str:
        return f"v{self.index}[{self.low}, {self.high}]"

    # Arithmetic -------------------------------------------------------------------------------------------------
    def __add__(self, other: Any) -> Any:
        return _operate("add", self, other)

    def __radd__(self, other: Any) -> Any:
        return _operate("add", other, self)

    def __sub__(self, other: Any) -> Any:
        return _operate("sub", self, other)

    def __rsub__(self, other: Any) -> Any:
        return _operate("sub", other, self)

    def __mul__(self, other: Any) -> Any:
        return _operate("mul", self, other)

    def __rmul__(self, other: Any) -> Any:
        return _operate("mul", other, self)

    def __floordiv__(self, other: Any) -> Any:
        return _operate("floordiv", self, other)

    def __rfloordiv__(self, other: Any) -> Any:
        return _operate("floordiv", other, self)

    def __mod__(self, other: Any) -> Any:
        return _operate("mod", self, other)

    def __rmod__(self, other: Any) -> Any:
        return _operate("mod", other, self)

    def __and__(self, other: Any) -> Any:
        return _operate("and", self, other)

    def __rand__(self, other: Any) -> Any:
        return _operate("and", other, self)

    def __or__(self, other: Any) -> Any:
        return _operate("or", self, other)

    def __ror__(self, other: Any) -> Any:
        return _operate("or", other, self)

    def __xor__(self, other: Any) -> Any:
        return _operate("xor", self, other)

    def __rxor__(self, other: Any) -> Any:
        return _operate("xor", other, self)

    def __lshift__(self, other: Any) -> Any:
        return _operate("shl", self, other)

    def __rlshift__(self, other: Any) -> Any:
        return _operate("shl", other, self)

    def __rshift__(self, other: Any) -> Any:
        return _operate("shr", self, other)

    def __rrshift__(self, other: Any) -> Any:
        return _operate("shr", other, self)

    def __neg__(self) -> Any:
        return _operate("sub", 0, self)

    def __pos__(self) -> Any:
        return self

    def __invert__(self) -> Any:
        return _operate("invert", self)

    def __abs__(self) -> Any:
        return self if self.low >= 0 else _operate("abs", self)

    def bit_count(self) -> Any:
        """Return the number of one bits, as int.bit_count does; the value must not be negative."""
        return _operate("popcount", self)

    def sign_extended(self, bits: int) -> Any:
        """Return the low `bits` bits as a two's complement number."""
        if not 1 <= bits <= 64:
            raise located(f"signed() takes 1 to 64 bits, not {bits}", caller_location())
        if -(1 << (bits - 1)) <= self.low and self.high < 1 << (bits - 1):
            return self
        return _operate("signed", self, bits)

    # Comparisons give 0 or 1; where the intervals decide, a plain bool ------------------------------------------
    def __lt__(self, other: Any) -> Any:
        return _compare("lt", self, other)

    def __le__(self, other: Any) -> Any:
        return _compare("le", self, other)

    def __gt__(self, other: Any) -> Any:
        return _compare("lt", other, self)

    def __ge__(self, other: Any) -> Any:
        return _compare("le", other, self)

    def __eq__(self, other: Any) -> Any:
        return _compare("eq", self, other)

    def __ne__(self, other: Any) -> Any:
        return _compare("ne", self, other)

    def __bool__(self) -> bool:
        if self.low > 0 or self.high < 0:
            return True
        if self.low == self.high == 0:
            return False
        return self.trace.decide(self)

    def __index__(self) -> int:
        raise located(
            "an abstract value has no number here; loops, slices and list indices need constants", caller_location()
        )

    __int__ = __index__


def interval(value: Any) -> tuple[int, int]:
    """Return (low, high) of an int or a Value."""
    return (value.low, value.high) if isinstance(value, Value) else (int(value), int(value))


def fits_64_bits(low: int, high: int) -> bool:
    """Tell whether one of C's 64-bit types holds every value of the interval."""
    return (low >= INT64_MIN and high <= INT64_MAX) or (low >= 0 and high <= UINT64_MAX)


def _trace_of(operands: Iterable[Any]) -> Trace:
    return next(operand.trace for operand in operands if isinstance(operand, Value))


def _operate(operation: str, *operands: Any) -> Any:
    for operand in operands:
        if not isinstance(operand, (int, Value)):
            return NotImplemented
        if not fits_64_bits(*interval(operand)):
            raise located(f"{operation} with {operand}, which needs more than 64 bits", caller_location())
    low, high = _INTERVALS[operation](*operands)
    if low == high:
        return low
    if not fits_64_bits(low, high):
        raise located(
            f"{operation} may give {low}..{high}, which needs more than 64 bits; narrow the operands first",
            caller_location(),
        )
    return _trace_of(operands).record(operation, operands, low, high)


def _compare(operation: str, left: Any, right: Any) -> Any:
    if not isinstance(left, (int, Value)) or not isinstance(right, (int, Value)):
        return NotImplemented
    (a, b), (c, d) = interval(left), interval(right)
    disjoint = b < c or d < a
    known: bool | None = None
    if operation == "lt":
        known = True if b < c else False if a >= d else None
    elif operation == "le":
        known = True if b <= c else False if a > d else None
    elif disjoint:
        known = operation == "ne"
    if known is not None:
        return known
    if not fits_64_bits(min(a, c), max(b, d)):
        raise located(f"comparing {a}..{b} with {c}..{d} needs more than 64 bits", caller_location())
    return _trace_of((left, right)).record(operation, (left, right), 0, 1)


# Intervals of each operation -------------------------------------------------------------------------------------
def _corners(function: Any, left: Any, right: Any) -> tuple[int, int]:
    (a, b), (c, d) = interval(left), interval(right)
    results = [function(x, y) for x in (a, b) for y in (c, d)]
    return min(results), max(results)


def _divisor(left: Any, value: Any) -> list[int]:
    """Return the extreme non-zero divisors; a divisor that may be 0 must have been tested on this path."""
    (a, b), (low, high) = interval(left), interval(value)
    if not fits_64_bits(min(a, low), max(b, high)):
        raise located(f"dividing {a}..{b} by {low}..{high} needs more than 64 bits", caller_location())
    if low <= 0 <= high and not (isinstance(value, Value) and value.trace.known_nonzero(value)):
        raise located("the divisor may be 0; test it first with `if divisor == 0:`", caller_location())
    return [d for d in {low, high, -1, 1} if d != 0 and low <= d <= high]


def _floordiv(left: Any, right: Any) -> tuple[int, int]:
    results = [n // d for n in interval(left) for d in _divisor(left, right)]
    return min(results), max(results)


def _mod(left: Any, right: Any) -> tuple[int, int]:
    divisors = _divisor(left, right)
    low, high = interval(left)
    smallest, largest = min(divisors), max(divisors)
    if smallest > 0 and low >= 0:
        return 0, min(high, largest - 1)
    return min(0, smallest + 1), max(0, largest - 1)


def _bits(*bounds: int) -> int:
    """Return how many bits hold every bound's magnitude in two's complement, sign excluded."""
    return max((bound if bound >= 0 else ~bound).bit_length() for bound in bounds)


def _and(left: Any, right: Any) -> tuple[int, int]:
    (a, b), (c, d) = interval(left), interval(right)
    if a == b and c == d:
        return a & c, a & c
    if a >= 0 and c >= 0:
        return 0, min(b, d)
    if a >= 0 or c >= 0:
        return 0, b if a >= 0 else d
    return -(1 << _bits(a, c)), max(b, d)


def _or(left: Any, right: Any) -> tuple[int, int]:
    (a, b), (c, d) = interval(left), interval(right)
    if a == b and c == d:
        return a | c, a | c
    top = (1 << _bits(b, d)) - 1
    return (max(a, c), top) if a >= 0 and c >= 0 else (-(1 << _bits(a, b, c, d)), (1 << _bits(a, b, c, d)) - 1)


def _xor(left: Any, right: Any) -> tuple[int, int]:
    (a, b), (c, d) = interval(left), interval(right)
    if a == b and c == d:
        return a ^ c, a ^ c
    top = (1 << _bits(a, b, c, d)) - 1
    return (0, top) if a >= 0 and c >= 0 else (-top - 1, top)


def _shift_amounts(value: Any) -> None:
    low, high = interval(value)
    if low < 0 or high > _MAXIMUM_SHIFT:
        raise located(f"shift amount {low}..{high} is outside 0..{_MAXIMUM_SHIFT}; mask it", caller_location())


def _shl(left: Any, right: Any) -> tuple[int, int]:
    _shift_amounts(right)
    return _corners(lambda x, y: x << y, left, right)


def _shr(left: Any, right: Any) -> tuple[int, int]:
    _shift_amounts(right)
    return _corners(lambda x, y: x >> y, left, right)


def _invert(value: Any) -> tuple[int, int]:
    low, high = interval(value)
    return ~high, ~low


def _abs(value: Any) -> tuple[int, int]:
    low, high = interval(value)
    return (0 if low <= 0 <= high else min(abs(low), abs(high))), max(abs(low), abs(high))


def _signed(value: Any, bits: int) -> tuple[int, int]:
    return bounds(bits, True)


def _popcount(value: Any) -> tuple[int, int]:
    low, high = interval(value)
    if low < 0:
        raise located("bit_count() of a value that may be negative; mask it first", caller_location())
    return 0, high.bit_length()


_INTERVALS: dict[str, Any] = {
    "add": lambda a, b: _corners(lambda x, y: x + y, a, b),
    "sub": lambda a, b: _corners(lambda x, y: x - y, a, b),
    "mul": lambda a, b: _corners(lambda x, y: x * y, a, b),
    "floordiv": _floordiv,
    "mod": _mod,
    "and": _and,
    "or": _or,
    "xor": _xor,
    "shl": _shl,
    "shr": _shr,
    "invert": _invert,
    "abs": _abs,
    "signed": _signed,
    "popcount": _popcount,
}
