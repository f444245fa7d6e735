"""The page on Verilog shows what is printed."""

from __future__ import annotations

from pathlib import Path

from tests.architecture.documents import run_page
from tests.architecture.repository import ROOT
from tests.extension.rtl.tools import rtl_tool


def test_the_page_shows_what_is_printed(tmp_path: Path) -> None:
    rtl_tool("verilator")
    run_page(ROOT / "docs" / "workbench" / "rtl.md", tmp_path, {"PYTHONPATH": str(ROOT)}, {})
