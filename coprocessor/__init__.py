"""NeuroHart's spiking coprocessor: `Network` for people without firmware, `binding` is C through cffi, `golden` the
specification in code."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from coprocessor.network import Network

__all__ = ["Network"]


def __getattr__(name: str) -> Any:
    """Import `Network`, and NumPy with it, when somebody asks for it."""
    if name == "Network":
        from coprocessor.network import Network

        return Network
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
