    .globl _start
_start: nop
    .data
    .string "grüße, 世界"
