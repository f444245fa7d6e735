"""The machine: hart, engine, RAM, devices and coprocessor put together; the one constructor users call."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any

from iss.builtin import builtin_architecture, make_coprocessor
from iss.engines.engine import Reason
from iss.engines.profile import Profile
from iss.errors import NeuroHartError, SlowEngineWarning
from iss.hart.hart import CUSTOM_INTERRUPTS, Hart
from iss.hart.timing import MODELS, TimingModel, timing_model
from iss.isa.catalogue import DEFAULT_ISA, Architecture
from iss.isa.causes import describe_cause
from iss.isa.csrs import XNM_TICK
from iss.isa.registers import NUMBER
from iss.loaders import Image, load_image, place_image, require_room
from iss.memory.bus import Bus
from iss.memory.clint import Clint
from iss.memory.console import ConsoleInput
from iss.memory.device import Connected, Device
from iss.memory.finisher import Finisher
from iss.memory.htif import Htif
from iss.memory.map import MemoryMap
from iss.memory.ram import Ram
from iss.memory.rom import BootRom
from iss.memory.uart16550 import Uart16550

ENGINES = ("auto", "reference", "interpreter")
_NEVER = 1 << 62
_SLICE = {"reference": 100_000, "interpreter": 50_000_000}  # instructions between looks at Ctrl-C and progress
_LONGEST = max(_SLICE.values())
_HTIF_BYTES = 8
SPIKE_MARCHID = 5  # registered architecture numbers: riscv-isa-manual, marchid.md


class End(Enum):
    """How a run ended."""

    EXIT = "exit"  # the firmware ended itself
    LIMIT = "limit"  # the instruction limit is reached; the machine can go on
    STUCK = "stuck"  # a trap handler that traps for ever
    ASLEEP = "asleep"  # wfi, and nothing can wake the hart
    INTERRUPTED = "interrupted"  # the user stopped it
    PAUSED = "paused"  # `Machine.pause` was called; the machine can go on


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a run ended, in words, and the firmware's exit code (None unless it ended itself)."""

    end: End
    reason: str
    exit_code: int | None = None


class Machine:
    """One hart with RAM, UART, CLINT, test finisher, HTIF and, where the ISA has it, the spiking coprocessor.

    `console` receives the bytes the firmware writes (UART and HTIF). `coprocessor` replaces the C coprocessor, for
    example by `coprocessor.golden.Coprocessor`, which the reference engine accepts too. `lanes` are the elements that
    the coprocessor handles in a cycle (nm_cap[23:16], 4 if not given). The engine `auto` is the interpreter, or where
    that cannot be (nothing compiled, a coprocessor without C functions) the reference engine, with a SlowEngineWarning.
    """

    def __init__(
        self,
        isa: str | Architecture = DEFAULT_ISA,
        engine: str = "auto",
        *,
        timing: str | TimingModel = "ideal",
        memory_map: MemoryMap | None = None,
        misaligned: bool = False,
        console: Callable[[bytes], object] | None = None,
        console_input: bytes | ConsoleInput = b"",
        coprocessor: Callable[[Any, int], Any] | None = None,
        lanes: int | None = None,
    ) -> None:
        """Build a machine; NeuroHartError for an unknown ISA, engine or timing model or impossible lanes."""
        if engine not in ENGINES:
            raise NeuroHartError(f"engine {engine!r} is not known, expected one of {', '.join(ENGINES)}")
        self.architecture = builtin_architecture(isa) if isinstance(isa, str) else isa
        self.memory_map = memory_map or MemoryMap()
        self.timing = timing_model(timing) if isinstance(timing, str) else timing
        self.ram = Ram(self.memory_map.ram)
        self.bus = Bus(self.memory_map, self.ram)
        self.console_input = ConsoleInput(console_input) if isinstance(console_input, bytes) else console_input
        self._sink = console or (lambda data: None)
        self.coprocessor = make_coprocessor(self.architecture, self.ram, coprocessor, lanes)
        self.hart = Hart(self.architecture, self.bus, self.coprocessor, misaligned=misaligned)
        self._clint = Clint()
        self._htif: Htif | None = None
        self._stop: Outcome | None = None
        self._consume: Callable[[Any], object] | None = None
        self.attach(self.memory_map.clint.base, self._clint)
        self.attach(self.memory_map.uart.base, Uart16550(self._sink, self.console_input))
        self.attach(self.memory_map.exit_device.base, Finisher())
        self._boot_rom: BootRom | None = None
        self.image: Image | None = None
        self._new: tuple[dict[str, Any], Any] | None = None  # devices and coprocessor before the first load
        self.note: str | None = None  # what the user should know about the choice of the engine
        self.engine = self._make_engine(engine)
        if self.note is not None:
            warnings.warn(self.note, SlowEngineWarning, stacklevel=2)
        self._outside = self.engine if self.engine.name == "reference" else self._make_engine("reference")

    def _make_engine(self, name: str) -> Any:
        if name == "reference":
            from iss.engines.reference import ReferenceEngine

            return ReferenceEngine(self.hart, self.timing)
        try:
            from iss.engines.interpreter import InterpreterEngine
        except ImportError:
            if name == "auto":
                self.note = "the interpreter is not compiled: running on the reference engine, hundreds of times slower"
                return self._make_engine("reference")
            raise NeuroHartError(
                "the interpreter is not compiled; run `pip install .` with a C compiler, or use --engine reference"
            ) from None
        try:
            return InterpreterEngine(self.hart, self.timing)
        except NeuroHartError as error:  # no compiler for a user's extension, a coprocessor without C functions
            if name != "auto":
                raise
            self.note = f"running on the reference engine, hundreds of times slower: {error}"
            return self._make_engine("reference")

    def replace_engine(self, engine: Any) -> None:
        """Let another Engine run this machine, inside and outside of RAM; nobody may observe it meanwhile."""
        self.engine = self._outside = engine

    # What devices are offered (iss.memory.device.Context) -----------------------------------------------------------
    def cycles(self) -> int:
        """Cycles since reset."""
        return self.hart.cycles

    def set_interrupt(self, bit: int, level: bool) -> None:
        """Drive a line of mip."""
        self.hart.mip = self.hart.mip & ~(1 << bit) | int(level) << bit
        self.hart.attention = True

    def stop(self, exit_code: int, reason: str) -> None:
        """End the run after this instruction."""
        self._stop = Outcome(End.EXIT, reason, exit_code)
        self.hart.attention = True

    def pause(self) -> None:
        """End the run at an instruction boundary soon; for observers and devices. The machine can go on."""
        if self._stop is None:
            self._stop = Outcome(End.PAUSED, "paused")
        self.hart.attention = True

    def changed(self) -> None:
        """Look at the events again."""
        self.hart.time_offset = self._clint.offset
        self.hart.attention = True

    # Building and loading -------------------------------------------------------------------------------------------
    def attach(self, base: int, device: Device, name: str | None = None) -> None:
        """Put a device on the bus and connect it to this machine."""
        self.bus.attach(base, device, name)
        if isinstance(device, Connected):
            device.connect(self)

    def load(self, program: str | Path | Image, **options: Any) -> Image:
        """Load a program file (see `iss.loaders.load_image`) or an Image and set the pc to its entry.

        Every load after the first one starts a new machine: RAM is zero, devices (those with a `snapshot`), the
        coprocessor and the console input are as they were before the first. Observers, accounts and profiles go on.
        LoadError leaves the machine as it is.
        """
        image = program if isinstance(program, Image) else load_image(program, **options)
        require_room(image, self.ram)
        self.hart.reset(image.entry)
        self._start_as_new()
        place_image(image, self.ram)
        self.image = image
        self.engine.invalidate(0, self.ram.size)
        self._connect_htif(image)
        return image

    def _start_as_new(self) -> None:
        """Bring everything but the hart back to where it was before the first load."""
        unit = self.coprocessor
        if self._new is None:
            self._new = (self.device_state(), None if unit is None else unit.state())
            return
        devices, state = self._new
        self.ram.clear()
        self._htif = None
        self.restore_devices(devices)
        if unit is not None:
            unit.load_state(state, 0)

    def boot_as_spike(self) -> None:
        """Start the loaded program as Spike does: from its boot ROM code, with its architecture number in marchid.

        Then the commit log is Spike's from the first line, and t0, a0, a1 and the counters are what its programs see.
        """
        from iss.memory.rom import reset_vector

        assert self.image is not None
        if self._boot_rom is None:
            self._boot_rom = BootRom()
            self.attach(self.memory_map.boot_rom.base, self._boot_rom)
        self._boot_rom.fill(reset_vector(self.image.entry))
        self.hart.pc = self.memory_map.boot_rom.base
        self.hart.marchid = SPIKE_MARCHID

    def observe(self, consume: Callable[[Any], object] | None, *, spikes: bool = False) -> None:
        """Hand the trace records (`iss.trace.events`) of all that happens to `consume`; None stops observing.

        What `consume` gets is valid during the call only; copy what is to be kept. `cycles` and `hart.retired` are
        those after the last record. With `spikes` the coprocessor logs them, and `consume` has to `take_spikes`.
        """
        self._consume = consume
        if self.coprocessor is not None:
            self.coprocessor.log_spikes(spikes and consume is not None)
        self.engine.observe(consume)
        if self._outside is not self.engine:
            self._outside.observe(consume)

    def profile(self, on: bool = True) -> None:
        """Count from now on what is executed, by address and kind of instruction, or no more; slower while it is on."""
        for engine in {self.engine, self._outside}:
            engine.profile(on)

    def profiled(self) -> Profile:
        """Return what has been counted since `profile`; empty without."""
        found: Profile = self.engine.profiled()
        if self._outside is not self.engine:
            found.merge(self._outside.profiled())
        return found

    def take_spikes(self) -> bytes:
        """The spikes logged since the last call: records of 16 bytes, see `coprocessor.interface.SPIKE_RECORD`.

        Each COST record tells how many of them its command logged.
        """
        return b"" if self.coprocessor is None else bytes(self.coprocessor.take_spikes())

    def _hand_on(self) -> None:
        """Hand what was noted outside of an engine's run to the observer."""
        if self._consume is not None:
            self._consume(self.hart.recorder.take())

    def _connect_htif(self, image: Image) -> None:
        tohost = image.symbols.get("tohost")
        if tohost is None:
            self._htif = None
            self.hart.htif_low = self.hart.htif_high = 0
            return
        fromhost = image.symbols.get("fromhost")
        htif = Htif(
            self.ram.buffer,
            self.ram.base,
            tohost.address,
            fromhost.address if fromhost else None,
            self._sink,
            self.console_input,
        )
        htif.connect(self)
        self._htif = htif
        hart = self.hart
        hart.htif_low, hart.htif_high = tohost.address, tohost.address + _HTIF_BYTES
        hart.htif_stored = lambda address: htif.stored(address - self.ram.base, hart.retired)

    def device_state(self) -> dict[str, Any]:
        """What devices and the console input remember, for `restore_devices`."""
        htif = self._htif.snapshot() if self._htif is not None else None
        return {"bus": self.bus.snapshot(), "htif": htif, "input": self.console_input.position}

    def restore_devices(self, state: Mapping[str, Any]) -> None:
        """Take over what `device_state` gave on a machine with the same devices."""
        self._stop = None
        self.console_input.rewind(state["input"])
        self.bus.restore(state["bus"])
        if self._htif is not None:
            self._htif.restore(state["htif"])

    def symbol(self, name: str) -> int:
        """Return a symbol's address; NeuroHartError if the program has no such symbol."""
        if self.image is None or name not in self.image.symbols:
            raise NeuroHartError(f"the program has no symbol {name!r}")
        return self.image.symbols[name].address

    def register(self, name: str) -> int:
        """Return an integer register by name."""
        return self.hart.x[NUMBER[name]]

    # Running --------------------------------------------------------------------------------------------------------
    def run(self, max_instructions: int | None = None, progress: Callable[[Machine], None] | None = None) -> Outcome:
        """Run until the firmware ends, `max_instructions` more have retired, or nothing more can happen.

        `progress` is called now and then, between two instructions. KeyboardInterrupt ends the run at an instruction
        boundary.
        """
        limit = _NEVER if max_instructions is None else self.hart.retired + max_instructions
        try:
            return self._run(limit, progress)
        except KeyboardInterrupt:
            return Outcome(End.INTERRUPTED, f"interrupted by the user at pc {self.hart.pc:#010x}")

    def _run(self, limit: int, progress: Callable[[Machine], None] | None) -> Outcome:
        hart, engine, slice_length = self.hart, self.engine, _SLICE.get(self.engine.name, _LONGEST)
        while True:
            hart.attention = False
            cycle_limit = self._service_events()
            if self._stop is not None:
                outcome, self._stop = self._stop, None
                return outcome
            if hart.retired >= limit:
                return Outcome(End.LIMIT, f"instruction limit reached at pc {hart.pc:#010x}")
            hart.attention = False
            if hart.mip & hart.mie and hart.take_interrupt():
                self._hand_on()
            retired_limit = min(limit, hart.retired + slice_length)
            due = self._htif.next_event() if self._htif else None
            if due is not None:
                retired_limit = min(retired_limit, max(due, hart.retired + 1))
            reason = engine.run(hart, retired_limit, cycle_limit)
            if reason is Reason.OUTSIDE:
                reason = self._run_outside(min(retired_limit, hart.retired + 1), cycle_limit)
            if reason is Reason.WAITING:
                hart.waiting = False
                if not self._sleep(progress):
                    return Outcome(End.ASLEEP, f"wfi before pc {hart.pc:#010x} waits for ever: no interrupt can come")
            elif reason is Reason.STUCK:
                return self._stuck()
            if progress is not None:
                progress(self)

    def _run_outside(self, retired_limit: int, cycle_limit: int) -> Reason:
        """Run one instruction on the reference engine, which fetches from devices, too; none if a limit is met."""
        hart = self.hart
        within = hart.retired < retired_limit and hart.cycles < cycle_limit
        if within and hart.mip & hart.mie and hart.take_interrupt():
            self._hand_on()
        reason: Reason = self._outside.run(hart, retired_limit, cycle_limit)
        return reason

    def _service_events(self) -> int:
        """Do what is due now; return the cycle of the next event."""
        hart = self.hart
        if self._htif is not None and (due := self._htif.next_event()) is not None and hart.retired >= due:
            self._htif.process()
        event = self.bus.next_event()
        if event is not None and hart.cycles >= event:
            self.bus.tick(hart.cycles)
            event = self.bus.next_event()
        limit = _NEVER if event is None else event
        if self.coprocessor is not None:
            limit = min(limit, self._service_coprocessor())
        return limit

    def _service_coprocessor(self) -> int:
        """Let the coprocessor see the time and what it changed; return the cycle of its next event."""
        hart, unit = self.hart, self.coprocessor
        unit.mip = unit.mip & ~XNM_TICK | hart.mip & XNM_TICK  # software owns this bit
        if hart.mcycle >= unit.next_event:
            unit.update(hart.mcycle)
        hart.mip = hart.mip & ~CUSTOM_INTERRUPTS | unit.mip
        if unit.written_low <= unit.written_high:
            self.engine.invalidate(unit.written_low, unit.written_high + 1)
            unit.written_low, unit.written_high = 0xFFFF_FFFF, 0
        if unit.next_event >= _NEVER or hart.mcountinhibit & 1:
            return _NEVER
        return int(hart.cycles + unit.next_event - hart.mcycle)

    def _sleep(self, progress: Callable[[Machine], None] | None) -> bool:
        """Let time pass until an enabled interrupt is pending; False if none can come."""
        hart = self.hart
        while not hart.mip & hart.mie:
            event = self._service_events()
            if hart.mip & hart.mie or self._stop is not None:
                break
            if event >= _NEVER:
                return False
            if self._consume is not None and event > hart.cycles:
                hart.recorder.sleep(event - hart.cycles)
            hart.cycles = max(hart.cycles, event)
            hart.settle()
            self._hand_on()
            if progress is not None:
                progress(self)
        return True

    def _stuck(self) -> Outcome:
        hart = self.hart
        assert hart.stuck is not None
        cause, value = hart.stuck
        text = f"{describe_cause(cause)} (mtval {value:#010x}) at {hart.pc:#010x}, which is the trap handler itself"
        if hart.mepc != hart.pc and (hart.mcause or hart.mepc):
            text = f"{describe_cause(hart.mcause)} (mtval {hart.mtval:#010x}) at {hart.mepc:#010x}; then {text}"
        return Outcome(End.STUCK, f"unhandled trap: {text}; set mtvec to a handler")


TIMING_MODELS = tuple(MODELS)
