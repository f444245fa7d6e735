# digits, scalar form: plain RV32IM.
# Event-driven: only rows of active inputs are read. Weights are expanded once to pairs of s16, so that one 32-bit
# addition adds two synapses; a pair is high * 2^16 + low as an integer, so a borrow of the low half is undone when
# the sums are taken apart. The hidden potentials are kept negated, because floor(v - v / 2^k) = -(m - (m >> k)) with
# m = -v, which needs no multiplication.

    .include "digits.S"
    .include "rows.inc"

    .equ HIDDEN_ROW, HIDDEN * 2         # bytes of an expanded row
    .equ OUTPUT_ROW, OUTPUTS * 2
    .equ NEGATED_THRESHOLD, -THRESHOLD

    # words of infer's frame
    .equ FRAME_INPUT, 0                 # input spikes of the step
    .equ FRAME_SPIKES, 4                # next hidden spike word
    .equ FRAME_POTENTIALS, 8            # output potentials of the step
    .equ FRAME_PREVIOUS, 12             # output potentials of the step before
    .equ FRAME_STEPS, 16                # steps left

    .text
# prepare(): expands both weight matrices
prepare:
    addi sp, sp, -16
    sw   ra, 12(sp)
    la   a0, hidden_weights
    la   a1, hidden_pairs
    li   a2, INPUTS
    li   a3, HIDDEN
    li   a4, HIDDEN_PITCH
    call expand
    la   a0, output_weights
    la   a1, output_pairs
    li   a2, HIDDEN
    li   a3, OUTPUTS
    li   a4, OUTPUT_PITCH
    call expand
    lw   ra, 12(sp)
    addi sp, sp, 16
    ret

# expand(a0 = s8 rows, a1 = pairs, a2 = number of rows, a3 = weights a row, a4 = pitch of the s8 rows)
expand:
1:  mv   t0, a0
    add  t1, a0, a3
2:  lb   t2, 0(t0)
    lb   t3, 1(t0)
    slli t3, t3, 16
    add  t2, t2, t3
    sw   t2, 0(a1)
    addi t0, t0, 2
    addi a1, a1, 4
    bne  t0, t1, 2b
    add  a0, a0, a4
    addi a2, a2, -1
    bnez a2, 1b
    ret

# List the rows of the set bits of 32 inputs: bits in t0, row of bit 31 in t1, end of the list in t2; uses t3.
# The highest bit is tested as the sign.
    .macro list_rows
    beqz t0, 2f
1:  list_row 0
    list_row 1
    list_row 2
    list_row 3
    addi t1, t1, -4 * HIDDEN_ROW
    bnez t0, 1b
2:
    .endm

    .macro list_row number
    bgez t0, 3f
    addi t3, t1, -\number * HIDDEN_ROW
    sw   t3, 0(t2)
    addi t2, t2, 4
3:  slli t0, t0, 1
    .endm

# Add the active rows' part of a tile to the 16 pairs; offset: byte offset of the tile in a row; uses t0-t2, t6
    .macro add_rows offset
    clear_tile
    la   t0, active_rows
    lw   t6, 0(t0)
    beqz t6, 2f
1:  add_pairs s0, s1, \offset + 0
    add_pairs s2, s3, \offset + 8
    add_pairs s4, s5, \offset + 16
    add_pairs s6, s7, \offset + 24
    add_pairs s8, s9, \offset + 32
    add_pairs s10, s11, \offset + 40
    add_pairs a0, a1, \offset + 48
    add_pairs a2, a3, \offset + 56
    addi t0, t0, 4
    lw   t6, 0(t0)
    bnez t6, 1b
2:
    .endm

    .macro add_pairs first, second, offset
    lw   t1, \offset(t6)
    lw   t2, \offset + 4(t6)
    add  \first, \first, t1
    add  \second, \second, t2
    .endm

# Two output neurons: byte offset in the potentials, pair of currents; uses t0, t1, with t5 = 0x8000
    .macro update_outputs offset, pair
    slli t0, \pair, 16
    srai t0, t0, 16
    add  \pair, \pair, t5
    srai \pair, \pair, 16
    update_output \offset, t0
    update_output \offset + 4, \pair
    .endm

    .macro update_output offset, current
    lw   t1, \offset(t3)
    add  \current, \current, t1
    neg  t1, t1
    srai t1, t1, LEAK_SHIFT
    add  \current, \current, t1
    sw   \current, \offset(t4)
    .endm

# infer(a0 = input spikes, a1 = hidden spikes, a2 = output potentials)
infer:
    save_registers
    sw   a0, FRAME_INPUT(sp)
    sw   a1, FRAME_SPIKES(sp)
    sw   a2, FRAME_POTENTIALS(sp)
    la   t0, resting
    sw   t0, FRAME_PREVIOUS(sp)
    li   t0, STEPS
    sw   t0, FRAME_STEPS(sp)
    clear_membranes

infer_step:
    lw   t4, FRAME_INPUT(sp)
    la   t1, hidden_pairs + 31 * HIDDEN_ROW
    la   t2, active_rows
    lw   t0, 0(t4)
    list_rows
    la   t1, hidden_pairs + 63 * HIDDEN_ROW
    lw   t0, 4(t4)
    list_rows
    sw   zero, 0(t2)
    addi t4, t4, INPUT_BYTES
    sw   t4, FRAME_INPUT(sp)

    clear_outputs
    la   t4, membranes
    la   t5, output_pairs
    add_rows 0
    call update_tile
    add_rows 2 * TILE
    call update_tile
    add_rows 4 * TILE
    call update_tile
    add_rows 6 * TILE
    call update_tile

    # output layer: v = floor(v * (1 - 2^-k)) + current
    lw   t3, FRAME_PREVIOUS(sp)
    lw   t4, FRAME_POTENTIALS(sp)
    li   t5, 0x8000
    update_outputs 0, a4
    update_outputs 8, a5
    update_outputs 16, a6
    update_outputs 24, a7
    update_outputs 32, tp
    sw   t4, FRAME_PREVIOUS(sp)
    addi t4, t4, POTENTIAL_BYTES
    sw   t4, FRAME_POTENTIALS(sp)
    lw   t0, FRAME_STEPS(sp)
    addi t0, t0, -1
    sw   t0, FRAME_STEPS(sp)
    bnez t0, infer_step
    restore_registers
    ret

# Two hidden neurons, then one: membrane update and the test for a spike
    .macro update_pair even, odd, pair
    slli t1, \pair, 16
    srai t1, t1, 16
    sub  \pair, \pair, t1
    srai \pair, \pair, 16
    update_neuron \even, t1
    update_neuron \odd, \pair
    .endm

    .macro update_neuron number, current
    lw   t0, 4 * \number(t4)
    srai t6, t0, LEAK_SHIFT
    sub  t0, t0, t6
    sub  t0, t0, \current
    blt  t0, t3, fire_\number
fired_\number:
    sw   t0, 4 * \number(t4)
    .endm

# update_tile: leak, integrate, fire for 32 neurons with the pairs s0-s11, a0-a3; stores their spike word.
# t4 = negated potentials, t5 = output rows of the tile; both are advanced. A spike adds its output row to a4-a7, tp.
update_tile:
    li   t2, 0
    li   t3, NEGATED_THRESHOLD
    update_pair 0, 1, s0
    update_pair 2, 3, s1
    update_pair 4, 5, s2
    update_pair 6, 7, s3
    update_pair 8, 9, s4
    update_pair 10, 11, s5
    update_pair 12, 13, s6
    update_pair 14, 15, s7
    update_pair 16, 17, s8
    update_pair 18, 19, s9
    update_pair 20, 21, s10
    update_pair 22, 23, s11
    update_pair 24, 25, a0
    update_pair 26, 27, a1
    update_pair 28, 29, a2
    update_pair 30, 31, a3
    lw   t0, FRAME_SPIKES(sp)
    sw   t2, 0(t0)
    addi t0, t0, 4
    sw   t0, FRAME_SPIKES(sp)
    addi t4, t4, 4 * TILE
    addi t5, t5, TILE * OUTPUT_ROW
    ret

# The rare case, out of line: neuron number of the tile has fired
    .macro fire number
fire_\number:
    sub  t0, t0, t3
    li   t6, 1 << \number
    or   t2, t2, t6
    lw   t1, \number * OUTPUT_ROW + 0(t5)
    lw   t6, \number * OUTPUT_ROW + 4(t5)
    add  a4, a4, t1
    add  a5, a5, t6
    lw   t1, \number * OUTPUT_ROW + 8(t5)
    lw   t6, \number * OUTPUT_ROW + 12(t5)
    add  a6, a6, t1
    add  a7, a7, t6
    lw   t1, \number * OUTPUT_ROW + 16(t5)
    add  tp, tp, t1
    j    fired_\number
    .endm

    .irp number, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
    fire \number
    .endr
    .irp number, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31
    fire \number
    .endr

    .bss
    .balign 4
hidden_pairs:   .space INPUTS * HIDDEN_ROW
output_pairs:   .space HIDDEN * OUTPUT_ROW
