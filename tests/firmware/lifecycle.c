/* Constructors, exit handlers, thread-local variables, long jumps, exit codes.
// expect: constructed 7
// expect: initialised 5, zeroed 0
// expect: jumped 3
// expect: last words 2
// expect: last words 1
// exit: 42 */
#include <errno.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>

static int constructed;
static _Thread_local int initialised = 5, zeroed;
static jmp_buf back;

__attribute__((constructor)) static void construct(void)
{
    constructed = 7;
}

static void first(void)
{
    puts("last words 1");
}

static void second(void)
{
    puts("last words 2");
}

__attribute__((noinline)) static void dive(int depth)
{
    if (depth < 0)
        return; /* never: it shows the compiler a way out */
    if (depth == 0)
        longjmp(back, 3);
    dive(depth - 1);
    zeroed++;
}

int main(void)
{
    atexit(first);
    atexit(second);
    errno = 0;
    printf("constructed %d\n", constructed);
    printf("initialised %d, zeroed %d\n", initialised, zeroed);
    int result = setjmp(back);
    if (result == 0)
        dive(10);
    printf("jumped %d\n", result);
    return 42;
}
