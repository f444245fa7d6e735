"""NeuroHart's RISC-V assembler, linker and disassembler; `assemble` and `disassemble` are the way in."""

from __future__ import annotations

from asm.assemble import assemble
from asm.disassembler import Disassembled, Disassembler, disassemble
from asm.errors import AssemblyError, Diagnostic
from asm.program import Program
from asm.source import Source

__all__ = [
    "AssemblyError",
    "Diagnostic",
    "Disassembled",
    "Disassembler",
    "Program",
    "Source",
    "assemble",
    "disassemble",
]
