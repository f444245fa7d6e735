# The handlers of traps, which record what they see, and what its checks share: comparing, timer, waiting.
# Included by traps.S, which names the constants.

# ---- Handlers. They may use t4-t6 only. An exception continues at RESUME, an interrupt where it came from.

    .balign 4
trap_direct:
    li   t4, 0
record_trap:
    la   t5, record
    sw   t4, ENTRY(t5)
    lw   t6, CAUSE(t5)
    sw   t6, PREVIOUS(t5)
    csrr t6, mepc
    sw   t6, EPC(t5)
    csrr t6, mtval
    sw   t6, TVAL(t5)
    csrr t6, mstatus
    sw   t6, STATUS(t5)
    lw   t6, COUNT(t5)
    addi t6, t6, 1
    sw   t6, COUNT(t5)
    csrr t6, mcause
    sw   t6, CAUSE(t5)
    bltz t6, 1f
    lw   t6, RESUME(t5)
    csrw mepc, t6
    mret
1:  andi t6, t6, 0xFF
    addi t6, t6, -3
    bnez t6, 2f
    li   t5, CLINT_MSIP
    sw   zero, 0(t5)
    mret
2:  li   t5, CLINT_MTIMECMP
    li   t6, -1
    sw   t6, 0(t5)
    sw   t6, 4(t5)
    mret

    .balign 128
trap_vectors:
    .irp number, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11
    j    vector_\number
    .endr
    .irp number, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11
vector_\number:
    li   t4, \number
    j    record_trap
    .endr

# ---- What checks share

# compare(a0 = cause, a1 = mepc, a2 = mtval): a0 = 0 if exactly this exception was recorded, once
compare:
    la   t0, record
    lw   t1, COUNT(t0)
    addi t1, t1, -1
    lw   t2, CAUSE(t0)
    xor  t2, t2, a0
    or   t1, t1, t2
    lw   t2, EPC(t0)
    xor  t2, t2, a1
    or   t1, t1, t2
    lw   t2, TVAL(t0)
    xor  t2, t2, a2
    or   t1, t1, t2
    lw   t2, ENTRY(t0)
    or   a0, t1, t2
    ret

# compare_interrupt(a0 = cause, a1 = entry): a0 = 0 if exactly this interrupt was recorded, once
compare_interrupt:
    la   t0, record
    lw   t1, COUNT(t0)
    addi t1, t1, -1
    lw   t2, CAUSE(t0)
    xor  t2, t2, a0
    or   t1, t1, t2
    lw   t2, ENTRY(t0)
    xor  t2, t2, a1
    or   a0, t1, t2
    ret

# Let the next exception continue at a label; uses t4, t5
    .macro resume_at label
    la   t4, record
    la   t5, \label
    sw   t5, RESUME(t4)
    .endm

# set_timer(a0 = ticks from now): writes mtimecmp without a false match in between
set_timer:
    li   t0, CLINT_MTIME
1:  lw   t1, 4(t0)
    lw   t2, 0(t0)
    lw   t3, 4(t0)
    bne  t1, t3, 1b
    add  t2, t2, a0
    sltu t3, t2, a0
    add  t1, t1, t3
    li   t0, CLINT_MTIMECMP
    li   t3, -1
    sw   t3, 0(t0)
    sw   t1, 4(t0)
    sw   t2, 0(t0)
    ret

# stop_timer()
stop_timer:
    li   t0, CLINT_MTIMECMP
    li   t1, -1
    sw   t1, 0(t0)
    sw   t1, 4(t0)
    ret

# raise_software()
raise_software:
    li   t0, CLINT_MSIP
    li   t1, 1
    sw   t1, 0(t0)
    ret

# wait_traps(a0 = number of traps), wait_pending(a0 = bits of mip): sleep until it is so, or patience ends
wait_traps:
    li   t0, PATIENCE
    la   t1, record
1:  lw   t2, COUNT(t1)
    bgeu t2, a0, 2f
    addi t0, t0, -1
    bnez t0, 1b
2:  ret

wait_pending:
    li   t0, PATIENCE
1:  csrr t1, mip
    and  t1, t1, a0
    beq  t1, a0, 2f
    addi t0, t0, -1
    bnez t0, 1b
2:  ret
