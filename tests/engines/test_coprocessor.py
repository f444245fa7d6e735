"""Random networks run by firmware under interrupts: suspensions, ticks, traps and asynchronous runs, on all engines.

Three machines agree: reference and interpreter with the C coprocessor, and the reference with the golden model.
"""

from __future__ import annotations

import random

import pytest

from coprocessor.csrs import TABLE
from coprocessor.interface import REGISTER_INSTRUCTIONS, Operation
from iss.hart.timing import MODELS
from iss.machine import Machine
from tests.coprocessor import operands
from tests.coprocessor.random_network import RandomNetwork
from tests.coprocessor.test_networks_differential import choose
from tests.effort import cases
from tests.engines.assembled import text
from tests.engines.encode import CSR, INSTRUCTIONS, STAY, constant, pack, word
from tests.engines.lockstep import BASE, CLINT, XNM, Setup, compare_engines, compare_splits, image_of, random_steps
from tests.engines.pulses import attach_pulses

NETWORK_SIZE = 1 << 17
CODE, HANDLER = BASE + NETWORK_SIZE, BASE + NETWORK_SIZE + 0x1_0000
"""Code follows the network at once: misplaced regions and stores behind the end hit it."""
INTERRUPTS = 0xF_0880
RD, RS1, RS2 = range(5, 10), 10, 11
HANDLER_TEXT = f"""
    csrr x28, mcause
    bgez x28, exception
    andi x28, x28, 31
    li   x29, 7
    beq  x28, x29, timer
    li   x29, 1
    sll  x29, x29, x28
    csrc mip, x29                   # a tick goes; the others are levels
    csrr x30, mip
    and  x30, x30, x29
    csrc mie, x30                   # so they are masked
    mret
timer:
    li   x28, {CLINT + 0xBFF8}
    lw   x29, 0(x28)
    csrr x30, mepc
    andi x30, x30, 0x7c             # as far away as the pc says
    slli x30, x30, 3
    add  x29, x29, x30
    addi x29, x29, 40
    li   x28, {CLINT + 0x4000}
    sw   x29, 0(x28)
    sw   zero, 4(x28)
    mret
exception:
    csrr x28, mepc
    addi x28, x28, 4
    csrw mepc, x28
    mret
"""


def issue(mnemonic: str, rs1: int, rs2: int, rd: int) -> list[int]:
    """Load the operands and issue an engine instruction."""
    fields = INSTRUCTIONS.by_mnemonic[mnemonic].encoding.fields
    given = {name: value for name, value in (("rd", rd), ("rs1", RS1), ("rs2", RS2)) if name in fields}
    words = constant(RS1, rs1) if "rs1" in fields else []
    words += constant(RS2, rs2) if "rs2" in fields else []
    return [*words, word(mnemonic, **given)]


class Program:
    """A random sequence of actions on a random network."""

    def __init__(self, seed: int, kind: str, actions: int) -> None:
        source = self.source = random.Random(f"{kind} {seed}")
        spoilt = source.choice((0.02, 0.3)) if kind == "spoilt" else 0.0
        self.network = RandomNetwork(
            source, misplaced=kind == "misplaced", spoilt=spoilt, largest=source.choice((12, 40)), size=NETWORK_SIZE
        )
        words = [*self.write("nm_ctl", source.choice((1, 5, 5))), *self.write("nm_slice", self.slice())]
        words += [
            *self.write("mtvec", HANDLER),
            *self.write("mie", INTERRUPTS),
            word("csrrsi", csr=CSR["mstatus"], uimm=8),
        ]
        for _ in range(actions):
            words += self.action()
        self.words = [*words, STAY]

    def write(self, csr: str, value: int) -> list[int]:
        return [*constant(RS1, value), word("csrrw", csr=CSR[csr], rs1=RS1, rd=self.source.choice((0, *RD)))]

    def slice(self) -> int:
        return self.source.choice((0, 1, 1, 2, 3, 7, 1024))

    def action(self) -> list[int]:
        source = self.source
        kind = source.randrange(20)
        if kind < 11:
            operation, rs1, rs2 = choose(source, self.network)
            return issue(f"nm.{Operation(operation).name.lower()}", rs1, rs2, source.choice((0, *RD)))
        if kind < 13:
            return self.register_level()
        if kind == 13:
            return self.write("nm_slice", self.slice())
        if kind == 14:
            return self.write("nm_tick", source.choice((0, 0, 1, 2, 7, 50, 300, source.getrandbits(31))))
        if kind == 15:
            return self.write("mie", INTERRUPTS & source.choice((-1, -1, ~0xF_0000, source.getrandbits(32))))
        if kind == 16:
            names = [row.name for row in TABLE if row.name != "nm_ctl"]
            mnemonic = source.choice(("csrrw", "csrrs", "csrrc", "csrrwi", "csrrsi", "csrrci"))
            operand = {"uimm": source.randrange(32)} if mnemonic.endswith("i") else {"rs1": source.choice((0, *RD))}
            return [word(mnemonic, csr=CSR[source.choice(names)], rd=source.choice(RD), **operand)]
        if kind == 17:
            return self.write("nm_ctl", source.choice((0, 1, 2, 3, 5, 5, 5, 7, 13)))
        if kind == 18:
            return self.write(source.choice(("mip", "mcycle", "mcountinhibit", "nm_qwm")), source.getrandbits(32))
        return self.write("mcountinhibit", 0)

    def register_level(self) -> list[int]:
        source = self.source
        mnemonic = f"nm.{source.choice(list(REGISTER_INSTRUCTIONS))}"
        fields = INSTRUCTIONS.by_mnemonic[mnemonic].encoding.fields
        given = {name: source.choice((0, *RD)) for name in fields}
        return [*constant(source.choice(RD), operands.word(source)), word(mnemonic, **given)]

    def setup(self, seed: int, **options: object) -> Setup:
        """On a machine with a timer and external interrupts that depends on the seed, too."""
        handler = text(HANDLER_TEXT, base=HANDLER).segments[0].data
        ram = bytes(self.network.image.ram)
        image = image_of([(BASE, ram), (CODE, pack(self.words)), (HANDLER, handler)], CODE)

        def prepare(machine: Machine) -> None:
            attach_pulses(seed, 400)(machine)
            machine.bus.store(CLINT + 0x4000, 4, 100)
            machine.bus.store(CLINT + 0x4004, 4, 0)

        timing = list(MODELS)[seed % 3]
        return Setup(image, XNM, timing, prepare=prepare, ram_size=1 << 18, **options)  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", ["sound", "misplaced", "spoilt"])
@pytest.mark.parametrize("seed", cases(6, 300))
def test_networks_under_interrupts(seed: int, kind: str) -> None:
    program = Program(seed, kind, 40)
    setup = program.setup(seed, observed=seed % 3 == 0)
    compare_engines(setup, random_steps(seed, 40, 600), f"{kind} {seed}", golden_too=True)


@pytest.mark.parametrize("kind", ["sound", "misplaced", "spoilt"])
@pytest.mark.parametrize("seed", cases(3, 200))
def test_runs_in_parts_equal_one_run(seed: int, kind: str) -> None:
    program = Program(seed + 1000, kind, 60)
    compare_splits(program.setup(seed), 500, [7, 1, *random_steps(seed, 60, 500)], f"{kind} {seed}")
