"""Short logs as other tools write them, of one program: a loop, a store, a load, a trap."""

from __future__ import annotations

PROGRAM = """
    .globl _start, tohost
_start: li a0, 2
    la s0, buf
1:  addi a0, a0, -1
    sb a0, 1(s0)
    lh a1, 0(s0)
    bnez a0, 1b
    la t0, handler
    csrw mtvec, t0
    ecall
    li t0, 0x100000
    li t1, 0x5555
    sw t1, 0(t0)
2:  j 2b
    .balign 4
handler: csrr t2, mepc
    addi t2, t2, 4
    csrw mepc, t2
    mret
    .data
buf: .word 0
    .balign 8
tohost: .dword 0
"""
SPIKE = """\
core   0: 0x80000000 (0x00200513) li      a0, 2
core   0: 3 0x80000000 (0x00200513) x10 0x00000002
core   0: >>>>  loop
core   0: 3 0x80000010 (0x00a400a3) mem 0x80001001 0x04
core   0: 3 0x80000014 (0x00041583) x11 0x00000400 mem 0x80001000
core   0: 3 0x80000024 (0x30529073) c773_mtvec 0x80000044
core   0: 0x80000028 (0x00000073) ecall
core   0: exception trap_machine_ecall, epc 0x80000028
core   0: 3 0x80000044 (0x341023f3) x7  0x80000028
core   0: exception trap_load_access_fault, epc 0x80000048
core   0:           tval 0x12345678
core   0: exception interrupt #7, epc 0x80000048
core   0: 3 0x80000044 (0x341023f3) x7  0x80000028
"""
SAIL = """\
mem[X,0x0080000010] -> 0x00a3
mem[X,0x0080000012] -> 0x00a4
[0] [M]: 0x80000010 (0x00A400A3) sb x10, 0x1(x8)
mem[W,0x0080001001] <- 0x04
[1] [M]: 0x80000014 (0x00041583) lh x11, 0x0(x8)
mem[R,0x0080001000] -> 0x0400
x11 <- 0x00000400
[2] [M]: 0x80000024 (0x30529073) csrrw x0, mtvec, x5
CSR mtvec (0x305) <- 0x80000044 (input: 0x80000044)
[3] [M]: 0x80000028 (0x00000073) ecall
trapping from M to M to handle u-call
handling exc#0x0B at priv M with tval 0x00000000
CSR mstatus (0x300) <- 0x00001800
[4] [M]: 0x80000044 (0x341023F3) csrrs x7, mepc, x0
x7 <- 0x80000028
"""
IBEX = """\
Time\tCycle\tPC\tInsn\tDecoded instruction\tRegister and memory contents
130\t61\t80000010\t00a400a3\tsb\tx10,1(x8)\t x8:0x80001000 x10:0x00000004 PA:0x80001001 store:0x00000004
142\t67\t80000014\t00041583\tlh\tx11,0(x8)\t x8:0x80001000 x11=0x00000400 PA:0x80001000 load:0x00000400
150\t70\t80000018\tfe051ae3\tbne\tx10,x0,8000000c\t x10:0x00000004
"""
RVVI = """\
VERSION 0 3
VENDOR "Other tool" 1 2
PARAMS 2 ILEN 32 TIMESCALE 'unit' ns
RET 0x80000010 '_start+16' 0x00a400a3 'sb a0, 1(s0)' META 4 VMEM 0x80001001 1 4
HART 0 \\
  RET 80000014 00041583 'lh' X 11 0x00000400 CYCLE 2
RET 0x80000024 0x30529073 C 0x305 'mtvec' 0x80000044 MODE 0x3 RET 0x80000004 0x00000013
TRAP 0x80000028 0x00000073 'ecall' C 0x300 0x1800 C 0x341 0x80000028 C 0x342 0xb C 0x343 0x0
RET 0x80000044 0x341023f3 X 7 0x80000028
"""
