"""The interpreter engine: the generated C run over the hart's state, one call for each `run`.

The C is the module built with the package, or one built for the extensions of a user (`iss.engines.custom`).

The hart's Python state is copied in and out around the call; during it, device accesses come back through three
callbacks, for which counters and interrupt lines are kept in step.
"""

from __future__ import annotations

from typing import Any

import iss.engines._interpreter as _interpreter
from iss.engines.engine import Reason
from iss.engines.profile import Profile, Tally
from iss.errors import NeuroHartError
from iss.hart.hart import STATE, Hart
from iss.hart.timing import TimingModel
from iss.memory.device import BusError

_RING_RECORDS = 1 << 16


class InterpreterEngine:
    """One C state for one hart."""

    name = "interpreter"

    def __init__(self, hart: Hart, timing: TimingModel) -> None:
        module: Any = _interpreter
        if hart.architecture.is_custom:
            from iss.engines.custom import custom_module  # what compiling needs is not for every start

            module = custom_module(hart.architecture)
        if not hasattr(module, "callbacks_are_set"):
            _set_callbacks(module.ffi)
            module.callbacks_are_set = True
        ffi, lib = self._ffi, self._lib = module.ffi, module.lib
        self._hart = hart
        self._ram = hart.bus.ram
        self._buffer = ffi.from_buffer("uint8_t[]", self._ram.buffer)
        self._handle = ffi.new_handle(self)
        state = lib.nh_new(self._buffer, self._ram.base, self._ram.size, self._handle)
        if state == ffi.NULL:
            raise MemoryError("the interpreter's decoded-instruction array cannot be reserved")
        self._state = ffi.gc(state, lib.nh_free)
        self._error: BaseException | None = None
        self._records: Any = None
        self._consume: Any = None
        chosen = hart.architecture
        costs = [1]
        number = lib.NH_FIRST_OPERATION
        while (name := lib.nh_mnemonic(number)) != ffi.NULL:
            definition = chosen.instructions.by_mnemonic.get(ffi.string(name).decode())
            if definition is not None:
                state.enabled[number] = 1
                state.costs[number] = timing.cost(definition)
                costs.append(timing.cost(definition) + timing.taken_branch)
            number += 1
        for csr in chosen.csrs:
            state.csr_enabled[csr.number] = 1
        state.taken_cost, state.maximum_cost = timing.taken_branch, max(costs)
        state.misaligned = hart.misaligned
        self._extension_state = ffi.from_buffer(hart.state.buffer)
        state.extension = ffi.cast("nh_extension_state *", self._extension_state)
        self.connect_unit(hart.coprocessor)

    def connect_unit(self, coprocessor: Any) -> None:
        """Call the C functions at `coprocessor.addresses()` from now on; None changes nothing."""
        if coprocessor is None:
            return
        if not hasattr(coprocessor, "addresses"):
            raise NeuroHartError(
                f"{type(coprocessor).__module__} has no C functions, so only the reference engine runs with it"
            )
        unit, addresses = self._state.unit, coprocessor.addresses()
        for name, field in self._ffi.typeof("nh_unit").fields:
            setattr(unit, name, self._ffi.cast(field.type, addresses[name]))

    def addresses(self) -> dict[str, int]:
        """Host addresses of the C hart, and of what the functions of a unit may use of it."""
        ffi, lib, state = self._ffi, self._lib, self._state
        members = {name: ffi.addressof(state, name) for name in ("x", "pc", "trap_cause", "trap_value")}
        members |= {"machine": state, "load": ffi.addressof(lib, "nh_load"), "store": ffi.addressof(lib, "nh_store")}
        return {name: int(ffi.cast("uintptr_t", pointer)) for name, pointer in members.items()}

    def invalidate(self, low: int, high: int) -> None:
        """See Engine.invalidate."""
        self._lib.nh_invalidate(self._state, low, high)

    def observe(self, consume: Any) -> None:
        """Hand every trace record to `consume`, as a buffer valid during the call; None stops observing."""
        self._consume = consume
        state = self._state
        if consume is None:
            self._records, state.ring, state.ring_size = None, self._ffi.NULL, 0
        else:
            self._records = self._ffi.new("nh_record[]", _RING_RECORDS)
            state.ring, state.ring_size = self._records, _RING_RECORDS
        state.ring_used = state.ring_committed = 0

    def profile(self, on: bool) -> None:
        """See Engine.profile."""
        if not self._lib.nh_profile(self._state, on):
            raise MemoryError("the interpreter's profile cannot be reserved")

    def profiled(self) -> Profile:
        """See Engine.profiled."""
        state, found = self._state, Profile()
        offset = self._lib.nh_next_profiled(state, 0)
        while offset < self._ram.size:
            tally = state.by_word[offset // 4]
            found.by_address[self._ram.base + offset] = Tally(tally.count, tally.cycles, tally.accesses)
            offset = self._lib.nh_next_profiled(state, offset + 4)
        number = self._lib.NH_FIRST_OPERATION
        while (name := self._lib.nh_mnemonic(number)) != self._ffi.NULL:
            tally = state.by_operation[number]
            if tally.count or tally.cycles:
                found.by_mnemonic[self._ffi.string(name).decode()] = Tally(tally.count, tally.cycles, tally.accesses)
            number += 1
        return found

    def _drain(self) -> None:
        state = self._state
        if state.ring_committed:
            self._consume(
                memoryview(self._ffi.buffer(self._records, state.ring_committed * self._ffi.sizeof("nh_record")))
            )
        state.ring_used = state.ring_committed = 0

    def run(self, hart: Hart, retired_limit: int, cycle_limit: int) -> Reason:
        """See Engine.run."""
        state = self._state
        hart.settle()
        state.x = [*hart.x, 0]
        state.pc = hart.pc
        for name in STATE:
            setattr(state, name, getattr(hart, name))
        state.retired_limit, state.cycle_limit = retired_limit, cycle_limit
        state.attention, state.waiting = hart.attention, 0
        if (state.htif_low, state.htif_high) != (low_high := self._htif(hart)):
            self._lib.nh_limit_stores(state, *low_high)
        try:  # Ctrl-C is raised as soon as the C code returns
            reason = Reason(self._lib.nh_run(state))
            while reason is Reason.TRACE_FULL:
                self._enter()
                self._drain()
                state.attention |= hart.attention  # the consumer may have asked for the end of the run
                reason = Reason(self._lib.nh_run(state))
        finally:
            self._take_over(hart)
        if reason is Reason.STUCK:
            hart.stuck = (state.trap_cause, state.trap_value)
        if self._consume is not None:
            self._drain()
        if self._error is not None:
            error, self._error = self._error, None
            raise error
        return reason

    def _take_over(self, hart: Hart) -> None:
        """Copy the C state back."""
        state = self._state
        list.__setitem__(hart.x, slice(0, 32), list(state.x)[:32])
        hart.pc = state.pc
        for name in STATE:
            setattr(hart, name, getattr(state, name))
        hart.adopt_counters()
        hart.waiting = bool(state.waiting)
        hart.attention = bool(state.attention)

    def _htif(self, hart: Hart) -> tuple[int, int]:
        if not hart.htif_high:
            return 0, 0
        return hart.htif_low - self._ram.base, hart.htif_high - self._ram.base

    # Callbacks ----------------------------------------------------------------------------------------------------
    def _enter(self) -> None:
        """Bring what devices look at up to date in the Python hart."""
        hart, state = self._hart, self._state
        hart.cycles, hart.retired, hart.mip = state.cycles, state.retired, state.mip
        hart.time_offset = state.time_offset

    def _leave(self) -> None:
        """Take over what devices have changed."""
        hart, state = self._hart, self._state
        state.mip, state.time_offset = hart.mip, hart.time_offset
        if hart.attention:
            state.attention = 1

    def access(self, address: int, size: int, value: int | None, out: Any) -> int:
        """Do one access outside RAM for the C side; 0 is an access fault."""
        self._enter()
        try:
            if value is None:
                out[0] = self._hart.bus.load(address, size)
            else:
                self._hart.bus.store(address, size, value)
        except BusError:
            return 0
        except BaseException as error:  # carried over the C frames and raised by `run`
            self._error = error
            self._leave()
            self._state.attention = self._lib.NH_HOST_FAILED
            return 0
        self._leave()
        return 1

    def stored(self, address: int) -> None:
        """Report a store into the tohost bytes."""
        self._enter()
        self._hart.htif_stored(address)
        self._leave()


def _set_callbacks(ffi: Any) -> None:
    """Let a module's C code reach the engines."""

    def nh_bus_load(host: Any, address: int, size: int, value: Any) -> int:
        engine: InterpreterEngine = ffi.from_handle(host)
        return engine.access(address, size, None, value)

    def nh_bus_store(host: Any, address: int, size: int, value: int) -> int:
        engine: InterpreterEngine = ffi.from_handle(host)
        return engine.access(address, size, value, None)

    def nh_htif_stored(host: Any, address: int) -> None:
        engine: InterpreterEngine = ffi.from_handle(host)
        engine.stored(address)

    for callback in (nh_bus_load, nh_bus_store, nh_htif_stored):
        ffi.def_extern()(callback)
