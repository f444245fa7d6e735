"""The CSRs of the Xnm extension (specification 4.1): number, name, access, reset value and write mask, once.
The C side has its own constants; tests prove both equal. To add a CSR: a row here and a case in src/csr.c.
"""

from __future__ import annotations

from dataclasses import dataclass

ALL = 0xFFFF_FFFF
RNG_RESET = 0x6E6D_0001


@dataclass(frozen=True)
class Csr:
    """One CSR: `access` is "M RW", "U RW" or "U RO"; bits outside `mask` ignore writes and read 0."""

    number: int
    name: str
    access: str
    reset: int
    mask: int
    documentation: str

    @property
    def writable(self) -> bool:
        """Whether the CSR accepts writes."""
        return self.access.endswith("RW")

    @property
    def machine_only(self) -> bool:
        """Whether the CSR needs M-mode."""
        return self.access.startswith("M")


COUNTERS = ("sop", "nup", "spkin", "spkout", "wupd", "rdb", "wrb", "cyc")
COUNTER_MEANINGS = (
    "synaptic operations",
    "neuron updates",
    "active rows (input spikes)",
    "output spikes",
    "weight updates",
    "bytes read",
    "bytes written",
    "engine cycles",
)
COUNTER_LOW, COUNTER_HIGH = 0xCC8, 0xCD8

TABLE: tuple[Csr, ...] = (
    Csr(
        0x7C0,
        "nm_ctl",
        "M RW",
        4,
        0x7,
        "[1:0] ST (Off, Initial, Clean, Dirty), [2] ETRAP, [3] CCLR clears the counters",
    ),
    Csr(
        0x7C1,
        "nm_err",
        "M RW",
        0,
        ALL,
        "last error code (5, 7, 24..27), 0 after a good nm.check",
    ),
    Csr(0x7C2, "nm_eaddr", "M RW", 0, ALL, "address belonging to nm_err"),
    Csr(
        0x7C3,
        "nm_slice",
        "M RW",
        1024,
        ALL,
        "most units per issue of an engine operation, 0 = no bound",
    ),
    Csr(0x7C4, "nm_qwm", "M RW", 0, ALL, "byte q: watermark of queue q, 0 = none"),
    Csr(
        0x7C5,
        "nm_tick",
        "M RW",
        0,
        0x7FFF_FFFF,
        "tick period in cycles, 0 = off; a write also sets nm_tnext",
    ),
    Csr(0x7C6, "nm_tnext", "M RW", 0, ALL, "next tick"),
    Csr(
        0x800,
        "nm_mode",
        "U RW",
        0,
        0x7FF,
        "mode word: rounding, comparison, reset, width",
    ),
    Csr(0x801, "nm_p0", "U RW", 0, ALL, "parameter word 0"),
    Csr(0x802, "nm_p1", "U RW", 0, ALL, "parameter word 1"),
    Csr(0x803, "nm_p2", "U RW", 0, ALL, "parameter word 2"),
    Csr(0x804, "nm_p3", "U RW", 0, ALL, "parameter word 3"),
    Csr(0x805, "nm_vth", "U RW", 0, ALL, "threshold"),
    Csr(0x806, "nm_vrst", "U RW", 0, ALL, "reset value"),
    Csr(0x807, "nm_spk", "U RW", 0, ALL, "spike shift register"),
    Csr(0x808, "nm_rng", "U RW", RNG_RESET, ALL, "random state, never 0"),
    Csr(
        0x809,
        "nm_lmode",
        "U RW",
        0,
        0x001F_1F07,
        "plasticity: rounding, nearest neighbour, shifts",
    ),
    Csr(0x80A, "nm_wlim", "U RW", 0, 0xFFFF, "weight limits WMIN, WMAX"),
    Csr(0x80B, "nm_t", "U RW", 0, ALL, "timestep"),
    Csr(0x80C, "nm_l0", "U RW", 0, 0x07FF_07FF, "plasticity: probabilities PP, PD"),
    Csr(0x80D, "nm_l1", "U RW", 0, ALL, "plasticity: membrane threshold TM"),
    Csr(0x80E, "nm_l2", "U RW", 0, 0x7FFF_7FFF, "plasticity: calcium thresholds T1, T2"),
    Csr(0x80F, "nm_l3", "U RW", 0, 0x7FFF, "plasticity: calcium threshold T3"),
    Csr(
        0x810,
        "nm_rew",
        "U RW",
        0,
        0xFFFF,
        "reward of learn operations in a network, s16",
    ),
    Csr(
        0x811,
        "nm_prog0",
        "U RW",
        0,
        ALL,
        "progress: first row, event or group not yet completed",
    ),
    Csr(
        0x812,
        "nm_prog1",
        "U RW",
        0,
        0xC7FF_FFFF,
        "progress: valid, entered, funct7, phase, position",
    ),
    Csr(0x813, "nm_prog2", "U RW", 0, ALL, "progress: steps completed"),
    Csr(0x814, "nm_prog3", "U RW", 0, ALL, "progress: partial result"),
    Csr(
        0x815,
        "nm_pdesc",
        "U RW",
        0,
        ALL,
        "descriptor address of the operation in progress",
    ),
    Csr(
        0xCC0,
        "nm_st",
        "U RO",
        0,
        0xF,
        "[0] BUSY, [1] DONE, [2] ERR, [3] progress valid",
    ),
    Csr(0xCC1, "nm_ver", "U RO", 0x0007_0001, ALL, "version and sub-extensions"),
    Csr(
        0xCC2,
        "nm_cap",
        "U RO",
        0x6604_FFFF,
        ALL,
        "profiles, synapse formats, lanes, log2 queue depth, log2 largest ring",
    ),
    Csr(
        0xCC3,
        "nm_cap2",
        "U RO",
        0x0000_101F,
        ALL,
        "plasticity rules, log2 largest population",
    ),
    *(
        Csr(COUNTER_LOW + index, f"nm_{name}", "U RO", 0, ALL, f"{meaning}, low word")
        for index, (name, meaning) in enumerate(zip(COUNTERS, COUNTER_MEANINGS, strict=True))
    ),
    *(
        Csr(COUNTER_HIGH + index, f"nm_{name}h", "U RO", 0, ALL, f"{meaning}, high word")
        for index, (name, meaning) in enumerate(zip(COUNTERS, COUNTER_MEANINGS, strict=True))
    ),
)

BY_NUMBER: dict[int, Csr] = {row.number: row for row in TABLE}
BY_NAME: dict[str, Csr] = {row.name: row for row in TABLE}
