"""C programs with picolibc give the expected output and exit code, on Spike and on every engine of ours."""

from __future__ import annotations

import pytest

from tests.firmware.images import NAMES, expectation, firmware, stock_firmware
from tests.oracles.neurohart import ENGINES, run_neurohart
from tests.oracles.spike import run_spike
from tests.oracles.toolchain import host_compiler, picolibc_compiler, require, spike_binary

STOCK = ("lifecycle", "printing")


@pytest.fixture(autouse=True)
def compilers() -> None:
    """The programs can be built."""
    require(picolibc_compiler)
    require(host_compiler)


@pytest.mark.parametrize("name", NAMES)
def test_spike(name: str) -> None:
    """The oracle agrees with the expectation."""
    require(spike_binary)
    result = run_spike(firmware(name).build())
    assert (result.exit_code, result.output) == expectation(name)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("name", NAMES)
def test_firmware(name: str, engine: str) -> None:
    """Our engines agree with the expectation."""
    result = run_neurohart(firmware(name).build(), engine)
    assert (result.exit_code, result.output) == expectation(name)


@pytest.mark.parametrize("name", STOCK)
def test_stock_spike(name: str) -> None:
    """picolibc's own start-up code works with the oracle."""
    require(spike_binary)
    result = run_spike(stock_firmware(name).build())
    assert (result.exit_code, result.output) == expectation(name)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("name", STOCK)
def test_stock_firmware(name: str, engine: str) -> None:
    """picolibc's own start-up code works: segments are loaded at their physical addresses."""
    result = run_neurohart(stock_firmware(name).build(), engine)
    assert (result.exit_code, result.output) == expectation(name)
