"""The workbench for custom instruction-set extensions: one Python file defines, checks, tests and proves one.

`from iss.extension import Extension, signed, unsigned` is what such a file begins with.
"""

from __future__ import annotations

from iss.extension.extension import Extension
from iss.extension.load import architecture_with, load_extensions
from iss.extension.widths import Width, signed, unsigned

__all__ = ["Extension", "Width", "architecture_with", "load_extensions", "signed", "unsigned"]
