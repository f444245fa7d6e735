"""Loading of extension files: the file is executed, and whatever is wrong names its line."""

from __future__ import annotations

import itertools
import os
import sys
import traceback
from collections.abc import Iterable
from pathlib import Path
from types import ModuleType

from iss.builtin import extended_architecture
from iss.errors import MissingFile, NeuroHartError
from iss.extension.extension import Extension
from iss.isa.catalogue import DEFAULT_ISA, Architecture
from iss.isa.errors import DefinitionError

MODULE_PREFIX = "neurohart_extension_"  # of the modules that extension files become
MUTANT_VARIABLE = "NEUROHART_MUTANT"  # extension:mnemonic:number of a fault to load, for `neurohart ext mutate`
COVER_VARIABLE = "NEUROHART_COVER"  # a folder for the counts of `neurohart ext cover`
_numbers = itertools.count()


def load_extensions(path: str | Path) -> list[Extension]:
    """Return the extensions that a file defines, in its order.

    NeuroHartError `file:line: ...` if it is wrong, MissingFile if it is not there.
    """
    file = Path(path)
    module = execute_file(file)
    found = list({id(value): value for value in vars(module).values() if isinstance(value, Extension)}.values())
    if not found:
        raise NeuroHartError(f"{file}: defines no extension; expected NAME = Extension('xname', ...)")
    for extension in found:
        if not len(extension.instructions):
            raise NeuroHartError(f"{extension.location}: extension {extension.name} has no instruction; define one")
    if os.environ.get(MUTANT_VARIABLE):
        from iss.extension.mutation import put_in

        put_in(os.environ[MUTANT_VARIABLE], found)
    if os.environ.get(COVER_VARIABLE):
        from iss.extension.cover import record_in

        record_in(os.environ[COVER_VARIABLE], found)
    return found


def execute_file(file: Path) -> ModuleType:
    """Run a file as a module of its own, which can import those beside it.

    NeuroHartError if it fails, MissingFile if it is not there.
    """
    try:
        source = file.read_text(encoding="utf-8")
    except OSError as error:
        raise MissingFile(
            f"{file}: cannot be read ({error.strerror}); expected an extension file such as `neurohart ext new` makes"
        ) from None
    except UnicodeDecodeError:
        raise NeuroHartError(f"{file}: is no text; expected an extension file, which is Python") from None
    module = ModuleType(f"{MODULE_PREFIX}{next(_numbers)}_{file.stem}")
    module.__file__ = str(file)
    sys.modules[module.__name__] = module  # dataclasses and the like look it up
    folder = str(file.resolve().parent)
    known = set(sys.modules)
    writes, sys.dont_write_bytecode = sys.dont_write_bytecode, True  # no __pycache__ beside the user's file
    sys.path.insert(0, folder)
    try:
        exec(compile(source, str(file), "exec"), vars(module))
    except DefinitionError as error:
        raise NeuroHartError(str(error)) from None
    except SyntaxError as error:
        raise NeuroHartError(f"{error.filename}:{error.lineno}: {error.msg}; the file is Python") from None
    except (Exception, SystemExit) as error:
        raise NeuroHartError(f"{_line(error, file)}: {type(error).__name__}: {error}") from None
    finally:
        sys.path.remove(folder)
        sys.dont_write_bytecode = writes
        _forget_modules_of(folder, known)
    return module


def _forget_modules_of(folder: str, known: set[str]) -> None:
    """Forget what a file has imported from its folder, so that it is imported anew after a change."""
    for name, module in list(sys.modules.items()):
        path = getattr(module, "__file__", None)
        if name not in known and path and os.path.dirname(path) == folder and not name.startswith(MODULE_PREFIX):
            del sys.modules[name]


def _line(error: BaseException, file: Path) -> str:
    """Return `file:line` of the innermost frame of the file in an error's traceback."""
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename == str(file)]
    return f"{file}:{frames[-1].lineno}" if frames else str(file)


def architecture_with(extensions: Iterable[Extension], isa: str = DEFAULT_ISA) -> Architecture:
    """Return the architecture of an ISA string and the extensions; NeuroHartError if they clash."""
    return extended_architecture(isa, [extension.catalogue_entry() for extension in extensions])
