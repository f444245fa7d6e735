"""The debugger core: snapshots, history, and every motion forwards and backwards."""
