    .globl _start
_start:
    .macro push reg, more:vararg
    addi sp, sp, -4
    sw \reg, 0(sp)
    .ifnb \more
    push \more
    .endif
    .endm
    push a0
    push s0, s1, ra

    .macro call_with f, a=0
    li a0, \a
    call \f
    .endm
    call_with _start, 5

    .macro delay n
    li t0, \n
1:  addi t0, t0, -1
    bnez t0, 1b
    .endm
    delay 5
    delay 6

    .irp reg, a0, a1, a2
    mv \reg, zero
    .endr
