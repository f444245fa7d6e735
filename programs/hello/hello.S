# hello: one line through the UART.

    .include "memory.inc"
    .include "../common/start.S"
    .include "../common/console.S"

    .text
main:
    addi sp, sp, -16
    sw   ra, 12(sp)
    la   a0, text_hello
    call put_string
    li   a0, 0
    lw   ra, 12(sp)
    addi sp, sp, 16
    ret

    .section .rodata
text_hello: .asciz "Hello from a RISC-V hart with spiking neurons.\n"
