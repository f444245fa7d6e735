"""How long random tests go on: the environment variable NEUROHART_EFFORT, usually 1 (docs/testing.md)."""

from __future__ import annotations

import os

import pytest


def effort_of(text: str) -> int:
    """The effort that a value of NEUROHART_EFFORT asks for; pytest.UsageError if it is no whole number from 1 on."""
    if not (text.isascii() and text.isdigit() and int(text)):
        raise pytest.UsageError(f"NEUROHART_EFFORT={text!r} is no effort, expected a whole number from 1 (usual) on")
    return int(text)


EFFORT = effort_of(os.environ.get("NEUROHART_EFFORT", "1"))
"""Multiplies the number of random cases; 100 and more make a long run."""
LONG = EFFORT > 1
"""Tests whose effort is not a number of cases do more of it."""


def cases(few: int, many: int) -> range:
    """Seeds: `few` of them; with more effort so many times more, but not above `many`."""
    return range(min(few * EFFORT, many))
