"""Lets the decoder of riscv-isac read files of riscv-opcodes and decode words; a process of its own, for its logger.

Standard input: {"folder": where `riscv_opcodes` is, "arguments": {name: [high, low]}, "words": [...]}. Output: for each
word the mnemonic and the value of each argument, or null.
"""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path


def main() -> None:
    """Read, decode, print."""
    given = json.load(sys.stdin)
    package = importlib.util.find_spec("riscv_isac")
    assert package is not None and package.origin is not None
    sys.path.insert(0, str(Path(package.origin).parent / "data"))  # its modules import each other from there
    import rvopcodesdecoder as decoder  # type: ignore[import-not-found]

    decoder.__file__ = str(Path(given["folder"]) / "decoder.py")  # it looks for riscv_opcodes beside itself
    decoder.arg_lut.update({name: tuple(place) for name, place in given["arguments"].items()})
    reader = decoder.disassembler
    reader().setup("rv32")
    results: list[list[object] | None] = []
    for word in given["words"]:
        decoder.instr = None
        found = reader.get_instr(reader.INST_DICT, word) or decoder.instr
        if found is None:
            results.append(None)
        else:
            name, arguments = found
            results.append([name, {one: int(decoder.get_arg_val(one)(word), 2) for one in arguments[:-1]}])
    json.dump(results, sys.stdout)


if __name__ == "__main__":
    main()
