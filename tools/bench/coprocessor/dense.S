# W1 in firmware: every sample is reset, given as input of the first projection, and run by one nm.run.
# Written by Python beside it: net.inc (the network, from Network.export), samples.bin and the symbol SAMPLES.

    .include "crt0.inc"
    .include "nm_descriptors.inc"
    .include "net.inc"

    .text
main:
    nm_enable
    csrw nm_slice, zero                 # one issue runs all steps
    la   t0, rounds
    lw   s4, 0(t0)
1:  la   s0, samples
    la   s1, counts
    li   s2, SAMPLES
2:  li   s3, net_syn_x_to_hidden
    sw   s0, NM_SYN_SOURCE(s3)
    li   t0, net_pop_hidden
    nm.rst zero, t0
    li   t0, net_pop_out
    nm.rst zero, t0
    csrw nm_t, zero
    li   t0, net_net
    li   t1, net_steps
    nm.run a0, t0, t1
    sw   a0, 0(s1)
    li   t0, net_steps * net_in_x_stride
    add  s0, s0, t0
    addi s1, s1, 4
    addi s2, s2, -1
    bnez s2, 2b
    addi s4, s4, -1
    bnez s4, 1b
    li   a0, 0
    ret

    .data
    .balign 4
    .globl rounds
rounds: .word 1                         # how often all samples are run

    .section .samples, "a"
    .balign 16
samples:
    .incbin "samples.bin"

    .bss
    .balign 4
    .globl counts
counts: .space 4 * SAMPLES              # spikes of both populations
