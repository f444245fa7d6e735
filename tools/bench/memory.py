"""The peak memory of a process."""

from __future__ import annotations

import re
from pathlib import Path


def peak_bytes(pid: int | str = "self") -> int:
    """The most memory a process has had so far; 0 when it is gone (ru_maxrss would include ours, from before exec)."""
    try:
        found = re.search(rb"VmHWM:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_bytes())
    except OSError:
        return 0
    return int(found[1]) * 1024 if found else 0
