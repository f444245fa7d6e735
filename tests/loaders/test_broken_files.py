"""Every broken file is refused with one line that names the file, what is wrong and how to mend it."""

from __future__ import annotations

import tracemalloc
from pathlib import Path

import pytest

from iss.loaders import LoadError, load_image
from tests.loaders.broken import BROKEN, Broken


def test_rows_have_their_own_names() -> None:
    assert len({row.name for row in BROKEN}) == len(BROKEN) >= 35


@pytest.mark.parametrize("row", BROKEN, ids=lambda row: row.name)
def test_refused_with_reason(row: Broken, tmp_path: Path) -> None:
    path = tmp_path / f"program{row.suffix}"
    row.write(path)
    tracemalloc.start()
    try:
        with pytest.raises(LoadError) as caught:
            load_image(path, **row.options)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    message = str(caught.value)
    assert row.fragment in message
    assert message.startswith(str(path))
    assert "; " in message, "the cure is missing"
    assert "\n" not in message
    assert peak < 64 << 20
