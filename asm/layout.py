"""Where sections go: which output section an input section belongs to, their order, and their addresses.

The default order is code, read-only data, data, the page of `tohost`, zero-initialised data; each group of sections
with the same permissions starts on a page, so that code and data never share one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final

from asm.fragments import Section
from asm.unit import Unit
from iss.memory.map import ADDRESS_SPACE, PAGE, MemoryMap

HOST_SECTION: Final = ".tohost"
GLOBAL_POINTER_OFFSET: Final = 0x800

# The standard sections in the order of their addresses, and the names (and `name.` prefixes) of the input sections they
# are made of; those of the first tuple come first.
_STANDARD: Final = (
    (
        ".text",
        "ax",
        "progbits",
        (".text.init", ".init", ".text.entry"),
        (".text", ".fini"),
    ),
    (".rodata", "a", "progbits", (), (".rodata", ".srodata")),
    (".data", "aw", "progbits", (), (".data", ".sdata")),
    (HOST_SECTION, "aw", "progbits", (), (HOST_SECTION,)),
    (".bss", "aw", "nobits", (), (".sbss", ".bss", "COMMON")),
)


@dataclass(slots=True, eq=False)
class OutputSection:
    """A section of the program: the input sections it is made of, in order, and where it lies."""

    name: str
    flags: str
    kind: str
    inputs: list[Section] = field(default_factory=list)
    address: int = 0
    size: int = 0
    alignment: int = 1
    content: bytes = b""

    @property
    def end(self) -> int:
        return self.address + self.size

    @property
    def group(self) -> int:
        """Permission group, in the order of addresses."""
        if "x" in self.flags:
            return 0
        if "w" not in self.flags:
            return 1
        if self.name == HOST_SECTION:
            return 3
        return 4 if self.kind == "nobits" else 2


def _output_name(name: str) -> tuple[str, int]:
    """Return the output section of an input section's name and its rank there."""
    for output, _, _, first, names in _STANDARD:
        for rank, group in enumerate((first, names)):
            if any(name == prefix or name.startswith(prefix + ".") for prefix in group):
                return output, rank
    return name, 1


def collect(units: list[Unit]) -> list[OutputSection]:
    """Return the output sections of all units in the order of their addresses; those not loaded come last.

    The standard sections are always there, if need be empty, so that symbols of the linker have something to name.
    """
    outputs = {name: OutputSection(name, flags, kind) for name, flags, kind, _, _ in _STANDARD}
    order = list(outputs)
    ranked: dict[str, list[tuple[int, Section]]] = {name: [] for name in order}
    for unit in units:
        for section in unit.sections.values():
            name, rank = _output_name(section.name) if section.is_allocated else (section.name, 1)
            output = outputs.setdefault(name, OutputSection(name, section.flags, section.kind))
            output.flags = "".join(sorted({*output.flags, *section.flags} & set("awx")))
            if section.kind != "nobits" and output.kind == "nobits" and section.size:
                output.kind = section.kind
            ranked.setdefault(name, []).append((rank, section))
    for name, output in outputs.items():
        output.inputs = [section for _, section in sorted(ranked[name], key=lambda pair: pair[0])]
        output.alignment = max((section.alignment for section in output.inputs), default=1)

    def key(output: OutputSection) -> tuple[bool, int, int]:
        rank = order.index(output.name) if output.name in order else len(order)
        return "a" not in output.flags, output.group, rank

    return sorted(outputs.values(), key=key)


def linker_script(memory_map: MemoryMap | None = None) -> str:
    """Return a GNU ld script with this layout, for programs that are compiled with other tools."""
    memory = memory_map or MemoryMap()
    lines = [
        "OUTPUT_ARCH(riscv)",
        "ENTRY(_start)",
        "SECTIONS",
        "{",
        f"  . = {memory.ram.base:#x};",
    ]
    for index, (output, _, _, first, names) in enumerate(_STANDARD):
        if index:
            lines.append(f"  . = ALIGN({PAGE});")
        inputs = " ".join(f"*({' '.join(f'{name} {name}.*' for name in group)})" for group in (first, names) if group)
        if output == ".data":
            pointer = f"PROVIDE(__global_pointer$ = . + {GLOBAL_POINTER_OFFSET:#x});"
            inputs = f"{pointer} {inputs} __data_end = .; _edata = .;"
        if output == ".bss":
            inputs = f"__bss_start = .; {inputs} __bss_end = .; _end = .;"
        lines.append(f"  {output} : {{ {inputs} }}")
    lines += [
        f"  __stack_top = {memory.ram.end:#x};",
        "  /DISCARD/ : { *(.comment .note .note.*) }",
        "}",
    ]
    return "\n".join(lines) + "\n"


def place(outputs: list[OutputSection], base: int, fixed: Mapping[str, int]) -> list[str]:
    """Give addresses to the loaded sections, from `base` up or as `fixed` says; return what is wrong with them."""
    problems = []
    position, group = base, -1
    for output in (output for output in outputs if "a" in output.flags):
        if output.name in fixed:
            position = fixed[output.name]
            if position % output.alignment:
                problems.append(
                    f"section {output.name} cannot start at {position:#x}: it needs a multiple of {output.alignment}"
                )
        elif group not in (-1, output.group):
            position = _align(position, PAGE)
        group = output.group
        output.address = _align(position, output.alignment)
        position = arrange(output)
        if output.end > ADDRESS_SPACE:
            problems.append(
                f"section {output.name} of {output.size} bytes at {output.address:#x} ends beyond the address space"
            )
    problems += _overlaps(outputs)
    return problems


def arrange(output: OutputSection) -> int:
    """Place the input sections of an output section one after the other; return the end address."""
    position = output.address
    for section in output.inputs:
        section.address = position = _align(position, section.alignment)
        position += section.size
    output.size = position - output.address
    return position


def _overlaps(outputs: list[OutputSection]) -> list[str]:
    loaded = sorted(
        (output for output in outputs if "a" in output.flags and output.size),
        key=lambda o: o.address,
    )
    return [
        f"section {second.name} at {second.address:#x} overlaps section {first.name} "
        f"({first.address:#x}..{first.end - 1:#x}); move one of them"
        for first, second in pairwise(loaded)
        if second.address < first.end
    ]


def _align(value: int, alignment: int) -> int:
    return -(-value // alignment) * alignment
