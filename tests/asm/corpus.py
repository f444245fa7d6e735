"""Generates assembly text from the instruction definitions: every instruction with operands at the corners."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator
from itertools import product

from iss.isa.definitions import Definition
from iss.isa.encoding import Field
from iss.isa.registers import NUMBER
from iss.isa.syntax import Operand

REGISTERS = ("x0", "ra", "s0", "x15", "x31")
FENCE_SETS = ("i", "o", "r", "w", "iorw", "rw", "iw", "or")


def corners(field: Field) -> list[int]:
    """Values of a field worth trying: the ends of its range, around zero, single bits."""
    step = 1 << field.low
    values = {field.minimum, field.maximum, 0, step, 2 * step}
    values |= {step << bit for bit in range(field.width - field.low) if step << bit <= field.maximum}
    if field.signed:
        values |= {-step, field.minimum + step, field.maximum - step}
    return sorted(value for value in values if field.minimum <= value <= field.maximum)


def texts(definition: Definition, operand: Operand) -> list[str]:
    """How an operand may be written, at its corners; branch targets are distances from the instruction."""
    field = definition.encoding.fields[operand.field]
    match operand.kind:
        case "register":
            return list(REGISTERS)
        case "csr":
            return ["mstatus", "mepc", "0", "0x7c0", "4095"]
        case "fence_set":
            return list(FENCE_SETS)
        case "target":
            return [f". + {value}" if value >= 0 else f". - {-value}" for value in corners(field)]
        case "memory":
            return [f"{value}({base})" for value, base in zip(corners(field), cycle(REGISTERS), strict=False)] + [
                "(a0)"
            ]
        case "upper":
            return [str(value >> operand.shift & (1 << (field.width - operand.shift)) - 1) for value in corners(field)]
    return [str(value) for value in corners(field)]


def cycle(items: Iterable[str]) -> Iterator[str]:
    """The items over and over."""
    kept = list(items)
    while True:
        yield from kept


def statements(definition: Definition, limit: int = 60) -> list[str]:
    """Statements of an instruction: all combinations of operand corners, or a fixed sample of them."""
    choices = [texts(definition, operand) for operand in definition.syntax.operands]
    combinations = list(product(*choices))
    if len(combinations) > limit:
        combinations = random.Random(definition.mnemonic).sample(combinations, limit)
        combinations += [tuple(choice[0] for choice in choices), tuple(choice[-1] for choice in choices)]
        for index, choice in enumerate(choices):
            middle = [option[len(option) // 2] for option in choices]
            combinations += [(*middle[:index], text, *middle[index + 1 :]) for text in choice]
    return [f"{definition.mnemonic} {', '.join(combination)}".rstrip() for combination in combinations]


def random_register(source: random.Random) -> str:
    """Any name of any register."""
    return source.choice(list(NUMBER))
