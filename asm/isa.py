"""The architecture of an ISA string, with the coprocessor's extensions where it names them."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from iss.isa.catalogue import STANDARD, Architecture, Extension, architecture


@cache
def known_extensions() -> Mapping[str, Extension]:
    """Return every extension by name, the coprocessor's included."""
    try:
        from coprocessor.instructions import EXTENSIONS
    except ImportError:  # installed without the coprocessor
        return STANDARD
    return {**STANDARD, **EXTENSIONS}


def resolve(isa: str) -> Architecture:
    """Return the architecture of a string such as `rv32im_zicsr_xnmspk`; NeuroHartError if it is not known."""
    if "_x" not in isa.lower():
        return architecture(isa)
    return architecture(isa, known_extensions())
