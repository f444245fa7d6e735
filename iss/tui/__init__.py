"""Floor 4: the debugger's panels, its prompt, and the interactive application (extra `tui`)."""
