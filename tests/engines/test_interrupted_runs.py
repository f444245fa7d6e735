"""Ctrl-C and errors of devices in the middle of a run: the hart stands at an instruction boundary and can go on."""

from __future__ import annotations

import signal
from collections.abc import Iterator

import pytest

from iss.engines.interpreter import InterpreterEngine
from iss.machine import End, Machine
from iss.memory.device import DeviceError
from tests.engines.encode import CSR, setup, word
from tests.engines.lockstep import BASE, Setup, Subject, differences, require_same

DEVICE = 0x0300_0000
ENGINES = ("reference", "interpreter")
DATA = BASE + 0x1000


class Unreliable:
    """Counts accesses; the n-th one raises."""

    size = 8

    def __init__(self, when: int, error: BaseException) -> None:
        self.count, self.when, self.error = 0, when, error

    def _access(self) -> int:
        self.when -= 1
        if self.when == 0:
            raise self.error
        self.count += 1
        return self.count

    def load(self, offset: int, size: int) -> int:
        return self._access()

    def store(self, offset: int, size: int, value: int) -> None:
        self._access()


LOOP = [
    word("addi", rd=1, rs1=1, imm=1),
    word("lw", rd=2, rs1=10),
    word("add", rd=3, rs1=3, rs2=2),
    word("sw", rs1=10, rs2=1, imm=4),
    word("sw", rs1=11, rs2=3),
    word("csrrs", rd=4, csr=CSR["minstret"]),
    word("jal", imm=-24),
]


def machine_with(when: int, error: BaseException, observed: bool) -> Setup:
    made = setup(LOOP, {10: DEVICE, 11: DATA}, timing="edge2", observed=observed)
    inner = made.prepare

    def prepare(machine: Machine) -> None:
        inner(machine)
        machine.attach(DEVICE, Unreliable(when, error))

    return Setup(made.image, timing=made.timing, observed=observed, prepare=prepare)


def state(subject: Subject) -> dict[str, object]:
    return {name: value for name, value in subject.visible().items() if not name.startswith("device")}


@pytest.mark.parametrize("observed", [False, True])
@pytest.mark.parametrize("when", [1, 2, 7, 8, 2001])
def test_ctrl_c_inside_a_device(when: int, observed: bool) -> None:
    """The access that was interrupted is made again; nothing else shows."""
    subjects = [machine_with(when, KeyboardInterrupt(), observed).on(engine) for engine in ENGINES]
    outcomes = [subject.machine.run(20_000) for subject in subjects]
    assert outcomes[0] == outcomes[1] and outcomes[0].end is End.INTERRUPTED
    require_same(subjects[0], subjects[1], "interrupted")
    undisturbed = machine_with(0, KeyboardInterrupt(), observed).on("interpreter")
    undisturbed.run(subjects[0].machine.hart.retired)
    assert not differences(state(undisturbed), state(subjects[1]))
    for subject in (*subjects, undisturbed):
        assert subject.run(1000).end is End.LIMIT
    require_same(subjects[0], subjects[1], "afterwards")
    assert not differences(state(undisturbed), state(subjects[1]))


@pytest.mark.parametrize("when", [1, 2, 1000])
def test_error_of_a_device(when: int) -> None:
    """One message, and the hart before the instruction that met it."""
    subjects = [machine_with(when, ZeroDivisionError("no such sensor"), False).on(engine) for engine in ENGINES]
    for subject in subjects:
        with pytest.raises(
            DeviceError, match=r"device Unreliable at 0x03000000: .* failed: ZeroDivisionError: no such"
        ):
            subject.machine.run(20_000)
    require_same(subjects[0], subjects[1], "failed")
    assert subjects[0].machine.hart.pc == BASE + (4 if when % 2 else 12)


@pytest.fixture
def alarm() -> Iterator[None]:
    """SIGALRM is Ctrl-C for a while."""
    former = signal.signal(signal.SIGALRM, signal.default_int_handler)
    yield
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.signal(signal.SIGALRM, former)


@pytest.mark.usefixtures("alarm")
def test_ctrl_c_in_the_middle_of_compiled_code() -> None:
    """Registers, memory and counts belong together, however long the code had been running."""
    words = [word("addi", rd=1, rs1=1, imm=1), word("sw", rs1=11, rs2=1), word("jal", imm=-8)]
    machine = setup(words, {11: DATA}).on("interpreter").machine
    assert isinstance(machine.engine, InterpreterEngine)
    signal.setitimer(signal.ITIMER_REAL, 0.02)
    assert machine.run().end is End.INTERRUPTED
    hart = machine.hart
    turns, rest = divmod(hart.retired, 3)
    assert (hart.x[1], hart.pc) == (turns + (rest > 0) & 0xFFFF_FFFF, BASE + 4 * rest)
    assert int.from_bytes(machine.ram.read(DATA, 4), "little") == turns + (rest > 1) & 0xFFFF_FFFF
    assert hart.minstret == hart.mcycle == hart.retired
