    .globl _start
_start: nop
    .insn r 0x33, 0, 0, a0, a1, a2
    .insn i 0x13, 0, a0, a1, -5
    .insn i 0x3, 2, a0, 4(a1)
    .insn s 0x23, 2, a0, -4(a1)
    .insn b 0x63, 0, a0, a1, _start
    .insn sb BRANCH, 4, a0, a1, far
    .insn u LUI, a0, 0xfffff
    .insn j 0x6f, a0, far
    .insn uj JAL, a0, _start
    .insn r4 MADD, 0, 1, a0, a1, a2, a3
    .insn r CUSTOM_0, 7, 127, a0, a1, a2
    .insn r CUSTOM_1, 0, 3, a0, a1, a2, a3
    .insn 0x13
    .insn 4, 0x7f3
    .insn i CUSTOM_3, 7, x0, x31, %lo(5)
    .insn r CUSTOM_2, 1, 2, x1, x2, x3
    .insn r OP_32, 1, 2, x1, x2, x3
    .insn i SYSTEM, 0, x0, x0, 1
    .insn s STORE_FP, 2, x1, 0(x2)
    .insn u AUIPC, x5, %hi(0x12345678)
far: nop
