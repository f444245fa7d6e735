/* What every benchmark program shares: its one entry point, a generator of input and a running checksum. */
#ifndef NEUROHART_BENCH_H
#define NEUROHART_BENCH_H

#include <stddef.h>
#include <stdint.h>

/* As in <string.h>, which a bare machine does not have. */
void *memcpy(void *restrict to, const void *restrict from, size_t size);
void *memset(void *to, int value, size_t size);
int memcmp(const void *left, const void *right, size_t size);
size_t strlen(const char *text);
int strcmp(const char *left, const char *right);
char *strcpy(char *restrict to, const char *restrict from);

/* The program: does `iterations` units of work and returns a checksum of all results. */
uint32_t benchmark(uint32_t iterations);

/* Writes text to standard output; each platform has its own (glue/). */
void platform_write(const char *text, size_t length);

/* xorshift32 (Marsaglia 2003); the state must not be 0. */
static inline uint32_t next_random(uint32_t *state)
{
    uint32_t x = *state;
    x ^= x << 13;
    x ^= x >> 17;
    x ^= x << 5;
    return *state = x;
}

static inline uint32_t mix(uint32_t sum, uint32_t value)
{
    return ((sum << 5 | sum >> 27) ^ value) * 0x9e3779b1u;
}

#endif
