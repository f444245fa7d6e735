"""Program folders: `program.toml` read and checked, and found by path or by bare name."""

from __future__ import annotations

import json
import tomllib
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any

from iss.cli.exit_codes import ExitCode, Failure

MANIFEST = "program.toml"
EXPECTATION = "expect.json"
KIND_BITS = {"bitmap": 1, "u8": 8, "s32": 32}


@dataclass(frozen=True)
class Form:
    """One form of a program: its source and the ISA it needs."""

    name: str
    source: Path
    isa: str


@dataclass(frozen=True)
class Record:
    """An array the program leaves at the symbol `name`; kind is one of KIND_BITS, the last axis runs fastest."""

    name: str
    kind: str
    shape: tuple[int, ...]

    @property
    def size(self) -> int:
        """Bytes."""
        return prod(self.shape) * KIND_BITS[self.kind] // 8


@dataclass(frozen=True)
class Program:
    """What a program folder says about itself; `measure` holds the symbols of the part that forms are compared on."""

    folder: Path
    name: str
    description: str
    default: str
    forms: dict[str, Form]
    measure: tuple[str, str] | None
    records: dict[str, Record]

    def form(self, name: str | None = None) -> Form:
        """Return a form by name (default: the program's default form); Failure lists the forms there are."""
        chosen = name or self.default
        if chosen not in self.forms:
            known = ", ".join(self.forms)
            raise Failure(f"program {self.name} has no form {chosen!r}, expected one of {known}", ExitCode.USAGE)
        return self.forms[chosen]

    def expectation(self) -> dict[str, Any]:
        """Return the content of expect.json; Failure if it is missing or lacks `exit_code` or `output`."""
        path = self.folder / EXPECTATION
        try:
            content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
            if not isinstance(content["exit_code"], int) or not isinstance(content["output"], str):
                raise TypeError
        except OSError as error:
            raise Failure(
                f"{path}: cannot be read ({error.strerror}); run without --check", ExitCode.NO_INPUT
            ) from None
        except ValueError as error:
            raise Failure(f"{path}: not valid JSON: {error}", ExitCode.BAD_INPUT) from None
        except (KeyError, TypeError):
            wanted = "an object with `exit_code` (a number) and `output` (a text)"
            raise Failure(f"{path}: expected {wanted}", ExitCode.BAD_INPUT) from None
        return content


def read_program(folder: Path) -> Program:
    """Return the program in a folder; Failure names the file and the entry at fault."""
    path = folder / MANIFEST
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        cure = f"a program folder holds a {MANIFEST}; give a program file inside of it instead"
        raise Failure(f"{path}: cannot be read ({error.strerror}); {cure}", ExitCode.NO_INPUT) from None
    except ValueError as error:  # TOMLDecodeError, UnicodeDecodeError
        raise Failure(f"{path}: not valid TOML: {error}", ExitCode.BAD_INPUT) from None
    return _Reader(path).program(content)


class _Reader:
    """Takes a manifest apart; every failure names the file and the key."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def fail(self, problem: str) -> Failure:
        return Failure(f"{self.path}: {problem}", ExitCode.BAD_INPUT)

    def text(self, table: dict[str, Any], key: str, where: str = "") -> str:
        value = table.get(key)
        if not isinstance(value, str) or not value:
            name = f"{where}.{key}" if where else key
            raise self.fail(f'`{name}` is missing or no text, expected {key} = "..."')
        return value

    def table(self, content: dict[str, Any], key: str) -> dict[str, Any]:
        value = content.get(key, {})
        if not isinstance(value, dict):
            raise self.fail(f"`{key}` is no table, expected [{key}]")
        return value

    def program(self, content: dict[str, Any]) -> Program:
        forms = {name: self.form(name, table) for name, table in self.table(content, "forms").items()}
        if not forms:
            raise self.fail("no form, expected at least one table [forms.NAME] with `source` and `isa`")
        default = self.text(content, "default")
        if default not in forms:
            raise self.fail(f"`default` names the form {default!r}, expected one of {', '.join(forms)}")
        measure = self.table(content, "measure")
        symbols = (self.text(measure, "begin", "measure"), self.text(measure, "end", "measure")) if measure else None
        records = {name: self.record(name, table) for name, table in self.table(content, "records").items()}
        name, description = self.text(content, "name"), self.text(content, "description")
        return Program(self.path.parent, name, description, default, forms, symbols, records)

    def form(self, name: str, table: Any) -> Form:
        if not isinstance(table, dict):
            raise self.fail(f"form {name!r} is no table, expected [forms.{name}]")
        source = self.path.parent / self.text(table, "source", f"forms.{name}")
        if not source.is_file():
            raise self.fail(f"form {name!r}: the source {source.name} is not there")
        return Form(name, source, self.text(table, "isa", f"forms.{name}"))

    def record(self, name: str, table: Any) -> Record:
        kind, shape = (table.get("kind"), table.get("shape")) if isinstance(table, dict) else (None, None)
        if kind not in KIND_BITS:
            raise self.fail(f"record {name!r}: kind {kind!r}, expected one of {', '.join(KIND_BITS)}")
        if not isinstance(shape, list) or not shape or not all(isinstance(n, int) and n > 0 for n in shape):
            raise self.fail(f"record {name!r}: shape {shape!r}, expected a list of positive numbers")
        return Record(name, kind, tuple(shape))


def program_places() -> list[Path]:
    """Return where bare names are looked up: `programs` here and, in a source checkout, beside the package."""
    beside = Path(__file__).resolve().parents[2] / "programs"
    return list(dict.fromkeys(place for place in (Path("programs"), beside) if place.is_dir()))


def known_programs() -> dict[str, Path]:
    """Return the folders that bare names mean, by name."""
    found: dict[str, Path] = {}
    for place in program_places():
        for manifest in sorted(place.glob(f"*/{MANIFEST}")):
            found.setdefault(manifest.parent.name, manifest.parent)
    return found


def find_program(name: str) -> Program:
    """Return the program of a bare name; Failure lists the programs there are."""
    known = known_programs()
    if name in known:
        return read_program(known[name])
    have = f"the programs here are {', '.join(known)}" if known else "no folder `programs` is here"
    raise Failure(f"{name}: no such file, nor a program of this name; {have}", ExitCode.NO_INPUT)
