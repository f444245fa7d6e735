"""For a user's own tests: registers, state and memory in, a few lines of assembly, and what has become of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from asm import Source, assemble
from iss.extension.extension import Extension
from iss.extension.load import architecture_with
from iss.hart.extension_state import ExtensionState
from iss.isa.catalogue import DEFAULT_ISA, Architecture
from iss.isa.registers import ABI_NAMES, NUMBER
from iss.loaders import Image
from iss.machine import Machine
from iss.memory.map import MemoryMap

MEMORY = MemoryMap().ram.base + 0x1_0000  # where `memory` is put
_LIMIT = 100_000


@dataclass(frozen=True, slots=True)
class Result:
    """What a few instructions have left behind; `result.a0` is a register, unsigned."""

    x: tuple[int, ...]
    state: ExtensionState
    memory: bytes
    cycles: int
    trap: tuple[int, int] | None  # (mcause, mtval) of the trap that ended it

    def __getattr__(self, name: str) -> int:
        if name not in NUMBER:
            raise AttributeError(f"a result has no {name!r}; registers are called {', '.join(ABI_NAMES)}")
        return self.x[NUMBER[name]]


class Bench:
    """A machine with an extension, for tests of single instructions."""

    def __init__(self, *extensions: Extension, isa: str = DEFAULT_ISA, engine: str = "reference") -> None:
        self.architecture = architecture_with(extensions, isa)
        self._machine = Machine(self.architecture, engine, memory_map=MemoryMap().with_ram(size=1 << 17))

    def run(
        self,
        text: str,
        *,
        state: Mapping[str, int | Sequence[int]] | None = None,
        memory: bytes = b"",
        **registers: int,
    ) -> Result:
        """Run lines of assembly from reset with these registers, state and memory at `MEMORY`, to their end or a trap.

        Raises AssemblyError for a wrong line and ValueError for a name that is no register or state.
        """
        image, end = _image(text, self.architecture)
        machine, hart = self._machine, self._machine.hart
        machine.load(image)
        for name, value in registers.items():
            if name not in NUMBER:
                raise ValueError(f"{name} is no register, expected one of {', '.join(ABI_NAMES)}")
            hart.x[NUMBER[name]] = value
        for name, values in (state or {}).items():
            self._set_state(name, values)
        machine.ram.buffer[MEMORY - machine.ram.base :] = bytes(machine.ram.size - (MEMORY - machine.ram.base))
        machine.ram.write(MEMORY, memory)
        hart.mtvec = end
        while hart.pc != end and hart.retired < _LIMIT:
            machine.run(1)
        trap = (hart.mcause, hart.mtval) if hart.traps else None
        left = bytes(machine.ram.buffer[MEMORY - machine.ram.base :][: len(memory)])
        return Result(tuple(hart.x), hart.state.copy(), left, hart.cycles, trap)

    def read_csr(self, name: str) -> int:
        """Return what a CSR reads now, after the last run."""
        csr = self.architecture.csrs.named(name)
        if csr is None:
            raise ValueError(f"{name} is no CSR of {self.architecture.isa}")
        return self._machine.hart.read_csr(csr.number)

    def _set_state(self, name: str, values: int | Sequence[int]) -> None:
        field = self.architecture.states.fields.get(name)
        if field is None:
            raise ValueError(f"{name} is no state, expected one of {', '.join(self.architecture.states.fields)}")
        given: Iterable[int] = [values] if isinstance(values, int) else values
        array = getattr(self._machine.hart.state, name)
        for index, value in enumerate(given):
            if not field.minimum <= value <= field.maximum:
                raise ValueError(f"{name} = {value} is outside {field.minimum}..{field.maximum}")
            if field.count == 1:
                setattr(self._machine.hart.state, name, value)
            else:
                array[index] = value


@lru_cache(maxsize=1024)
def _image(text: str, architecture: Architecture) -> tuple[Image, int]:
    """Return the program of some lines and the address behind them, where a jump to itself stands."""
    source = Source("<test>", f"_start:\n{text}\n.globl __end\n.balign 4\n__end: j __end\n")
    image = assemble([source], architecture=architecture, debug=False).image()
    return image, image.symbols["__end"].address
