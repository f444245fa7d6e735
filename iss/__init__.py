"""NeuroHart's RISC-V instruction-set simulator; `iss.machine.Machine` is the way in.

Kept empty of imports: the build imports `iss.isa` before anything is compiled or installed.
"""
