"""Floor 0: what instructions, registers, CSRs and traps are. Standard library only, since the build imports it.

Read in this order: `encoding`, `syntax`, `values`, `tracing`, `definitions`, then `rv32i`.
"""
