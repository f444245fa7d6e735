"""An extension as a document: Markdown, AsciiDoc (with pictures as the RISC-V manuals make them) and HTML."""

from __future__ import annotations

from html import escape

from iss.extension.extension import Extension
from iss.extension.notation import pseudo_code
from iss.isa.definitions import Definition
from iss.isa.picture import bit_fields, cells
from iss.isa.state import StateField

_STYLE = """\
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60em; margin: 2em auto; padding: 0 1em; color: #222 }
table { border-collapse: collapse; margin: 1em 0 } td, th { border: 1px solid #999; padding: 0.2em 0.6em }
table.word { width: 100%; table-layout: fixed; font-family: monospace; text-align: center; font-size: 13px }
table.word tr.bits td { border: none; font-size: 10px; color: #666 }
table.word td { padding: 0.2em 0; overflow: hidden } td.fixed { background: #eee }
pre { background: #f5f5f5; padding: 0.6em } h2 { margin-top: 2em }
"""


def _range(state: StateField) -> str:
    return f"{'signed' if state.signed else 'unsigned'}, {state.bits} bits, {state.minimum}..{state.maximum}"


def _states(extension: Extension) -> list[tuple[str, ...]]:
    return [
        (state.name, str(state.count), _range(state), str(state.reset), state.documentation)
        for state in extension.states.values()
    ]


def _csrs(extension: Extension) -> list[tuple[str, ...]]:
    return [
        (f"{csr.number:#05x}", csr.name, "RW" if csr.write is not None else "RO", csr.documentation)
        for csr in extension.csrs
    ]


STATE_HEAD, CSR_HEAD = ("state", "count", "numbers", "reset", "meaning"), ("number", "name", "access", "meaning")


def _facts(extension: Extension, definition: Definition) -> str:
    """Return cost, energy and operand widths in one sentence each."""
    details = extension.details[definition.mnemonic]
    parts = [f"Cost: {definition.cycles} cycle{'s' if definition.cycles != 1 else ''}."]
    if details.energy_pj is not None:
        parts.append(f"Energy: {details.energy_pj:g} pJ.")
    parts += [
        f"{name}: {'signed' if width.is_signed else 'unsigned'}, {width.bits} bits."
        for name, width in details.operands.items()
    ]
    return " ".join(parts)


def markdown(extension: Extension) -> str:
    """The document in Markdown."""
    parts = [f"# {extension.name}: {extension.title}\n\nVersion {extension.version}.\n"]
    for title, head, rows in _tables(extension):
        lines = [" | ".join(head), " | ".join("---" for _ in head), *(" | ".join(row) for row in rows)]
        parts.append(f"## {title}\n\n" + "".join(f"| {line} |\n" for line in lines))
    parts += [
        f"## {definition.mnemonic}\n\n`{definition.syntax.text}`\n\n{definition.documentation}\n\n"
        f"```text\n{bit_fields(definition.encoding)}\n```\n\n```python\n{pseudo_code(definition.trace())}\n```\n\n"
        f"{_facts(extension, definition)}\n"
        for definition in extension.instructions
    ]
    return "\n".join(parts)


def asciidoc(extension: Extension) -> str:
    """The document in AsciiDoc; asciidoctor-diagram draws the encodings."""
    parts = [f"= {extension.name}: {extension.title}\n:revnumber: {extension.version}\n"]
    for title, head, rows in _tables(extension):
        lines = "".join("|" + " |".join(row) + "\n" for row in [head, *rows])
        parts.append(f'== {title}\n\n[options="header"]\n|===\n{lines}|===\n')
    parts += [
        f"== {definition.mnemonic}\n\n`{definition.syntax.text}`\n\n{definition.documentation}\n\n"
        f"[wavedrom, ,svg]\n....\n{_wavedrom(definition)}\n....\n\n"
        f"[source,python]\n----\n{pseudo_code(definition.trace())}\n----\n\n{_facts(extension, definition)}\n"
        for definition in extension.instructions
    ]
    return "\n".join(parts)


def _wavedrom(definition: Definition) -> str:
    """Return the picture's description, from the lowest bit."""
    regions = [
        f"  {{bits: {cell.high - cell.low + 1}, name: {f'0b{cell.text}' if cell.is_fixed else repr(cell.text)}}},"
        for cell in reversed(cells(definition.encoding))
    ]
    return "\n".join(["{reg: [", *regions, "]}"])


def html(extension: Extension) -> str:
    """The document in HTML, in one file without scripts."""
    title = escape(f"{extension.name}: {extension.title}")
    parts = [
        f'<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"><title>{title}</title>\n<style>\n{_STYLE}'
        f"</style></head><body>\n<h1>{title}</h1>\n<p>Version {escape(extension.version)}.</p>\n"
    ]
    for heading, head, rows in _tables(extension):
        lines = ["".join(f"<th>{escape(text)}</th>" for text in head)]
        lines += ["".join(f"<td>{escape(text)}</td>" for text in row) for row in rows]
        body = "".join(f"<tr>{line}</tr>\n" for line in lines)
        parts.append(f"<h2>{heading}</h2>\n<table>\n{body}</table>\n")
    for definition in extension.instructions:
        name = escape(definition.mnemonic)
        parts.append(
            f'<h2 id="{name}">{name}</h2>\n<p><code>{escape(definition.syntax.text)}</code></p>\n'
            f"<p>{escape(definition.documentation)}</p>\n{_word_table(definition)}"
            f"<pre>{escape(pseudo_code(definition.trace()))}</pre>\n<p>{escape(_facts(extension, definition))}</p>\n"
        )
    return "".join([*parts, "</body></html>\n"])


def _word_table(definition: Definition) -> str:
    bits, texts = "", ""
    for cell in cells(definition.encoding):
        span = cell.high - cell.low + 1
        number = f"{cell.high}" if span == 1 else f"{cell.high}..{cell.low}"
        bits += f'<td colspan="{span}">{number}</td>'
        kind = ' class="fixed"' if cell.is_fixed else ""
        texts += f'<td colspan="{span}"{kind}>{escape(cell.text)}</td>'
    return f'<table class="word">\n<tr class="bits">{bits}</tr>\n<tr>{texts}</tr>\n</table>\n'


def _tables(extension: Extension) -> list[tuple[str, tuple[str, ...], list[tuple[str, ...]]]]:
    """Return heading, head and rows of what is not empty."""
    tables = [("State", STATE_HEAD, _states(extension)), ("CSRs", CSR_HEAD, _csrs(extension))]
    return [table for table in tables if table[2]]
