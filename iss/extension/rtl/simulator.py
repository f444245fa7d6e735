"""Runs jobs on a compiled design: a Verilated core serves one after the other, Icarus starts anew for each."""

from __future__ import annotations

import os
import select
import subprocess
import tempfile
import time
from pathlib import Path
from types import TracebackType
from typing import IO, Any

import numpy as np

from iss.errors import NeuroHartError
from iss.extension.rtl.build import RAM_BYTES, Built, build
from iss.extension.rtl.design import Design
from iss.extension.rtl.protocol import BASE, END_LINE, LINE, Job, RtlRun, Words, decode, from_text

SECONDS = 60.0  # for one job; a core that stands still is found after Job.patience cycles, long before
_LAST_LINES = 3


class RtlSimulator:
    """A design, ready to run jobs; close it, or use it in a `with` statement. NeuroHartError as `build`."""

    def __init__(self, design: Design, tool: str | None = None, seconds: float = SECONDS) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._messages: IO[bytes] | None = None
        self._seconds = seconds
        self.built: Built = build(design, tool)

    def __enter__(self) -> RtlSimulator:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def __del__(self) -> None:
        self.close()

    def close(self) -> None:
        """End the simulator's process."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.wait()
            for stream in (process.stdin, process.stdout):
                assert stream is not None
                stream.close()
        messages, self._messages = self._messages, None
        if messages is not None:
            messages.close()

    def run(self, job: Job) -> RtlRun:
        """Run a program from reset; NeuroHartError if it does not fit the memory or the simulator fails."""
        if len(job.image) > RAM_BYTES:
            raise NeuroHartError(f"the program has {len(job.image)} bytes, the RTL's memory {RAM_BYTES}")
        address, size = job.dump
        if address % 4 or size % 4 or not (address >= BASE and address + size <= BASE + RAM_BYTES):
            raise NeuroHartError(f"{size} bytes at {address:#010x} are no words of the RTL's memory")
        if self.built.tool == "icarus":
            words, undefined = self._run_icarus(job)
            return decode(words, job, undefined)
        return decode(self._run_verilated(job), job)

    # Verilator ------------------------------------------------------------------------------------------------------
    def _run_verilated(self, job: Job) -> Words:
        process = self._process or self._start()
        deadline = time.monotonic() + self._seconds
        assert process.stdin is not None
        try:
            process.stdin.write(job.words().astype("<u4").tobytes())
            process.stdin.flush()
        except BrokenPipeError:
            raise self._failed() from None
        size = np.frombuffer(self._receive(4, deadline), dtype="<u4")[0]
        return np.frombuffer(self._receive(4 * int(size), deadline), dtype="<u4").astype(np.uint32)

    def _start(self) -> subprocess.Popen[bytes]:
        self._messages = tempfile.TemporaryFile()  # noqa: SIM115, closed by `close`
        self._process = subprocess.Popen(
            [str(self.built.path), str(RAM_BYTES // 4)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._messages,
            cwd=self.built.folder,
        )
        return self._process

    def _receive(self, size: int, deadline: float) -> bytes:
        """Read so many bytes of the simulator; NeuroHartError if it ends or the time is over."""
        assert self._process is not None and self._process.stdout is not None
        descriptor = self._process.stdout.fileno()
        parts: list[bytes] = []
        while size > 0:
            ready, _, _ = select.select([descriptor], [], [], max(0.0, deadline - time.monotonic()))
            if not ready:
                self.close()
                raise _too_slow(self._seconds)
            part = os.read(descriptor, size)
            if not part:
                raise self._failed()
            parts.append(part)
            size -= len(part)
        return b"".join(parts)

    def _failed(self) -> NeuroHartError:
        """Say what the simulator printed last, and end it."""
        assert self._process is not None and self._messages is not None
        code = self._process.wait()
        self._messages.seek(0)
        text = self._messages.read().decode(errors="replace")
        self.close()
        return _broken("the Verilated design", code, text)

    # Icarus Verilog -------------------------------------------------------------------------------------------------
    def _run_icarus(self, job: Job) -> tuple[Words, bool]:
        with tempfile.TemporaryDirectory(prefix="neurohart-rtl-") as work:
            path = Path(work) / "job"
            path.write_text("\n".join(f"{word:x}" for word in job.words().tolist()) + "\n", encoding="ascii")
            command = ["vvp", "-n", str(self.built.path), f"+job={path}"]
            try:
                done = subprocess.run(
                    command,
                    cwd=self.built.folder,
                    capture_output=True,
                    text=True,
                    errors="replace",
                    timeout=self._seconds,
                    check=False,
                )
            except subprocess.TimeoutExpired:
                raise _too_slow(self._seconds) from None
            except OSError as error:
                raise NeuroHartError(f"vvp cannot be started: {error.strerror}") from None
        if END_LINE not in done.stdout.splitlines():
            raise _broken("the design under Icarus Verilog", done.returncode, done.stdout + done.stderr)
        return from_text(done.stdout)


def _too_slow(seconds: float) -> NeuroHartError:
    return NeuroHartError(
        f"the RTL simulator has not answered for {seconds:g} s; is there a combinational loop or a while in the design?"
    )


def _broken(what: str, code: int, text: str) -> NeuroHartError:
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith(LINE)]
    said: Any = " / ".join(lines[-_LAST_LINES:]) or "nothing"
    return NeuroHartError(f"{what} ended with code {code} before its program; it printed: {said}")
