# Console output through the UART. All routines follow the calling convention. Needs memory.inc.

    .text
# put_character(a0)
    .globl put_character
put_character:
    li   t0, UART_BASE
1:  lbu  t1, UART_LINE_STATUS - UART_BASE(t0)
    andi t1, t1, UART_TRANSMITTER_EMPTY
    beqz t1, 1b
    sb   a0, UART_DATA - UART_BASE(t0)
    ret

# put_newline()
    .globl put_newline
put_newline:
    li   a0, '\n'
    j    put_character

# put_string(a0 = address of a zero-terminated text)
    .globl put_string
put_string:
    addi sp, sp, -16
    sw   ra, 12(sp)
    sw   s0, 8(sp)
    mv   s0, a0
1:  lbu  a0, 0(s0)
    beqz a0, 2f
    call put_character
    addi s0, s0, 1
    j    1b
2:  lw   s0, 8(sp)
    lw   ra, 12(sp)
    addi sp, sp, 16
    ret

# put_hex(a0): eight hexadecimal digits
    .globl put_hex
put_hex:
    addi sp, sp, -16
    sw   ra, 12(sp)
    sw   s0, 8(sp)
    sw   s1, 4(sp)
    mv   s0, a0
    li   s1, 8
1:  srli a0, s0, 28
    slli s0, s0, 4
    li   t0, 10
    blt  a0, t0, 2f
    addi a0, a0, 'a' - '0' - 10
2:  addi a0, a0, '0'
    call put_character
    addi s1, s1, -1
    bnez s1, 1b
    lw   s1, 4(sp)
    lw   s0, 8(sp)
    lw   ra, 12(sp)
    addi sp, sp, 16
    ret

# put_decimal(a0 = unsigned number, a1 = least width, 0..16): right-aligned with spaces
    .globl put_decimal
put_decimal:
    addi sp, sp, -48
    sw   ra, 44(sp)
    sw   s0, 40(sp)
    sw   s1, 36(sp)
    addi s0, sp, 32             # the text is built backwards in sp + 0 .. sp + 31
    sub  s1, s0, a1
    sb   zero, 0(s0)
    li   t0, 10
1:  remu t1, a0, t0
    divu a0, a0, t0
    addi t1, t1, '0'
    addi s0, s0, -1
    sb   t1, 0(s0)
    bnez a0, 1b
    li   t1, ' '
2:  bgeu s1, s0, 3f
    addi s0, s0, -1
    sb   t1, 0(s0)
    j    2b
3:  mv   a0, s0
    call put_string
    lw   s1, 36(sp)
    lw   s0, 40(sp)
    lw   ra, 44(sp)
    addi sp, sp, 48
    ret

# put_signed(a0 = signed number, a1 = least width without the sign): a blank or '-', then the magnitude
    .globl put_signed
put_signed:
    addi sp, sp, -16
    sw   ra, 12(sp)
    sw   s0, 8(sp)
    sw   s1, 4(sp)
    mv   s0, a0
    mv   s1, a1
    li   a0, ' '
    bgez s0, 1f
    neg  s0, s0
    li   a0, '-'
1:  call put_character
    mv   a0, s0
    mv   a1, s1
    call put_decimal
    lw   s1, 4(sp)
    lw   s0, 8(sp)
    lw   ra, 12(sp)
    addi sp, sp, 16
    ret
