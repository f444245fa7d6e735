/* The model side of the RISC-V architecture tests: our machine has HTIF, and a signature between two symbols. */
#ifndef NEUROHART_MODEL_TEST_H
#define NEUROHART_MODEL_TEST_H

#define ALIGNMENT 2

#define RVMODEL_BOOT

#define RVMODEL_HALT                                                          \
        la t0, tohost;                                                        \
        li t1, 1;                                                             \
        sw zero, 4(t0);                                                       \
        sw t1, 0(t0);                                                         \
halted: j halted;

#define RVMODEL_DATA_BEGIN .balign 16; .globl begin_signature; begin_signature:

#define RVMODEL_DATA_END                                                      \
        .balign 16; .globl end_signature; end_signature:                      \
        .pushsection .tohost, "aw", @progbits;                                \
        .balign 64; .globl tohost; .type tohost, @object; tohost: .dword 0; .size tohost, 8;           \
        .balign 64; .globl fromhost; .type fromhost, @object; fromhost: .dword 0; .size fromhost, 8;   \
        .popsection

#define RVMODEL_IO_INIT
#define RVMODEL_IO_WRITE_STR(register, text)
#define RVMODEL_IO_CHECK()
#define RVMODEL_IO_ASSERT_GPR_EQ(base, register, value)
#define RVMODEL_IO_ASSERT_SFPR_EQ(float_register, register, value)
#define RVMODEL_IO_ASSERT_DFPR_EQ(double_register, register, value)

#define RVMODEL_SET_MSW_INT li t1, 1; li t2, 0x2000000; sw t1, 0(t2);
#define RVMODEL_CLEAR_MSW_INT li t2, 0x2000000; sw x0, 0(t2);
#define RVMODEL_CLEAR_MTIMER_INT
#define RVMODEL_CLEAR_MEXT_INT

#endif
