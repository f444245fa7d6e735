"""What takes part in a benchmark: a contender computes a workload in a process of its own and times itself."""

from __future__ import annotations

import os
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Final

AT_LEAST: Final = 0.25
"""Seconds that one measurement takes at least; shorter work is repeated."""


class Contender(ABC):
    """One side of a comparison. Making it prepares everything that is not timed: data, compilation, a first run.

    A module that is a peer imports its library at the top, so that a missing one is noticed before anything else.
    """

    @abstractmethod
    def measure(self) -> float:
        """Do the work for at least AT_LEAST seconds; gives seconds per unit of the workload."""

    @abstractmethod
    def facts(self) -> dict[str, float]:
        """What was computed, for comparison with the other side: rates and the like."""

    def verify(self) -> None:  # noqa: B027 (a peer is compared by its facts)
        """Compare a short run with an independent computation; raises WrongResult."""


def timed(work: Callable[[], object], units: float) -> float:
    """Seconds per unit of `work`, which does `units` of them, repeated until AT_LEAST seconds are over."""
    repetitions = 0
    start = time.perf_counter()
    while True:
        work()
        repetitions += 1
        elapsed = time.perf_counter() - start
        if elapsed >= AT_LEAST:
            return elapsed / (repetitions * units)


def one_thread() -> dict[str, str]:
    """The environment that keeps numerical libraries on one thread."""
    names = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMEXPR_NUM_THREADS")
    return {**os.environ, **dict.fromkeys(names, "1"), "XLA_FLAGS": "--xla_cpu_multi_thread_eigen=false"}
