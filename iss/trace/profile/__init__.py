"""Profiles of a trace: `collect` counts, `costs` prices, `stacks` says which frame it belongs to, `tables` adds up."""
