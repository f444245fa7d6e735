# digits, engine form: the network is four descriptors, a step is two nm.layer instructions.
# Between the steps the firmware only moves the output pointers of the two populations along the logs.

    .include "digits.S"

    .equ POP, 0x4E4D0101
    .equ SYN, 0x4E4D0201
    .equ PROFILE_LIF, 1
    .equ PROFILE_LI, 6
    .equ GRADED_OUTPUT, 1 << 12         # OGRADED: the potential itself is the output
    .equ POP_OUT, 52                    # byte offset of w13

    .text
# prepare(): switches the coprocessor on and lets it check the descriptors
prepare:
    li   t0, 5                          # ST = Initial, ETRAP
    csrw nm_ctl, t0
    la   t0, hidden_synapses
    nm.check t0, t0
    la   t1, output_synapses
    nm.check t1, t1
    or   t0, t0, t1
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
    la   t1, hidden_neurons
    la   t2, output_neurons
    la   t3, hidden_synapses
    la   t4, output_synapses
    nm.rst t0, t1
    nm.rst t0, t2
    li   t5, STEPS
1:  sw   a1, POP_OUT(t1)
    sw   a2, POP_OUT(t2)
    nm.layer t0, t3, a0
    nm.layer t0, t4, a1
    addi a0, a0, INPUT_BYTES
    addi a1, a1, HIDDEN_BYTES
    addi a2, a2, POTENTIAL_BYTES
    addi t5, t5, -1
    bnez t5, 1b
    ret

    .section .rodata
text_descriptor: .asciz "bad descriptor at "

    .data
    .balign 16
hidden_neurons:
    .word POP, HIDDEN, PROFILE_LIF, MODE
    .word RETENTION << 16, 0, 0, 0      # P0..P3
    .word THRESHOLD, 0, hidden_state, 0 # VTH, VRST, state, parameters of single neurons
    .word hidden_currents, hidden_spikes, 0, 0
output_neurons:
    .word POP, OUTPUTS, PROFILE_LI | GRADED_OUTPUT, MODE
    .word RETENTION << 16, 0, 0, 0
    .word 0, 0, output_state, 0
    .word output_currents, output_potentials, 0, 0
hidden_synapses:                        # dense s8 rows, bitmap source given with each nm.layer, no delay
    .word SYN, INPUTS, HIDDEN, 0
    .word 0, hidden_weights, 0, 0
    .word 0, input_spikes, 0, hidden_currents
    .word hidden_neurons, 0, 0, 0
output_synapses:
    .word SYN, HIDDEN, OUTPUTS, 0
    .word 0, output_weights, 0, 0
    .word 0, hidden_spikes, 0, output_currents
    .word output_neurons, 0, 0, 0

    .bss
    .balign 4
hidden_state:    .space 4 * HIDDEN
hidden_currents: .space 4 * HIDDEN
output_state:    .space 4 * OUTPUTS
output_currents: .space 4 * OUTPUTS
