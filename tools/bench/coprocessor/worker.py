"""The process of one contender: `python -m tools.bench.coprocessor.worker`, a line in, a line of JSON out.

The first line is JSON and says what to make: {"workload": "module:Class", "sizes": {...}, "contender": "module:Class",
"cores": n}. The following ones are methods of the contender, or "memory" for the peak memory in bytes.
"""

from __future__ import annotations

import json
import os
import sys
from importlib import import_module
from typing import Any

from coprocessor.errors import CoprocessorError
from tools.bench.errors import WrongResult
from tools.bench.memory import peak_bytes


def find(target: str) -> Any:
    """The class "module:Class" of this package."""
    module, _, name = target.partition(":")
    return getattr(import_module(f"tools.bench.coprocessor.{module}"), name)


def pin(cores: int) -> None:
    """Keep this process, and all that it starts, on so many processors."""
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[-cores:])


def main() -> int:
    """Serve until the input ends. What libraries print goes to the error output."""
    replies = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)

    def reply(content: Any) -> None:
        print(json.dumps(content), file=replies, flush=True)

    order = json.loads(sys.stdin.readline())
    pin(order["cores"])
    try:
        contender = find(order["contender"])(find(order["workload"])(**order["sizes"]))
        reply(None)
        for line in sys.stdin:
            command = line.strip()
            reply(peak_bytes() if command == "memory" else getattr(contender, command)())
    except (WrongResult, CoprocessorError) as problem:
        reply({"wrong": str(problem)})
    return 0


if __name__ == "__main__":
    sys.exit(main())
