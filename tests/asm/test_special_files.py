"""Output files that are devices: written in place, never replaced."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from asm.formats import write_atomically


def test_a_device_stays_a_device(tmp_path: Path) -> None:
    """A named pipe stands for /dev/null: renaming a temporary file over it would destroy it."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    try:
        write_atomically(pipe, b"code")
        assert os.read(reader, 16) == b"code"
    finally:
        os.close(reader)
    assert stat.S_ISFIFO(pipe.stat().st_mode)
    assert [entry.name for entry in tmp_path.iterdir()] == ["pipe"]
