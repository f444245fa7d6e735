"""Everything an extension can be written as, from its one definition; `files` gives all of it."""

from __future__ import annotations

from iss.extension.export.files import FORMATS, files

__all__ = ["FORMATS", "files"]
