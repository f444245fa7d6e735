"""The debugger's commands, in gdb's words: one file a kind, one table of all in `commander`."""
