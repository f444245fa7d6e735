"""`run --check`: what a program did against its expect.json."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import zip_longest
from typing import Any


def differences(expected: dict[str, Any], exit_code: int, output: bytes, counters: Mapping[str, int]) -> str:
    """Return the first difference in words, empty if there is none.

    `counters` are the coprocessor's; those of expect.json hold where its engine was used.
    """
    if exit_code != expected["exit_code"]:
        return f"check failed: exit code {exit_code}, expected {expected['exit_code']}"
    wanted, found = expected["output"].splitlines(True), output.decode("utf-8", "replace").splitlines(True)
    for number, (line, wanted_line) in enumerate(zip_longest(found, wanted), 1):
        if line != wanted_line:
            return f"check failed: output line {number} is {_shown(line)}, expected {_shown(wanted_line)}"
    if any(counters.values()):
        for name, count in expected.get("counters", {}).items():
            if counters.get(name) != count:
                return f"check failed: counter nm_{name} is {counters.get(name)}, expected {count}"
    return ""


def _shown(line: str | None) -> str:
    return "missing" if line is None else repr(line)
