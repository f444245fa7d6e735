"""The parent's side of a contender's process."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any

from tools.bench.coprocessor.contender import one_thread
from tools.bench.coprocessor.suites import Side
from tools.bench.errors import WrongResult

ROOT = Path(__file__).resolve().parents[3]


class Process:
    """A contender in a process of its own, which idles between measurements."""

    def __init__(self, side: Side, workload: str, sizes: Mapping[str, int]) -> None:
        self.side = side
        self.errors = tempfile.TemporaryFile()  # noqa: SIM115 (as long as the process)
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tools.bench.coprocessor.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.errors,
            text=True,
            cwd=ROOT,
            env=one_thread(),
        )
        try:
            order = {"workload": workload, "sizes": sizes, "contender": side.contender, "cores": side.cores}
            self.ask(json.dumps(order))
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Process:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the process: at the end of its input it cleans up."""
        try:
            self.process.communicate(timeout=10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.communicate()
        self.errors.close()

    def ask(self, request: str) -> Any:
        """The answer to a request; WrongResult if the contender cannot give one."""
        assert self.process.stdin is not None and self.process.stdout is not None
        with suppress(BrokenPipeError):
            print(request, file=self.process.stdin, flush=True)
        line = self.process.stdout.readline()
        if not line:
            self.process.wait()
            self.errors.seek(0)
            last = self.errors.read().decode(errors="replace").strip().rpartition("\n")[2]
            raise WrongResult(f"{self.side.contender} ended with exit code {self.process.returncode}: {last}")
        answer = json.loads(line)
        if isinstance(answer, dict) and "wrong" in answer:
            raise WrongResult(f"{self.side.contender}: {answer['wrong']}")
        return answer
