"""The one knob of the random tests."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from tests.architecture.repository import ROOT
from tests.effort import EFFORT, cases, effort_of


def test_effort_multiplies_up_to_what_is_sensible() -> None:
    assert (effort_of("1"), effort_of("250")) == (1, 250)
    assert cases(4, 1000) == range(min(4 * EFFORT, 1000))
    assert cases(5, 5) == range(5)


@pytest.mark.parametrize("text", ["", "0", "-3", "1.5", "yes", "\u0661"])
def test_anything_else_is_refused(text: str) -> None:
    environment = os.environ | {"NEUROHART_EFFORT": text, "PYTHONIOENCODING": "utf-8"}
    command = [sys.executable, "tests/effort.py"]
    run = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert run.returncode == 1
    assert "is no effort, expected a whole number from 1 (usual) on" in run.stderr
