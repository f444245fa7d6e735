"""What every argument of a network passes through: integers of a shape and a range, or one clear message."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from coprocessor.errors import CoprocessorError

Integers = NDArray[np.int64]
Value = TypeVar("Value")
Narrow = TypeVar("Narrow", np.uint8, np.int8, np.uint16)


def array_of(argument: str, value: ArrayLike) -> NDArray[Any]:
    """`value` as an array; CoprocessorError if its rows have different lengths."""
    try:
        return np.asarray(value)
    except (ValueError, TypeError, OverflowError) as error:
        raise CoprocessorError(
            f"{argument} is not an array of numbers ({error}); give one number or rows of one length"
        ) from None


def integers(
    argument: str,
    value: ArrayLike,
    low: int,
    high: int,
    *,
    shape: tuple[int, ...] | None = None,
    cure: str = "scale or clip the values first",
) -> Integers:
    """`value` as int64 of this shape with all elements in [low, high]; CoprocessorError names the argument."""
    array = array_of(argument, value)
    if shape is not None and array.shape != shape:
        raise CoprocessorError(f"{argument} has shape {array.shape}, expected {shape}; check the order of the axes")
    if array.dtype.kind not in "biu":
        if array.dtype.kind != "f" or not np.array_equal(array, np.rint(array)):
            raise CoprocessorError(
                f"{argument} has values of type {array.dtype} that are not integers; "
                "quantise them, for example with numpy.rint(values * scale).astype(int)"
            )
        if array.size and not (np.abs(array) < 2.0**62).all():
            raise CoprocessorError(f"{argument} has values outside {low}..{high}; {cure}")
    elif array.dtype == np.uint64 and array.size and int(array.max()) > high:
        raise CoprocessorError(f"{argument} has the value {int(array.max())}, the limit is {low}..{high}; {cure}")
    numbers = array.astype(np.int64)
    if numbers.size and (int(numbers.min()) < low or int(numbers.max()) > high):
        wrong = (numbers < low) | (numbers > high)
        first = tuple(int(k) for k in np.argwhere(wrong)[0])
        place = f" at {list(first)}" if first else ""
        raise CoprocessorError(
            f"{argument} has the value {int(numbers[first])}{place}, the limit is {low}..{high}; {cure}"
        )
    return numbers


def narrowed(
    argument: str,
    value: ArrayLike,
    low: int,
    high: int,
    dtype: type[Narrow],
    *,
    shape: tuple[int, ...],
    cure: str = "scale or clip the values first",
) -> NDArray[Narrow]:
    """As `integers`, in a type that holds [low, high]; an array that has it already is not copied."""
    array = array_of(argument, value)
    whole = array.shape == shape and array.dtype.kind in "biu"
    if whole and (array.size == 0 or (low <= int(array.min()) and int(array.max()) <= high)):
        return array.astype(dtype, copy=False)
    return integers(argument, array, low, high, shape=shape, cure=cure).astype(dtype)


def integer(argument: str, value: Any, low: int, high: int, *, cure: str = "use a value in this range") -> int:
    """One integer in [low, high]; CoprocessorError names the argument."""
    if type(value) is int and low <= value <= high:
        return value
    return int(integers(argument, value, low, high, shape=(), cure=cure))


def choice(argument: str, value: Any, known: Mapping[Any, Value]) -> Value:
    """The entry of a table under this key; CoprocessorError lists the keys."""
    try:
        return known[value]
    except (KeyError, TypeError):
        raise CoprocessorError(f"{argument} is {value!r}; choose one of {listed(known)}") from None


def listed(names: Iterable[Any]) -> str:
    """Names for a message."""
    return ", ".join(repr(name) for name in names) or "(there are none)"
