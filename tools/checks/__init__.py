"""Checks of the repository that are not tests: C warnings, sanitizers, packages. The Makefile calls them."""
