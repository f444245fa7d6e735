"""Plain functions as second implementations of one instruction: the names of their parameters say what they get.

`rs1`, `rs2`, `rd` are the registers' values, other operands their own value, `state` the extension's state (in C a
pointer to the structure `NAME_state` of the generated header `NAME_state.h`); the result goes to rd.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from iss.errors import NeuroHartError
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
    extension: str
    states: tuple[StateField, ...]

    @property
    def label(self) -> str:
        return f"{self.path.name}:{self.name}"

    @property
    def registers(self) -> tuple[str, ...]:
        """The register operands whose values it gets."""
        return tuple(name for _, name in self.parameters if name in REGISTERS)

    @property
    def has_state(self) -> bool:
        return any("*" in kind for kind, _ in self.parameters)

    def write_header(self, folder: Path) -> None:
        """Write the header that the user's file may include."""
        members = StateLayout(self.states).members() or "    uint8_t none;\n"
        guard = f"{self.extension.upper()}_STATE_H"
        Path(folder, f"{self.extension}_state.h").write_text(
            f"#ifndef {guard}\n#define {guard}\n#include <stdint.h>\n"
            f"typedef struct {{\n{members}}} {self.extension}_state;\n#endif\n",
            encoding="utf-8",
        )

    def wrapper(self, name: str, states: list[StateField]) -> str:
        """Return the C function that calls it on a machine of the harness; untouched state must stay as it is."""
        declared = ", ".join("void *" if "*" in kind else kind.strip() for kind, _ in self.parameters) or "void"
        passed = []
        for kind, parameter in self.parameters:
            if "*" in kind:
                passed.append("&theirs")
            elif parameter in REGISTERS:
                passed.append(f"s->x[d->{parameter}]")
            else:
                passed.append(f"d->{parameter}")
        call = f"{self.name}({', '.join(passed)})"
        before = after = kept = ""
        if self.has_state:
            members = StateLayout(states).members() or "    uint8_t none;\n"
            kept = f"static struct {{\n{members}}} theirs, shadow;\n"
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
            after += "    }\n"
        result = "" if self.returns == "void" else "    WRITE_X(d->rd, (uint32_t)result);\n"
        made = f"    {call};\n" if self.returns == "void" else f"    const {self.returns} result = {call};\n"
        return (
            f"{kept}extern {self.returns} {self.name}({declared});\n"
            f"static inline void side_{name.removeprefix('side_')}(machine *s, const operands *d)\n{{\n"
            f"    (void)d;\n{before}{made}{result}{after}}}\n"
        )


def c_function(path: Path, name: str, encoding: Encoding, extension: str, states: tuple[StateField, ...]) -> CFunction:
    """Find a function in a C file; NeuroHartError if it is not there or its parameters are not understood."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise NeuroHartError(f"{path}: cannot be read ({error}); expected a C file with the function {name}") from None
    text = re.sub(r"/\*.*?\*/|//[^\n]*", lambda found: re.sub(r"[^\n]", " ", found[0]), text, flags=re.DOTALL)
    found = re.search(rf"(?P<returns>[A-Za-z_][\w ]*?)\s+{re.escape(name)}\s*\((?P<parameters>[^)]*)\)\s*\{{", text)
    if found is None:
        raise NeuroHartError(f"{path}: defines no function {name}; expected uint32_t {name}(uint32_t rs1, ...) {{")
    where = f"{path}:{text[: found.start()].count(chr(10)) + 1}"
    if "static" in found["returns"].split():
        raise NeuroHartError(f"{where}: {name} is static and cannot be called; remove static")
    parameters = []
    for part in filter(None, (piece.strip() for piece in found["parameters"].split(","))):
        if part == "void":
            continue
        split = _PARAMETER.match(part)
        known = split is not None and (split["name"] in encoding.fields or "*" in split["type"])
        if split is None or not known:
            raise NeuroHartError(
                f"{where}: parameter {part!r} of {name} is not understood; expected operands "
                f"({', '.join(encoding.fields)}) and {extension}_state *state"
            )
        parameters.append((split["type"].strip(), split["name"]))
    return CFunction(path, name, found["returns"].strip(), tuple(parameters), extension, states)


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
