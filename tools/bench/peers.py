"""The simulators that are compared, each as a command for one benchmark; and how a run is timed."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from iss.memory.map import MemoryMap
from tests.oracles.toolchain import qemu_user, spike_binary
from tools.bench.builds import Benchmark
from tools.bench.errors import WrongResult
from tools.bench.memory import peak_bytes

TIMEOUT = 600.0


@dataclass(frozen=True)
class Peer:
    """A simulator: its name in the table and the command that runs a benchmark."""

    name: str
    command: Callable[[Benchmark], list[str]]


@dataclass(frozen=True)
class Timing:
    """One finished process; times in seconds.

    CPU time is user and system together: the kernel knows the sum exactly, but their shares only by clock ticks.
    """

    cpu: float
    wall: float
    peak_bytes: int
    output: str


def neurohart_command() -> list[str]:
    """The installed command of this environment, else the package of this checkout."""
    command = Path(sys.executable).with_name("neurohart")
    return [str(command)] if command.is_file() else [sys.executable, "-m", "iss"]


def neurohart(engine: str) -> Peer:
    """Our simulator with one of its engines."""
    return Peer(
        f"neurohart {engine}",
        lambda benchmark: [*neurohart_command(), "run", "--engine", engine, str(benchmark.for_machine())],
    )


def _spike(benchmark: Benchmark) -> list[str]:
    ram = MemoryMap().ram
    isa = "--isa=rv32im_zicsr_zifencei_zicntr"
    return [str(spike_binary()), isa, "--priv=m", f"-m{ram.base:#x}:{ram.size:#x}", str(benchmark.for_machine())]


SPIKE = Peer("spike", _spike)
QEMU = Peer("qemu", lambda benchmark: [str(qemu_user()), str(benchmark.for_linux())])
HOST = Peer("host", lambda benchmark: [str(benchmark.for_host())])


def run(command: list[str]) -> Timing:
    """Run a command to its end; raises WrongResult when it fails or takes longer than TIMEOUT."""
    with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as errors:
        start = time.perf_counter()
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=errors)
        deadline = start + TIMEOUT
        pid = peak = 0
        try:
            while pid == 0:
                peak = max(peak, peak_bytes(process.pid))
                pid, status, usage = os.wait4(process.pid, os.WNOHANG)
                if pid == 0:
                    if time.perf_counter() > deadline:
                        raise WrongResult(f"{' '.join(command)} did not end within {TIMEOUT:g} s")
                    time.sleep(0.0005)
        except BaseException:
            process.kill()
            process.wait()
            raise
        wall = time.perf_counter() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        output.seek(0)
        errors.seek(0)
        text = output.read().decode(errors="replace")
        if process.returncode != 0:
            message = errors.read().decode(errors="replace").strip()
            raise WrongResult(f"{' '.join(command)} ended with exit code {process.returncode}: {message}")
    return Timing(usage.ru_utime + usage.ru_stime, wall, peak, text)


def measure(peer: Peer, benchmark: Benchmark, expected: str) -> Timing:
    """Run a benchmark on a peer; raises WrongResult when its output is not the expected one."""
    timing = run(peer.command(benchmark))
    if timing.output != expected:
        raise WrongResult(f"{peer.name} computes {timing.output!r} for {benchmark.name}, not {expected!r}")
    return timing
