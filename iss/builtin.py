"""The extensions that ship with NeuroHart: the standard ones and the coprocessor's, put together in one place."""

from __future__ import annotations

from typing import Any

from coprocessor.errors import CoprocessorError
from iss.errors import NeuroHartError
from iss.isa.catalogue import DEFAULT_ISA, STANDARD, Architecture, Extension, architecture


def extensions() -> dict[str, Extension]:
    """Return every extension by name."""
    from coprocessor.instructions import EXTENSIONS

    return STANDARD | EXTENSIONS


def builtin_architecture(isa: str = DEFAULT_ISA) -> Architecture:
    """Return the architecture of an ISA string over all extensions that ship."""
    return architecture(isa, extensions() if "_x" in isa.lower() else STANDARD)


def full_architecture() -> Architecture:
    """Return the architecture with every extension: what the C interpreter is generated for."""
    names = list(extensions())
    letters = "".join(name for name in names if len(name) == 1)
    return builtin_architecture("_".join([f"rv32{letters}", *(name for name in names if len(name) > 1)]))


def make_coprocessor(architecture: Architecture, ram: Any, factory: Any = None, lanes: int | None = None) -> Any:
    """Return the coprocessor an architecture needs, None if it has none.

    `factory(buffer, base)` replaces the C one, `lanes` the lanes it has by itself.
    """
    if not any(extension.name.startswith("xnm") for extension in architecture.extensions):
        if lanes is not None:
            raise NeuroHartError(
                f"{architecture.isa} has no coprocessor that could have {lanes} lanes; add _xnmspk_xnmeng"
            )
        return None
    try:
        if factory is None:
            from coprocessor.binding import Coprocessor

            factory = Coprocessor
        unit = factory(ram.buffer, ram.base)
        if lanes is not None:
            unit.lanes = lanes
        return unit
    except CoprocessorError as error:
        raise NeuroHartError(str(error)) from error
