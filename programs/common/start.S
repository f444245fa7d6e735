# Entry and exit of every program: stack, report of unexpected traps, exit code. Needs memory.inc and console.S.
# With the symbol HTIF defined the exit goes through `tohost`, for simulators without a test finisher.

    .equ STACK_SIZE, 4096

    .text
    .globl _start
_start:
    la   sp, stack_top
    la   t0, unexpected_trap
    csrw mtvec, t0
    call main

# exit(a0 = exit code, 0..65535): ends the run
exit:
.ifdef HTIF
    slli a0, a0, 1
    ori  a0, a0, 1
    la   t0, tohost
    sw   a0, 0(t0)
    sw   zero, 4(t0)
.else
    li   t0, EXIT_DEVICE_BASE
    li   t1, EXIT_PASS
    beqz a0, 1f
    li   t1, EXIT_FAIL
    slli a0, a0, 16
    or   t1, t1, a0
1:  sw   t1, 0(t0)
.endif
2:  j    2b

# A trap that the program does not expect: report it and leave with exit code 255.
    .balign 4
unexpected_trap:
    la   sp, stack_top
    la   a0, text_trap
    call put_string
    csrr a0, mcause
    call put_hex
    la   a0, text_trap_pc
    call put_string
    csrr a0, mepc
    call put_hex
    la   a0, text_trap_value
    call put_string
    csrr a0, mtval
    call put_hex
    call put_newline
    li   a0, 255
    j    exit

    .section .rodata
text_trap:       .asciz "unexpected trap: mcause "
text_trap_pc:    .asciz ", mepc "
text_trap_value: .asciz ", mtval "

    .bss
    .balign 16
    .space STACK_SIZE
stack_top:

.ifdef HTIF
    .section .tohost, "aw"
    .balign 64
    .globl tohost
tohost:
    .dword 0
    .size tohost, 8
    .globl fromhost
fromhost:
    .dword 0
    .size fromhost, 8
.endif
