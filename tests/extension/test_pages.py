"""The pages of the workbench show what is printed."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.architecture.documents import run_page
from tests.architecture.repository import ROOT
from tests.oracles.toolchain import cross_compiler, require


@pytest.mark.parametrize("page", ["check.md", "cover.md", "export.md", "mutate.md", "prove.md", "test.md"])
def test_pages_show_what_is_printed(page: str, tmp_path: Path) -> None:
    run_page(ROOT / "docs" / "workbench" / page, tmp_path, {"PYTHONPATH": str(ROOT)}, {})


def test_the_tutorial_can_be_followed(tmp_path: Path) -> None:
    require(cross_compiler)
    run_page(ROOT / "docs" / "workbench" / "tutorial.md", tmp_path, {"PYTHONPATH": str(ROOT)}, {})
