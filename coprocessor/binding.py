"""The C coprocessor from Python: a thin class over coprocessor._native, with the interface of the golden model."""

from __future__ import annotations

import functools
import itertools
import os
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from coprocessor.csrs import BY_NAME, COUNTERS, TABLE
from coprocessor.errors import CoprocessorError
from coprocessor.interface import DEFAULT_LANES, REGISTER_INSTRUCTIONS, Account, Part, legal_lanes

try:
    from coprocessor._native import ffi, lib
except ImportError as error:
    raise CoprocessorError(
        f"the C coprocessor is not built ({error}); install the package with a C compiler present, "
        "or build it in place with: python coprocessor/build_native.py"
    ) from error

if TYPE_CHECKING:
    from typing_extensions import Buffer

QUEUE_DEPTH = 64
CAPABILITIES = BY_NAME["nm_cap"].number
VERSION = BY_NAME["nm_ver"].number
STATE_CSRS = tuple(row.name[3:] for row in TABLE if row.writable)
ENGINE_FUNCTIONS = ("issue", "csr_read", "csr_write")
RUN_FLAGS = ("outstanding", "error", "busy")
RUN_NUMBERS = ("result", "code", "steps", "end")


def simd_levels() -> tuple[str, ...]:
    """The instruction sets for long operations on this machine, fastest first: of avx512, avx2, portable, scalar."""
    indices = itertools.count()
    names = iter(lambda: lib.nm_simd_level(next(indices)), ffi.NULL)
    return tuple(ffi.string(name).decode() for name in names)


class Coprocessor:
    """The coprocessor in C. Register-level instructions are methods named after their mnemonics (u32 in, u32 out);
    `issue` performs the instructions of opcode 0x2B and leaves `result`, `cause`, `tval` and `cycles`.

    `ram` is a writable buffer at guest address `base`; it is used in place and kept alive. `lanes` are the elements
    a cycle that nm_cap reports. `simd` is one of `simd_levels()`; without it the environment variable NEUROHART_SIMD
    decides, and without that the fastest is taken; results do not depend on it. Raises CoprocessorError if the RAM
    does not fit below 2^32, for impossible lanes, or a level this machine does not have.
    """

    def __init__(self, ram: Buffer, base: int, *, lanes: int = DEFAULT_LANES, simd: str | None = None) -> None:
        self._ram = ffi.from_buffer("uint8_t[]", ram, require_writable=True)
        size = len(self._ram)
        if base < 0 or size >= 2**32 or base + size > 2**32:
            raise CoprocessorError(
                f"RAM of {size} bytes at {base:#x} does not fit below 2^32; use a lower base or less RAM"
            )
        pointer = lib.nm_new(self._ram, base, size)
        if pointer == ffi.NULL:
            raise CoprocessorError("no memory left for a coprocessor")
        self._pointer = ffi.gc(pointer, lib.nm_free)
        self._front = lib.nm_front_of(self._pointer)
        self.lanes = lanes
        self._select(simd or os.environ.get("NEUROHART_SIMD") or None)
        self._instructions = {
            name: functools.partial(getattr(lib, f"nm_{name}"), self._pointer) for name in REGISTER_INSTRUCTIONS
        }

    def _select(self, simd: str | None) -> None:
        if simd is not None and not lib.nm_set_simd(self._pointer, simd.encode()):
            raise CoprocessorError(
                f"SIMD level {simd!r} is not known or not supported by this machine; it has {', '.join(simd_levels())}"
            )

    def __getattr__(self, name: str) -> Callable[..., int]:
        instructions: dict[str, Callable[..., int]] = self.__dict__.get("_instructions", {})
        if name in instructions:
            return instructions[name]
        raise AttributeError(f"coprocessor has no instruction or attribute {name!r}")

    @property
    def pointer(self) -> Any:
        """The `nm_coprocessor *`, for engines that call the C functions themselves."""
        return self._pointer

    def addresses(self) -> dict[str, int]:
        """Host addresses of the state (`self`), its public part (`front`) and the C functions (name without `nm_`)."""
        functions = {name: ffi.addressof(lib, f"nm_{name}") for name in (*REGISTER_INSTRUCTIONS, *ENGINE_FUNCTIONS)}
        pointers = {"self": self._pointer, "front": self._front, **functions}
        return {name: int(ffi.cast("uintptr_t", pointer)) for name, pointer in pointers.items()}

    @property
    def lanes(self) -> int:
        """Elements a cycle, as nm_cap reports them; 1..255, else CoprocessorError."""
        return int(lib.nm_csr_read(self._pointer, CAPABILITIES, 0)) >> 16 & 0xFF

    @lanes.setter
    def lanes(self, value: int) -> None:
        lib.nm_set_lanes(self._pointer, legal_lanes(value))

    @property
    def parts(self) -> Part:
        """The sub-extensions that nm_ver reports, at first all; RULE descriptors need Xnmlrn."""
        return Part(lib.nm_csr_read(self._pointer, VERSION, 0) >> 16 & 7)

    @parts.setter
    def parts(self, value: Part) -> None:
        lib.nm_set_parts(self._pointer, value)

    @property
    def simd(self) -> str:
        """What long operations use, one of `simd_levels()`."""
        return str(ffi.string(lib.nm_simd(self._pointer)).decode())

    @property
    def site(self) -> int:
        """Address of the instruction that `issue` performs, for the accounts."""
        return int(self._front.site)

    @site.setter
    def site(self, value: int) -> None:
        self._front.site = value

    def keep_accounts(self, on: bool = True) -> None:
        """Keep accounts from now on, beginning with none, or no more; CoprocessorError without memory."""
        if not lib.nm_keep_accounts(self._pointer, on):
            raise CoprocessorError("no memory left for the coprocessor's accounts")

    def accounts(self) -> list[Account]:
        """The accounts in the order of their first use; they are no state."""
        count = lib.nm_get_accounts(self._pointer, ffi.NULL, 0)
        table = ffi.new("nm_account[]", count)
        lib.nm_get_accounts(self._pointer, table, count)
        return [
            Account(
                *(entry.site, entry.descriptor, entry.operation, entry.operations),
                dict(zip(COUNTERS, list(entry.counters), strict=True)),
            )
            for entry in table
        ]

    def log_spikes(self, on: bool = True) -> None:
        """Log the spikes of all updates from now on, beginning with none, or no more."""
        lib.nm_log_spikes(self._pointer, on)

    def take_spikes(self) -> bytes:
        """Take what was logged out of the log: SPIKE_RECORDs; CoprocessorError if there was no memory for them all."""
        if lib.nm_lost_spikes(self._pointer):
            raise CoprocessorError("no memory left for the spike log; take the spikes more often")
        count = lib.nm_take_spikes(self._pointer, ffi.NULL, 0)
        if not count:
            return b""
        taken = ffi.new("nm_spikes[]", count)
        lib.nm_take_spikes(self._pointer, taken, count)
        return bytes(ffi.buffer(taken))

    @property
    def logged(self) -> int:
        """Spike words that the last issue logged."""
        return int(self._front.logged)

    @property
    def ctl(self) -> int:
        """Raw nm_ctl."""
        return int(self._front.ctl)

    @ctl.setter
    def ctl(self, value: int) -> None:
        self._front.ctl = value & 0xFFFF_FFFF

    @property
    def mip(self) -> int:
        """mip bits 16 (done), 17 (error), 18 (queue watermark), 19 (tick); only bit 19 can be written."""
        return int(self._front.mip)

    @mip.setter
    def mip(self, value: int) -> None:
        self._front.mip = (self._front.mip & ~(1 << 19)) | (value & 1 << 19)

    @property
    def result(self) -> int:
        """rd of the last issue, u32."""
        return int(self._front.result)

    @property
    def cause(self) -> int:
        """Cause of the last issue if it trapped."""
        return int(self._front.cause)

    @property
    def tval(self) -> int:
        """mtval of the last issue if it trapped."""
        return int(self._front.tval)

    @property
    def cycles(self) -> int:
        """Cycles of the last issue, waiting included."""
        return int(self._front.cycles)

    @property
    def next_event(self) -> int:
        """The mcycle value at which `update` must be called; 2^64 - 1 if never."""
        return int(self._front.next_event)

    @property
    def written_low(self) -> int:
        """RAM offsets stored to lie in [written_low, written_high]; above written_high if there are none."""
        return int(self._front.written_low)

    @written_low.setter
    def written_low(self, value: int) -> None:
        self._front.written_low = value

    @property
    def written_high(self) -> int:
        """See `written_low`."""
        return int(self._front.written_high)

    @written_high.setter
    def written_high(self, value: int) -> None:
        self._front.written_high = value

    def csr_read(self, number: int, mcycle: int) -> int:
        """Value of a CSR of 4.1; access rights are the caller's business."""
        return int(lib.nm_csr_read(self._pointer, number, mcycle))

    def csr_write(self, number: int, value: int, mcycle: int) -> None:
        """Write a CSR of 4.1 by its mask and rule; access rights and ST are the caller's business."""
        lib.nm_csr_write(self._pointer, number, value, mcycle)

    def update(self, mcycle: int) -> None:
        """Let time pass: to be called at the instruction boundary when mcycle has reached `next_event`."""
        lib.nm_update(self._pointer, mcycle)

    def issue(self, operation: int, rs1: int, rs2: int, mcycle: int) -> int:
        """Issue an instruction of opcode 0x2B, `operation` = funct3 << 7 | funct7; gives an Outcome."""
        return int(lib.nm_issue(self._pointer, operation, rs1, rs2, mcycle))

    def state(self) -> dict[str, Any]:
        """Everything the coprocessor remembers, as plain numbers; equal to the golden model's."""
        image = ffi.new("nm_image *")
        lib.nm_get_image(self._pointer, image)
        return {
            "csr": {name: getattr(image, name) for name in STATE_CSRS},
            "counters": dict(zip(COUNTERS, list(image.counters), strict=True)),
            "queues": [list(image.queues[QUEUE_DEPTH * q : QUEUE_DEPTH * q + image.levels[q]]) for q in range(4)],
            "run": {name: bool(getattr(image, name)) for name in RUN_FLAGS}
            | {name: getattr(image, name) for name in RUN_NUMBERS},
            "tick_pending": bool(image.tick_pending),
        }

    def load_state(self, exported: dict[str, Any], mcycle: int) -> None:
        """Take over what `state` gave, at this mcycle."""
        image = ffi.new("nm_image *")
        for name in STATE_CSRS:
            setattr(image, name, exported["csr"][name])
        for index, name in enumerate(COUNTERS):
            image.counters[index] = exported["counters"][name]
        for q, queue in enumerate(exported["queues"]):
            image.levels[q] = len(queue)
            for index, event in enumerate(queue):
                image.queues[QUEUE_DEPTH * q + index] = event
        for name in (*RUN_FLAGS, *RUN_NUMBERS):
            setattr(image, name, int(exported["run"][name]))
        image.tick_pending = int(exported["tick_pending"])
        lib.nm_set_image(self._pointer, image, mcycle)
