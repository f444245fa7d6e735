"""The argument parser of all sub-commands (errors are one line) and the values their options take."""

from __future__ import annotations

import argparse
import re
from typing import Any, NoReturn

from iss.cli.exit_codes import ExitCode

_UNITS = {"": 1, "k": 10**3, "m": 10**6, "g": 10**9}
_SIZES = {"": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30}
_NUMBER = re.compile(r"(?P<digits>\d[\d_]*(?:\.\d+)?(?:e\d{1,2})?)(?P<unit>[kmg]?)\Z", re.IGNORECASE)
_SIZE = re.compile(r"(?P<digits>\d+)(?P<unit>[kmg]?)(?:i?b)?\Z", re.IGNORECASE)
ADDRESS_LIMIT = 1 << 32


class Parser(argparse.ArgumentParser):
    """argparse with one-line errors and example texts left as they are."""

    def __init__(self, prog: str, description: str = "", epilog: str = "") -> None:
        super().__init__(
            prog=prog,
            description=description,
            epilog=epilog,
            formatter_class=argparse.RawDescriptionHelpFormatter,
            allow_abbrev=False,
        )
        self.add_argument(
            "--ext", metavar="FILE", action=_LoadExtension, help="add the instructions of an extension file"
        )

    def error(self, message: str) -> NoReturn:
        """Print one line and leave with the usage code."""
        self.exit(ExitCode.USAGE, f"{self.prog}: {message}; see {self.prog} --help\n")


class _LoadExtension(argparse.Action):
    """Makes the extensions of a file known to the whole process as soon as the option is read, and keeps them."""

    def __call__(self, parser: argparse.ArgumentParser, namespace: Any, values: Any, option: str | None = None) -> None:
        from iss.builtin import load_extension
        from iss.extension import load_extensions

        loaded = load_extensions(values)
        for extension in loaded:
            load_extension(extension.catalogue_entry())
        setattr(namespace, self.dest, [*(getattr(namespace, self.dest) or []), *loaded])


def count(text: str) -> int:
    """Return a count such as 1000, 1e6, 1.5M, 10k or 0x1000."""
    found = _NUMBER.match(text)
    try:
        if found is None:
            return _at_least_zero(int(text, 0))
        from decimal import Decimal

        value = Decimal(found["digits"].replace("_", "")) * _UNITS[found["unit"].lower()]
        if value != int(value):
            raise ValueError
        return int(value)
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"{text!r} is not a count; expected one such as 5000, 1e6, 10M, 0x100"
        ) from None


def _at_least_zero(value: int) -> int:
    if value < 0:
        raise ValueError
    return value


def percentage(text: str) -> float:
    """Return a number from 0 to 100, such as 90 or 92.5%."""
    try:
        value = float(text.removesuffix("%"))
    except ValueError:
        value = -1.0
    if not 0 <= value <= 100:
        raise argparse.ArgumentTypeError(f"{text!r} is no percentage, expected 0 to 100")
    return value


def size(text: str) -> int:
    """Return a size in bytes such as 65536, 64K, 64M, 1GiB or 0x10000; units are powers of 1024."""
    found = _SIZE.match(text)
    try:
        return _at_least_zero(int(text, 0)) if found is None else int(found["digits"]) * _SIZES[found["unit"].lower()]
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not a size; expected one such as 64M, 512K, 0x10000") from None


def address(text: str) -> int:
    """Return a 32-bit address such as 0x80000000."""
    try:
        value = int(text, 0)
    except ValueError:
        value = -1
    if not 0 <= value < ADDRESS_LIMIT:
        raise argparse.ArgumentTypeError(f"{text!r} is not an address; expected one such as 0x80000000")
    return value


def definition(text: str) -> tuple[str, int]:
    """Return (name, value) of NAME or NAME=VALUE; the value of a bare name is 1."""
    name, given, value = text.partition("=")
    try:
        if not re.match(r"[A-Za-z_.$][\w.$]*\Z", name):
            raise ValueError
        return name, int(value, 0) if given else 1
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} defines no symbol; expected NAME or NAME=NUMBER") from None
