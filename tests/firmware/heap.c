/* malloc, calloc, realloc and free in a random order; every block keeps its content. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCKS = 100, STEPS = 400 };

static unsigned char *block[BLOCKS];
static size_t size[BLOCKS];

static uint32_t next(void)
{
    static uint32_t state = 12345;
    state = state * 1664525u + 1013904223u;
    return state >> 8;
}

static int intact(int i)
{
    for (size_t j = 0; j < size[i]; j++)
        if (block[i][j] != (unsigned char)(i + 1))
            return 0;
    return 1;
}

int main(void)
{
    unsigned long total = 0, freed = 0, grown = 0;
    for (int step = 0; step < STEPS; step++) {
        int i = (int)(next() % BLOCKS);
        size_t wanted = next() % 300 + 1;
        if (!block[i]) {
            block[i] = step % 2 ? malloc(wanted) : calloc(1, wanted);
            if (!block[i] || (uintptr_t)block[i] % 8 || (step % 2 == 0 && block[i][wanted - 1]))
                return 1;
        } else if (next() % 2) {
            if (!intact(i))
                return 2;
            size_t before = size[i] < wanted ? size[i] : wanted;
            block[i] = realloc(block[i], wanted);
            size[i] = before;
            if (!block[i] || !intact(i))
                return 3;
            grown++;
        } else {
            if (!intact(i))
                return 4;
            free(block[i]);
            block[i] = NULL;
            freed++;
            continue;
        }
        size[i] = wanted;
        memset(block[i], i + 1, wanted);
        total += wanted;
    }
    printf("%lu bytes, %lu freed, %lu reallocated\n", total, freed, grown);
    return 0;
}
