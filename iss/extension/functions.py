"""Plain functions as second implementations of one instruction: the names of their parameters say what they get.

`rs1`, `rs2`, `rd` are the registers' values, other operands (and `rs1_number`) their own value, `state` the extension's
state; the result goes to rd. C functions are those of `iss.extension.c_model`, whose header they include; `hart` and
`state` may be left out.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from typing import Any

from iss.errors import MissingFile, NeuroHartError
from iss.extension.dut_c import model_folder
from iss.extension.extension import Extension
from iss.isa.encoding import Encoding
from iss.isa.state import StateField, StateLayout

REGISTERS = ("rs1", "rs2", "rd")
_PARAMETER = re.compile(r"(?P<type>[\w\s]*?[\w*\s])\b(?P<name>\w+)\s*\Z")


@dataclass(frozen=True)
class CFunction:
    """A C function: its file, name, whether it returns something, and its parameters (type, name)."""

    path: Path
    name: str
    returns: str
    parameters: tuple[tuple[str, str], ...]
    extension: Extension | None
    used: frozenset[str]  # parameters that its body mentions

    @property
    def label(self) -> str:
        """What people call it."""
        return f"{self.path.name}:{self.name}"

    @property
    def registers(self) -> tuple[str, ...]:
        """The register operands whose values it gets."""
        return tuple(name for _, name in self.parameters if name in REGISTERS)

    @property
    def has_state(self) -> bool:
        """Whether it looks at the extension's state."""
        return any(kind.endswith("_state *") and name in self.used for kind, name in self.parameters)

    @property
    def has_hart(self) -> bool:
        """Whether it asks the hart: loads, stores, traps, jumps."""
        return any(kind.endswith("_hart *") and name in self.used for kind, name in self.parameters)

    @property
    def includes(self) -> list[Path]:
        """Folders of headers: its own and that of the extension's model."""
        return [self.path.parent] if self.extension is None else [self.path.parent, model_folder(self.extension)]

    def wrapper(self, name: str, states: list[StateField]) -> str:
        """Return the C function that calls it on a machine of the harness; untouched state must stay as it is."""
        declared, passed = [], []
        for kind, parameter in self.parameters:
            declared.append("void *" if "*" in kind else kind)
            if "*" in kind and parameter not in self.used:
                passed.append("0")
            elif kind.endswith("_hart *"):
                passed.append("&called.hart")
            elif "*" in kind:
                passed.append("&theirs")
            elif parameter in REGISTERS:
                passed.append(f"s->x[d->{parameter}]")
            else:
                number = parameter.removesuffix("_number")
                passed.append(f"d->{number}{' & 31u' if number == 'rd' else ''}")
        call = f"called_function({', '.join(passed)})"
        kept, before, after = self._state_text(states) if self.has_state else ("", "", "")
        if self.has_hart and self.extension is not None:
            kept += _HART.replace("@NAME@", self.extension.name)
            before += "    begin_call(s, d);\n    if (setjmp(called.leave)) goto left;\n"
            after = f"    finish_jump(s);\nleft:;\n{after}"
        returns = self.returns != "void"
        made = f"    result = (uint32_t){call};\n" if returns else f"    {call};\n"
        result = "    if (!s->trapped) WRITE_X(d->rd, result);\n" if returns else ""
        # Under a name of ours, because the model's header declares it with its own types.
        given = ", ".join(declared) or "void"
        declaration = f'extern {self.returns} called_function({given}) __asm__("{self.name}");\n'
        inlining, kept_over_traps = ("__attribute__((noinline))", "volatile ") if self.has_hart else ("inline", "")
        return (
            f"{kept}{declaration}static {inlining} void {name}(machine *s, const operands *d)\n{{\n"
            f"    {kept_over_traps}uint32_t result = 0;\n    (void)d;\n    (void)result;\n"
            f"{before}{made}{after}{result}}}\n"
        )

    def _state_text(self, states: list[StateField]) -> tuple[str, str, str]:
        """Return declarations, and what brings the state into the structure and back."""
        before = after = ""
        members = StateLayout(states).members() or "    uint8_t none;\n"
        kept = f"static struct {{\n{members}}} __attribute__((aligned(8))) theirs, shadow;\n"
        for place in states:
            element = f"{place.name}{'[k]' if place.count > 1 else ''}"
            if place.count == 1:
                before += f"    (void)at_{place.name}(s, 0);\n"
            loop = f"for (unsigned i = 0; i < touches_{place.name}; i++) {{"
            loop += f" const uint32_t k = touched_{place.name}[i];"
            before += f"    {loop} (void)k; theirs.{element} = shadow.{element} = all_{place.name}[k].initial; }}\n"
            after += (
                f"    {loop} (void)k; all_{place.name}[k].held[1] = theirs.{element};"
                f" theirs.{element} = shadow.{element}; }}\n"
            )
        after += "    if (memcmp(&theirs, &shadow, sizeof theirs)) {\n"
        for place in states:
            element = f"{place.name}{'[k]' if place.count > 1 else ''}"
            after += (
                f"        for (uint32_t k = 0; k < {place.count}u; k++)\n"
                f"            if (theirs.{element} != shadow.{element}) {{\n"
                f"                (void)at_{place.name}(s, k);\n"
                f"                all_{place.name}[k].initial = all_{place.name}[k].held[0] = shadow.{element};\n"
                f"                all_{place.name}[k].held[1] = theirs.{element};\n            }}\n"
            )
        return kept, before, after + "    }\n"


_HART = """
/* The hart as the user's functions see it. */
#include <setjmp.h>
#include "@NAME@_model.h"
static struct { @NAME@_hart hart; machine *s; const operands *d; jmp_buf leave; } called;
static void call_trap(@NAME@_hart *hart, uint32_t cause, uint32_t value)
{
    (void)hart;
    called.s->trapped = 1;
    called.s->jumped = 0;
    called.s->cause = cause;
    called.s->value = value;
    longjmp(called.leave, 1);
}
static void call_illegal(@NAME@_hart *hart)
{
    call_trap(hart, 2u, word_of(called.d));
}
static uint32_t call_load(@NAME@_hart *hart, uint32_t address, uint32_t size)
{
    if (address & (size - 1u)) call_trap(hart, 4u, address);
    if (note_access(called.s, address, size)) call_trap(hart, 5u, address);
    return bytes_at(called.s, address, size);
}
static void call_store(@NAME@_hart *hart, uint32_t address, uint32_t size, uint32_t value)
{
    if (address & (size - 1u)) call_trap(hart, 6u, address);
    if (note_access(called.s, address, size | 16u)) call_trap(hart, 7u, address);
    put_bytes(called.s, address, value, size);
}
static void call_jump(@NAME@_hart *hart, uint32_t target)
{
    (void)hart;
    called.s->jumped = 1;
    called.s->target = target;
}
static void begin_call(machine *s, const operands *d)
{
    called.s = s;
    called.d = d;
    called.hart.load = call_load;
    called.hart.store = call_store;
    called.hart.trap = (void *)call_trap;
    called.hart.illegal = (void *)call_illegal;
    called.hart.jump = call_jump;
    called.hart.x = s->x;
    called.hart.pc = &s->pc;
}
static void finish_jump(machine *s)
{
    if (s->jumped && s->target & 3u) {
        s->jumped = 0;
        s->trapped = 1;
        s->cause = 0;
        s->value = s->target;
    }
}
"""


def c_function(path: Path, name: str, encoding: Encoding, extension: Extension | None = None) -> CFunction:
    """Find a function in a C file; NeuroHartError if it is not there or its parameters are not understood."""
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise MissingFile(f"{path}: cannot be read ({error.strerror}); expected a C file with {name}") from None
    except UnicodeDecodeError:
        raise NeuroHartError(f"{path}: is no text; expected a C file with the function {name}") from None
    text = re.sub(r"/\*.*?\*/|//[^\n]*", lambda found: re.sub(r"[^\n]", " ", found[0]), text, flags=re.DOTALL)
    found = re.search(rf"(?P<returns>[A-Za-z_][\w ]*?)\s+{re.escape(name)}\s*\((?P<parameters>[^)]*)\)\s*\{{", text)
    if found is None:
        raise NeuroHartError(f"{path}: defines no function {name}; expected uint32_t {name}(uint32_t rs1, ...) {{")
    where = f"{path}:{text[: found.start()].count(chr(10)) + 1}"
    if "static" in found["returns"].split():
        raise NeuroHartError(f"{where}: {name} is static and cannot be called; remove static")
    model = "" if extension is None else extension.name
    numbers = [*encoding.fields, *(f"{field}_number" for field in encoding.fields)]
    parameters = []
    for part in filter(None, (piece.strip() for piece in found["parameters"].split(","))):
        if part == "void":
            continue
        split = _PARAMETER.match(part)
        kind = re.sub(r"\s*\*\s*", " *", split["type"]).strip() if split is not None else ""
        pointer = extension is not None and kind in (f"{model}_hart *", f"{model}_state *")
        if split is None or not (pointer or ("*" not in kind and split["name"] in numbers)):
            pointers = f"; {model}_hart *hart, {model}_state *state" if extension is not None else ""
            raise NeuroHartError(
                f"{where}: parameter {part!r} of {name} is not understood; expected operands "
                f"({', '.join(encoding.fields)}){pointers}"
            )
        parameters.append((kind, split["name"]))
    return CFunction(
        path, name, found["returns"].strip(), tuple(parameters), extension, _mentioned(text[found.end() :])
    )


def _mentioned(text: str) -> frozenset[str]:
    """Return the names in a function's body, which begins behind its brace; `(void)name;` is no mention."""
    depths = accumulate(((character == "{") - (character == "}") for character in text), initial=1)
    end = next((place for place, depth in enumerate(depths) if depth == 0), len(text))
    return frozenset(re.findall(r"[A-Za-z_]\w*", re.sub(r"\(void\)\s*\w+\s*;", "", text[:end])))


def python_meaning(function: Callable[..., Any], encoding: Encoding, where: str) -> Callable[[Any, Any], None]:
    """Return a plain function, or a meaning on `(hart, insn)`, as a meaning; NeuroHartError for unknown parameters."""
    names = list(inspect.signature(function).parameters)
    if names[:2] == ["hart", "insn"]:
        return function
    unknown = [name for name in names if name not in encoding.fields and name != "state"]
    if unknown:
        raise NeuroHartError(
            f"{where}: parameter {unknown[0]!r} is no operand; expected (hart, insn), or some of "
            f"{', '.join(encoding.fields)} and state"
        )

    def meaning(hart: Any, insn: Any) -> None:
        given = [
            hart.x[getattr(insn, name)] if name in REGISTERS else hart.state if name == "state" else getattr(insn, name)
            for name in names
        ]
        result = function(*given)
        if result is not None:
            hart.x[insn.rd] = result

    return meaning
