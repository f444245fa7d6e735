"""Opening a program file: its format by content and name, and the loader for it. A new format is added here."""

from __future__ import annotations

import os
import re
import stat

from iss.loaders import elf
from iss.loaders.image import Image, MissingProgram, kib, refusal

FORMATS = ("elf", "binary", "ihex", "vhex")
MAXIMUM_FILE = 1 << 30

EXTENSIONS = {
    ".elf": "elf",
    ".axf": "elf",
    ".o": "elf",
    ".so": "elf",
    ".ihex": "ihex",
    ".ihx": "ihex",
    ".hex": "vhex",
    ".vhex": "vhex",
    ".mem": "vhex",
    ".memh": "vhex",
}
"""What a name promises when the content does not tell; `.hex` is used for Intel HEX too, which its ':' tells."""

IHEX_START = re.compile(rb"\s*:[0-9A-Fa-f]{10}")
OTHER_FILES = {
    b"!<arch>\n": ("an archive of object files", "link it to an executable"),
    b"\x1f\x8b\x08": ("a gzip file", "unpack it"),
    b"PK\x03\x04": ("a zip file", "unpack it"),
    b"\xfd7zXZ\0": ("an xz file", "unpack it"),
    b"(\xb5/\xfd": ("a zstd file", "unpack it"),
}
TEXT = re.compile(rb"[\t\n\r\f -~]*\Z")
BYTES_LOOKED_AT = 512


def load_image(
    path: str | os.PathLike[str],
    *,
    format: str | None = None,
    base: int | None = None,
    width: int | None = None,
    allow_compressed: bool = True,
) -> Image:
    """The program in a file.

    `format` is one of FORMATS, by default told by the content. `base` is where a binary goes (default: start of RAM)
    and what is added to the addresses of a Verilog hex file; `width` the bytes in a word of the latter.
    `allow_compressed=False` refuses ELF files with compressed code. Raises LoadError for everything malformed.
    """
    source = os.fspath(path)
    if format is not None and format not in FORMATS:
        raise refusal(source, f"unknown format {format!r}", f"expected one of {', '.join(FORMATS)}")
    data = _read(source)
    chosen = format or detect_format(source, data)
    if base is not None and chosen in ("elf", "ihex"):
        raise refusal(
            source, f"a base address was given, but {chosen} files say themselves where they belong", "leave it out"
        )
    if width is not None and chosen != "vhex":
        raise refusal(source, f"a word width was given, but the file is {chosen}, not vhex", "leave it out")
    match chosen:
        case "elf":
            return elf.load(source, data, allow_compressed=allow_compressed)
        case "ihex":
            from iss.loaders import ihex

            return ihex.load(source, data)
        case "vhex":
            from iss.loaders import vhex

            return vhex.load(source, data, base=base, width=width)
        case _:
            from iss.loaders import binary

            return binary.load(source, data, base=base)


def detect_format(source: str, data: bytes) -> str:
    """The format that content and, where it leaves a doubt, the file name show; raises LoadError for foreign files."""
    if data.startswith(elf.MAGIC):
        return "elf"
    promised = EXTENSIONS.get(os.path.splitext(source)[1].lower())
    if IHEX_START.match(data) or (promised == "vhex" and data.lstrip().startswith(b":")):
        return "ihex"
    if promised:
        return promised
    for magic, (name, cure) in OTHER_FILES.items():
        if data.startswith(magic):
            raise refusal(source, f"{name}, expected a program", f"{cure}, or name its format")
    if data and TEXT.match(data[:BYTES_LOOKED_AT]):
        raise refusal(
            source, "text, expected a program", "assemble or compile it first, or name its format (binary, vhex)"
        )
    return "binary"


def _read(source: str) -> bytes:
    """The whole file; raises LoadError when it cannot be read, is no regular file, empty or too large."""
    try:
        status = os.stat(source)
        if stat.S_ISDIR(status.st_mode):
            raise refusal(source, "a directory, expected a program", "give the file inside of it")
        if not stat.S_ISREG(status.st_mode):
            raise refusal(source, "not a regular file", "copy the program into a file")
        if status.st_size > MAXIMUM_FILE:
            raise refusal(source, f"the file has {kib(status.st_size)}", f"at most {kib(MAXIMUM_FILE)} are read")
        with open(source, "rb") as file:
            data = file.read()
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise MissingProgram(f"{source}: cannot be read ({reason}); check name and permissions") from None
    if not data:
        raise refusal(source, "the file is empty", "build or copy it again")
    return data
