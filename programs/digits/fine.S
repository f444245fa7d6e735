# digits, fine form: register-level instructions of Xnmspk.
# Event-driven as the scalar form, on the committed s8 rows: nm.vwadl and nm.vwadh add four weights to two pairs of s16
# currents (no sum can leave s16: at most 128 rows of weights up to 127), nm.lif updates a neuron and pushes its spike.

    .include "digits.S"
    .include "rows.inc"

    # words of infer's frame
    .equ FRAME_INPUT, 0                 # input spikes of the step
    .equ FRAME_SPIKES, 4                # next hidden spike word
    .equ FRAME_POTENTIALS, 8            # output potentials of the step
    .equ FRAME_PREVIOUS, 12             # output potentials of the step before
    .equ FRAME_STEPS, 16                # steps left

    .text
# prepare(): switches the coprocessor on and loads the neuron parameters
prepare:
    li   t0, 5                          # ST = Initial, ETRAP
    csrw nm_ctl, t0
    li   t0, MODE
    csrw nm_mode, t0
    li   t0, RETENTION << 16
    csrw nm_p0, t0
    csrw nm_p1, zero
    csrw nm_p2, zero
    li   t0, THRESHOLD
    csrw nm_vth, t0
    csrw nm_vrst, zero
    ret

# List the rows of the set bits of 32 inputs: bits in t0, row of bit 0 in t1, end of the list in t2; uses t3
    .macro list_rows
    beqz t0, 2f
1:  nm.ffs t3, t0
    nm.clrlsb t0, t0
    slli t3, t3, 7                      # HIDDEN_PITCH
    add  t3, t3, t1
    sw   t3, 0(t2)
    addi t2, t2, 4
    bnez t0, 1b
2:
    .endm

# Add the active rows' part of a tile to the 16 pairs; offset: byte offset of the tile in a row; uses t0-t2, t6
    .macro add_rows offset
    clear_tile
    la   t0, active_rows
    lw   t6, 0(t0)
    beqz t6, 2f
1:  lw   t1, \offset + 0(t6)
    lw   t2, \offset + 4(t6)
    add_weights s0, s1, t1
    add_weights s2, s3, t2
    lw   t1, \offset + 8(t6)
    lw   t2, \offset + 12(t6)
    add_weights s4, s5, t1
    add_weights s6, s7, t2
    lw   t1, \offset + 16(t6)
    lw   t2, \offset + 20(t6)
    add_weights s8, s9, t1
    add_weights s10, s11, t2
    lw   t1, \offset + 24(t6)
    lw   t2, \offset + 28(t6)
    add_weights a0, a1, t1
    add_weights a2, a3, t2
    addi t0, t0, 4
    lw   t6, 0(t0)
    bnez t6, 1b
2:
    .endm

    .macro add_weights low, high, weights
    nm.vwadl \low, \low, \weights
    nm.vwadh \high, \high, \weights
    .endm

# Two hidden neurons: number of the even one, pair of currents; potentials at t4, uses t0, t1
    .macro update_pair even, pair
    lw   t0, 4 * \even(t4)
    slli t1, \pair, 16
    srai t1, t1, 16
    nm.lif t0, t0, t1
    sw   t0, 4 * \even(t4)
    lw   t1, 4 * \even + 4(t4)
    srai \pair, \pair, 16
    nm.lif t1, t1, \pair
    sw   t1, 4 * \even + 4(t4)
    .endm

# Two output neurons (LI): byte offset in the potentials, pair of currents; uses t0, t1, with t5 = retention
    .macro update_outputs offset, pair
    slli t0, \pair, 16
    srai t0, t0, 16
    srai \pair, \pair, 16
    update_output \offset, t0
    update_output \offset + 4, \pair
    .endm

    .macro update_output offset, current
    lw   t1, \offset(t3)
    nm.dec t1, t1, t5
    nm.integ t1, t1, \current
    sw   t1, \offset(t4)
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
    la   t1, hidden_weights
    la   t2, active_rows
    lw   t0, 0(t4)
    list_rows
    la   t1, hidden_weights + 32 * HIDDEN_PITCH
    lw   t0, 4(t4)
    list_rows
    sw   zero, 0(t2)
    addi t4, t4, INPUT_BYTES
    sw   t4, FRAME_INPUT(sp)

    clear_outputs
    la   t4, membranes
    la   t5, output_weights
    add_rows 0
    call update_tile
    add_rows TILE
    call update_tile
    add_rows 2 * TILE
    call update_tile
    add_rows 3 * TILE
    call update_tile

    lw   t3, FRAME_PREVIOUS(sp)
    lw   t4, FRAME_POTENTIALS(sp)
    li   t5, RETENTION
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

# update_tile: updates 32 neurons with the pairs s0-s11, a0-a3, stores their spike word, adds the output rows of the
# spikes to a4-a7, tp. t4 = potentials, t5 = output rows of the tile; both are advanced.
update_tile:
    update_pair 0, s0
    update_pair 2, s1
    update_pair 4, s2
    update_pair 6, s3
    update_pair 8, s4
    update_pair 10, s5
    update_pair 12, s6
    update_pair 14, s7
    update_pair 16, s8
    update_pair 18, s9
    update_pair 20, s10
    update_pair 22, s11
    update_pair 24, a0
    update_pair 26, a1
    update_pair 28, a2
    update_pair 30, a3
    lw   t1, FRAME_SPIKES(sp)
    csrr t0, nm_spk
    sw   t0, 0(t1)
    addi t1, t1, 4
    sw   t1, FRAME_SPIKES(sp)
    beqz t0, 2f
1:  nm.ffs t1, t0
    nm.clrlsb t0, t0
    slli t2, t1, 3                      # 12 = OUTPUT_PITCH
    slli t1, t1, 2
    add  t1, t1, t2
    add  t1, t1, t5
    lw   t2, 0(t1)
    lw   t3, 4(t1)
    lw   t6, 8(t1)
    add_weights a4, a5, t2
    add_weights a6, a7, t3
    nm.vwadl tp, tp, t6
    bnez t0, 1b
2:  addi t4, t4, 4 * TILE
    addi t5, t5, TILE * OUTPUT_PITCH
    ret
