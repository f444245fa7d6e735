"""A real gdb against the server: the session is scripted, its output is read."""

from __future__ import annotations

import re
import shutil
import socket
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

import asm
from iss.builtin import builtin_architecture
from iss.debug.debugger import Debugger
from iss.debug.gdb.server import Server
from iss.debug.history import ReplayedConsole
from iss.machine import Machine
from iss.memory.map import MemoryMap
from tests.debug.test_debugger import PROGRAM
from tests.engines.lockstep import XNM

GDB = shutil.which("gdb-multiarch") or shutil.which("riscv64-unknown-elf-gdb")


class Served:
    """The program behind a server on a free port."""

    def __init__(self, directory: Path) -> None:
        program = asm.assemble([asm.Source("text.S", PROGRAM)], architecture=builtin_architecture(XNM))
        self.elf = directory / "program.elf"
        self.elf.write_bytes(program.elf())
        console = ReplayedConsole()
        machine = Machine(XNM, memory_map=MemoryMap().with_ram(1 << 20), console=console.write)
        machine.load(self.elf)
        self.debugger = Debugger(machine, console, interval=500)
        self.said: list[str] = []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        server = Server(self.debugger, self.said.append)
        self.thread = threading.Thread(target=server.serve, args=(self.listener,), kwargs={"once": True}, daemon=True)
        self.thread.start()

    def gdb(self, *commands: str) -> str:
        """What gdb prints when it gives these commands."""
        if GDB is None:
            pytest.skip("no gdb-multiarch")
        script = ["set confirm off", "set pagination off", f"target remote 127.0.0.1:{self.port}", *commands, "kill"]
        options = [argument for command in script for argument in ("-ex", command)]
        run = subprocess.run(
            [GDB, "-nx", "-batch", *options, str(self.elf)], capture_output=True, text=True, timeout=60, check=False
        )
        self.thread.join(10)
        assert not self.thread.is_alive()
        return run.stdout + run.stderr

    def raw(self) -> socket.socket:
        """A connection that speaks for itself."""
        return socket.create_connection(("127.0.0.1", self.port), timeout=20)


def answer_on(connection: socket.socket) -> bytes:
    """What comes up to the end of a packet."""
    answer = b""
    while not re.search(rb"#..$", answer):
        answer += connection.recv(100)
    return answer


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    given = Served(tmp_path)
    yield given
    given.listener.close()


def test_stepping_registers_and_memory(served: Served) -> None:
    said = served.gdb(
        "break add", "continue", "p $a0", "continue", "p $a0", "stepi", "x/i $pc", "info registers sp", "p (int)total",
        "p $nm_vth", "p $mscratch", "set var $a0 = 40", "p $a0", "finish",
    )  # fmt: skip
    assert re.findall(r"^\$\d+ = (\S+)", said, re.MULTILINE) == ["0", "1", "0", "0", "0", "40"]
    assert "sw" in said
    assert "Breakpoint 1, add" in said


def test_reverse_execution_and_watchpoints(served: Served) -> None:
    said = served.gdb(
        "watch *(int *)&total", "continue", "continue", "p (int)total", "reverse-continue", "p (int)total",
        "reverse-stepi", "delete", "break add", "reverse-continue", "p $a0", "monitor when",
    )  # fmt: skip
    assert re.findall(r"^\$\d+ = (\S+)", said, re.MULTILINE)[:2] == ["6", "2"], said
    assert "Old value = 2" in said
    assert "New value = 6" in said
    assert re.search(r"instruction \d+, cycle \d+; seen 0 to \d+", said)


def test_from_the_end_backwards(served: Served) -> None:
    said = served.gdb("continue", "break twice", "reverse-continue", "p/d $s0", "delete", "continue", "continue")
    assert "No more reverse-execution history" in said, said
    assert re.findall(r"^\$\d+ = (\S+)", said, re.MULTILINE) == ["99"], said
    assert "exited normally" in said


def test_monitor(served: Served) -> None:
    said = served.gdb(
        "monitor help",
        "monitor goto 100",
        "monitor print s0 + 1",
        "monitor nm",
        "monitor print nowhere",
        "monitor dance",
    )
    assert "go to the moment" in said
    assert "at instruction 100" in said
    assert "queue 3: 0 events" in said
    assert "'nowhere' in 'nowhere' is unknown" in said
    assert "unknown monitor command 'dance'" in said


@pytest.mark.parametrize(
    "packet",
    [b"m", b"m1", b"mzz,4", b"P", b"P1", b"G12", b"Z9,1,1", b"Z0,80000002,4", b"X80000000,4:a", b"qRcmd,zz", b"s3"],
)
def test_bad_packets_get_an_error(served: Served, packet: bytes) -> None:
    with served.raw() as connection:
        connection.sendall(b"$%s#%02x" % (packet, sum(packet) & 0xFF))
        assert re.match(rb"\+\$(E01)?#", answer_on(connection))
        connection.sendall(b"$k#6b")


def test_noise_does_not_end_the_server(served: Served) -> None:
    with served.raw() as connection:
        connection.sendall(b"\x00\xffhello$g#00")
        assert connection.recv(100) == b"-"
        connection.sendall(b"$vMustReplyEmpty#3a")
        assert answer_on(connection) == b"+$#00"


def test_interrupting_a_long_run(served: Served) -> None:
    loop = asm.assemble([asm.Source("t.S", "1: j 1b\n")], architecture=builtin_architecture(XNM)).image()
    served.debugger.machine.load(loop)
    served.debugger.history.rewrite()
    with served.raw() as connection:
        connection.sendall(b"$c#63")
        connection.sendall(b"\x03")
        assert answer_on(connection).startswith(b"+$T02thread:1;#")
