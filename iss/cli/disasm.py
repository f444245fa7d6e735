"""`neurohart disasm`: the disassembler's own command."""

from __future__ import annotations

from asm.command import DISASM_EXAMPLE, add_disasm_arguments, run_disasm

NAME = "disasm"
HELP = "Show the instructions of a program or of single words."
EXAMPLE = DISASM_EXAMPLE
add_arguments = add_disasm_arguments
run = run_disasm
