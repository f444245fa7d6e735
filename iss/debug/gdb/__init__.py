"""The gdb remote protocol over the debugger core ("GDB Remote Serial Protocol" in gdb's manual)."""
