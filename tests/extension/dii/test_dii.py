"""The RVFI-DII server, driven as a verification engine drives it, against direct runs of the interpreter."""

from __future__ import annotations

import random
import re
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest

from iss.builtin import builtin_architecture
from iss.extension import architecture_with, load_extensions
from iss.extension.dii.server import Server
from iss.extension.dii.target import MEMORY, InjectedMachine
from iss.extension.dut import constant, encode
from iss.loaders.image import Image, Segment
from iss.machine import Machine
from iss.trace.events import RECORD, Kind
from tests.extension.dii.engine import Engine

ISA = "rv32im_zicsr_zifencei_zicntr"
BASE = MEMORY.ram.base
RESET, INSTRUCTION, VERSION = 0, 1, ord("v")
XNMSPK = Path(__file__).resolve().parents[3] / "programs" / "extensions" / "xnmspk" / "xnmspk.py"


class Served:
    """A server in a thread: its address and what it reported."""

    def __init__(self, machine: InjectedMachine) -> None:
        self.reports: list[str] = []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.address = self.listener.getsockname()[:2]
        self.ended = threading.Event()

        def report(text: str) -> None:
            self.reports.append(text)
            if text.startswith("session"):
                self.ended.set()

        threading.Thread(target=self._serve, args=(Server(machine, report),), daemon=True).start()

    def _serve(self, server: Server) -> None:
        try:
            server.serve(self.listener)
        except OSError:
            return  # the test has closed the socket

    def last_report(self) -> str:
        """How the session ended, once it has."""
        assert self.ended.wait(20)
        self.ended.clear()
        return self.reports[-1]


@pytest.fixture
def served() -> Iterator[Served]:
    """A server of the base ISA."""
    made = Served(InjectedMachine(builtin_architecture(ISA)))
    yield made
    made.listener.close()


def random_word(source: random.Random) -> int:
    """An instruction of any kind; addresses are near x8 (the upper half of memory) or x9 (nothing there)."""
    definition = source.choice(list(builtin_architecture(ISA).instructions))
    operands = {}
    for name, field in definition.encoding.fields.items():
        value = source.randrange(field.minimum, field.maximum + 1)
        operands[name] = value - value % (1 << field.low)
    if definition.cost_class in ("load", "store"):
        operands |= {"rs1": source.choice((8, 8, 8, 9)), "imm": source.randrange(-2048, 2048)}
    if definition.cost_class in ("jump", "branch"):
        operands["imm"] = source.randrange(2, 12) * 4 if definition.mnemonic != "jalr" else 0
    if "rd" in operands and operands["rd"] in (8, 9):
        operands["rd"] = 10
    if definition.mnemonic in ("jalr", "mret", "wfi") or "csr" in operands:
        return source.getrandbits(32) if source.random() < 0.3 else encode("addi", rd=7, rs1=7, imm=1)
    return definition.encoding.encode(**operands)


def direct_records(program: dict[int, int], steps: int) -> list[tuple[int, ...]]:
    """(pc, word or -1 for a trap, rd, value, last access) of the interpreter on words at their addresses."""
    machine = Machine(ISA, memory_map=MEMORY)
    segments = tuple(Segment(pc, word.to_bytes(4, "little"), 4, "rwx") for pc, word in sorted(program.items()))
    machine.load(Image(BASE, segments, {}, "trace"))
    parts: list[bytes] = []
    machine.observe(lambda data: parts.append(bytes(data)))
    machine.run(steps)
    found: list[tuple[int, ...]] = []
    access = (0, 0, 0)
    for head, a, b, c in RECORD.iter_unpack(b"".join(parts)):
        kind = head & 0xFF
        if kind in (Kind.LOAD, Kind.STORE):
            access = (a, (1 << (head >> 8)) - 1, b)
        elif kind in (Kind.RETIRED, Kind.TRAP):
            found.append((a, b, head >> 8, c, *access) if kind == Kind.RETIRED else (a, -1, 0, 0, 0, 0, 0))
            access = (0, 0, 0)
    return found


def test_random_traces_against_direct_runs(served: Served) -> None:
    traps = compared = 0
    with Engine(served.address) as engine:
        for seed in range(100):
            source = random.Random(seed)
            words = [*constant(8, BASE + 0xC000), *constant(9, 0x4000_0000), *constant(5, BASE + 0x8000)]
            words.append(encode("csrrw", rs1=5, csr=0x305))
            words += [random_word(source) for _ in range(120)]
            for word in words:
                engine.send(INSTRUCTION, word, time=1)
            records = [engine.record() for _ in words]
            engine.send(RESET)
            assert engine.record()["halt"] == 1
            program: dict[int, int] = {}
            for number, record in enumerate(records):  # as long as one address has one word
                if program.setdefault(record["pc_rdata"], record["insn"]) != record["insn"]:
                    records = records[:number]
                    break
            expected = direct_records(program, len(records))
            if len(expected) < len(records):  # a handler that traps to itself ends a direct run
                stuck = records[len(expected)]
                assert stuck["trap"] and stuck["pc_wdata"] == stuck["pc_rdata"]
            for order, (record, wanted) in enumerate(zip(records, expected, strict=False), 1):
                pc, word, rd, value, address, mask, data = wanted
                assert (record["order"], record["pc_rdata"]) == (order, pc), seed
                assert record["trap"] == (word == -1), seed
                assert record["insn"] == words[order - 1] and (record["rd_addr"], record["rd_wdata"]) == (rd, value)
                assert record["mem_addr"] == address
                assert record["mem_rmask"] | record["mem_wmask"] == mask
                assert record["mem_rdata"] | record["mem_wdata"] == data
                traps += record["trap"]
                compared += 1
            for before, after in pairwise(records):
                assert before["pc_wdata"] == after["pc_rdata"] and not before["intr"]
    assert traps > 40 and compared > 1000
    assert "over" in served.last_report() and "100 traces" in served.reports[-1]


def test_reset_restores_everything(served: Served) -> None:
    store = [*constant(8, BASE + 0x8000), *constant(3, 77), encode("sw", rs1=8, rs2=3, imm=0)]
    look = [encode("addi", rd=4, rs1=3, imm=0), *constant(8, BASE + 0x8000), encode("lw", rd=5, rs1=8, imm=0)]
    look.append(encode("csrrs", rd=6, csr=0x340))
    with Engine(served.address) as engine:
        for word in (*store, encode("csrrw", rs1=3, csr=0x340)):
            engine.send(INSTRUCTION, word)
            engine.record()
        engine.send(RESET)
        assert engine.record() == dict.fromkeys(engine_fields(), 0) | {"halt": 1}
        records = []
        for word in look:
            engine.send(INSTRUCTION, word)
            records.append(engine.record())
    assert records[0]["pc_rdata"] == BASE and records[0]["order"] == 1
    assert [records[index]["rd_wdata"] for index in (0, -2, -1)] == [0, 0, 0]


def engine_fields() -> list[str]:
    """The names of a record's fields."""
    from tests.extension.dii import engine

    return engine._V1 + engine._V1_BYTES


def test_trap_record_and_the_next_word(served: Served) -> None:
    with Engine(served.address) as engine:
        for word in (
            0xFFFF_FFFF,
            0xFFFF_FFFF,
            encode("csrrs", rd=1, csr=0x343),
            0x4102,
            encode("csrrs", rd=2, csr=0x343),
        ):
            engine.send(INSTRUCTION, word)
        records = [engine.record() for _ in range(5)]
    assert [record["trap"] for record in records] == [1, 1, 0, 1, 0]
    assert [record["pc_rdata"] for record in records] == [BASE, 0, 0, 4, 0]  # mtvec is 0 after reset
    assert records[2]["rd_wdata"] == 0xFFFF_FFFF and records[4]["rd_wdata"] == 0x4102
    assert records[0]["insn"] == 0xFFFF_FFFF and records[0]["rd_addr"] == 0


def test_version_2(served: Served) -> None:
    words = [*constant(8, BASE + 0x8000), encode("sh", rs1=8, rs2=8, imm=2), encode("lbu", rd=5, rs1=8, imm=3)]
    with Engine(served.address) as engine:
        engine.send(RESET, int.from_bytes(b"VERS", "big"))
        assert engine.record() == dict.fromkeys(engine_fields(), 0) | {"halt": 3}
        for word in words:
            engine.send(INSTRUCTION, word)
        first = [engine.record() for _ in words]
        engine.send(RESET)
        engine.record()
        engine.send(VERSION, 2)
        assert engine.receive(16) == b"version=" + (2).to_bytes(8, "little")
        for word in words:
            engine.send(INSTRUCTION, word)
        second = [engine.record_v2() for _ in words]
        engine.send(RESET)
        end = engine.record_v2()
    for one, two in zip(first, second, strict=True):
        assert {name: two.get(name, 0) for name in one} == one
        assert (two["valid"], two["mode"], two["ixl"]) == (1, 3, 1)
    assert (second[-2]["mem_addr"], second[-2]["mem_wmask"], second[-2]["mem_wdata"]) == (BASE + 0x8002, 3, 0x8000)
    assert (second[-1]["mem_rmask"], second[-1]["mem_rdata"]) == (1, 0x80) and "mem_addr" not in second[0]
    assert end["halt"] == 1 and "rd_addr" not in end


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (bytes([0, 0, 0, 0, 0, 0, 7, 0]), "command 0x07 is not known"),
        (bytes([3, 0, 0, 0, 0, 0, ord("v"), 0]), "version 3 of the trace format"),
        (b"abc", "within a packet, after 3 of its 8 bytes"),
    ],
)
def test_bad_packets_end_the_session(served: Served, data: bytes, problem: str) -> None:
    with Engine(served.address) as engine:
        engine.send(INSTRUCTION, 0x13)
        engine.socket.sendall(data)
        engine.socket.shutdown(socket.SHUT_WR)
        assert engine.record()["insn"] == 0x13  # what was right is answered
        with pytest.raises(EOFError):
            engine.receive(1)
    assert problem in served.last_report()
    with Engine(served.address) as engine:  # the next one is served, from reset and in version 1
        engine.send(INSTRUCTION, 0x13)
        assert engine.record()["order"] == 1


@pytest.mark.parametrize("isa", [ISA, f"{ISA}_xnmspk_xnmeng_xnmlrn"])
def test_any_word_gives_a_record(isa: str) -> None:
    """Random words and random operands of every instruction, of the coprocessor's engine too."""
    machine = InjectedMachine(builtin_architecture(isa))
    source = random.Random(5)
    definitions, csrs = list(machine.architecture.instructions), list(machine.architecture.csrs.by_number)
    machine.execute(encode("addi", rd=1, imm=1))
    for _ in range(4000):
        if source.random() < 0.15:
            word = source.getrandbits(32)
        else:
            encoding = source.choice(definitions).encoding
            operands = {
                name: source.randrange(field.minimum, field.maximum + 1, 1 << field.low)
                for name, field in encoding.fields.items()
            }
            if "csr" in operands:
                operands["csr"] = source.choice(csrs)
            word = encoding.encode(**operands)
        before = machine.hart.pc
        record = machine.execute(word)
        assert (record.pc_rdata, record.pc_wdata, record.insn) == (before, machine.hart.pc, word)
        assert record.rd_addr == 0 or not record.trap
        assert len(record.packet(1)) == 88 and record.packet(2)[8:16] == len(record.packet(2)).to_bytes(8, "little")


def test_with_an_extension() -> None:
    served = Served(InjectedMachine(architecture_with(load_extensions(XNMSPK), ISA)))
    popc, spk = 0x0000_050B | 5 << 15, 0x807  # nm.popc a0, t0
    with Engine(served.address) as engine:
        words = [*constant(5, 0xF0F0), popc, encode("addi", rd=1, imm=1), encode("csrrw", rs1=1, csr=0x7C0), popc]
        for word in (*words, encode("csrrs", rd=2, csr=spk)):
            engine.send(INSTRUCTION, word)
        records = [engine.record() for _ in range(len(words) + 1)]
    assert records[2]["trap"] == 1 and records[-2]["rd_wdata"] == 8 and not records[-1]["trap"]
    served.listener.close()


def test_command_line() -> None:
    command = [sys.executable, "-m", "iss", "ext", "dii", str(XNMSPK), "--port", "0", "--once"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        where = re.search(r"listening on 127\.0\.0\.1:(\d+), rv32im", process.stderr.readline())
        assert where is not None
        with Engine(("127.0.0.1", int(where[1]))) as engine:
            engine.send(INSTRUCTION, 0)
            record = engine.record()
            assert record["trap"] == 1 and record["pc_rdata"] == BASE
        assert process.wait(20) == 0
        assert "session over (1 instructions, 0 traces)" in process.stderr.read()
    done = subprocess.run([*command[:5], "--port", "70000"], capture_output=True, text=True, check=False)
    assert done.returncode == 2 and "port 70000 is impossible" in done.stderr
