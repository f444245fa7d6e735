"""Folded stacks: `main;layer;nm.run net 1234`, a figure of each stack, for flame graphs."""

from __future__ import annotations

from typing import TextIO

from iss.trace.profile.stacks import Profile


def write(profile: Profile, out: TextIO) -> None:
    """Write the figures of all stacks by the profile's measure (energy in pJ), sorted by name."""
    for path in profile.root.walk():
        value = path[-1].own.by(profile.measure)
        if value:
            out.write(";".join(_plain(frame.name) for frame in path) + f" {value}\n")


def _plain(name: str) -> str:
    return name.replace(";", ":").replace("\n", " ")
