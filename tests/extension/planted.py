"""Planted bugs: one change each to an implementation of a case study under programs/extensions.

A row is a kind of mistake, the file that has it, what stands there and what the mistake makes of it. `definition` bugs
are made in a copy of the extension's own file, which is then the other implementation.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from iss.extension.extension import Extension, ImplementationSpec
from iss.extension.implementations import make_implementation
from iss.extension.load import architecture_with, load_extensions
from iss.extension.lockstep import Session
from iss.extension.shrink import Shrunk, shrink

FOLDER = Path(__file__).resolve().parents[2] / "programs" / "extensions"


@dataclass(frozen=True)
class Bug:
    """A mistake in one file of a case study."""

    kind: str
    file: str
    old: str
    new: str

    @property
    def case(self) -> str:
        """The name of the extension."""
        return self.file.split("/")[0]

    @property
    def name(self) -> str:
        """What a test of it is called."""
        return f"{self.file}: {self.kind}"


def bugs(file: str, *rows: tuple[str, str, str]) -> list[Bug]:
    """Return the rows of a file."""
    return [Bug(kind, file, old, new) for kind, old, new in rows]


BUGS = [
    *bugs(
        "xbits/xbits.c",
        ("width", "__builtin_popcount(rs1)", "__builtin_popcount(rs1 & 0x7FFFFFFFu)"),
        ("a corner left out", "rs1 ? (uint32_t)__builtin_clz(rs1) : 32u", "(uint32_t)__builtin_clz(rs1 | 1u)"),
        ("the wrong corner", ": 32u;", ": 31u;"),
        ("order of bits", "(bit & 24u) + 7u - (bit & 7u)", "31u - bit"),
        ("off by one loop", "bit < 32; bit++", "bit < 31; bit++"),
        ("off by one width", "(rs2 >> 5 & 31u) + 1u", "(rs2 >> 5 & 31u)"),
        ("no sign", "(uint32_t)((int64_t)value >> (64u - width))", "(uint32_t)(value >> (64u - width))"),
        ("too little of an operand", "low = rs2 & 31u", "low = rs2 & 15u"),
        ("a field in the wrong place", "rs2 >> 5 & 31u", "rs2 >> 6 & 31u"),
        ("arithmetic for logical shift", "(uint64_t)(rs1 >> low)", "(uint64_t)((int32_t)rs1 >> low)"),
    ),
    *bugs(
        "xbits/oracle.py",
        ("a corner", "32 - hart.x[insn.rs1].bit_length()", "31 - max(1, hart.x[insn.rs1]).bit_length() + 1"),
        ("wrong modulus", "where // 32 % 32 + 1", "where // 32 % 16 + 1"),
    ),
    *bugs(
        "xdot/xdot.c",
        ("a lane is missing", "lane < 32; lane += 8)\n        rd", "lane < 24; lane += 8)\n        rd"),
        ("sign of an operand", "(int8_t)(rs1 >> lane) * (int8_t)(rs2", "(uint8_t)(rs1 >> lane) * (int8_t)(rs2"),
        ("width of a product", "(uint32_t)((int8_t)(rs1 >> lane) * (int8_t)(rs2 >> lane))",
         "(uint32_t)((int16_t)(2 * (int8_t)(rs1 >> lane) * (int8_t)(rs2 >> lane)) / 2)"),
        ("no accumulation", "rd += (uint32_t)", "rd = (uint32_t)"),
        ("no upper saturation", "if (total > INT16_MAX) total = INT16_MAX;", ""),
        ("no lower saturation", "if (total < INT16_MIN) total = INT16_MIN;", ""),
        ("saturation off by one", "total = INT16_MIN;", "total = -INT16_MAX;"),
        ("operands exchanged", "(uint8_t)(rs1 >> lane) * (int8_t)(rs2 >> lane);\n    if", "(int8_t)(rs1 >> lane) * (uint8_t)(rs2 >> lane);\n    if"),
        ("rounding downwards", "value = (value + ((int64_t)1 << (shift - 1))) >> shift", "value = value >> shift"),
        ("rounding away from 0", "value = (value + ((int64_t)1 << (shift - 1))) >> shift",
         "value = value < 0 ? -((-value + ((int64_t)1 << (shift - 1))) >> shift) : (value + ((int64_t)1 << (shift - 1))) >> shift"),
        ("overflow of the sum", "(value + ((int64_t)1 << (shift - 1))) >> shift", "(int32_t)(value + ((int64_t)1 << (shift - 1))) >> shift"),
        ("result without sign", "return (uint32_t)(int32_t)value;", "return (uint8_t)value;"),
        ("unsigned saturation", "if (value < INT8_MIN) value = INT8_MIN;", "if (value < 0) value = 0;"),
    ),
    *bugs(
        "xlif/xlif.c",
        ("> for >=", "if (v < state->vth)", "if (v <= state->vth)"),
        ("the wrong neuron", "const uint32_t i = rs1 & 63u;", "const uint32_t i = rs1 & 31u;"),
        ("division for a shift", "(v >> state->leak)", "(v / (1 << state->leak))"),
        ("no upper bound of the input", "(int16_t)rs2 - (v", "(int32_t)rs2 - (v"),
        ("no lower saturation", "if (v < INT16_MIN) v = INT16_MIN;", ""),
        ("reset to the wrong value", "state->v[i] = 0;\n    state->rest[i] = state->pause;", "state->v[i] = (int16_t)(v - state->vth);\n    state->rest[i] = state->pause;"),
        ("a write is missing", "    state->fired++;\n", ""),
        ("pause off by one", "state->rest[i] = state->pause;", "state->rest[i] = state->pause ? state->pause - 1u : 0u;"),
        ("a leak of state", "return (uint32_t)state->v[rs1 & 63u];", "state->v[(rs1 + 1u) & 63u] = state->v[rs1 & 63u]; return (uint32_t)state->v[rs1 & 63u];"),
        ("no sign extension", "return (uint32_t)state->v[rs1 & 63u];", "return (uint16_t)state->v[rs1 & 63u];"),
        ("the wrong trap", "xlif_illegal(hart);", "xlif_trap(hart, 3, rs1);"),
        ("a trap is missing", "if (rs1 > 63u) xlif_illegal(hart);", "rs1 &= 63u;"),
        ("trap for too few", "rs1 > 63u", "rs1 > 64u"),
        ("a trap after its effect", "if (rs1 > 63u) xlif_illegal(hart);\n    state->v[rs1]", "state->v[rs1 & 63u] = (int16_t)rs2;\n    if (rs1 > 63u) xlif_illegal(hart);\n    state->v[rs1]"),
        ("other state is not cleared", "    state->rest[rs1] = 0;\n", ""),
        ("input in the pause", "        state->rest[i]--;\n", "        state->rest[i]--;\n        state->v[i] = (int16_t)rs2;\n"),
        ("a stale parameter", "v < state->vth", "v < 1000"),
        ("static state", "int32_t v = state->v[i];", "static int32_t kept; int32_t v = state->v[i]; if (v == 0 && kept < 0) v = kept; kept = v;"),
    ),
    *bugs(
        "xlif/xlif_csrs.c",
        ("a stale CSR", "return state->vth;", "static uint32_t seen = 1000; const uint32_t old = seen; seen = state->vth; return old;"),
        ("a CSR too wide", "value & 0x7FFFu", "value & 0xFFFFu"),
        ("no legal value", "value & 15u ? value & 15u : 1u", "value & 15u"),
        ("a CSR field in the wrong place", "value >> 8 & 15u", "value >> 4 & 15u"),
        ("a CSR that ignores a field", "(uint32_t)state->pause << 8", "0u"),
        ("reading has an effect", "return state->fired;", "return state->fired++;"),
    ),
    *bugs(
        "xgather/xgather.c",
        ("signed offsets", "(rs2 >> shift & 0xFFu)", "(uint32_t)(int8_t)(rs2 >> shift)"),
        ("order of loads", "unsigned shift = 0; shift < 32; shift += 8", "int shift = 24; shift >= 0; shift -= 8"),
        ("a load too many", "uint32_t word = 0;", "uint32_t word = xgather_load8(hart, rs1) & 0u;"),
        ("the pointer moves before the trap", "const uint32_t word = xgather_load32(hart, state->at);\n    state->at += state->stride;",
         "state->at += state->stride;\n    const uint32_t word = xgather_load32(hart, state->at - state->stride);"),
        ("a fixed stride", "state->at += state->stride", "state->at += 4"),
        ("store before load", "const int16_t old = (int16_t)xgather_load16(hart, rs1);\n    xgather_store16(hart, rs1, (uint16_t)rs2);",
         "xgather_store16(hart, rs1, (uint16_t)rs2);\n    const int16_t old = (int16_t)xgather_load16(hart, rs1);"),
        ("a wider store", "xgather_store16(hart, rs1, (uint16_t)rs2)", "xgather_store32(hart, rs1, rs2)"),
        ("a missing store", "xgather_store16(hart, rs1, (uint16_t)rs2);\n", "if (rs2 != 0) xgather_store16(hart, rs1, (uint16_t)rs2);\n"),
        ("no sign", "return (uint32_t)old;", "return (uint16_t)old;"),
        ("misaligned accesses are done", "xgather_load16(hart, rs1)", "xgather_load16(hart, rs1 & ~1u)"),
    ),
    *bugs(
        "xdiv/xdiv.c",
        ("division by zero", "return 0xFFFFFFFFu;", "return 0;"),
        ("the remainder of a division by zero", "        state->rest = rs1;\n", ""),
        ("a bit too few", "int bit = 33", "int bit = 31"),
        ("> for >=", "if (remainder >= right)", "if (remainder > right)"),
        ("rounding down", "2 * (uint64_t)rs1 + rs2", "2 * (uint64_t)rs1 + rs2 - 1"),
        ("overflow", "2 * (uint64_t)rs2", "(uint64_t)(2 * rs2)"),
        ("a shared remainder", "return divide(state, 2 * (uint64_t)rs1 + rs2, 2 * (uint64_t)rs2, &rest);",
         "const uint32_t q = divide(state, 2 * (uint64_t)rs1 + rs2, 2 * (uint64_t)rs2, &rest); state->rest = (uint32_t)rest; return q;"),
        ("a crash by zero", "if (rs2 == 0) xdiv_illegal(hart);", "if (rs1 / rs2 > 5) (void)hart;"),
    ),
    *bugs(
        "xizh/xizh.c",
        ("> for >= at the peak", "new_v >= 30 * 256", "new_v > 30 * 256"),
        ("u before v", "const int64_t recovery = state->a * ((state->b * v >> 11) - u) >> 11;\n    int32_t new_v = clip(v + (slope >> state->step));",
         "int32_t new_v = clip(v + (slope >> state->step));\n    const int64_t recovery = state->a * ((state->b * (int64_t)new_v >> 11) - u) >> 11;"),
        ("rounding of 0.04", "v * v * 41 >> 18", "v * v * 41 / (1 << 18)  + (v * v * 41 % 262144 > 131072)"),
        ("a saturation is missing", "new_u = clip(new_u + state->d)", "new_u = new_u + state->d"),
        ("sign of the current", "(int32_t)rs2 >> 8", "rs2 >> 8"),
        ("the parameter of the last spike", "new_v = state->c;", "new_v = -65 * 256;"),
        ("parameters exchanged", "state->c = (int16_t)rs1;\n    state->d = (int16_t)rs2;", "state->d = (int16_t)rs1;\n    state->c = (int16_t)rs2;"),
        ("the currents never end", "if (part == 0) part = 1;", ""),
        ("one corner of the decay", "if (current == 0) part = 0;", "if (current == -1) part = 0; if (current == 0) part = 0;"),
        ("spikes the wrong way round", "state->spikes << 1 | spike", "state->spikes >> 1 | spike << 31"),
        ("carry into v", "(uint16_t)new_u", "(uint32_t)new_u"),
    ),
    *bugs(
        "xwqx/xwqx.c",
        ("or for and", "__builtin_popcount(rs1 & rs2)", "__builtin_popcount(rs1 | rs2)"),
        ("below zero", "if (v < 0) v = 0;", "if (v < 0) v = -v;"),
        ("> for >=", "v >= state->vth", "v > state->vth"),
        ("width", "return (uint32_t)v;", "return (uint8_t)v;"),
        ("too wide an operand", "(int32_t)(rs2 & 63u)", "(int32_t)(rs2 & 127u)"),
        ("learning without a spike", "if (!state->learning || !(state->spikes & 1u)) return rs1;", "if (!state->learning) return rs1;"),
        ("an older spike", "state->spikes & 1u", "state->spikes & 2u"),
        ("a shift of the noise", "noise >> 17", "noise >> 16"),
        ("noise is used before it is drawn", "    state->random = noise;\n    const uint32_t go = noise & (noise >> 7 | noise << 25);",
         "    const uint32_t go = state->random & (state->random >> 7 | state->random << 25);\n    state->random = noise;"),
        ("a rotation is a shift", "(noise >> 7 | noise << 25)", "(noise >> 7)"),
    ),
    *bugs("xwqx/oracle.py", ("wrong neighbour", "(number + 7) % 32", "(number + 8) % 32"), ("one too few", "range(32)]", "range(31)] + [0]")),
    *bugs(
        "xlif/xlif.py",
        ("the alias of rd and rs1", "hart.state.v[i] = v\n            hart.x[insn.rd] = 0", "hart.x[insn.rd] = 0\n            hart.state.v[u6(hart.x[insn.rs1])] = v"),
        ("a CSR write keeps too much", "leak = value & 15", "leak = value & 31"),
        ("x0 is not spared", "hart.state.fired = hart.state.fired + 1", "hart.state.fired = hart.state.fired + (insn.rd != 0)"),
    ),
    *bugs("xgather/xgather.py", ("no alias", "address, given = hart.x[insn.rs1], hart.x[insn.rs2]\n    old = hart.load(address, 2)", "address = hart.x[insn.rs1]\n    old = hart.load(address, 2)\n    hart.x[insn.rd] = old\n    given = hart.x[insn.rs2]")),
    *bugs("xwqx/xwqx.py", ("spike counted after the reset", "spike = v >= hart.state.vth\n    hart.state.spikes = hart.state.spikes << 1 | spike\n    if spike:\n        v = 0", "spike = v >= hart.state.vth\n    if spike:\n        v = 0\n    hart.state.spikes = hart.state.spikes << 1 | (v == 0)")),
]  # fmt: skip
KINDS = {".c": "c", ".py": "python"}


@dataclass(frozen=True)
class Found:
    """What became of a planted bug."""

    bug: Bug
    programs: int
    instructions: int
    seconds: float
    shrunk: Shrunk


def plant(bug: Bug, folder: Path) -> tuple[Extension, ImplementationSpec]:
    """Write the changed file beside copies of the others; return the extension and the bad implementation."""
    source = FOLDER / bug.case
    for path in source.iterdir():
        if path.is_file():
            folder.joinpath(path.name).write_bytes(path.read_bytes())
    name = Path(bug.file).name
    text = source.joinpath(name).read_text(encoding="utf-8")
    if bug.old not in text:
        raise ValueError(f"{bug.name}: {bug.old!r} is not in the file")
    changed = folder / f"bad_{name}"
    changed.write_text(text.replace(bug.old, bug.new, 1), encoding="utf-8")
    extension = next(iter(load_extensions(folder / f"{bug.case}.py")))
    kind = "extension" if name == f"{bug.case}.py" else KINDS[changed.suffix]
    return extension, ImplementationSpec("bad", kind, changed.name, {}, changed.name)


def find(
    bug: Bug, folder: Path, *, seed: int = 1, programs: int | None = 2000, seconds: float | None = None
) -> Found | None:
    """Look for a planted bug; return what was found, shrunk, or None."""
    extension, spec = plant(bug, folder)
    architecture = architecture_with([extension])
    session = Session(extension, make_implementation(spec, extension, architecture), seed)
    try:
        for failure in session.run(count=programs, seconds=seconds):
            if failure is not None:
                progress = session.progress
                return Found(
                    bug, progress.programs, progress.instructions, progress.seconds, shrink(failure, architecture)
                )
        return None
    finally:
        session.close()
