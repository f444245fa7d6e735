"""Choosing the instruction set of long operations."""

from __future__ import annotations

import pytest

import coprocessor
from coprocessor.binding import Coprocessor
from coprocessor.errors import CoprocessorError

LEVELS = coprocessor.simd_levels()


def test_order_of_levels() -> None:
    known = ("avx512", "avx2", "portable", "scalar")
    assert tuple(level for level in known if level in LEVELS) == LEVELS
    assert {"portable", "scalar"} <= set(LEVELS)


@pytest.mark.parametrize("level", LEVELS)
def test_argument_goes_before_environment(level: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEUROHART_SIMD", "portable")
    assert Coprocessor(bytearray(64), 0).simd == "portable"
    assert Coprocessor(bytearray(64), 0, simd=level).simd == level


@pytest.mark.parametrize("value", [None, ""])
def test_fastest_by_default(value: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NEUROHART_SIMD", raising=False)
    if value is not None:
        monkeypatch.setenv("NEUROHART_SIMD", value)
    assert Coprocessor(bytearray(64), 0).simd == LEVELS[0]


def test_unknown_level(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(CoprocessorError, match=r"'sse9' is not known .* it has .*portable, scalar"):
        Coprocessor(bytearray(64), 0, simd="sse9")
    monkeypatch.setenv("NEUROHART_SIMD", "fast")
    with pytest.raises(CoprocessorError, match="'fast'"):
        Coprocessor(bytearray(64), 0)
