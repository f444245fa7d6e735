"""Work in threads that are kept (network/threads.py)."""

from __future__ import annotations

import os
import threading

import numpy as np
import pytest

from coprocessor.binding import simd_levels
from coprocessor.network.native import BITS_A_THREAD, unpacking
from coprocessor.network.streams import unpack_bits
from coprocessor.network.threads import together


def test_results_are_in_order() -> None:
    barrier = threading.Barrier(3)

    def work(k: int) -> int:
        barrier.wait(10)
        return k * k

    assert together(work, range(3)) == [0, 1, 4]
    assert together(str, [7]) == ["7"]


@pytest.mark.parametrize("failing", [0, 1, 2])
def test_an_error_stops_the_others(failing: int) -> None:
    """They are waited for."""
    stopped = threading.Event()
    ended: list[int] = []

    def work(k: int) -> None:
        if k == failing:
            stopped.set()
            raise ValueError(k)
        assert stopped.wait(10)
        ended.append(k)

    with pytest.raises(ValueError, match=str(failing)):
        together(work, range(3), stopped.set)
    assert sorted(ended) == [k for k in range(3) if k != failing]


def test_ctrl_c_stops_the_others() -> None:
    stopped = threading.Event()
    main = threading.current_thread()

    def work(_: int) -> bool:
        if threading.current_thread() is main:
            raise KeyboardInterrupt
        return stopped.wait(10)

    with pytest.raises(KeyboardInterrupt):
        together(work, range(2), stopped.set)
    assert stopped.is_set()


@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_a_forked_process_has_threads_of_its_own() -> None:
    assert together(str, range(2)) == ["0", "1"]
    if not (child := os.fork()):
        os._exit(together(str, range(2)) != ["0", "1"])
    assert os.waitpid(child, 0)[1] == 0


@pytest.mark.parametrize("level", simd_levels())
def test_bits_are_unpacked_in_parts(level: str) -> None:
    """Rows that the threads cannot share evenly."""
    n, size = 1000, 128
    rows = 5 * BITS_A_THREAD // n + 7
    block = np.random.default_rng(3).integers(0, 256, 16 + rows * size, dtype=np.uint8)
    expected = unpack_bits(block, 16, size, (rows, n))
    for threads in (2, 3, 64):
        assert np.array_equal(unpacking(level)(block, 16, size, (rows, n), threads), expected)
