"""All formats an extension can be written in, and their files. A new format is a row here."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from iss.extension.export import assembler, c_header, coredsl, documents, opcodes, spike, udb
from iss.extension.extension import Extension

FORMATS: dict[str, tuple[str, Callable[[Extension], dict[str, str]]]] = {
    "c": ("C header with intrinsics", lambda x: {f"{x.name}.h": c_header.header(x)}),
    "asm": ("macros for GNU as and LLVM", lambda x: {f"{x.name}.inc": assembler.macros(x)}),
    "markdown": ("document in Markdown", lambda x: {f"{x.name}.md": documents.markdown(x)}),
    "asciidoc": ("document in AsciiDoc", lambda x: {f"{x.name}.adoc": documents.asciidoc(x)}),
    "html": ("document in HTML", lambda x: {f"{x.name}.html": documents.html(x)}),
    "opcodes": ("lines for riscv-opcodes", lambda x: _under("riscv-opcodes", opcodes.lines(x))),
    "udb": ("YAML for the unified database", udb.files),
    "coredsl": ("CoreDSL 2", lambda x: {f"{x.name}.core_desc": coredsl.description(x)}),
    "spike": ("extension for the simulator Spike", lambda x: {f"{x.name}_spike.cc": spike.source(x)}),
}
"""Name: what it is, and what gives its files by name."""


def files(extension: Extension, formats: Iterable[str] = FORMATS) -> dict[str, str]:
    """Return the texts of an extension's files by their path."""
    made: dict[str, str] = {}
    for name in formats:
        made |= FORMATS[name][1](extension)
    return made


def _under(folder: str, texts: dict[str, str]) -> dict[str, str]:
    return {f"{folder}/{name}": text for name, text in texts.items()}
