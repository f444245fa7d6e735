/* Counts the solutions of the queens problem with bit masks: deep recursion, little memory. */
#include "bench.h"

static uint32_t place(uint32_t all, uint32_t columns, uint32_t left, uint32_t right)
{
    if (columns == all)
        return 1;
    uint32_t solutions = 0;
    for (uint32_t open = all & ~(columns | left | right); open; open &= open - 1) {
        uint32_t queen = open & -open;
        solutions += place(all, columns | queen, (left | queen) << 1, (right | queen) >> 1);
    }
    return solutions;
}

uint32_t benchmark(uint32_t iterations)
{
    uint32_t sum = 0;
    while (iterations--)
        sum = mix(sum, place((1u << (7 + iterations % 4)) - 1, 0, 0, 0));
    return sum;
}
