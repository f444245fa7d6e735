# What the three forms of the digits program share: data, rate coding, decision, report. Included first by each form.
# A form adds two routines:
#   prepare()                 once, before the measured part
#   infer(a0, a1, a2)         one image: a0 input spikes of all steps (STEPS x INPUTS bits), writes
#                             a1 hidden spikes of all steps (STEPS x HIDDEN bits), a2 output potentials (STEPS x OUTPUTS words)

    .include "memory.inc"
    .include "data/parameters.inc"
    .include "../common/start.S"
    .include "../common/console.S"

    .equ IMAGE_BYTES, 40                # 5 bit planes of 64 pixels
    .equ INPUT_BYTES, INPUTS / 8        # bitmaps of one step
    .equ HIDDEN_BYTES, HIDDEN / 8
    .equ POTENTIAL_BYTES, OUTPUTS * 4
    .equ IMAGES_PER_LINE, 20

    # words of `results`
    .equ RESULT_IMAGES, 0
    .equ RESULT_CORRECT, 4
    .equ RESULT_PERMILLE, 8
    .equ RESULT_SPIKES, 12
    .equ RESULT_CHECKSUM, 16
    .equ RESULT_CYCLES, 20              # of the measured part: inference_begin to inference_end
    .equ RESULT_INSTRUCTIONS, 24

    .text
main:
    addi sp, sp, -16
    sw   ra, 12(sp)
    la   a0, text_title
    call put_string
    la   t0, image_count
    lw   a0, 0(t0)
    li   a1, 0
    call put_decimal
    la   a0, text_network
    call put_string
    call prepare
    call classify_all
    call summarise
    call print_classes
    call print_summary
    li   a0, 0
    lw   ra, 12(sp)
    addi sp, sp, 16
    ret

# classify_all(): encodes and classifies every image. The labels enclose the measured part.
classify_all:
    addi sp, sp, -48
    sw   ra, 44(sp)
    sw   s0, 40(sp)
    sw   s1, 36(sp)
    sw   s2, 32(sp)
    sw   s3, 28(sp)
    sw   s4, 24(sp)
    sw   s5, 20(sp)
    .globl inference_begin
inference_begin:
    csrr t0, mcycle
    csrr t1, minstret
    sw   t0, 16(sp)
    sw   t1, 12(sp)
    la   s0, image_count
    lw   s0, 0(s0)
    la   s1, images
    la   s2, input_spikes
    la   s3, hidden_spikes
    la   s4, output_potentials
    la   s5, classes
    beqz s0, 2f
1:  mv   a0, s1
    mv   a1, s2
    call encode
    mv   a0, s2
    mv   a1, s3
    mv   a2, s4
    call infer
    addi a0, s4, (STEPS - 1) * POTENTIAL_BYTES
    call decide
    sb   a0, 0(s5)
    addi s1, s1, IMAGE_BYTES
    addi s2, s2, STEPS * INPUT_BYTES
    addi s3, s3, STEPS * HIDDEN_BYTES
    addi s4, s4, STEPS * POTENTIAL_BYTES
    addi s5, s5, 1
    addi s0, s0, -1
    bnez s0, 1b
2:  csrr t0, mcycle
    csrr t1, minstret
    .globl inference_end
inference_end:
    lw   t2, 16(sp)
    lw   t3, 12(sp)
    sub  t0, t0, t2
    sub  t1, t1, t3
    la   t2, results
    sw   t0, RESULT_CYCLES(t2)
    sw   t1, RESULT_INSTRUCTIONS(t2)
    lw   s5, 20(sp)
    lw   s4, 24(sp)
    lw   s3, 28(sp)
    lw   s2, 32(sp)
    lw   s1, 36(sp)
    lw   s0, 40(sp)
    lw   ra, 44(sp)
    addi sp, sp, 48
    ret

# One word of 32 pixels: planes in a2-a6, accumulators (bit-sliced, 4 bits) in t0-t3, step pointer t4, end t5.
# Each step adds the pixel to its accumulator; the carry out of bit 3, or a pixel of 16, is a spike.
    .macro encode_word word
    lw   a2, 0 + 4 * \word(a0)
    lw   a3, 8 + 4 * \word(a0)
    lw   a4, 16 + 4 * \word(a0)
    lw   a5, 24 + 4 * \word(a0)
    lw   a6, 32 + 4 * \word(a0)
    li   t0, -(RATE_START & 1)
    li   t1, -(RATE_START >> 1 & 1)
    li   t2, -(RATE_START >> 2 & 1)
    li   t3, -(RATE_START >> 3 & 1)
    mv   t4, a1
1:  and  t6, t0, a2
    xor  t0, t0, a2
    add_plane t1, a3, t6, a7
    add_plane t2, a4, a7, t6
    add_plane t3, a5, t6, a7
    or   a7, a7, a6
    sw   a7, 4 * \word(t4)
    addi t4, t4, INPUT_BYTES
    bne  t4, t5, 1b
    .endm

# Full adder of one bit plane: \sum += \plane with carry in \carry (destroyed), carry out in \next
    .macro add_plane sum, plane, carry, next
    xor  \next, \sum, \plane
    xor  \carry, \carry, \sum
    and  \next, \next, \carry
    xor  \next, \next, \sum
    xor  \sum, \plane, \carry
    .endm

# encode(a0 = image, a1 = input spikes): the deterministic rate code, 32 pixels at a time
encode:
    addi t5, a1, STEPS * INPUT_BYTES
    encode_word 0
    encode_word 1
    ret

# decide(a0 = OUTPUTS potentials): a0 = index of the largest, the lowest index on a tie
decide:
    mv   t0, a0
    li   a0, 0
    lw   t1, 0(t0)
    li   t2, 1
    li   t3, OUTPUTS
1:  addi t0, t0, 4
    lw   t4, 0(t0)
    bge  t1, t4, 2f
    mv   t1, t4
    mv   a0, t2
2:  addi t2, t2, 1
    bne  t2, t3, 1b
    ret

# summarise(): fills `results` from the classes and the logs of all images
summarise:
    addi sp, sp, -16
    sw   ra, 12(sp)
    la   t0, image_count
    lw   t0, 0(t0)
    la   t6, results
    sw   t0, RESULT_IMAGES(t6)
    la   t1, classes
    la   t2, labels
    li   a0, 0
    add  t5, t1, t0
1:  beq  t1, t5, 2f
    lbu  t3, 0(t1)
    lbu  t4, 0(t2)
    xor  t3, t3, t4
    seqz t3, t3
    add  a0, a0, t3
    addi t1, t1, 1
    addi t2, t2, 1
    j    1b
2:  sw   a0, RESULT_CORRECT(t6)
    li   t1, 1000
    mul  a0, a0, t1
    divu a0, a0, t0
    sw   a0, RESULT_PERMILLE(t6)

    # number of spikes: clear the lowest set bit until none is left
    la   t1, hidden_spikes
    li   t2, STEPS * HIDDEN_BYTES
    mul  t2, t2, t0
    add  t2, t2, t1
    li   a0, 0
3:  beq  t1, t2, 6f
    lw   t3, 0(t1)
    addi t1, t1, 4
    j    5f
4:  addi t4, t3, -1
    and  t3, t3, t4
    addi a0, a0, 1
5:  bnez t3, 4b
    j    3b
6:  sw   a0, RESULT_SPIKES(t6)

    # checksum: image by image the hidden spikes, then the output potentials, of all steps
    la   a4, hidden_spikes
    la   a5, output_potentials
    mv   a6, t0
    li   a2, 0x811C9DC5                 # 32-bit FNV-1a: offset basis and prime
    li   a3, 0x01000193
7:  beqz a6, 8f
    mv   a0, a4
    addi a4, a4, STEPS * HIDDEN_BYTES
    mv   a1, a4
    call hash
    mv   a0, a5
    addi a5, a5, STEPS * POTENTIAL_BYTES
    mv   a1, a5
    call hash
    addi a6, a6, -1
    j    7b
8:  la   t6, results
    sw   a2, RESULT_CHECKSUM(t6)
    lw   ra, 12(sp)
    addi sp, sp, 16
    ret

# hash(a0 = first byte, a1 = end, not empty; a2 = value; a3 = prime): a2 = new value
hash:
1:  lbu  t0, 0(a0)
    xor  a2, a2, t0
    mul  a2, a2, a3
    addi a0, a0, 1
    bne  a0, a1, 1b
    ret

# print_classes(): IMAGES_PER_LINE classes a line, a wrong one marked by '!', then the wrong ones with their labels
print_classes:
    addi sp, sp, -32
    sw   ra, 28(sp)
    sw   s0, 24(sp)
    sw   s1, 20(sp)
    sw   s2, 16(sp)
    sw   s3, 12(sp)
    la   s1, classes
    la   s2, labels
    la   s3, image_count
    lw   s3, 0(s3)
    li   s0, 0
1:  bgeu s0, s3, 5f
    li   t0, IMAGES_PER_LINE
    remu t0, s0, t0
    bnez t0, 3f
    beqz s0, 2f
    call put_newline
2:  mv   a0, s0
    li   a1, 4
    call put_decimal
    li   a0, ':'
    call put_character
3:  li   a0, ' '
    call put_character
    add  t0, s1, s0
    lbu  t0, 0(t0)
    add  t1, s2, s0
    lbu  t1, 0(t1)
    li   a0, ' '
    beq  t0, t1, 4f
    li   a0, '!'
4:  call put_character
    add  t0, s1, s0
    lbu  a0, 0(t0)
    addi a0, a0, '0'
    call put_character
    addi s0, s0, 1
    j    1b
5:  call put_newline
    li   s0, 0
6:  bgeu s0, s3, 8f
    add  t0, s1, s0
    lbu  t0, 0(t0)
    add  t1, s2, s0
    lbu  t1, 0(t1)
    beq  t0, t1, 7f
    la   a0, text_image
    call put_string
    mv   a0, s0
    li   a1, 0
    call put_decimal
    la   a0, text_label
    call put_string
    add  t1, s2, s0
    lbu  a0, 0(t1)
    li   a1, 0
    call put_decimal
    la   a0, text_class
    call put_string
    add  t1, s1, s0
    lbu  a0, 0(t1)
    li   a1, 0
    call put_decimal
    call put_newline
7:  addi s0, s0, 1
    j    6b
8:  lw   s3, 12(sp)
    lw   s2, 16(sp)
    lw   s1, 20(sp)
    lw   s0, 24(sp)
    lw   ra, 28(sp)
    addi sp, sp, 32
    ret

# print_summary()
print_summary:
    addi sp, sp, -16
    sw   ra, 12(sp)
    sw   s0, 8(sp)
    la   s0, results
    la   a0, text_correct
    call put_string
    lw   a0, RESULT_CORRECT(s0)
    li   a1, 0
    call put_decimal
    la   a0, text_of
    call put_string
    lw   a0, RESULT_IMAGES(s0)
    li   a1, 0
    call put_decimal
    la   a0, text_comma
    call put_string
    lw   a0, RESULT_PERMILLE(s0)
    li   a1, 0
    call put_decimal
    la   a0, text_spikes
    call put_string
    lw   a0, RESULT_SPIKES(s0)
    li   a1, 0
    call put_decimal
    la   a0, text_checksum
    call put_string
    lw   a0, RESULT_CHECKSUM(s0)
    call put_hex
    call put_newline
    lw   s0, 8(sp)
    lw   ra, 12(sp)
    addi sp, sp, 16
    ret

    .section .rodata
text_title:     .asciz "digits: "
text_network:   .asciz " handwritten digits, network 64-128-10, 10 steps\n"
text_image:     .asciz "image "
text_label:     .asciz ": label "
text_class:     .asciz ", class "
text_correct:   .asciz "correct "
text_of:        .asciz " of "
text_comma:     .asciz ", "
text_spikes:    .asciz " permille\nhidden spikes "
text_checksum:  .asciz ", checksum "

    .balign 4
hidden_weights: .incbin "data/weights_hidden.bin"
output_weights: .incbin "data/weights_output.bin"
images:         .incbin "data/images.bin"
labels:         .incbin "data/labels.bin"

    .data
    .balign 4
    .globl image_count
image_count:                            # how many of the images to classify, 1..IMAGES
    .word IMAGES

    .bss
    .balign 16
    .globl results
results:            .space 32
    .globl classes
classes:            .space IMAGES
    .balign 4
    .globl input_spikes                 # [image][step] bitmaps of INPUTS bits
input_spikes:       .space IMAGES * STEPS * INPUT_BYTES
    .globl hidden_spikes                # [image][step] bitmaps of HIDDEN bits
hidden_spikes:      .space IMAGES * STEPS * HIDDEN_BYTES
    .globl output_potentials            # [image][step] OUTPUTS words
output_potentials:  .space IMAGES * STEPS * POTENTIAL_BYTES
