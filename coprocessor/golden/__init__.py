# The specification in code: every equation of the Xnm extension once, on Python ints; the C code is proved equal to it.
from __future__ import annotations

from coprocessor.golden.coprocessor import Coprocessor

__all__ = ["Coprocessor"]
