/* Start of every bare-metal C program: registers, .bss, constructors and exit handlers where there is a C library,
   main, exit through the host-target interface. A trap ends the run with exit code 64 + mcause. */
    .section .text.init, "ax"
    .globl _start
    .weak __libc_init_array
    .weak exit
    .type _start, @function
_start:
    .option push
    .option norelax
    la gp, __global_pointer$
    .option pop
    la sp, __stack_top
    la t0, trapped
    csrw mtvec, t0
    la t0, __bss_start
    la t1, __bss_end
1:  bgeu t0, t1, 2f
    sw zero, 0(t0)
    addi t0, t0, 4
    j 1b
2:  la tp, __tls_base
    la t0, __libc_init_array
    beqz t0, 3f
    jalr t0
3:  li a0, 0
    li a1, 0
    call main
    la t0, exit
    beqz t0, htif_exit
    jr t0
    .size _start, . - _start

    .balign 4
trapped:
    csrr a0, mcause
    andi a0, a0, 63
    addi a0, a0, 64
    tail htif_exit
