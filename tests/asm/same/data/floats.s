    .globl _start
_start: nop
    .data
    .float 1, -1.5e3, .5, 0.1, 1e-40
    .double 2.5, -1e300
    .single 3.25
