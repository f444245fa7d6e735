"""An extension for the RISC-V unified database: YAML files for itself, its instructions and its CSRs.

The meaning stands in the description, as pseudo-code; IDL is not written, since nothing here could check it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

from iss.extension.export.opcodes import location
from iss.extension.extension import Extension
from iss.extension.notation import pseudo_code
from iss.isa.csrs import Csr
from iss.isa.definitions import Definition
from iss.isa.directives import REGISTER_FIELDS
from iss.isa.encoding import Encoding

_HEAD = "# yaml-language-server: $schema=../../../schemas/{schema}\n---\n$schema: {schema}#\n"
_NAMES = {"rd": "xd", "rs1": "xs1", "rs2": "xs2"}


def files(extension: Extension) -> dict[str, str]:
    """The files by their path in the database's `spec/custom/isa/NAME`."""
    name = extension.name.capitalize()
    made = {f"udb/ext/{name}.yaml": "".join(_extension(extension, name))}
    for definition in extension.instructions:
        made[f"udb/inst/{name}/{definition.mnemonic}.yaml"] = "".join(_instruction(definition, name))
    for csr in extension.csrs:
        made[f"udb/csr/{name}/{csr.name}.yaml"] = "".join(_csr(extension, csr, name))
    return made


def _text(key: str, text: str, depth: int = 0) -> str:
    """Return a block of literal text."""
    blanks = "  " * depth
    return f"{blanks}{key}: |\n" + "".join(f"{blanks}  {line}".rstrip() + "\n" for line in text.splitlines())


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)  # YAML takes what JSON takes


def _extension(extension: Extension, name: str) -> Iterator[str]:
    yield _HEAD.format(schema="ext_schema.json")
    yield f"kind: extension\nname: {name}\ntype: unprivileged\nlong_name: {_quoted(extension.title)}\n"
    yield _text("description", extension.title)
    parts = (*extension.version.split("."), "0", "0")[:3]
    yield f'versions:\n  - version: "{".".join(parts)}"\n    state: development\n'


def match_string(encoding: Encoding) -> str:
    """Return the bits of an encoding with - for operands."""
    bits = range(encoding.width - 1, -1, -1)
    return "".join(str(encoding.match >> bit & 1) if encoding.mask >> bit & 1 else "-" for bit in bits)


def _instruction(definition: Definition, name: str) -> Iterator[str]:
    yield _HEAD.format(schema="inst_schema.json")
    sentence = definition.documentation
    yield f"kind: instruction\nname: {definition.mnemonic}\nlong_name: {_quoted(sentence.rstrip('.'))}\n"
    yield _text("description", f"{sentence}\n\n----\n{pseudo_code(definition.trace())}\n----")
    yield f"definedBy:\n  extension:\n    name: {name}\nbase: 32\n"
    operands = definition.syntax.text.partition(" ")[2]
    for register, named in _NAMES.items():
        operands = operands.replace(register, named)
    yield f"assembly: {_quoted(operands.strip())}\n"
    yield f'encoding:\n  match: "{match_string(definition.encoding)}"\n'
    fields = definition.encoding.fields
    yield "  variables:\n" if fields else "  variables: []\n"
    for field in sorted(fields.values(), key=lambda field: -max(piece.word_low for piece in field.pieces)):
        yield f"    - name: {_NAMES.get(field.name, field.name)}\n      location: {location(definition, field.name)}\n"
        if field.low:
            yield f"      left_shift: {field.low}\n"
        if field.signed and field.name not in REGISTER_FIELDS:
            yield "      sign_extend: true\n"
    yield "access:\n  s: always\n  u: always\n  vs: always\n  vu: always\ndata_independent_timing: false\n"


def _csr(extension: Extension, csr: Csr, name: str) -> Iterator[str]:
    yield _HEAD.format(schema="csr_schema.json")
    privilege = "USMM"[csr.number >> 8 & 3] if csr.number >> 8 & 3 != 2 else "S"
    yield f"kind: csr\nname: {csr.name}\nlong_name: {_quoted(csr.documentation)}\naddress: {csr.number:#x}\n"
    yield f"writable: {str(csr.write is not None).lower()}\npriv_mode: {privilege}\nlength: 32\n"
    yield _text("description", csr.documentation)
    yield f"definedBy:\n  extension:\n    name: {name}\nfields:\n  VALUE:\n    location: 31-0\n"
    yield _text("description", csr.documentation, 2)
    yield f"    type: {'RW' if csr.write is not None else 'RO'}-H\n    reset_value: UNDEFINED_LEGAL\n"
