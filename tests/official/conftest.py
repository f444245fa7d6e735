"""Builds the official tests once a session, all in parallel."""

from __future__ import annotations

import pytest

from tests.official.build import arch_tests, riscv_tests
from tests.oracles.building import build_all
from tests.oracles.toolchain import cross_compiler, require


@pytest.fixture(scope="session")
def built_riscv_tests() -> None:
    """All riscv-tests are in the build cache."""
    require(cross_compiler)
    build_all(riscv_tests())


@pytest.fixture(scope="session")
def built_arch_tests() -> None:
    """All architecture tests are in the build cache."""
    require(cross_compiler)
    build_all(arch_tests())
