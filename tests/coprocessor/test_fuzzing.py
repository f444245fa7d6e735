"""The C coprocessor under AddressSanitizer and UBSan, fed with random and mutated memory images."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.coprocessor.implementations import EFFORT

COPROCESSOR = Path(__file__).resolve().parents[2] / "coprocessor"
FUZZ = COPROCESSOR / "fuzz"
FLAGS = "-std=c11 -O1 -g1 -Wall -Wextra -Wconversion -Werror -fno-sanitize-recover=all".split()


def build(compiler: str, sanitizers: str, sources: list[Path], target: Path) -> None:
    """Compile the coprocessor with the given sanitizers and sources into `target`."""
    if shutil.which(compiler) is None:
        pytest.skip(f"no {compiler}")
    command = [compiler, *FLAGS, f"-fsanitize={sanitizers}", f"-I{COPROCESSOR / 'include'}", "-o", str(target)]
    files = [*sorted((COPROCESSOR / "src").glob("*.c")), *sources]
    subprocess.run([*command, *(str(path) for path in files)], check=True)


def test_seeded_cases(tmp_path: Path) -> None:
    """Mostly valid networks, mutated: no sanitizer report and no broken rule."""
    program = tmp_path / "engine_fuzz"
    build("gcc", "address,undefined", [FUZZ / "engine_fuzz.c", FUZZ / "seeded_main.c"], program)
    run = subprocess.run([str(program), "1", str(4000 * EFFORT)], capture_output=True, text=True, check=False)
    assert (run.returncode, run.stdout) == (0, f"{4000 * EFFORT} cases from seed 1\n"), run.stderr[-4000:]


def test_coverage_guided_cases(tmp_path: Path) -> None:
    """libFuzzer from an empty corpus."""
    program = tmp_path / "engine_libfuzzer"
    build("clang", "fuzzer,address,undefined", [FUZZ / "engine_fuzz.c"], program)
    options = [f"-runs={5000 * EFFORT}", "-max_len=4000", "-seed=1", f"-artifact_prefix={tmp_path}/"]
    run = subprocess.run([str(program), *options], capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr[-4000:]
