/* The environment of the riscv-tests on our machine: start-up in M-mode, trap vector, exit through HTIF.
   The macro names are those the tests use; the high word of tohost is stored first, so that the low word completes
   the command and is the last instruction of the run. */
#ifndef NEUROHART_RISCV_TEST_H
#define NEUROHART_RISCV_TEST_H

#include "encoding.h"

#define TESTNUM gp

/* Spelled out twice: a 32-bit test redefines the RV64 name as the RV32 one. */
#define RVTEST_RV64U .macro init; .endm
#define RVTEST_RV32U .macro init; .endm
#define RVTEST_RV64M .macro init; li a0, MSTATUS_MPP; csrs mstatus, a0; .endm
#define RVTEST_RV32M .macro init; li a0, MSTATUS_MPP; csrs mstatus, a0; .endm
#define RVTEST_RV64S .macro init; li a0, MSTATUS_MPP & (MSTATUS_MPP >> 1); csrs mstatus, a0; .endm
#define RVTEST_RV32S .macro init; li a0, MSTATUS_MPP & (MSTATUS_MPP >> 1); csrs mstatus, a0; .endm

#define RVTEST_CODE_BEGIN                                                     \
        .section .text.init;                                                  \
        .weak mtvec_handler;                                                  \
        .globl _start;                                                        \
_start:                                                                       \
        j reset_vector;                                                       \
        .balign 64;                                                           \
trap_vector:                                                                  \
        csrr t5, mcause;                                                      \
        li t6, CAUSE_USER_ECALL;                                              \
        beq t5, t6, write_tohost;                                             \
        li t6, CAUSE_MACHINE_ECALL;                                           \
        beq t5, t6, write_tohost;                                             \
        la t5, mtvec_handler;                                                 \
        beqz t5, unexpected_trap;                                             \
        jr t5;                                                                \
unexpected_trap:                                                              \
        ori TESTNUM, TESTNUM, 1337;                                           \
write_tohost:                                                                 \
        la t5, tohost;                                                        \
        sw zero, 4(t5);                                                       \
        sw TESTNUM, 0(t5);                                                    \
1:      j 1b;                                                                 \
reset_vector:                                                                 \
        .irp r, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, \
                29, 30, 31;                                                   \
        li x\r, 0;                                                            \
        .endr;                                                                \
        la t0, 1f;                                                            \
        csrw mtvec, t0;                                                       \
        li t0, -1; /* let U-mode reach all memory where there is PMP */       \
        csrw pmpaddr0, t0;                                                    \
        li t0, PMP_NAPOT | PMP_R | PMP_W | PMP_X;                             \
        csrw pmpcfg0, t0;                                                     \
        .balign 4;                                                            \
1:      csrwi mie, 0;                                                         \
        la t0, trap_vector;                                                   \
        csrw mtvec, t0;                                                       \
        csrwi mstatus, 0;                                                     \
        init;                                                                 \
        la t0, 1f;                                                            \
        csrw mepc, t0;                                                        \
        csrr a0, mhartid;                                                     \
        mret;                                                                 \
1:

#define RVTEST_CODE_END unimp

#define RVTEST_PASS                                                           \
        fence;                                                                \
        li TESTNUM, 1;                                                        \
        li a7, 93;                                                            \
        li a0, 0;                                                             \
        ecall

#define RVTEST_FAIL                                                           \
        fence;                                                                \
1:      beqz TESTNUM, 1b;                                                     \
        sll TESTNUM, TESTNUM, 1;                                              \
        ori TESTNUM, TESTNUM, 1;                                              \
        li a7, 93;                                                            \
        addi a0, TESTNUM, 0;                                                  \
        ecall

#define EXTRA_DATA

#define RVTEST_DATA_BEGIN                                                     \
        EXTRA_DATA                                                            \
        .pushsection .tohost, "aw", @progbits;                                \
        .balign 64; .globl tohost; .type tohost, @object; tohost: .dword 0; .size tohost, 8;           \
        .balign 64; .globl fromhost; .type fromhost, @object; fromhost: .dword 0; .size fromhost, 8;   \
        .popsection;                                                          \
        .balign 16; .globl begin_signature; begin_signature:

#define RVTEST_DATA_END .balign 16; .globl end_signature; end_signature:

#endif
