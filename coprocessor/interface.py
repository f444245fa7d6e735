"""What both implementations (C binding, golden model) share with their callers: names and numbers."""

from __future__ import annotations

from enum import IntEnum, IntFlag
from struct import Struct
from typing import NamedTuple

from coprocessor.errors import CoprocessorError


class Outcome(IntEnum):
    """How an issue of an engine instruction (opcode 0x2B) ended."""

    RETIRED = 0
    SUSPENDED = 1
    TRAPPED = 2


class Part(IntFlag):
    """Sub-extensions, as in nm_ver[18:16]."""

    XNMSPK = 1
    XNMENG = 2
    XNMLRN = 4


class Operation(IntEnum):
    """Engine instructions as `funct3 << 7 | funct7` (specification 7.1)."""

    RUN = 0 << 7 | 0
    LAYER = 0 << 7 | 1
    SYN = 0 << 7 | 2
    UPD = 0 << 7 | 3
    LEARN = 0 << 7 | 4
    RST = 0 << 7 | 5
    INJ = 1 << 7 | 0
    POP = 1 << 7 | 1
    QLEV = 1 << 7 | 2
    EV2BM = 1 << 7 | 3
    BM2EV = 1 << 7 | 4
    START = 2 << 7 | 0
    WAIT = 2 << 7 | 1
    POLL = 2 << 7 | 2
    ABORT = 2 << 7 | 3
    CHECK = 3 << 7 | 0
    SAVE = 4 << 7 | 0
    REST = 4 << 7 | 1


REGISTER_INSTRUCTIONS: dict[str, int] = {
    **dict.fromkeys(
        (
            "popc",
            "ffs",
            "clrlsb",
            "evad",
            "evts",
            "thr",
            "athd",
            "sdact",
            "sdthr",
            "rndn",
            "bern",
            "eph",
        ),
        1,
    ),
    **dict.fromkeys(
        (
            "andpop",
            "xnorpop",
            "spush",
            "evpk",
            "vadds",
            "vwadl",
            "vwadh",
            "tnsyn",
            "dec",
            "decs",
        ),
        2,
    ),
    **dict.fromkeys(
        (
            "integ",
            "lif",
            "cubi",
            "cubv",
            "cmp",
            "izh",
            "tn",
            "sdsig",
            "srsr",
            "srnr",
            "srtz",
            "sat",
        ),
        2,
    ),
    **dict.fromkeys(("trd", "tri", "wadd8", "bltp", "bltd", "sdsp"), 2),
    **dict.fromkeys(("sacc8", "sacc4", "sacct", "saccb", "dot8", "stdw", "eld", "epw"), 3),
    "rnd": 0,
}
"""Register-level instructions and how many operands their methods take (with rd first if it is read)."""


class Account(NamedTuple):
    """What the operations of one descriptor have cost under the instruction at one address.

    `descriptor` is the address of a POP, SYN, RULE or XFER (0: all that found no room in the C table), `operation` the
    instruction that does the same alone (SYN, UPD, LEARN, RST, EV2BM, BM2EV), `operations` how many came to their end,
    `counters` all that was counted, unfinished operations included.
    """

    site: int
    descriptor: int
    operation: int
    operations: int
    counters: dict[str, int]


SPIKE_RECORD = Struct("<IIII")
"""A spike log's record: nm_t, address of the POP, group of 32 neurons, their spikes as bits (never 0)."""
DEFAULT_LANES, MOST_LANES = 4, 255
"""Elements that the engine handles in a cycle: the reference's, and what nm_cap[23:16] can report."""

ST_OFF, ST_INITIAL, ST_CLEAN, ST_DIRTY = range(4)
NEVER = 2**64 - 1
"""`next_event` when the passing of time changes nothing."""


ALL_PARTS = Part.XNMSPK | Part.XNMENG | Part.XNMLRN


def legal_lanes(lanes: int) -> int:
    """Return a number of lanes as it is; CoprocessorError unless nm_cap can report it."""
    if not 1 <= lanes <= MOST_LANES:
        raise CoprocessorError(
            f"a coprocessor of {lanes} lanes is not possible, expected 1..{MOST_LANES} (nm_cap has 8 bits for them)"
        )
    return lanes
