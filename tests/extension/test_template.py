"""What `ext new` writes works as it is: it loads, its tests pass, and a second call destroys nothing."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from iss.cli.exit_codes import ExitCode
from iss.cli.main import main
from iss.extension import load_extensions


def test_the_tests_of_a_new_extension_pass(tmp_path: Path) -> None:
    assert main(["ext", "new", "xspk", "-o", str(tmp_path)]) == ExitCode.OK
    (extension,) = load_extensions(tmp_path / "xspk.py")
    assert [definition.mnemonic for definition in extension.instructions] == ["spk.adds", "spk.collect", "spk.sum4"]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(tmp_path / "test_xspk.py")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    assert "41 passed" in done.stdout


def test_nothing_is_overwritten(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "xspk.py").write_text("mine")
    assert main(["ext", "new", "xspk", "-o", str(tmp_path)]) == ExitCode.USAGE
    assert "xspk.py is there already; nothing is written" in capsys.readouterr().err
    assert (tmp_path / "xspk.py").read_text() == "mine"
    assert len(list(tmp_path.iterdir())) == 1


@pytest.mark.parametrize("name", ["spk", "X1", "x", "x-y", "xspk.py"])
def test_names(tmp_path: Path, name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["ext", "new", name, "-o", str(tmp_path)]) == ExitCode.USAGE
    assert "is no name of a custom extension; expected x" in capsys.readouterr().err
