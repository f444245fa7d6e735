"""Programs as files and images: flat binary, Intel HEX, the simulator's image, and writing without half-done files."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from io import StringIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from asm.errors import AssemblyError, Diagnostic

if TYPE_CHECKING:
    from asm.program import Program
    from iss.loaders import Image
    from iss.loaders.lines import LineTable

_LARGEST_BINARY: Final = 1 << 28


def to_binary(program: Program) -> bytes:
    """Memory from the lowest to the highest initialised address. AssemblyError if that is unreasonably much."""
    filled = [section for section in program.loaded if section.kind != "nobits"]
    if not filled:
        return b""
    start, end = filled[0].address, max(section.end for section in filled)
    if end - start > _LARGEST_BINARY:
        message = f"a flat binary from {start:#x} to {end:#x} would have {end - start} bytes; use elf or ihex"
        raise AssemblyError([Diagnostic("neurohart asm", 0, 0, message)])
    content = bytearray(end - start)
    for section in filled:
        content[section.address - start : section.end - start] = section.content
    return bytes(content)


def to_ihex(program: Program) -> str:
    """Intel HEX text."""
    from intelhex import IntelHex

    image: Any = IntelHex()
    for section in program.loaded:
        if section.kind != "nobits":
            image.puts(section.address, section.content)
    image.start_addr = {"EIP": program.entry}
    text = StringIO()
    image.write_hex_file(text)
    return text.getvalue()


def to_image(program: Program) -> Image:
    """The program as the simulator loads it: one segment a section."""
    from iss.loaders import Image, Segment, Symbol

    segments = []
    for section in program.loaded:
        flags = "".join(letter for flag, letter in (("a", "r"), ("w", "w"), ("x", "x")) if flag in section.flags)
        segments.append(Segment(section.address, section.content, section.size, flags))
    kinds = {"func": "function", "object": "object", "notype": "label"}
    symbols = {
        symbol.name: Symbol(
            symbol.name,
            symbol.address,
            symbol.size,
            "absolute" if symbol.section is None else kinds[symbol.kind],
        )
        for symbol in reversed(program.symbols)
    }
    return Image(program.entry, tuple(segments), symbols, ", ".join(program.sources), lambda: _lines(program))


def _lines(program: Program) -> LineTable:
    from iss.loaders.lines import read_lines

    return read_lines(program.elf())


FORMATS: Final[dict[str, Callable[[Program], bytes]]] = {
    "elf": lambda program: program.elf(),
    "bin": lambda program: program.binary(),
    "ihex": lambda program: program.ihex().encode("ascii"),
    "listing": lambda program: program.listing().encode("utf-8", "surrogateescape"),
}


def write_atomically(path: Path, content: bytes) -> None:
    """Write a file so that it has either its old or all of its new content; devices and pipes are written in place.

    Raises OSError.
    """
    if path.exists() and not path.is_file():
        path.write_bytes(content)
        return
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        mask = os.umask(0)
        os.umask(mask)
        os.chmod(temporary, 0o666 & ~mask)
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise
