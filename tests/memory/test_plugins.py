"""Devices from a user's file or an installed package, and the guide that tells how to write one."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

from iss.memory.bus import Bus
from iss.memory.device import DeviceError, Stateful, Timed
from iss.memory.map import MemoryMap
from iss.memory.plugins import load_device
from iss.memory.ram import Ram
from tests.memory.recording import Recorder

GUIDE = Path(__file__).parents[2] / "docs" / "add-a-device.md"

LEDS = """
from dataclasses import dataclass

@dataclass
class Leds:
    size: int = 0x10
    value: int = 0

    def load(self, offset, size):
        return self.value

    def store(self, offset, size, value):
        self.value = value
"""

BROKEN = [
    ("leds.py:Leds", LEDS, "device 'leds.py:Leds': no address; expected FILE.py:CLASS@ADDRESS"),
    ("@0x1000", LEDS, "device '@0x1000': no address; expected FILE.py:CLASS@ADDRESS"),
    ("leds.py:Leds@here", LEDS, "'here' is not an address; expected FILE.py:CLASS@ADDRESS"),
    ("leds.py:Leds@0x100000000", LEDS, "0x100000000 is impossible; give a multiple of 4 below 0x1_0000_0000"),
    ("leds.py:Leds@0x1002", LEDS, "0x1002 is impossible; give a multiple of 4"),
    ("leds.py@0x1000", LEDS, "device 'leds.py@0x1000': no class; expected FILE.py:CLASS@ADDRESS"),
    ("lamps.py:Leds@0x1000", LEDS, "device file lamps.py: not found"),
    ("leds.py:Lamp@0x1000", LEDS, "device file leds.py: no class 'Lamp'; it has Leds"),
    ("leds.py:x@0x1000", "x = 1", "device file leds.py: no class 'x'; it has no class"),
    ("leds.py:Leds@0x1000", "\nclass Leds:\n  def", "importing it failed: SyntaxError: invalid syntax ("),
    ("leds.py:Leds@0x1000", "\n\n1 / 0", "importing it failed: ZeroDivisionError: division by zero ("),
    ("leds.py:Leds@0x1000", "import nosuchmodule", "ModuleNotFoundError: No module named 'nosuchmodule' ("),
    ("leds.py:Leds@0x1000", "raise SystemExit(3)", "importing it failed: SystemExit: 3 ("),
    ("leds.py:Leds@0x1000", "class Leds:\n  def __init__(self, pin): pass", "creating it failed: TypeError: "),
    (
        "leds.py:Leds@0x1000",
        "class Leds:\n  size = 4",
        "has no method load; a device needs size, load(offset, size) and",
    ),
    ("leds.py:Leds@0x1000", LEDS.replace("def store", "def put"), "has no method store; a device needs size"),
    ("leds.py:Leds@0x1000", LEDS.replace("= 0x10", "= 'big'"), "its size is 'big'; give the bytes its registers take"),
    ("leds.py:Leds@0x1000", LEDS.replace("= 0x10", "= -4"), "its size is -4"),
    ("nosuchdevice@0x1000", LEDS, "no entry point of group neurohart.devices has this name"),
]


@pytest.fixture(autouse=True)
def directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_device_from_a_file(directory: Path) -> None:
    (directory / "leds.py").write_text(LEDS)
    before = list(sys.path)
    base, device = load_device("leds.py:Leds@0x10010000")
    assert (base, device.size) == (0x1001_0000, 16)
    device.store(0, 4, 7)
    assert device.load(0, 4) == 7
    assert sys.path == before
    assert load_device(f"{directory}/leds.py:Leds@4096")[0] == 4096


def test_a_file_can_import_its_neighbours(directory: Path) -> None:
    (directory / "colours_of_leds.py").write_text("RED = 3\n")
    (directory / "leds.py").write_text(
        "from colours_of_leds import RED\n" + LEDS.replace("value: int = 0", "value: int = RED")
    )
    assert load_device("leds.py:Leds@0x1000")[1].load(0, 4) == 3


@pytest.mark.parametrize(("spec", "content", "fragment"), BROKEN, ids=range(len(BROKEN)))
def test_mistakes_are_named(directory: Path, spec: str, content: str, fragment: str) -> None:
    (directory / "leds.py").write_text(content)
    path = list(sys.path)
    with pytest.raises(DeviceError) as caught:
        load_device(spec)
    assert fragment in str(caught.value)
    assert "\n" not in str(caught.value)
    assert sys.path == path
    if "importing it failed" in fragment:
        assert re.search(r"leds\.py:\d+\)$", str(caught.value)), "the line at fault"
        assert not [name for name in sys.modules if str(directory) in name], "nothing half imported is left"


def install(directory: Path, monkeypatch: pytest.MonkeyPatch, target: str) -> None:
    """An installed distribution with an entry point, as a package manager would leave it."""
    (directory / "installed_leds.py").write_text(LEDS + "\nlamp = 5\n")
    metadata = directory / "leds-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: leds\nVersion: 1.0\n")
    (metadata / "entry_points.txt").write_text(f"[neurohart.devices]\nleds = {target}\n")
    monkeypatch.syspath_prepend(directory)


def test_device_from_an_entry_point(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(directory, monkeypatch, "installed_leds:Leds")
    base, device = load_device("leds@0x10010000")
    assert (base, device.size) == (0x1001_0000, 16)
    with pytest.raises(DeviceError, match=r"\(installed are leds\); expected"):
        load_device("lamps@0x10010000")


@pytest.mark.parametrize(
    ("target", "fragment"),
    [
        ("nosuchmodule:Leds", "importing nosuchmodule:Leds failed: ModuleNotFoundError"),
        ("installed_leds:Nothing", "importing installed_leds:Nothing failed: AttributeError"),
        ("installed_leds:lamp", "the entry point installed_leds:lamp is not a class"),
    ],
)
def test_broken_entry_points(directory: Path, monkeypatch: pytest.MonkeyPatch, target: str, fragment: str) -> None:
    install(directory, monkeypatch, target)
    with pytest.raises(DeviceError) as caught:
        load_device("leds@0x10010000")
    assert fragment in str(caught.value)


def test_the_example_of_the_guide_works(directory: Path) -> None:
    examples = re.findall(r"```python\n(# (\w+\.py).*?)```", GUIDE.read_text(), re.DOTALL)
    for content, name in examples:
        (directory / name).write_text(content)
    base, device = load_device("pulse.py:Pulse@0x10020000")
    assert isinstance(device, Timed)
    assert isinstance(device, Stateful)
    bus, machine = Bus(MemoryMap(), Ram(MemoryMap().ram)), Recorder()
    bus.attach(base, device)
    device.connect(machine)  # type: ignore[attr-defined]
    assert bus.next_event() is None
    bus.store(base, 4, 100)
    assert (bus.next_event(), bus.load(base + 4, 4)) == (100, 0)
    machine.now = 100
    bus.tick(100)
    assert (bus.next_event(), bus.load(base + 4, 4), machine.lines) == (200, 1, {11: True})
    state = bus.snapshot()
    machine.now = 210
    bus.tick(210)
    assert (bus.next_event(), bus.load(base + 4, 4)) == (300, 2)
    bus.store(base + 4, 4, 0)
    assert (bus.load(base + 4, 4), machine.lines) == (0, {11: False})
    bus.restore(state)
    assert (bus.next_event(), bus.load(base + 4, 4), machine.lines) == (200, 1, {11: True})
