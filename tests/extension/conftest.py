"""What all tests of extensions have in common."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.extension.spiking import SPIKING

CACHE = Path(__file__).resolve().parents[2] / "build" / "cache"


@pytest.fixture(autouse=True)
def cache(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep compiled interpreters, whose names say what they are made of, for the next run."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(CACHE))


@pytest.fixture
def spiking(tmp_path: Path) -> Path:
    path = tmp_path / "xspk.py"
    path.write_text(SPIKING, encoding="utf-8")
    return path
