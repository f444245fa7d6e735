"""The save area of nm.save and nm.rest (specification 4.7)."""

from __future__ import annotations

from coprocessor.csrs import BY_NAME, COUNTERS
from coprocessor.golden.memory import BAD, MISALIGNED, Fault, Memory, Unit
from coprocessor.golden.numbers import bit
from coprocessor.golden.state import QUEUE_DEPTH, QUEUES, AsynchronousRun, State

MAGIC = 0x4E4D5301
SIZE = 1280
PARAMETERS = (
    "mode",
    "p0",
    "p1",
    "p2",
    "p3",
    "vth",
    "vrst",
    "spk",
    "rng",
    "lmode",
    "wlim",
    "t",
    "l0",
    "l1",
    "l2",
    "l3",
)
REGISTERS = (
    *PARAMETERS,
    "rew",
    "prog0",
    "prog1",
    "prog2",
    "prog3",
    "pdesc",
    "err",
    "eaddr",
)
COUNTER_OFFSET, LEVEL_OFFSET, RUN_OFFSET, QUEUE_OFFSET = 0x080, 0x0C0, 0x0C4, 0x100


def image(state: State, mcycle: int) -> list[int]:
    """The save area as words."""
    area = [0] * (SIZE // 4)
    area[0] = MAGIC
    for k, name in enumerate(REGISTERS):
        area[1 + k] = state.read(BY_NAME[f"nm_{name}"].number, mcycle)
    for k, name in enumerate(COUNTERS):
        area[COUNTER_OFFSET // 4 + 2 * k] = state.counters[name] & 0xFFFF_FFFF
        area[COUNTER_OFFSET // 4 + 2 * k + 1] = state.counters[name] >> 32
    area[LEVEL_OFFSET // 4] = sum(len(queue) << 8 * q for q, queue in enumerate(state.queues))
    run = state.run
    area[RUN_OFFSET // 4 : RUN_OFFSET // 4 + 4] = [
        run.result,
        run.outstanding | run.error << 1,
        run.code,
        run.steps,
    ]
    for q, queue in enumerate(state.queues):
        place = (QUEUE_OFFSET + 256 * q) // 4
        area[place : place + len(queue)] = queue
    return area


def save(state: State, memory: Memory, address: int, mcycle: int) -> None:
    """Store the save area; nothing is written on a fault."""
    if address % 16:
        raise Fault(MISALIGNED, address)
    unit = Unit(memory)
    for k, word in enumerate(image(state, mcycle)):
        unit.store(address + 4 * k, word)
    unit.commit()


def restore(state: State, memory: Memory, address: int, mcycle: int) -> None:
    """Load a save area by the write rules of 4.1; nothing changes on a fault."""
    if address % 16:
        raise Fault(MISALIGNED, address)
    area = [memory.load(address + 4 * k, 4) for k in range(SIZE // 4)]
    if area[0] != MAGIC:
        raise Fault(BAD, address)
    levels = [area[LEVEL_OFFSET // 4] >> 8 * q & 0xFF for q in range(QUEUES)]
    if max(levels) > QUEUE_DEPTH:
        raise Fault(BAD, address + LEVEL_OFFSET)
    for k, name in enumerate(REGISTERS):
        state.write(BY_NAME[f"nm_{name}"].number, area[1 + k], mcycle)
    for k, name in enumerate(COUNTERS):
        place = COUNTER_OFFSET // 4 + 2 * k
        state.counters[name] = area[place] | area[place + 1] << 32
    result, flags, code, steps = area[RUN_OFFSET // 4 : RUN_OFFSET // 4 + 4]
    state.run = AsynchronousRun()
    if bit(flags, 0):
        state.run = AsynchronousRun(
            outstanding=True,
            error=bool(bit(flags, 1)),
            result=result,
            code=code,
            steps=steps,
        )
    for q, level in enumerate(levels):
        place = (QUEUE_OFFSET + 256 * q) // 4
        state.queues[q] = area[place : place + level]
