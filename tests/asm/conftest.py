"""What the assembler's tests share: external tools, which must be there on CI."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from asm import Program
from tests.asm.gnu import assert_equal, tool
from tests.oracles.toolchain import ToolMissing, require


def find_tool(name: str, package: str) -> Path:
    """A program on the search path; a missing one skips the test, or fails it where CI is set."""

    def find() -> Path:
        found = shutil.which(name)
        if found is None:
            raise ToolMissing(f"{name} is missing; run: apt-get install {package}")
        return Path(found)

    return require(find)


@pytest.fixture
def same_as_gnu(tmp_path: Path) -> Callable[..., Program]:
    """A function that assembles texts with both tool chains, fails on any difference, and returns our program."""
    require(lambda: tool("as"))
    require(lambda: tool("ld"))
    return lambda *texts: assert_equal(tmp_path, *texts)
