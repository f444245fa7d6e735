    .globl _start
_start:
    la   sp, stack_top
    la   t0, handler
    csrw mtvec, t0
    li   t0, 5
    csrw nm_ctl, t0
    li   s0, 0
again:
    call classify
    addi s0, s0, 1
    li   t1, 20
    blt  s0, t1, again
    ecall
    li   t0, 0x100000
    li   t1, 0x5555
    sw   t1, 0(t0)
1:  j    1b

classify:
    addi sp, sp, -16
    sw   ra, 12(sp)
    sw   s0, 8(sp)
    la   a1, network
    li   a2, 2
infer:
    nm.run a0, a1, a2
    call dot
    lw   ra, 12(sp)
    addi sp, sp, 16
    ret

dot:
    li   t0, 0x10000000
    li   t1, '.'
    sb   t1, 0(t0)
    ret

handler:
    csrr t2, mepc
    addi t2, t2, 4
    csrw mepc, t2
    mret

    .data
    .balign 16
neurons:
    .word 0x4E4D0101, 2, 0x801, 8
    .word 0x0E660000, 0, 0, 0
    .word 100, 0, membranes, 0
    .word currents, spikes, 4, 0
synapses:
    .word 0x4E4D0201, 3, 2, 0x200
    .word 0, weights, 0, 0
    .word 0, inputs, 4, currents
    .word 0, 0, 0, 0
network:
    .word 0x4E4D0401, 2, 0, 0
    .word 1, synapses
    .word 0x102, neurons
membranes: .word 0, 0
currents:  .word 0, 0, 0, 0
spikes:    .word 0, 0
weights:   .word 0x283C, 0xF650, 0x0A1E
inputs:    .word 3, 5
    .space 256
stack_top:
