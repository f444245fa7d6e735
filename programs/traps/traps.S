# traps: every synchronous exception and the CLINT's interrupts of M-mode, each provoked and checked by the program.
# Exit code: 0, or the number of the first check that failed. A new check is a routine and a row of `checks`.

    .include "memory.inc"
    .include "../common/start.S"
    .include "../common/console.S"

    .equ UNMAPPED, 0x40000000           # an address without memory or device
    .equ PATIENCE, 100000               # iterations to wait for an interrupt

    .equ MSTATUS_MIE, 1 << 3
    .equ MSTATUS_MPIE, 1 << 7
    .equ MSTATUS_MPP, 3 << 11
    .equ SOFTWARE, 1 << 3               # bits of mie and mip
    .equ TIMER, 1 << 7

    .equ FETCH_MISALIGNED, 0            # mcause
    .equ FETCH_FAULT, 1
    .equ ILLEGAL, 2
    .equ BREAKPOINT, 3
    .equ LOAD_MISALIGNED, 4
    .equ LOAD_FAULT, 5
    .equ STORE_MISALIGNED, 6
    .equ STORE_FAULT, 7
    .equ ECALL_M, 11
    .equ SOFTWARE_INTERRUPT, 0x80000003
    .equ TIMER_INTERRUPT, 0x80000007

    # words of `record`, what the handlers write
    .equ COUNT, 0                       # traps since the check began
    .equ CAUSE, 4
    .equ EPC, 8
    .equ TVAL, 12
    .equ STATUS, 16
    .equ ENTRY, 20                      # which entry of mtvec was taken
    .equ PREVIOUS, 24                   # cause of the trap before
    .equ RESUME, 28                     # where to continue after an exception, set by the check

    .text
main:
    addi sp, sp, -32
    sw   ra, 28(sp)
    sw   s0, 24(sp)
    sw   s1, 20(sp)
    sw   s2, 16(sp)
    sw   s3, 12(sp)
    la   a0, text_header
    call put_string
    la   s0, checks
    li   s1, 1                          # number of the check
    li   s2, 0                          # first failure
    la   s3, record
1:  lw   t0, 0(s0)
    beqz t0, 4f
    sw   zero, COUNT(s3)
    sw   zero, CAUSE(s3)
    sw   zero, ENTRY(s3)
    la   t1, trap_direct
    csrw mtvec, t1
    csrw mie, zero
    jalr t0
    csrci mstatus, MSTATUS_MIE
    bnez a0, 2f
    mv   a0, s1
    la   a1, text_ok
    j    3f
2:  bnez s2, 5f
    mv   s2, s1
5:  mv   a0, s1
    la   a1, text_failed
3:  lw   a2, 4(s0)
    call print_row
    addi s0, s0, 8
    addi s1, s1, 1
    j    1b
4:  la   t0, unexpected_trap
    csrw mtvec, t0
    mv   a0, s2
    lw   s3, 12(sp)
    lw   s2, 16(sp)
    lw   s1, 20(sp)
    lw   s0, 24(sp)
    lw   ra, 28(sp)
    addi sp, sp, 32
    ret

# print_row(a0 = number, a1 = verdict, a2 = name)
print_row:
    addi sp, sp, -16
    sw   ra, 12(sp)
    sw   s0, 8(sp)
    sw   s1, 4(sp)
    mv   s0, a1
    mv   s1, a2
    li   a1, 2
    call put_decimal
    la   a0, text_gap
    call put_string
    la   t0, record
    lw   t1, COUNT(t0)
    lw   a0, CAUSE(t0)
    beqz t1, 1f
    call put_hex
    j    2f
1:  la   a0, text_none
    call put_string
2:  la   a0, text_gap
    call put_string
    mv   a0, s0
    call put_string
    mv   a0, s1
    call put_string
    call put_newline
    lw   s1, 4(sp)
    lw   s0, 8(sp)
    lw   ra, 12(sp)
    addi sp, sp, 16
    ret

    .include "recording.S"

# ---- Checks: a0 = 0 if passed

check_fetch_misaligned:                 # jalr to an address that is 2 modulo 4; the link register keeps its value
    resume_at 2f
    la   a1, 1f
    la   a2, 2f
    addi a2, a2, 2
    li   t1, 1234
1:  jalr t1, 0(a2)
2:  li   t2, 1234
    bne  t1, t2, fail
    li   a0, FETCH_MISALIGNED
    j    compare

check_fetch_fault:
    resume_at 1f
    li   a1, UNMAPPED
    mv   a2, a1
    jr   a1
1:  li   a0, FETCH_FAULT
    j    compare

check_illegal:                          # OP with an unassigned funct7
    resume_at 2f
    la   a1, 1f
    lw   a2, 0(a1)
1:  .word 0xFE000033
2:  li   a0, ILLEGAL
    j    compare

check_unknown_csr:
    resume_at 2f
    la   a1, 1f
    lw   a2, 0(a1)
1:  csrr t0, 0x5C0
2:  li   a0, ILLEGAL
    j    compare

check_read_only_csr:
    resume_at 2f
    la   a1, 1f
    lw   a2, 0(a1)
1:  csrw mhartid, zero
2:  li   a0, ILLEGAL
    j    compare

check_breakpoint:                       # mtval is 0 or the address of the instruction
    resume_at 2f
    la   a1, 1f
1:  ebreak
2:  la   t0, record
    lw   a2, TVAL(t0)
    beqz a2, 3f
    mv   a2, a1
3:  li   a0, BREAKPOINT
    j    compare

check_load_misaligned:                  # the destination keeps its value
    resume_at 2f
    la   a1, 1f
    la   a2, record + 1
    li   t1, 1234
1:  lw   t1, 0(a2)
2:  li   t2, 1234
    bne  t1, t2, fail
    li   a0, LOAD_MISALIGNED
    j    compare

check_load_fault:
    resume_at 2f
    la   a1, 1f
    li   a2, UNMAPPED
    li   t1, 1234
1:  lb   t1, 0(a2)
2:  li   t2, 1234
    bne  t1, t2, fail
    li   a0, LOAD_FAULT
    j    compare

check_store_misaligned:                 # nothing is written
    resume_at 2f
    la   a1, 1f
    la   a2, untouched + 2
1:  sw   sp, 0(a2)
2:  la   t0, untouched
    lw   t1, 0(t0)
    lw   t2, 4(t0)
    or   t1, t1, t2
    bnez t1, fail
    li   a0, STORE_MISALIGNED
    j    compare

check_store_fault:
    resume_at 2f
    la   a1, 1f
    li   a2, UNMAPPED
1:  sh   zero, 0(a2)
2:  li   a0, STORE_FAULT
    j    compare

check_ecall:
    resume_at 2f
    la   a1, 1f
    li   a2, 0
1:  ecall
2:  li   a0, ECALL_M
    j    compare

check_status:                           # a trap stacks MIE in MPIE and the mode in MPP; mret takes MIE back
    resume_at 1f
    csrsi mstatus, MSTATUS_MIE
    ecall
1:  csrr t0, mstatus
    andi t0, t0, MSTATUS_MIE
    beqz t0, fail
    la   t0, record
    lw   t0, STATUS(t0)
    li   t1, MSTATUS_MIE | MSTATUS_MPIE | MSTATUS_MPP
    and  t0, t0, t1
    li   t1, MSTATUS_MPIE | MSTATUS_MPP
    xor  a0, t0, t1
    ret

check_software:
    li   a1, 0
software_interrupt:                     # a1 = expected entry
    addi sp, sp, -16
    sw   ra, 12(sp)
    call raise_software
    csrsi mie, SOFTWARE
    csrsi mstatus, MSTATUS_MIE
    li   a0, 1
    call wait_traps
    li   a0, SOFTWARE_INTERRUPT
    call compare_interrupt
    csrr t0, mip                        # the handler cleared msip
    andi t0, t0, SOFTWARE
    or   a0, a0, t0
    lw   ra, 12(sp)
    addi sp, sp, 16
    ret

check_timer:
    li   a1, 0
timer_interrupt:                        # a1 = expected entry
    addi sp, sp, -16
    sw   ra, 12(sp)
    li   a0, 500
    call set_timer
    li   t0, TIMER
    csrs mie, t0
    csrsi mstatus, MSTATUS_MIE
    wfi
    li   a0, 1
    call wait_traps
    li   a0, TIMER_INTERRUPT
    call compare_interrupt
    lw   ra, 12(sp)
    addi sp, sp, 16
    ret

check_wfi:                              # with MIE = 0 a pending enabled interrupt ends wfi without a trap
    addi sp, sp, -16
    sw   ra, 12(sp)
    li   a0, 500
    call set_timer
    li   t0, TIMER
    csrs mie, t0
    wfi
    li   a0, TIMER
    call wait_pending
    csrr t0, mip
    andi t0, t0, TIMER
    seqz a0, t0
    la   t0, record
    lw   t0, COUNT(t0)
    or   a0, a0, t0
    call stop_timer
    csrr t0, mip                        # a comparator in the future takes the level back
    andi t0, t0, TIMER
    or   a0, a0, t0
    lw   ra, 12(sp)
    addi sp, sp, 16
    ret

check_masked:                           # pending, MIE = 1, but not enabled in mie: not taken
    addi sp, sp, -16
    sw   ra, 12(sp)
    call raise_software
    csrsi mstatus, MSTATUS_MIE
    li   a0, SOFTWARE
    call wait_pending
    csrr t0, mip
    andi t0, t0, SOFTWARE
    seqz a0, t0
    la   t0, record
    lw   t0, COUNT(t0)
    or   a0, a0, t0
    li   t0, CLINT_MSIP
    sw   zero, 0(t0)
    lw   ra, 12(sp)
    addi sp, sp, 16
    ret

check_priority:                         # software before timer when both are pending
    addi sp, sp, -16
    sw   ra, 12(sp)
    li   a0, 0
    call set_timer
    call raise_software
    li   a0, SOFTWARE | TIMER
    csrw mie, a0
    call wait_pending
    csrsi mstatus, MSTATUS_MIE
    li   a0, 2
    call wait_traps
    la   t0, record
    lw   t1, COUNT(t0)
    addi a0, t1, -2
    lw   t1, PREVIOUS(t0)
    li   t2, SOFTWARE_INTERRUPT
    xor  t1, t1, t2
    or   a0, a0, t1
    lw   t1, CAUSE(t0)
    li   t2, TIMER_INTERRUPT
    xor  t1, t1, t2
    or   a0, a0, t1
    lw   ra, 12(sp)
    addi sp, sp, 16
    ret

# Vectored mode: exceptions enter at the base, interrupt n at base + 4n
    .macro vectored
    la   t0, trap_vectors
    ori  t0, t0, 1
    csrw mtvec, t0
    .endm

check_vectored_exception:
    vectored
    j    check_ecall

check_vectored_software:
    vectored
    li   a1, 3
    j    software_interrupt

check_vectored_timer:
    vectored
    li   a1, 7
    j    timer_interrupt

fail:
    li   a0, 1
    ret

    .section .rodata
text_header:    .asciz "nr  mcause    result  check\n"
text_gap:       .asciz "  "
text_none:      .asciz "no trap "
text_ok:        .asciz "ok      "
text_failed:    .asciz "FAILED  "
name_1:         .asciz "instruction address misaligned"
name_2:         .asciz "instruction access fault"
name_3:         .asciz "illegal instruction"
name_4:         .asciz "illegal instruction: unknown CSR"
name_5:         .asciz "illegal instruction: write to a read-only CSR"
name_6:         .asciz "breakpoint"
name_7:         .asciz "load address misaligned"
name_8:         .asciz "load access fault"
name_9:         .asciz "store address misaligned"
name_10:        .asciz "store access fault"
name_11:        .asciz "environment call from M-mode"
name_12:        .asciz "mstatus on trap and mret"
name_13:        .asciz "machine software interrupt"
name_14:        .asciz "machine timer interrupt, wfi"
name_15:        .asciz "wfi with interrupts disabled"
name_16:        .asciz "interrupt masked by mie"
name_17:        .asciz "software before timer"
name_18:        .asciz "vectored: exception"
name_19:        .asciz "vectored: software interrupt"
name_20:        .asciz "vectored: timer interrupt"

    .balign 4
checks:
    .word check_fetch_misaligned, name_1
    .word check_fetch_fault, name_2
    .word check_illegal, name_3
    .word check_unknown_csr, name_4
    .word check_read_only_csr, name_5
    .word check_breakpoint, name_6
    .word check_load_misaligned, name_7
    .word check_load_fault, name_8
    .word check_store_misaligned, name_9
    .word check_store_fault, name_10
    .word check_ecall, name_11
    .word check_status, name_12
    .word check_software, name_13
    .word check_timer, name_14
    .word check_wfi, name_15
    .word check_masked, name_16
    .word check_priority, name_17
    .word check_vectored_exception, name_18
    .word check_vectored_software, name_19
    .word check_vectored_timer, name_20
    .word 0

    .bss
    .balign 4
record:         .space 32
untouched:      .space 8
