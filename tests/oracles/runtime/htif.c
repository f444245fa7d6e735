/* tohost carries a command as two words; the high one is stored first, because the low one starts the command. */
#include "htif.h"

#include <stdint.h>

enum { SYSCALL_WRITE = 64 };

extern volatile uint32_t tohost[2], fromhost[2];

static void command(uint32_t low)
{
    tohost[1] = 0;
    tohost[0] = low;
}

long htif_write(int descriptor, const void *data, size_t size)
{
    static volatile uint64_t request[8] __attribute__((aligned(64)));
    request[0] = SYSCALL_WRITE;
    request[1] = (uint64_t)descriptor;
    request[2] = (uintptr_t)data;
    request[3] = size;
    __asm__ volatile("fence" ::: "memory");
    command((uint32_t)(uintptr_t)request);
    while (fromhost[0] == 0)
        ;
    fromhost[0] = 0;
    fromhost[1] = 0;
    return (long)request[0];
}

void htif_exit(int code)
{
    command((uint32_t)code << 1 | 1);
    for (;;)
        ;
}
