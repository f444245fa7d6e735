"""NeuroHart's spiking coprocessor: `Network` for people without firmware, `binding` is C through cffi, `golden` the
specification in code."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from coprocessor.binding import simd_levels
    from coprocessor.network import Network

__all__ = ["Network", "simd_levels"]


def __getattr__(name: str) -> Any:
    """Import `Network`, and NumPy with it, or the native module when somebody asks for it."""
    if name == "Network":
        from coprocessor.network import Network

        return Network
    if name == "simd_levels":
        from coprocessor.binding import simd_levels

        return simd_levels
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
