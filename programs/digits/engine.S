# digits, engine form: the network is five descriptors in memory, an image is one nm.run.
# The firmware encodes the image, points the descriptors at the image's part of the logs and lets the engine work.

    .include "digits.S"

    # descriptors: word 0 and the fields used here
    .equ POP, 0x4E4D0101
    .equ SYN, 0x4E4D0201
    .equ NET, 0x4E4D0401
    .equ PROFILE_LIF, 1
    .equ PROFILE_LI, 6
    .equ STREAM_OUT, 2 << 10            # OMODE: every step has its own output buffer
    .equ GRADED_OUT, 1 << 12            # OGRADED: the potential itself is the output
    .equ STREAM_SOURCE, 2 << 8          # SMODE: every step has its own bitmap
    .equ STEP_SYN, 1                    # operations of a network
    .equ STEP_UPD, 2
    .equ POP_OUT, 52                    # byte offset of w13
    .equ SYN_SOURCE, 36                 # byte offset of w9

    .text
# prepare(): switches the coprocessor on and lets it check the descriptors
prepare:
    li   t0, 5                          # ST = Initial, ETRAP
    csrw nm_ctl, t0
    la   t0, network
    nm.check t0, t0
    bnez t0, 1f
    ret
1:  la   a0, text_descriptor
    call put_string
    csrr a0, nm_eaddr
    call put_hex
    call put_newline
    li   a0, 1
    j    exit

# infer(a0 = input spikes, a1 = hidden spikes, a2 = output potentials)
infer:
    la   t0, hidden_synapses
    sw   a0, SYN_SOURCE(t0)
    la   t0, output_synapses
    sw   a1, SYN_SOURCE(t0)
    la   t0, hidden_neurons
    sw   a1, POP_OUT(t0)
    nm.rst zero, t0
    la   t0, output_neurons
    sw   a2, POP_OUT(t0)
    nm.rst zero, t0
    la   t0, network
    li   t1, STEPS
    nm.run zero, t0, t1
    ret

    .section .rodata
text_descriptor: .asciz "bad descriptor at "

    .data
    .balign 16
hidden_neurons:
    .word POP, HIDDEN, PROFILE_LIF | STREAM_OUT, MODE
    .word RETENTION << 16, 0, 0, 0      # P0..P3
    .word THRESHOLD, 0, hidden_state, 0 # VTH, VRST, state, parameters of single neurons
    .word hidden_currents, hidden_spikes, HIDDEN_BYTES, 0
output_neurons:
    .word POP, OUTPUTS, PROFILE_LI | STREAM_OUT | GRADED_OUT, MODE
    .word RETENTION << 16, 0, 0, 0
    .word 0, 0, output_state, 0
    .word output_currents, output_potentials, POTENTIAL_BYTES, 0
hidden_synapses:                        # dense s8 rows, no delay
    .word SYN, INPUTS, HIDDEN, STREAM_SOURCE
    .word 0, hidden_weights, 0, 0
    .word 0, input_spikes, INPUT_BYTES, hidden_currents
    .word hidden_neurons, 0, 0, 0
output_synapses:
    .word SYN, HIDDEN, OUTPUTS, STREAM_SOURCE
    .word 0, output_weights, 0, 0
    .word 0, hidden_spikes, HIDDEN_BYTES, output_currents
    .word output_neurons, 0, 0, 0
network:
    .word NET, 4, 0, 0
    .word STEP_SYN, hidden_synapses
    .word STEP_UPD, hidden_neurons
    .word STEP_SYN, output_synapses
    .word STEP_UPD, output_neurons

    .bss
    .balign 4
hidden_state:    .space 4 * HIDDEN
hidden_currents: .space 4 * HIDDEN
output_state:    .space 4 * OUTPUTS
output_currents: .space 4 * OUTPUTS
