"""Devices from outside: `file.py:Class@ADDRESS`, or `name@ADDRESS` for an installed entry point."""

from __future__ import annotations

import importlib.util
import sys
import traceback
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import NoReturn, cast

from iss.memory.bus import checked_size
from iss.memory.device import Device, DeviceError, DeviceFileMissing
from iss.memory.map import ADDRESS_SPACE

ENTRY_POINTS = "neurohart.devices"
EXPECTED = "expected FILE.py:CLASS@ADDRESS or NAME@ADDRESS, such as leds.py:Leds@0x10010000"


def load_device(spec: str) -> tuple[int, Device]:
    """Address and new device for a text such as `leds.py:Leds@0x10010000`.

    The class is called without arguments. Raises DeviceError, with the cause in one message, when the text, the
    file, the class or the device is at fault.
    """
    what, at, address = spec.rpartition("@")
    if not at or not what:
        raise DeviceError(f"device {spec!r}: no address; {EXPECTED}")
    base = _address(spec, address)
    place, colon, class_name = what.rpartition(":")
    if colon:
        factory = _from_file(place, class_name)
    elif what.endswith(".py"):
        raise DeviceError(f"device {spec!r}: no class; {EXPECTED}")
    else:
        factory = _from_entry_point(what)
    try:
        device = factory()
    except Exception as error:
        _failed(f"device {what}: creating it", error)
    checked_size(device, what)
    return base, cast(Device, device)


def _address(spec: str, text: str) -> int:
    try:
        base = int(text, 0)
    except ValueError:
        raise DeviceError(f"device {spec!r}: {text!r} is not an address; {EXPECTED}") from None
    if not 0 <= base < ADDRESS_SPACE or base % 4:
        raise DeviceError(f"device {spec!r}: {text} is impossible; give a multiple of 4 below 0x1_0000_0000")
    return base


def _from_file(place: str, class_name: str) -> Callable[[], object]:
    path = Path(place)
    if not path.is_file():
        raise DeviceFileMissing(f"device file {place}: not found; {EXPECTED}")
    module = _module(path)
    factory = getattr(module, class_name, None)
    if not isinstance(factory, type):
        classes = [name for name, value in vars(module).items() if isinstance(value, type)]
        classes = [name for name in classes if vars(module)[name].__module__ == module.__name__]
        found = f"it has {', '.join(classes)}" if classes else "it has no class"
        raise DeviceError(f"device file {place}: no class {class_name!r}; {found}")
    return factory


def _module(path: Path) -> ModuleType:
    """The file imported under a name of its own; files beside it can be imported by it."""
    name = f"neurohart.devices:{path.resolve()}"
    specification = importlib.util.spec_from_file_location(name, path)
    if specification is None or specification.loader is None:
        raise DeviceError(f"device file {path}: not a Python file; {EXPECTED}")
    module = importlib.util.module_from_spec(specification)
    sys.modules[name] = module  # dataclasses and pickle look their module up
    directory = str(path.resolve().parent)
    sys.path.insert(0, directory)
    try:
        specification.loader.exec_module(module)
    except (Exception, SystemExit) as error:
        del sys.modules[name]
        _failed(f"device file {path}: importing it", error)
    finally:
        sys.path.remove(directory)
    return module


def _from_entry_point(name: str) -> Callable[[], object]:
    from importlib.metadata import entry_points

    found = entry_points(group=ENTRY_POINTS)
    if name not in found.names:
        known = f"installed are {', '.join(sorted(found.names))}" if found.names else "none is installed"
        raise DeviceError(
            f"device {name!r}: no entry point of group {ENTRY_POINTS} has this name ({known}); {EXPECTED}"
        )
    try:
        factory = found[name].load()
    except (Exception, SystemExit) as error:
        _failed(f"device {name}: importing {found[name].value}", error)
    if not callable(factory):
        raise DeviceError(f"device {name!r}: the entry point {found[name].value} is not a class")
    return cast("Callable[[], object]", factory)


def _failed(what: str, error: BaseException) -> NoReturn:
    """One message with the line at fault instead of a traceback."""
    if isinstance(error, SyntaxError):
        place = f"{error.filename}:{error.lineno}"
    else:
        frame = traceback.extract_tb(error.__traceback__)[-1]
        place = f"{frame.filename}:{frame.lineno}"
    text = error.msg if isinstance(error, SyntaxError) else str(error)
    raise DeviceError(f"{what} failed: {type(error).__name__}: {text} ({place})") from error
