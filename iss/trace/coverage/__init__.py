"""Coverage of sources: `collect` counts addresses, `lines` makes lines and branches of them, which can be merged."""
