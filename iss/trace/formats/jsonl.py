"""JSON Lines: a description, then an object for each instruction, as `neurohart trace show --json` writes them.

Nothing is lost on the way there and back. Field names: `iss.trace.render.Renderer.plain`.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final, TextIO

from coprocessor.interface import Operation, Outcome
from iss.isa.registers import NUMBER
from iss.loaders import Image
from iss.trace.block import TraceError
from iss.trace.events import Command, Spikes
from iss.trace.formats.importing import Access, Importer, refusal
from iss.trace.reader import Trace
from iss.trace.render import Renderer

_MARK: Final = "neurohart_trace"
_WORD: Final = 0xFFFF_FFFF


def fits(head: bytes) -> bool:
    """Whether a file begins with such a description."""
    return head.startswith(b'{"' + _MARK.encode() + b'"')


def write(trace: Trace, out: TextIO) -> None:
    """Write all of a trace."""
    out.write(json.dumps({_MARK: 1, "description": trace.description, "end": trace.end}) + "\n")
    renderer = Renderer(trace)
    for retired in trace.instructions():
        out.write(json.dumps(renderer.plain(retired)) + "\n")
    if trace.behind:
        out.write(json.dumps({"behind": [renderer.plain_event(event) for event in trace.behind]}) + "\n")


def read(path: str | Path, isa: str | None, image: Image | None) -> Trace:
    """Read such a text; TraceError with file and line, OSError."""
    made = Importer(path, isa, image, None)
    end: dict[str, Any] = {}
    begun = False
    with open(path, encoding="utf-8", errors="replace") as file:
        for number, line in enumerate(file, 1):
            if not line.endswith("\n"):
                break
            try:
                content = json.loads(line)
                if number == 1:
                    made.description = content["description"]
                    end = content["end"]
                elif "behind" in content:
                    _events(made, content["behind"])
                else:
                    if not begun:
                        made.begin(made.description, int(content["number"]), _start(content))
                        begun = True
                    _instruction(made, content)
            except (ValueError, TypeError, KeyError, AttributeError, OverflowError) as error:
                text = f"no line of a trace in JSON Lines ({type(error).__name__}: {error})"
                raise refusal(path, number, text) from None
    if number_of_lines_missing := not begun and not end:
        raise TraceError(f"{path}: nothing in it ({number_of_lines_missing}); convert the trace again")
    trace = made.trace()
    trace.end = end
    return trace


def _start(content: dict[str, Any]) -> int:
    """The cycle before the events in front of an instruction."""
    before = [event for event in content.get("events", ()) if event["kind"] == "sleep" or _took_before(event)]
    return int(content["cycle"]) - sum(int(event["cycles"]) for event in before)


def _took_before(event: dict[str, Any]) -> bool:
    return bool(event["kind"] == "command" and event["outcome"] != Outcome.RETIRED.name.lower())


def _instruction(made: Importer, content: dict[str, Any]) -> None:
    accesses, csr_writes = _events(made, content.get("events", []))
    made.retired(
        int(content["pc"]) & _WORD,
        int(content["word"]) & _WORD,
        NUMBER[content["rd"]] if "rd" in content else 0,
        int(content.get("value", 0)) & _WORD,
        accesses,
        csr_writes,
    )


def _events(made: Importer, events: list[dict[str, Any]]) -> tuple[list[Access], list[tuple[int, int]]]:
    accesses: list[Access] = []
    csr_writes: list[tuple[int, int]] = []
    for event in events:
        match event["kind"]:
            case "load" | "store" as kind:
                size = int(event["size"])
                accesses.append((event["address"] & _WORD, size & 0x7F, event["value"] & _WORD, kind == "store"))
            case "csr":
                csr_writes.append((event["number"] & 0xFFF, event["value"] & _WORD))
            case "trap" | "interrupt":
                made.trap(event["pc"] & _WORD, event["cause"] & _WORD, event.get("value", 0) & _WORD)
            case "sleep":
                made.sleep(int(event["cycles"]))
            case "command":
                spikes = tuple(Spikes(**spike) for spike in event["spikes"])
                operation = Operation[event["operation"].upper()]
                outcome = Outcome[event["outcome"].upper()]
                numbers = (event["rs1"], event["rs2"], event["result"], event["cycles"])
                made.command(Command(operation, outcome, *numbers, spikes))
            case other:
                raise ValueError(f"event {other!r}")
    return accesses, csr_writes
