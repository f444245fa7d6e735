"""Names of the CSRs that the manuals define but the simulator's hart does not have: code may still name them.

A CSR of the chosen architecture comes from its definition (`iss.isa.csrs`), which wins over this table. Numbers are
from the manuals: privileged, "CSR Listing"; unprivileged, "F" and "Zihpm"; debug, "Core Debug Registers".
"""

from __future__ import annotations

from typing import Final

_SINGLE: Final = {
    "fflags": 0x001, "frm": 0x002, "fcsr": 0x003,
    "cycle": 0xC00, "time": 0xC01, "instret": 0xC02, "cycleh": 0xC80, "timeh": 0xC81, "instreth": 0xC82,
    "sstatus": 0x100, "sie": 0x104, "stvec": 0x105, "scounteren": 0x106, "senvcfg": 0x10A,
    "sscratch": 0x140, "sepc": 0x141, "scause": 0x142, "stval": 0x143, "sip": 0x144, "satp": 0x180,
    "sbadaddr": 0x143, "mbadaddr": 0x343, "sptbr": 0x180,
    "mstatus": 0x300, "misa": 0x301, "medeleg": 0x302, "mideleg": 0x303, "mie": 0x304, "mtvec": 0x305,
    "mcounteren": 0x306, "menvcfg": 0x30A, "mstatush": 0x310, "menvcfgh": 0x31A, "mcountinhibit": 0x320,
    "mscratch": 0x340, "mepc": 0x341, "mcause": 0x342, "mtval": 0x343, "mip": 0x344, "mtinst": 0x34A, "mtval2": 0x34B,
    "mseccfg": 0x747, "mseccfgh": 0x757,
    "mcycle": 0xB00, "minstret": 0xB02, "mcycleh": 0xB80, "minstreth": 0xB82,
    "mvendorid": 0xF11, "marchid": 0xF12, "mimpid": 0xF13, "mhartid": 0xF14, "mconfigptr": 0xF15,
    "tselect": 0x7A0, "tdata1": 0x7A1, "tdata2": 0x7A2, "tdata3": 0x7A3, "tinfo": 0x7A4, "tcontrol": 0x7A5,
    "mcontext": 0x7A8, "scontext": 0x5A8,
    "dcsr": 0x7B0, "dpc": 0x7B1, "dscratch0": 0x7B2, "dscratch1": 0x7B3,
}  # fmt: skip

STANDARD_NAMES: Final = (
    _SINGLE
    | {f"pmpcfg{index}": 0x3A0 + index for index in range(16)}
    | {f"pmpaddr{index}": 0x3B0 + index for index in range(64)}
    | {f"hpmcounter{index}": 0xC00 + index for index in range(3, 32)}
    | {f"hpmcounter{index}h": 0xC80 + index for index in range(3, 32)}
    | {f"mhpmcounter{index}": 0xB00 + index for index in range(3, 32)}
    | {f"mhpmcounter{index}h": 0xB80 + index for index in range(3, 32)}
    | {f"mhpmevent{index}": 0x320 + index for index in range(3, 32)}
)
