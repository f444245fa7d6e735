/* Substring search: naive, Knuth-Morris-Pratt and Boyer-Moore-Horspool; all must agree. */
#include "bench.h"

enum { TEXT = 8192, PATTERN = 7 };

static char text[TEXT], pattern[PATTERN];

static uint32_t naive(void)
{
    uint32_t found = 0;
    for (int i = 0; i + PATTERN <= TEXT; i++) {
        int j = 0;
        while (j < PATTERN && text[i + j] == pattern[j])
            j++;
        found += j == PATTERN;
    }
    return found;
}

static uint32_t knuth_morris_pratt(void)
{
    int border[PATTERN + 1];
    uint32_t found = 0;
    border[0] = -1;
    for (int i = 0, j = -1; i < PATTERN;) {
        while (j >= 0 && pattern[i] != pattern[j])
            j = border[j];
        border[++i] = ++j;
    }
    for (int i = 0, j = 0; i < TEXT; i++) {
        while (j >= 0 && text[i] != pattern[j])
            j = border[j];
        if (++j == PATTERN) {
            found++;
            j = border[j];
        }
    }
    return found;
}

static uint32_t horspool(void)
{
    uint8_t shift[256];
    uint32_t found = 0;
    memset(shift, PATTERN, sizeof shift);
    for (int i = 0; i < PATTERN - 1; i++)
        shift[(uint8_t)pattern[i]] = (uint8_t)(PATTERN - 1 - i);
    for (int i = 0; i + PATTERN <= TEXT; i += shift[(uint8_t)text[i + PATTERN - 1]]) {
        int j = PATTERN - 1;
        while (j >= 0 && text[i + j] == pattern[j])
            j--;
        found += j < 0;
    }
    return found;
}

uint32_t benchmark(uint32_t iterations)
{
    uint32_t seed = 13, sum = 0;
    for (int i = 0; i < TEXT; i++)
        text[i] = (char)('a' + (next_random(&seed) >> 9) % 3);
    while (iterations--) {
        memcpy(pattern, text + next_random(&seed) % (TEXT - PATTERN), PATTERN);
        uint32_t found = naive();
        if (found != knuth_morris_pratt() || found != horspool())
            return 0;
        sum = mix(sum, found);
        text[sum % TEXT] = (char)('a' + sum % 3);
    }
    return sum;
}
