    .globl _start
_start: nop
    .data
    .ident "x"
    .file "x.c"
    .option push
    .option norelax
    .option pop
    .option arch, +m
    .byte 1
    .cfi_sections .debug_frame
