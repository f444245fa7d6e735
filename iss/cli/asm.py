"""`neurohart asm`: the assembler's own command."""

from __future__ import annotations

from asm.command import ASM_EXAMPLE, add_asm_arguments, run_asm

NAME = "asm"
HELP = "Assemble and link RISC-V sources to a program."
EXAMPLE = ASM_EXAMPLE
add_arguments = add_asm_arguments
run = run_asm
