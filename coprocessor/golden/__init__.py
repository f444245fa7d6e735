"""The specification in code: every Xnm equation once, on Python ints; the C code is proved equal to it."""

from __future__ import annotations

from coprocessor.golden.coprocessor import Coprocessor

__all__ = ["Coprocessor"]
