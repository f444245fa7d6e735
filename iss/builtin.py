"""The extensions there are: the standard ones, the coprocessor's and those a user has loaded, put together once."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from coprocessor.errors import CoprocessorError
from coprocessor.interface import Part
from iss.errors import NeuroHartError
from iss.isa.catalogue import DEFAULT_ISA, STANDARD, Architecture, Extension, architecture
from iss.isa.errors import DefinitionError

_loaded: dict[str, Extension] = {}


def extensions() -> dict[str, Extension]:
    """Return every extension that ships, by name."""
    from coprocessor.instructions import EXTENSIONS

    return STANDARD | EXTENSIONS


def load_extension(extension: Extension) -> None:
    """Make a user's extension part of every architecture that this process asks for by an ISA string."""
    if extension.name in extensions():
        raise NeuroHartError(f"extension {extension.name!r} is built in; give yours another name")
    _loaded[extension.name] = extension


def loaded_extensions() -> tuple[Extension, ...]:
    """Return the extensions loaded so far."""
    return tuple(_loaded.values())


def builtin_architecture(isa: str = DEFAULT_ISA) -> Architecture:
    """Return the architecture of an ISA string: extensions that ship, and those that have been loaded."""
    return extended_architecture(isa, loaded_extensions())


def extended_architecture(isa: str, added: Iterable[Extension]) -> Architecture:
    """Return the architecture of an ISA string with `added` extensions, which it may name or leave out.

    NeuroHartError says what is not known or what clashes.
    """
    try:
        return _extended(isa, tuple(added))
    except DefinitionError as error:  # a clash of the user's with another one
        raise NeuroHartError(str(error)) from None


@lru_cache(maxsize=64)
def _extended(isa: str, added: tuple[Extension, ...]) -> Architecture:
    named = isa.lower().split("_")
    isa = "_".join([isa, *(extension.name for extension in added if extension.name not in named)])
    known = extensions() if "_x" in isa.lower() else STANDARD
    return architecture(isa, known | {extension.name: extension for extension in added})


def full_architecture() -> Architecture:
    """Return the architecture with every extension: what the C interpreter is generated for."""
    names = list(extensions())
    letters = "".join(name for name in names if len(name) == 1)
    return extended_architecture("_".join([f"rv32{letters}", *(name for name in names if len(name) > 1)]), ())


def make_coprocessor(architecture: Architecture, ram: Any, factory: Any = None, lanes: int | None = None) -> Any:
    """Return the coprocessor an architecture needs, None if it has none.

    `factory(buffer, base)` replaces the C one, `lanes` the lanes it has by itself.
    """
    units = [extension.instructions.unit for extension in architecture.extensions if extension.instructions is not None]
    if all(unit is None or unit.calls_back for unit in units):  # one that calls back is connected to the engine
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
        unit.parts = Part(sum(part.value for part in Part if architecture.has(str(part.name).lower())))
        if lanes is not None:
            unit.lanes = lanes
        return unit
    except CoprocessorError as error:
        raise NeuroHartError(str(error)) from error
