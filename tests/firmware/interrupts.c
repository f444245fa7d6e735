/* Timer and software interrupts through the CLINT, with the compiler's interrupt functions.
// expect: software interrupt: cause 80000003
// expect: five timer interrupts: cause 80000007
// expect: environment call: cause 0000000b
// exit: 0 */
#include <stdint.h>
#include <stdio.h>

#define CLINT 0x02000000u
#define MSIP (*(volatile uint32_t *)CLINT)
#define MTIMECMP ((volatile uint32_t *)(CLINT + 0x4000))
#define MTIME ((volatile uint32_t *)(CLINT + 0xbff8))

static volatile uint32_t cause, ticks;

static void set_timer(uint32_t delay)
{
    uint32_t now = MTIME[0];
    MTIMECMP[1] = 0;
    MTIMECMP[0] = now + delay;
}

__attribute__((interrupt("machine"), aligned(4))) static void handler(void)
{
    uint32_t read;
    __asm__ volatile("csrr %0, mcause" : "=r"(read));
    cause = read;
    if (read == 0x80000003u) {
        MSIP = 0;
    } else if (read == 0x80000007u) {
        ticks++;
        set_timer(100);
    } else {
        uint32_t epc;
        __asm__ volatile("csrr %0, mepc" : "=r"(epc));
        __asm__ volatile("csrw mepc, %0" : : "r"(epc + 4));
    }
}

int main(void)
{
    MTIMECMP[1] = UINT32_MAX;
    __asm__ volatile("csrw mtvec, %0" : : "r"((uintptr_t)handler));
    __asm__ volatile("csrw mie, %0" : : "r"(1u << 3 | 1u << 7));
    __asm__ volatile("csrsi mstatus, 8");
    MSIP = 1;
    while (!cause)
        ;
    printf("software interrupt: cause %08lx\n", (unsigned long)cause);
    set_timer(100);
    while (ticks < 5)
        __asm__ volatile("wfi");
    __asm__ volatile("csrci mstatus, 8");
    printf("five timer interrupts: cause %08lx\n", (unsigned long)cause);
    __asm__ volatile("ecall" ::: "memory");
    printf("environment call: cause %08lx\n", (unsigned long)cause);
    return 0;
}
