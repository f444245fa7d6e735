    .globl _start
_start: nop
    .data
    .if (M == S)
    .byte 1
    .elseif M == M
    .byte 2
    .endif
    .if M != S
    .byte 3
    .endif
    .if later == 0
    .byte 4
    .endif
later = 0
    .if _start == M
    .byte 5
    .endif
