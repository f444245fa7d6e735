"""Verilog as a second implementation: the user's PCPI unit on PicoRV32, in Verilator or Icarus."""
