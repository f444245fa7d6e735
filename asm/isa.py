"""The architecture of an ISA string, with the coprocessor's extensions where it names them."""

from __future__ import annotations

from iss.isa.catalogue import Architecture, architecture


def resolve(isa: str) -> Architecture:
    """Return the architecture of a string such as `rv32im_zicsr_xnmspk`; NeuroHartError if it is not known."""
    if "_x" not in isa.lower():
        return architecture(isa)
    from coprocessor.instructions import EXTENSIONS

    return architecture(isa, EXTENSIONS)
