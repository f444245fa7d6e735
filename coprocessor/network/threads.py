"""Work in several threads at once: one part here, the others in threads that are kept for the next time."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from typing import Any, Final, TypeVar

T = TypeVar("T")
R = TypeVar("R")

MOST: Final = 1024
_pools: list[ThreadPoolExecutor] = []
"""One, once it was needed; a forked process has no threads of it."""

os.register_at_fork(after_in_child=_pools.clear)


def together(work: Callable[[T], R], items: Sequence[T], stop: Callable[[], Any] | None = None) -> list[R]:
    """What `work` gives for each item; if it raises, or Ctrl-C comes, `stop` is called and all are waited for."""
    if len(items) > 1 and not _pools:
        _pools.append(ThreadPoolExecutor(MOST, "neurohart"))
    others = [_pools[0].submit(work, item) for item in items[1:]]
    try:
        return [work(items[0]), *(other.result() for other in others)]
    except BaseException:
        if stop:
            stop()
        wait(others)
        raise
