"""docs/network.md does what it says."""

from __future__ import annotations

from pathlib import Path

from coprocessor.network.parameters import FIELDS, MODE
from coprocessor.network.parts import KINDS, RULE_FIELDS
from tests.architecture.documents import run_page
from tests.architecture.repository import ROOT

PAGE = ROOT / "docs" / "network.md"


def test_examples_run(tmp_path: Path) -> None:
    run_page(PAGE, tmp_path, {"PYTHONPATH": str(ROOT)}, {})


def test_every_name_is_documented() -> None:
    text = PAGE.read_text(encoding="utf-8")
    names = {name for fields in FIELDS.values() for name in fields} | set(MODE) | set(RULE_FIELDS)
    assert not [name for name in sorted(names) if f"`{name}`" not in text]
    assert not [kind for kind in KINDS if f'"{kind}"' not in text]
