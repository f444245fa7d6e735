/* RISC-V Linux without a C library, for qemu-riscv32. */
#include "bench.h"

enum { SYSCALL_WRITE = 64, SYSCALL_EXIT = 93 };

int main(void);

static long system_call(long number, long a, long b, long c)
{
    register long a7 __asm__("a7") = number;
    register long a0 __asm__("a0") = a;
    register long a1 __asm__("a1") = b;
    register long a2 __asm__("a2") = c;
    __asm__ volatile("ecall" : "+r"(a0) : "r"(a7), "r"(a1), "r"(a2) : "memory");
    return a0;
}

void platform_write(const char *text, size_t length)
{
    system_call(SYSCALL_WRITE, 1, (long)text, (long)length);
}

__attribute__((used, noreturn)) static void start_main(void)
{
    system_call(SYSCALL_EXIT, main(), 0, 0);
    __builtin_unreachable();
}

__asm__(".globl _start\n"
        "_start:\n"
        "    .option push\n"
        "    .option norelax\n"
        "    la gp, __global_pointer$\n"
        "    .option pop\n"
        "    andi sp, sp, -16\n"
        "    j start_main\n");
