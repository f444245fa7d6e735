/* Vectored interrupts: each cause has its own entry, exceptions go to the base; wfi wakes up with interrupts off too.
// expect: exception 2
// expect: software 1, timer 0
// expect: software 1, timer 1
// expect: awake, software 1
// exit: 0 */
#include <stdint.h>
#include <stdio.h>

#define CLINT 0x02000000u
#define MSIP (*(volatile uint32_t *)CLINT)
#define MTIMECMP ((volatile uint32_t *)(CLINT + 0x4000))

static volatile uint32_t exceptions, software, timer;

__attribute__((interrupt("machine"))) void on_exception(void)
{
    uint32_t cause, epc;
    __asm__ volatile("csrr %0, mcause\n csrr %1, mepc" : "=r"(cause), "=r"(epc));
    exceptions = cause;
    __asm__ volatile("csrw mepc, %0" : : "r"(epc + 4));
}

__attribute__((interrupt("machine"))) void on_software(void)
{
    software++;
    MSIP = 0;
}

__attribute__((interrupt("machine"))) void on_timer(void)
{
    timer++;
    MTIMECMP[1] = UINT32_MAX;
}

__attribute__((interrupt("machine"))) void on_other(void)
{
    exceptions = 99;
}

__asm__(".balign 64\n"
        "table: j on_exception\n j on_other\n j on_other\n j on_software\n"
        "       j on_other\n j on_other\n j on_other\n j on_timer\n");
extern const uint32_t table[];

int main(void)
{
    MTIMECMP[1] = UINT32_MAX;
    __asm__ volatile("csrw mtvec, %0" : : "r"((uintptr_t)table | 1));
    __asm__ volatile("csrw mie, %0" : : "r"(1u << 3 | 1u << 7));
    __asm__ volatile("csrsi mstatus, 8");
    __asm__ volatile(".word 0" ::: "memory");
    printf("exception %lu\n", (unsigned long)exceptions);
    MSIP = 1;
    while (!software)
        ;
    printf("software %lu, timer %lu\n", (unsigned long)software, (unsigned long)timer);
    MTIMECMP[0] = 0;
    MTIMECMP[1] = 0;
    while (!timer)
        ;
    printf("software %lu, timer %lu\n", (unsigned long)software, (unsigned long)timer);
    __asm__ volatile("csrci mstatus, 8");
    MSIP = 1;
    __asm__ volatile("wfi");
    printf("awake, software %lu\n", (unsigned long)software);
    return 0;
}
