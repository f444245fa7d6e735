"""Makes the pictures of the documents from real runs: `make docs`. A new picture is a row of PICTURES."""

from __future__ import annotations

import re
import sys
from pathlib import Path

from iss.cli.main import main as neurohart

ROOT = Path(__file__).resolve().parents[2]
DIRECTORY = ROOT / "docs" / "pictures"

# File name: the command that writes it.
PICTURES = {
    "demo.svg": ["demo", "--svg", "{file}"],
    "debugger.svg": [
        *("debug", "programs/digits", "--size", "180x50"),
        *("--command", "break decide", "--command", "watch classes[2]", "--command", "continue 30"),
        *("--command", "mark decided", "--command", "neuron 37", "--command", "stepi 9", "--command", "stepi"),
        *("--screenshot", "{file}"),
    ],
    "spikes.svg": [
        *("plot", "programs/digits", "--uart", "null", "-o", "{file}", "--raster", "hidden_neurons"),
        *("--membrane", "output_neurons:0-9", "--energy", "--to-step", "50"),
    ],
    "flames.svg": ["profile", "programs/digits", "--uart", "null", "-o", "{file}"],
}


def self_contained(svg: str) -> str:
    """Return a picture that loads nothing from the network: the reader's monospaced font does."""
    return re.sub(r"\s*@font-face \{.*?\}", "", svg, flags=re.DOTALL)


def main() -> int:
    """Make every picture; 1 if a command fails."""
    DIRECTORY.mkdir(exist_ok=True)
    for name, command in PICTURES.items():
        file = DIRECTORY / name
        if neurohart([word.format(file=file) for word in command]):
            return 1
        file.write_text(self_contained(file.read_text(encoding="utf-8")), encoding="utf-8")
        print(f"docs/pictures/{name}: neurohart {' '.join(command).format(file=name)}", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
