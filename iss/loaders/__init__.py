"""Program files of every format become one `Image`; a malformed file is refused with a `LoadError`."""

from __future__ import annotations

from iss.loaders.files import FORMATS, detect_format, load_image
from iss.loaders.image import Image, LoadError, Segment, Symbol
from iss.loaders.place import place_image, require_room

__all__ = [
    "FORMATS",
    "Image",
    "LoadError",
    "Segment",
    "Symbol",
    "detect_format",
    "load_image",
    "place_image",
    "require_room",
]
