    .globl _start
_start: nop
    .data
    .macro mark
    label\@: .word label\@ - start
    .endm
start: mark
    mark
    mark
