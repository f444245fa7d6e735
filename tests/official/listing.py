"""Parametrises a test over official programs, by name."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.oracles.building import Program
from tests.oracles.toolchain import ToolMissing, cross_compiler


def by_name(programs: Callable[[], list[Program]]) -> pytest.MarkDecorator:
    """The mark for an argument `program`; no values without compiler or sources (test_all_are_there tells)."""
    try:
        cross_compiler()
        values = programs()
    except ToolMissing:
        values = []
    return pytest.mark.parametrize("program", values, ids=[program.name for program in values])
