"""The exceptions a user of this package can meet; each message names what was given and how to mend it."""

from __future__ import annotations


class CoprocessorError(ValueError):
    """Base of every user-visible error of the coprocessor package."""
