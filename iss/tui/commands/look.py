"""Commands that show or change something at the present moment."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from itertools import islice
from mmap import mmap
from pathlib import Path
from typing import TYPE_CHECKING, Final

from coprocessor.energy import PRESETS
from iss.debug.assign import assign
from iss.debug.places import address_of
from iss.debug.touched import touched_parts
from iss.tui import screen, theme
from iss.tui.commands.command import Answer, Command, CommandError, amount, say
from iss.tui.panels import PANELS
from iss.tui.panels.csrs import meaning
from iss.tui.panels.registers import value_text
from iss.tui.text import Row

if TYPE_CHECKING:
    from iss.tui.commands.commander import Commander

_FORMATS: Final = "xduotc"
_DUMP: Final = 16
_MOST: Final = 4096
_MOST_FOUND: Final = 100
_PARTS: Final = re.compile(r'(?:"[^"]*"|[^,])+')
_FIND: Final = 'for example `find 0x1234`, `find "text"`, `find /b buffer, +64, 10, 13`'
_ESCAPES: Final = {b"\\": b"\\", b"n": b"\n", b"r": b"\r", b"t": b"\t"}


def _print(commander: Commander, text: str) -> Answer:
    found = re.match(rf"/([{_FORMATS}])\s+", text)
    expression = text[found.end() :] if found else text
    if not expression.strip():
        raise CommandError("print [/x] EXPRESSION: of what? for example a0, [sp], u8[text + 2], v[3], nm_t")
    value = commander.state.debugger.evaluate(expression)
    return say(f"{expression.strip()} = {_formatted(value, found[1] if found else '')}{_hint(commander, value)}")


def _formatted(value: int, form: str) -> str:
    word = value & 0xFFFF_FFFF
    match form:
        case "x":
            return f"{word:#x}"
        case "u":
            return str(word)
        case "o":
            return f"{word:#o}"
        case "t":
            return f"{word:#034b}"
        case "c":
            return repr(chr(word & 0xFF))
        case "d":
            return str((word ^ 1 << 31) - (1 << 31))
    return f"{value} ({word:#x})"


def _hint(commander: Commander, value: int) -> str:
    hint = commander.state.program.hint(value & 0xFFFF_FFFF)
    return f" {hint if hint.startswith('→') else '→' + hint}" if hint else ""


def _examine(commander: Commander, text: str) -> Answer:
    state = commander.state
    found = re.match(r"/(\d*)([bhwi]?)\s*", text)
    count, form = (int(found[1] or 1), found[2] or "w") if found else (_DUMP, "")
    expression = text[found.end() :] if found else text
    address = address_here(commander, expression)
    if not 1 <= count <= _MOST:
        raise CommandError(f"x/{count}: expected 1 to {_MOST} items")
    if state.read(address, 1) is None:
        ram = state.machine.ram
        if state.playback is not None:
            raise CommandError(f"what is at {address:#010x}, the trace has not told so far")
        raise CommandError(f"there is no memory at {address:#010x}; RAM is {ram.base:#010x}..{ram.base + ram.size:#x}")
    state.view.memory = address & ~3
    if form == "i":
        return _code(commander, address & ~3, count)
    size = {"b": 1, "h": 2}.get(form, 4)
    per_line = _DUMP // size
    rows = []
    for start in range(0, count, per_line):
        place = address + start * size
        name = state.program.names.at(place)
        row = Row(f"{place:08x} ", theme.ADDRESS)
        if start == 0 and not name.startswith("0x"):
            row.add(f"{name}: ", theme.LABEL)
        for index in range(start, min(count, start + per_line)):
            data = state.read(address + index * size, size)
            row.add(f" {int.from_bytes(data, 'little'):0{2 * size}x}" if data is not None else f" {'-' * 2 * size}")
        rows.append(row)
    return rows


def _code(commander: Commander, address: int, count: int) -> Answer:
    state, rows = commander.state, []
    for place in range(address, address + 4 * count, 4):
        instruction = state.instruction(place)
        name = state.program.name(place) or ""
        row = Row(f"{place:08x} ", theme.ADDRESS).add(f"<{name}> ", theme.LABEL)
        rows.append(row.add(state.absent if instruction is None else str(instruction)))
    return rows


def address_here(commander: Commander, text: str) -> int:
    """An address from an expression; of `name[3]` and `u8[x]` the place, not the value."""
    from iss.debug.expressions import Expression

    if not text.strip():
        raise CommandError("an address is missing; expected an expression such as sp, buffer + 16 or 0x80000000")
    expression = Expression(text.strip().removeprefix("*"))
    place = expression.location(commander.state.machine)
    return (place[0] if place is not None else expression.evaluate(commander.state.machine)) & 0xFFFF_FFFF


def _list(commander: Commander, text: str) -> Answer:
    state = commander.state
    state.view.code = address_of(text, state.machine) if text.strip() not in ("", "pc") else None
    return commander.changed("code", 12)


def _set(commander: Commander, text: str) -> Answer:
    target, found, value = text.partition("=")
    if not found or not target.strip() or not value.strip():
        raise CommandError("set TARGET = VALUE: for example a0 = 5, [sp + 4] = 0, u8[text] = 65, pc = main")
    number = commander.state.debugger.evaluate(value)
    commander.state.remember()
    assign(commander.state.debugger, target, number)
    commander.state.moved()
    return say(f"{target.strip()} = {number} ({number & 0xFFFFFFFF:#x}); later history is forgotten")


def _find(commander: Commander, text: str) -> Answer:
    state = commander.state
    found = re.match(r"/([bhw]?)(\d*)([bhw]?)\s*", text)
    form, most = (found[1] or found[3], int(found[2] or _MOST_FOUND)) if found else ("", _MOST_FOUND)
    parts = [part.strip() for part in _PARTS.findall(text[found.end() :] if found else text) if part.strip()]
    ram = state.machine.ram
    start, end = ram.base, ram.base + ram.size
    if len(parts) > 2:
        start, length = address_here(commander, parts.pop(0)), parts.pop(0)
        plus = length.startswith("+")
        end = start + amount(commander, length[1:]) if plus else address_here(commander, length) + 1
    if not parts:
        raise CommandError(f"find [/bhw] [START, +LENGTH or END,] VALUE...: {_FIND}")
    wanted = b"".join(_pattern(commander, part, form) for part in parts)
    if not wanted or start < ram.base or end > ram.base + ram.size or start >= end:
        raise CommandError(f"find: expected something to look for in RAM, {ram.base:#010x}..{ram.base + ram.size:#x}")
    places = list(islice(_places(ram.buffer, wanted, start - ram.base, end - ram.base), most + 1))
    rows = []
    for place in places[:most]:
        address = ram.base + place
        if state.read(address, len(wanted)) is not None:
            rows.append(Row(f"{address:08x} ", theme.ADDRESS).add(state.program.names.at(address), theme.LABEL))
    if not rows:
        return say("not found")
    state.view.memory = int(rows[0].segments[0].text, 16) & ~3
    return [*rows, Row(f"{len(rows)} found" + (", there are more" if len(places) > most else ""), theme.DIM)]


def _places(data: mmap, wanted: bytes, start: int, end: int) -> Iterator[int]:
    """Offsets of bytes in memory that somebody has touched."""
    for low, high in touched_parts(data):
        stop = min(end, high + len(wanted) - 1)
        place = data.find(wanted, max(start, low), stop)
        while 0 <= place < high:
            yield place
            place = data.find(wanted, place + 1, stop)


def _pattern(commander: Commander, text: str, form: str) -> bytes:
    """What a value looks like in memory: text in quotes, or a number of the size that was asked for."""
    if len(text) > 1 and text[0] == text[-1] == '"':
        return text[1:-1].encode()
    value = commander.state.debugger.evaluate(text)
    size = {"b": 1, "h": 2, "w": 4}.get(form, 4)
    if not -(1 << 8 * size - 1) <= value < 1 << 8 * size:
        raise CommandError(f"{text} does not fit into {size} byte{'s' if size > 1 else ''}; {_FIND}")
    return (value % (1 << 8 * size)).to_bytes(size, "little")


def _type(commander: Commander, text: str) -> Answer:
    bare = text.removeprefix("-n ") if text.startswith("-n ") else f"{text}\n"
    try:
        data = re.sub(rb"\\([\\nrt]|x[0-9a-fA-F]{2})", _escape, bare.encode())
    except UnicodeEncodeError:
        raise CommandError(f"{text!r} is no text that can be typed") from None
    commander.state.debugger.history.type(data)
    commander.state.moved()
    return say(f"{len(data)} bytes typed; later history is forgotten")


def _escape(found: re.Match[bytes]) -> bytes:
    escape = found[1]
    return _ESCAPES.get(escape) or bytes.fromhex(escape[1:].decode())


def _info(commander: Commander, text: str) -> Answer:
    what = text.strip().split() or [""]
    known: dict[str, Callable[[Commander, str], Answer]] = {
        "registers": _info_registers,
        "csrs": _info_csrs,
        "breakpoints": _info_points,
        "watchpoints": _info_points,
        "frame": lambda commander, rest: commander.panel("calls", 0),
        "symbols": _info_symbols,
        "line": _info_line,
        "history": _info_history,
        "counters": lambda commander, rest: commander.panel("counters", 0),
        "queues": lambda commander, rest: commander.panel("queues", 0),
        "extension": lambda commander, rest: commander.panel("extension", 0),
        "networks": _info_networks,
        "console": lambda commander, rest: commander.panel("console", 0),
    }
    matching = [name for name in known if name.startswith(what[0])] if what[0] else []
    if len(matching) != 1 and what[0] not in known:
        raise CommandError(f"info {what[0]}: expected one of {', '.join(matching or known)}")
    return known[what[0] if what[0] in known else matching[0]](commander, " ".join(what[1:]))


def _info_registers(commander: Commander, text: str) -> Answer:
    from iss.isa.registers import ABI_NAMES

    state, rows = commander.state, []
    values = [("pc", state.machine.hart.pc), *zip(ABI_NAMES[1:], state.machine.hart.x[1:], strict=True)]
    wanted = text.split()
    for name, value in values:
        if not wanted or name in wanted:
            row = (
                Row(f"{name:<4}", theme.TITLE)
                .add(value_text(value, False))
                .add(f" {value_text(value, True)}", theme.DIM)
            )
            rows.append(row.add(f"  {state.program.hint(value)}", theme.HINT))
    if not rows:
        raise CommandError(f"info registers {text}: expected names such as a0, sp, pc")
    return rows


def _info_csrs(commander: Commander, text: str) -> Answer:
    rows = []
    for name, value in commander.state.csrs.items():
        if not text or text in name:
            row = Row(f"{name:<14}", theme.TITLE).add(f"{value:08x}").add(f" {meaning(name, value)}", theme.HINT)
            rows.append(row)
    if not rows:
        raise CommandError(f"info csrs {text}: no CSR has this in its name")
    return rows


def _info_points(commander: Commander, text: str) -> Answer:
    points = commander.state.debugger.points.values()
    return [Row(str(point)) for point in points] or say("there are no points")


def _info_symbols(commander: Commander, text: str) -> Answer:
    symbols = sorted(commander.state.program.symbols.values(), key=lambda symbol: symbol.address)
    rows = [
        Row(f"{symbol.address:08x} ", theme.ADDRESS).add(f"{symbol.kind:<9}", theme.DIM).add(symbol.name)
        for symbol in symbols
        if text in symbol.name
    ]
    return rows or say(f"no symbol has {text!r} in its name" if text else "the program has no symbols")


def _info_line(commander: Commander, text: str) -> Answer:
    state = commander.state
    address = address_of(text, state.machine) if text else state.machine.hart.pc
    place = state.program.lines.at(address)
    if place is None:
        return say(f"{address:#010x} {state.program.name(address) or ''}: no source line is known")
    rows = say(f"{address:#010x} {state.program.name(address) or ''}: {place.file}:{place.line}")
    source = state.program.source(place)
    return [*rows, Row(f"{place.line:>5}  ", theme.DIM).add(source, theme.SOURCE)] if source is not None else rows


def _info_history(commander: Commander, text: str) -> Answer:
    history = commander.state.debugger.history
    count = len(history.checkpoints)
    return say(
        f"instructions {history.earliest:,} to {history.latest:,}, now {history.now:,}; {count} checkpoints, "
        f"one every {history.interval:,}"
    )


def _info_networks(commander: Commander, text: str) -> Answer:
    state, rows = commander.state, []
    for address, own in state.spiking.networks.networks.items():
        rows.append(Row(f"{address:08x} ", theme.ADDRESS).add(f"NET {state.program.names.at(address)}", theme.LABEL))
        rows += [Row(f"  {state.spiking.name(one)}") for one in own]
    for address, population in state.spiking.networks.populations.items():
        row = Row(f"{address:08x} ", theme.ADDRESS).add(f"POP {state.spiking.name(address)}", theme.LABEL)
        rows.append(row.add(f" {population.profile.name} {population.n:,} neurons", theme.DIM))
    return rows or say("no network or population is in memory")


def _show(commander: Commander, text: str) -> Answer:
    words = text.split()
    if not words or words[0] not in PANELS:
        raise CommandError(f"show PANEL [LINES]: expected one of {', '.join(PANELS)}")
    return commander.panel(words[0], amount(commander, words[1]) if len(words) > 1 else 0)


def _context(commander: Commander, text: str) -> Answer:
    names = text.split()
    unknown = [name for name in names if name not in PANELS and name != "none"]
    if unknown:
        raise CommandError(f"context: {', '.join(unknown)}: expected none or some of {', '.join(PANELS)}")
    if names:
        commander.context = tuple(name for name in names if name != "none")
    return say(f"shown after each motion: {' '.join(commander.context) or 'nothing'}")


def _screen(commander: Commander, text: str) -> Answer:
    return commander.lines(screen.compose(commander.state, commander.width, commander.height))


def _screenshot(commander: Commander, text: str) -> Answer:
    name = text.strip()
    if not name:
        raise CommandError("screenshot FILE: the name of the picture is missing; .svg gives a picture, else text")
    write_picture(commander, name)
    return say(f"{name}: {commander.width} x {commander.height}")


def write_picture(commander: Commander, name: str) -> None:
    """Write all panels as SVG, or as text if the name says so. CommandError if the file cannot be written."""
    lines = screen.compose(commander.state, commander.width, commander.height)
    svg = name.endswith(".svg")
    content = screen.as_svg(lines, f"neurohart debug {commander.state.title}") if svg else screen.as_text(lines) + "\n"
    try:
        Path(name).write_text(content, encoding="utf-8")
    except OSError as error:
        raise CommandError(f"{name}: cannot be written ({error.strerror}); check the directory") from None


def _energy(commander: Commander, text: str) -> Answer:
    if text.strip():
        if text.strip() not in PRESETS:
            raise CommandError(f"energy preset {text.strip()!r} is not known, expected one of {', '.join(PRESETS)}")
        commander.state.preset = PRESETS[text.strip()]
    return commander.changed("energy")


def _decimal(commander: Commander, text: str) -> Answer:
    commander.state.view.decimal = not commander.state.view.decimal
    return commander.changed("registers")


def _backtrace(commander: Commander, text: str) -> Answer:
    return commander.panel("calls", 0)


COMMANDS: Final = (
    Command(("print", "p", "inspect"), "[/xduotc] EXPRESSION", "Print a value: a0, nm_t, [sp + 4], v[3], insn.",
            _print),
    Command(("x",), "[/NUMBER bhwi] ADDRESS", "Print memory, and show it in the memory pane.", _examine, True),
    Command(("find",), "[/bhw N] [START, END,] VALUE...", "Find numbers or \"text\" in memory; END or +LENGTH.", _find),
    Command(("list", "l"), "[PLACE]", "Show code; without a place that at the pc.", _list),
    Command(("backtrace", "bt", "where"), "", "Show the stack of calls.", _backtrace),
    Command(("info", "i"), "WHAT [...]", "registers, csrs, extension, breakpoints, frame, symbols, line, history, "
            "counters, queues, networks, console.", _info),
    Command(("set",), "TARGET = VALUE", "Change a register, pc, a CSR, state of an extension or memory.", _set),
    Command(("type",), "[-n] TEXT", "Type a line to the firmware; -n: without its end. \\n \\t \\x1b are bytes.",
            _type),
    Command(("show",), "PANEL [LINES]", f"Print a panel: {', '.join(PANELS)}.", _show),
    Command(("context", "ctx"), "[PANEL...|none]", "Choose the panels that are printed after each motion.", _context),
    Command(("screen",), "", "Print all panels.", _screen),
    Command(("screenshot",), "FILE", "Write all panels to a file: .svg as a picture, else as text.", _screenshot),
    Command(("energy",), "[PRESET]", "Show where the energy goes, or use another preset.", _energy),
    Command(("decimal",), "", "Show registers as decimal numbers, or no longer.", _decimal),
)  # fmt: skip
