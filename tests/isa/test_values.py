"""Abstract values: intervals hold what comes out, what they decide is folded, and every refusal has its place."""

from __future__ import annotations

import random
from collections.abc import Callable
from itertools import count
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from iss.isa.errors import DefinitionError
from iss.isa.tracing import Trace
from iss.isa.values import Value, signed, wrapped_sum
from tests.effort import cases
from tests.isa.random_meanings import BINARY, MASK64, UNARY, random_meaning
from tests.isa.tree import evaluate

BATCH = 40


def value(low: int, high: int) -> Value:
    """An abstract value of a fresh trace."""
    return Trace([], [], count()).record("operand", (), low, high, "a")


def pair(first: tuple[int, int], second: tuple[int, int]) -> tuple[Value, Value]:
    """Two abstract values of one trace."""
    trace = Trace([], [], count())
    return trace.record("operand", (), *first, "a"), trace.record("operand", (), *second, "b")


@pytest.mark.parametrize("seed", cases(10, 400))
def test_random_meanings(seed: int) -> None:
    """The traced tree gives what the function gives, and every step of it lies in its interval."""
    source = random.Random(seed)
    for _ in range(BATCH):
        meaning = random_meaning(source)
        tree = meaning.trace()
        for _ in range(12):
            operands = meaning.random_operands(source)
            expected = meaning.run(operands)
            found = evaluate(tree, {f"a{index}": given for index, given in enumerate(operands)})
            assert found == expected, (meaning, operands)


bounds = st.one_of(
    st.integers(-(1 << 63), (1 << 63) - 1),
    st.integers(0, MASK64),
    st.integers(-300, 300),
    st.builds(lambda bits, off: (1 << bits) + off, st.integers(0, 62), st.integers(-1, 1)),
    st.builds(lambda bits, off: -(1 << bits) + off, st.integers(0, 62), st.integers(-1, 1)),
)


@st.composite
def intervals(draw: st.DrawFn) -> tuple[int, int]:
    low, high = sorted((draw(bounds), draw(bounds)))
    assume(low >= 0 or high < 1 << 63)
    return low, high


def inside(data: st.DataObject, interval: tuple[int, int]) -> int:
    low, high = interval
    return data.draw(st.one_of(st.sampled_from((low, high)), st.integers(low, high)))


PLAIN_BINARY = [name for name in BINARY if " " not in name and name != "smaller" and name != "nested"]


@pytest.mark.parametrize("name", PLAIN_BINARY)
@given(st.data(), intervals(), intervals())
def test_binary_operation(name: str, data: st.DataObject, first: tuple[int, int], second: tuple[int, int]) -> None:
    """Either refused, or the interval holds every result; and a Value with an int is the same as two Values."""
    operation = BINARY[name]
    x, y = inside(data, first), inside(data, second)
    a, b = pair(first, second)
    for left, right, others in ((a, b, (x, y)), (a, y, (x, y)), (x, b, (x, y))):
        try:
            result = operation(left, right)
        except (DefinitionError, OverflowError):
            continue
        expected = operation(*others)
        if isinstance(result, Value):
            assert result.low <= expected <= result.high, (left, right, result, expected)
        else:
            assert result == expected


PLAIN_UNARY = [name for name in UNARY if not name.startswith(("mask", "odd"))]


@pytest.mark.parametrize("name", PLAIN_UNARY)
@given(st.data(), intervals())
def test_unary_operation(name: str, data: st.DataObject, interval: tuple[int, int]) -> None:
    operation = UNARY[name]
    x = inside(data, interval)
    try:
        result = operation(value(*interval))
    except DefinitionError:
        return
    expected = operation(x)
    if isinstance(result, Value):
        assert result.low <= expected <= result.high
    else:
        assert result == expected


@pytest.mark.parametrize(
    ("operation", "first", "second", "interval"),
    [
        ("add", (0, 10), (5, 6), (5, 16)),
        ("sub", (0, 10), (5, 6), (-6, 5)),
        ("mul", (-3, 4), (-5, 2), (-20, 15)),
        ("and", (0, 0xFF), (0, 0xF), (0, 0xF)),
        ("and", (-5, 7), (0, 0xF), (0, 0xF)),
        ("or", (4, 5), (0, 2), (4, 7)),
        ("xor", (0, 4), (0, 8), (0, 15)),
        ("shl", (0, 3), (0, 4), (0, 48)),
        ("shr", (-8, 8), (0, 2), (-8, 8)),
        ("floordiv", (-7, 7), (2, 3), (-4, 3)),
        ("mod", (0, 100), (1, 7), (0, 6)),
        ("mod", (-100, 100), (1, 7), (0, 6)),
        ("mod", (0, 3), (1, 7), (0, 3)),
    ],
)
def test_exact_intervals(
    operation: str, first: tuple[int, int], second: tuple[int, int], interval: tuple[int, int]
) -> None:
    """Where an exact interval is easy, it is not given away."""
    result = BINARY[operation](*pair(first, second))
    assert (result.low, result.high) == interval


@pytest.mark.parametrize(
    ("compute", "expected"),
    [
        (lambda: value(0, 5) < 6, True),
        (lambda: value(0, 5) < 0, False),
        (lambda: value(0, 5) <= 5, True),
        (lambda: value(0, 5) > 5, False),
        (lambda: value(3, 5) >= 3, True),
        (lambda: value(0, 5) == 6, False),
        (lambda: value(0, 5) != -1, True),
        (lambda: value(0, 5) < 7, True),
        (lambda: bool(value(1, 5)), True),
        (lambda: bool(value(-5, -1)), True),
        (lambda: bool(value(0, 0)), False),
        (lambda: value(0, 5) * 0, 0),
        (lambda: value(0, 5) & 0, 0),
        (lambda: value(7, 7) + 1, 8),
        (lambda: value(0, 5) >> 3, 0),
        (lambda: value(4, 6) // 4, 1),
    ],
)
def test_decided_at_once(compute: Callable[[], Any], expected: Any) -> None:
    """Where the intervals decide, the result is a plain bool or int, and the trace does not fork."""
    result = compute()
    assert type(result) is type(expected) and result == expected


def test_what_is_already_so_costs_no_node() -> None:
    a = value(0, 100)
    assert abs(a) is a and +a is a
    assert signed(a, 8) is a and signed(a, 7) is not a
    assert len(a.trace.nodes) == 2


@pytest.mark.parametrize(
    ("compute", "message"),
    [
        (lambda: value(0, MASK64) + 1, r"add may give 1\.\.18446744073709551616, which needs more than 64 bits"),
        (lambda: value(-1, MASK64 >> 1) - (1 << 63), "sub may give .* more than 64 bits"),
        (lambda: value(0, 1 << 40) * value(0, 1 << 40), "mul may give .* more than 64 bits"),
        (lambda: value(0, 1 << 60) << 4, "shl may give .* more than 64 bits"),
        (lambda: ~value(0, MASK64), "invert may give .* more than 64 bits"),
        (lambda: -value(0, MASK64), "sub may give .* more than 64 bits"),
        (lambda: 1 // value(0, 5), "the divisor may be 0; test it first with `if divisor == 0:`"),
        (lambda: 1 % value(-1, 1), "the divisor may be 0"),
        (lambda: value(0, 5) // 0, "the divisor may be 0"),
        (lambda: 1 << value(0, 64), r"shift amount 0\.\.64 is outside 0\.\.63; mask it"),
        (lambda: value(0, 5) >> value(-1, 5), r"shift amount -1\.\.5 is outside"),
        (lambda: value(0, 5) << 64, r"shift amount 64\.\.64 is outside"),
        (lambda: value(-1, 5).bit_count(), "bit_count.. of a value that may be negative; mask it first"),
        (lambda: range(value(0, 5)), "an abstract value has no number here; loops, slices and list indices"),
        (lambda: [1, 2][value(0, 1)], "an abstract value has no number here"),
        (lambda: int(value(0, 1)), "an abstract value has no number here"),
        (lambda: "abc"[: value(0, 1)], "an abstract value has no number here"),
        (lambda: value(0, MASK64) < value(-1, 5), "comparing .* needs more than 64 bits"),
        (lambda: value(0, 5) & (1 << 64), "and with 18446744073709551616, which needs more than 64 bits"),
        (lambda: (1 << 63) // (-value(1, 5) - (1 << 64)), "sub with 18446744073709551616"),
        (lambda: signed(value(0, 5), 65), "signed.. takes 1 to 64 bits, not 65"),
        (lambda: signed(value(0, 5), 0), "signed.. takes 1 to 64 bits, not 0"),
    ],
)
def test_refused(compute: Callable[[], Any], message: str) -> None:
    """With the line that computes it."""
    with pytest.raises(DefinitionError, match=message) as caught:
        compute()
    assert str(caught.value).startswith(f"{__file__}:")


def test_values_are_no_keys() -> None:
    with pytest.raises(TypeError, match="unhashable"):
        hash(value(0, 1))


@pytest.mark.parametrize("other", [1.5, "1", None, [1]])
def test_other_types_are_refused_by_python(other: Any) -> None:
    with pytest.raises(TypeError):
        value(0, 1) + other
    with pytest.raises(TypeError):
        other & value(0, 1)
    with pytest.raises(TypeError):
        _ = value(0, 1) < other


@given(st.integers(0, MASK64), st.integers(0, MASK64))
def test_wrapped_sum(a: int, b: int) -> None:
    assert wrapped_sum(a, b) == (a + b) % (1 << 64)
    result = wrapped_sum(value(0, MASK64), b)
    assert (result.low, result.high) == (0, MASK64)


@given(st.integers(-(1 << 70), 1 << 70), st.integers(1, 64))
def test_signed_of_ints(number: int, bits: int) -> None:
    result = signed(number, bits)
    assert -(1 << bits - 1) <= result < 1 << bits - 1 and (result - number) % (1 << bits) == 0
