"""The fixture all command-line tests use."""

from __future__ import annotations

import pytest

from tests.cli.command import Command


@pytest.fixture
def neurohart(capsysbinary: pytest.CaptureFixture[bytes]) -> Command:
    """Run the command line in this process."""
    return Command(capsysbinary)
