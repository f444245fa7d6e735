"""The error that ends a benchmark."""

from __future__ import annotations


class WrongResult(RuntimeError):
    """Somebody computed something else than the others, so its time means nothing."""
