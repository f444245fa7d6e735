# neurons: one step of each neuron profile with register-level instructions, on the values of the Xnm specification 9.4.
# Prints spike, graded value and state; exit code: 0, or the number of the first profile that gave something else.

    .include "memory.inc"
    .include "../common/start.S"
    .include "../common/console.S"

    # one row of `profiles`, in bytes
    .equ ROW_NAME, 0
    .equ ROW_STEP, 4                    # step(a0 = synaptic input; state in a2-a5): a0 = graded value, a1 = spike
    .equ ROW_MODE, 8
    .equ ROW_P0, 12
    .equ ROW_P1, 16
    .equ ROW_P2, 20
    .equ ROW_P3, 24
    .equ ROW_VTH, 28
    .equ ROW_VRST, 32
    .equ ROW_INPUT, 36
    .equ ROW_BEFORE, 40                 # state words
    .equ ROW_AFTER, 56                  # expected from here on
    .equ ROW_GRADED, 72
    .equ ROW_SPIKE, 76
    .equ ROW_WORDS, 80                  # number of state words
    .equ ROW_SIZE, 84

    .text
main:
    addi sp, sp, -64
    sw   ra, 60(sp)
    sw   s0, 56(sp)
    sw   s1, 52(sp)
    sw   s2, 48(sp)
    sw   s3, 44(sp)
    sw   s4, 40(sp)
    sw   s5, 36(sp)
    li   t0, 5                          # ST = Initial, ETRAP
    csrw nm_ctl, t0
    la   s0, profiles
    li   s1, 1                          # number of the profile
    li   s2, 0                          # first difference
1:  la   t0, profiles_end
    beq  s0, t0, 6f
    lw   t0, ROW_MODE(s0)
    csrw nm_mode, t0
    lw   t0, ROW_P0(s0)
    csrw nm_p0, t0
    lw   t0, ROW_P1(s0)
    csrw nm_p1, t0
    lw   t0, ROW_P2(s0)
    csrw nm_p2, t0
    lw   t0, ROW_P3(s0)
    csrw nm_p3, t0
    lw   t0, ROW_VTH(s0)
    csrw nm_vth, t0
    lw   t0, ROW_VRST(s0)
    csrw nm_vrst, t0
    lw   a0, ROW_INPUT(s0)
    lw   a2, ROW_BEFORE + 0(s0)
    lw   a3, ROW_BEFORE + 4(s0)
    lw   a4, ROW_BEFORE + 8(s0)
    lw   a5, ROW_BEFORE + 12(s0)
    lw   t0, ROW_STEP(s0)
    jalr t0
    sw   a2, 0(sp)
    sw   a3, 4(sp)
    sw   a4, 8(sp)
    sw   a5, 12(sp)
    mv   s3, a0
    mv   s4, a1

    # compare
    li   s5, 0
    lw   t0, ROW_AFTER + 0(s0)
    xor  t0, t0, a2
    or   s5, s5, t0
    lw   t0, ROW_AFTER + 4(s0)
    xor  t0, t0, a3
    or   s5, s5, t0
    lw   t0, ROW_AFTER + 8(s0)
    xor  t0, t0, a4
    or   s5, s5, t0
    lw   t0, ROW_AFTER + 12(s0)
    xor  t0, t0, a5
    or   s5, s5, t0
    lw   t0, ROW_GRADED(s0)
    xor  t0, t0, a0
    or   s5, s5, t0
    lw   t0, ROW_SPIKE(s0)
    xor  t0, t0, a1
    or   s5, s5, t0
    beqz s5, 2f
    bnez s2, 2f
    mv   s2, s1

2:  lw   a0, ROW_NAME(s0)
    call put_string
    mv   a0, s4
    li   a1, 0
    call put_decimal
    la   a0, text_graded
    call put_string
    mv   a0, s3
    li   a1, 0
    call put_signed
    la   a0, text_state
    call put_string
    lw   s3, ROW_WORDS(s0)
    mv   s4, sp
3:  li   a0, ' '
    call put_character
    lw   a0, 0(s4)
    li   a1, 0
    call put_signed
    addi s4, s4, 4
    addi s3, s3, -1
    bnez s3, 3b
    beqz s5, 4f
    la   a0, text_differs
    call put_string
4:  call put_newline
    addi s0, s0, ROW_SIZE
    addi s1, s1, 1
    j    1b
6:  mv   a0, s2
    lw   s5, 36(sp)
    lw   s4, 40(sp)
    lw   s3, 44(sp)
    lw   s2, 48(sp)
    lw   s1, 52(sp)
    lw   s0, 56(sp)
    lw   ra, 60(sp)
    addi sp, sp, 64
    ret

# ---- The sequences of the specification, 3.2

step_if:
    nm.integ a2, a2, a0
    nm.thr a2, a2
    j    spike

step_lif:
    nm.lif a2, a2, a0
    j    spike

step_cuba:                              # u, v
    nm.cubi a2, a2, a0
    nm.cubv a3, a3, a2
    nm.thr a3, a3
    j    spike

step_alif:                              # u, v, th, r
    nm.cubi a2, a2, a0
    nm.cubv a3, a3, a2
    nm.athd a4, a4
    csrr t0, nm_p3                      # KR = P3[28:16]
    srli t0, t0, 16
    nm.dec a5, a5, t0
    sub  t0, a3, a5
    nm.cmp t0, t0, a4
    beqz t0, spike
    add  a5, a5, a4
    add  a5, a5, a4
    csrr t0, nm_vrst
    add  a4, a4, t0
    j    spike

step_izh:                               # u and v packed
    nm.izh a2, a2, a0
    j    spike

step_tn:
    nm.tn a2, a2, a0
    j    spike

step_li:                                # never spikes: the potential is the graded value
    csrr t0, nm_p0                      # KV = P0[28:16]
    srli t0, t0, 16
    nm.dec a2, a2, t0
    nm.integ a2, a2, a0
    mv   a0, a2
    li   a1, 0
    ret

step_sd:                                # sig, act, res
    nm.sdsig a2, a2, a0
    nm.sdact t0, a2
    sub  t1, t0, a3
    add  t1, t1, a4
    nm.sdthr a0, t1
    sub  a4, t1, a0
    mv   a3, t0
    csrr a1, nm_spk
    srli a1, a1, 31
    ret

spike:                                  # the spike just pushed is both results
    csrr a1, nm_spk
    srli a1, a1, 31
    mv   a0, a1
    ret

    .section .rodata
name_if:        .asciz "IF    spike "
name_lif:       .asciz "LIF   spike "
name_cuba:      .asciz "CUBA  spike "
name_alif:      .asciz "ALIF  spike "
name_izh:       .asciz "IZH   spike "
name_tn:        .asciz "TN    spike "
name_li:        .asciz "LI    spike "
name_sd:        .asciz "SD    spike "
text_graded:    .asciz "  graded "
text_state:     .asciz "  state"
text_differs:   .asciz "  DIFFERS"

    .balign 4
profiles:                               # name, step; mode, P0-P3, VTH, VRST, input; before; after; graded, spike, words
    .word name_if, step_if
    .word 0x8, 0, 0, 2, 0, 100, 0, 9
    .word 70, 0, 0, 0
    .word 6, 0, 0, 0
    .word 1, 1, 1
    .word name_lif, step_lif
    .word 0, 0x0E660000, 5, 2, 0, 100, -10, 7
    .word 90, 0, 0, 0
    .word -10, 0, 0, 0
    .word 1, 1, 1
    .word name_cuba, step_cuba
    .word 0x1A0, 0x0E610800, 0, 6, 0, 384, 0, 2
    .word 100, 350, 0, 0
    .word 178, 0, 0, 0
    .word 1, 1, 2
    .word name_alif, step_alif
    .word 0x1A4, 0x0E610800, 0, 6, 0x0DAC0FA0, 640, 64, 3
    .word 500, 900, 700, 100
    .word 442, 1250, 762, 1481
    .word 1, 1, 4
    .word name_izh, step_izh
    .word 0x4, 0x199A028F, 0x0800BF00, 0x100, 0, 7680, 0, 2560
    .word -218054912, 0, 0, 0
    .word -218053995, 0, 0, 0
    .word 0, 0, 1
    .word name_tn, step_tn
    .word 0x60, 0x1FB, 50, 0, 0, 100, 0, 20
    .word 90, 0, 0, 0
    .word 0, 0, 0, 0
    .word 1, 1, 1
    .word name_li, step_li
    .word 0x20, 0x0F3C0000, 0, 0, 0, 0, 0, 25
    .word -1000, 0, 0, 0
    .word -927, 0, 0, 0
    .word -927, 0, 1
    .word name_sd, step_sd
    .word 0x4, 0, 10, 0x100, 0, 16, 0, 9
    .word 40, 38, 1, 0
    .word 49, 59, 0, 0
    .word 22, 1, 3
profiles_end:
