"""The root of every error a user can see; each sub-package derives one family from it."""

from __future__ import annotations


class NeuroHartError(Exception):
    """A failure the user can mend: the text names what was given, what was expected and the cure.

    The command line prints the text alone (no traceback) and exits with a non-zero status.
    """


class MissingFile(NeuroHartError):
    """A file that was named is not there or cannot be read; the command line has an exit code of its own for it."""


class SlowEngineWarning(UserWarning):
    """The engine `auto` is the reference engine, hundreds of times slower than the interpreter; the text says why."""
