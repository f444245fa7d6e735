    .globl _start
_start: nop
    .section .text.init, "ax"
    li a0, 1
    .section .text.z, "ax", @progbits
    li a0, 2
    .align 2
    .section .rodata.str1.4, "aMS", @progbits, 1
    .string "only once"
    .section .sdata, "aw"
    .word 1
    .section .sbss, "aw", @nobits
    .space 4
    .section .bss.x, "aw", %nobits
    .space 4
    .section .data.rel, "aw"
    .word 2
    .section .srodata, "a"
    .word 3
    .section .tohost, "aw", @progbits
    .align 6
    .globl tohost
tohost: .dword 0
    .globl fromhost
fromhost: .dword 0
