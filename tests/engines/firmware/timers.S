# timers: random work under timer, software and external interrupts; the log in RAM shows when each was taken.
# Defines: SEED of all that is random, VECTORED (1: mtvec mode 1), ROUNDS of the main loop.

    .equ CLINT, 0x02000000
    .equ MSIP, 0
    .equ MTIMECMP, 0x4000
    .equ MTIME, 0xbff8
    .equ LOG_WORDS, 1024

    .text
    .globl _start
_start:
    la   sp, stack_end
    la   t0, vectors + VECTORED
    csrw mtvec, t0
    la   s11, log
    li   s10, SEED                      # state of the random numbers, in both main program and handler
    li   t0, 0x888                      # MSIE, MTIE, MEIE
    csrw mie, t0
    call arm
    csrsi mstatus, 8
    li   s0, ROUNDS
    li   s2, 0
round:
    call next_random
    andi t0, a0, 15
    slli t0, t0, 2
    la   t1, actions
    add  t1, t1, t0
    lw   t1, 0(t1)
    srli a0, a0, 4                      # fresh bits for the action
    jalr t1
    add  s2, s2, a0
    addi s0, s0, -1
    bnez s0, round
    li   t0, 0x00100000
    li   t1, 0x5555
    sw   t1, 0(t0)
1:  j    1b

# ---- Vectors: in direct mode all go to the first one
    .balign 64
vectors:
    j    handler                        # exceptions
    j    wrong
    j    wrong
    j    software_vector                # 3
    j    wrong
    j    wrong
    j    wrong
    j    timer_vector                   # 7
    j    wrong
    j    wrong
    j    wrong
    j    external_vector                # 11
wrong:
    j    wrong
software_vector:
    csrw mscratch, a0
    j    handler_saved
timer_vector:
    csrw mscratch, a0
    j    handler_saved
external_vector:
    csrw mscratch, a0
    j    handler_saved
handler:
    csrw mscratch, a0
handler_saved:
    addi sp, sp, -32
    sw   t0, 0(sp)
    sw   t1, 4(sp)
    sw   t2, 8(sp)
    sw   a1, 12(sp)
    sw   ra, 16(sp)
    csrr a0, mscratch
    sw   a0, 20(sp)
    # one entry of the log: mcause, mepc, mcycle, mtime
    csrr t0, mcause
    sw   t0, 0(s11)
    csrr t1, mepc
    sw   t1, 4(s11)
    csrr t1, mcycle
    sw   t1, 8(s11)
    li   t2, CLINT + MTIME
    lw   t1, 0(t2)
    sw   t1, 12(s11)
    addi s11, s11, 16
    la   t1, log_end
    bne  s11, t1, 1f
    la   s11, log
1:  bltz t0, interrupt
    csrr t1, mepc                       # an exception: skip the instruction
    addi t1, t1, 4
    csrw mepc, t1
    j    return
interrupt:
    andi t0, t0, 15
    li   t1, 7
    beq  t0, t1, timer
    li   t1, 3
    beq  t0, t1, software
    j    return                         # external: its device drops the line by itself
software:
    li   t1, CLINT
    sw   zero, MSIP(t1)
    j    return
timer:
    call arm
    bnez a0, return
    csrr t1, mepc                       # sometimes go on with MIE clear for a while
    li   t0, 0x80
    csrc mstatus, t0
return:
    lw   t0, 0(sp)
    lw   t1, 4(sp)
    lw   t2, 8(sp)
    lw   a1, 12(sp)
    lw   ra, 16(sp)
    lw   a0, 20(sp)
    addi sp, sp, 32
    mret

# ---- a0 = next random number
next_random:
    li   a1, 1664525
    mul  s10, s10, a1
    li   a1, 1013904223
    add  s10, s10, a1
    srli a0, s10, 16
    ret

# ---- Set mtimecmp to mtime plus a random distance; a0 = random bits
arm:
    mv   t2, ra
    call next_random
    mv   ra, t2
    li   a1, CLINT + MTIMECMP
    li   t0, -1
    sw   t0, 0(a1)                      # no intermediate value below mtime
    li   t0, CLINT + MTIME
    lw   t1, 4(t0)
    lw   t0, 0(t0)
    andi t2, a0, 0x70
    srli t2, t2, 4
    beqz t2, 1f
    andi t2, a0, 0x3f                   # mostly soon
    j    2f
1:  slli t2, a0, 21
    srli t2, t2, 21                     # up to 2047
2:  addi t2, t2, 30
    add  t0, t0, t2
    sltu t2, t0, t2
    add  t1, t1, t2
    sw   t1, 4(a1)
    sw   t0, 0(a1)
    andi a0, a0, 0xf
    ret

# ---- Actions of the main loop: a0 and a1 are theirs, and t0 to t2
    .macro action name
\name:
    .endm

action act_multiply
    mul  a0, a0, s2
    divu a1, a0, s0
    rem  a0, a0, s0
    xor  a0, a0, a1
    ret
action act_loop
    andi a1, a0, 0x7f
1:  addi a0, a0, 3
    addi a1, a1, -1
    bgtz a1, 1b
    ret
action act_msip
    li   a1, CLINT
    li   t0, 1
    sw   t0, MSIP(a1)
    addi a0, a0, 1
    ret
action act_sleep
    wfi
    csrr a0, mcycle
    ret
action act_sleep_masked                 # wakes up without taking the interrupt
    csrci mstatus, 8
    wfi
    csrr a0, mip
    csrsi mstatus, 8
    nop
    ret
action act_masked
    csrrci a1, mstatus, 8
    andi t0, a0, 0x3f
1:  addi t0, t0, -1
    bgtz t0, 1b
    csrw mstatus, a1
    csrr a0, mip
    ret
action act_mcycle
    csrw mcycle, a0
    csrr a1, mcycle
    nop
    csrr a0, mcycle
    sub  a0, a0, a1
    csrwi mcycleh, 3
    csrr a1, mcycleh
    add  a0, a0, a1
    ret
action act_minstret
    csrw minstret, a0
    csrr a1, minstret
    nop
    csrrs a0, minstret, zero
    sub  a0, a0, a1
    csrrwi a1, minstreth, 7
    add  a0, a0, a1
    ret
action act_inhibit
    andi a1, a0, 7
    csrrw a1, mcountinhibit, a1
    nop
    csrr t0, mcycle
    nop
    csrr t1, minstret
    nop
    csrr t2, mcycle
    sub  t2, t2, t0
    add  a0, t2, t1
    csrw mcountinhibit, a1
    csrr t1, minstret
    add  a0, a0, t1
    andi a1, a0, 1
    bnez a1, 1f
    csrwi mcountinhibit, 0
1:  ret
action act_wrap                         # across a carry into the high word
    li   a1, -5
    csrw mcycle, a1
    csrw minstret, a1
    nop
    nop
    nop
    csrr a0, mcycleh
    csrr a1, minstreth
    csrr t0, instreth
    add  a0, a0, a1
    add  a0, a0, t0
    ret
action act_mie
    slli a1, a0, 3
    li   t0, 0x888
    and  a1, a1, t0
    ori  a1, a1, 0x80                   # the timer stays on, so that sleep ends
    csrrw a1, mie, a1
    rdtime a0
    ret
action act_mtime                        # move the clock on
    li   a1, CLINT + MTIME
    lw   t0, 0(a1)
    andi a0, a0, 0x3f
    add  t0, t0, a0
    sw   t0, 0(a1)
    rdtime t1
    sub  a0, t1, t0
    ret
action act_exceptions
    ecall
    lw   a1, 1(sp)
    ebreak
    .word 0
    csrr a0, mepc
    csrr a1, mtval
    add  a0, a0, a1
    ret
action act_store_code                   # write and run an instruction: addi a0, a0, n
    andi a1, a0, 0x3f
    slli a1, a1, 20
    li   t0, 0x00050513
    or   a1, a1, t0
    la   t0, 1f
    sw   a1, 0(t0)
    nop
1:  addi a0, a0, 0
    ret
action act_counters
    rdcycle a0
    rdinstret a1
    xor  a0, a0, a1
    rdtimeh a1
    add  a0, a0, a1
    rdcycleh a1
    add  a0, a0, a1
    ret
action act_soon                         # an interrupt within the next instructions
    csrci mstatus, 8
    li   a1, CLINT + MTIMECMP
    li   t0, CLINT + MTIME
    lw   t1, 4(t0)
    lw   t0, 0(t0)
    andi a0, a0, 15
    add  t0, t0, a0
    sw   t1, 4(a1)
    sw   t0, 0(a1)
    csrsi mstatus, 8
    addi a0, a0, 1
    addi a0, a0, 1
    addi a0, a0, 1
    addi a0, a0, 1
    ret

    .data
    .balign 4
actions:
    .word act_multiply, act_loop, act_msip, act_sleep, act_sleep_masked, act_masked, act_mcycle, act_minstret
    .word act_inhibit, act_wrap, act_mie, act_mtime, act_exceptions, act_store_code, act_counters, act_soon
    .bss
    .balign 16
log:
    .space 4 * LOG_WORDS
log_end:
    .space 1024
stack_end:
