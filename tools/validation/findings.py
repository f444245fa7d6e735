"""What all comparisons share: the form of a finding, and what can go wrong."""

from __future__ import annotations

import platform
from dataclasses import dataclass
from importlib.metadata import version


class ReferenceMissing(Exception):
    """A package that a comparison needs is not installed, or its data are not there."""


class Unequal(Exception):
    """A deviation is above its tolerance."""


def versions(*packages: str) -> dict[str, str]:
    """Versions of Python and of installed packages."""
    return {"python": platform.python_version(), **{package: version(package) for package in packages}}


@dataclass(frozen=True)
class Finding:
    """One comparison: `what` over `extent`, the largest `deviation` in `unit`, and the `tolerance` with its reason."""

    what: str
    extent: str
    deviation: float
    tolerance: float
    unit: str
    reason: str

    @property
    def agrees(self) -> bool:
        """Whether the deviation is within the tolerance."""
        return self.deviation <= self.tolerance
