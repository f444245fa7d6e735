"""The RTL simulators of this machine; tests that need a missing one are skipped and say so."""

from __future__ import annotations

from iss.errors import NeuroHartError
from iss.extension.rtl.design import choose_tool, picorv32
from tests.oracles.toolchain import ToolMissing, require


def rtl_tool(name: str | None = None) -> str:
    """The simulator of that name, or the best one."""

    def find() -> str:
        try:
            picorv32()
            return choose_tool(name)
        except NeuroHartError as error:
            raise ToolMissing(str(error)) from None

    return require(find)
