/* Integers, saturation, shifts with rounding (specification 2.1, 2.2) and the random source (2.3, 2.4).
   Everything is computed in 64-bit signed arithmetic, which the specification guarantees to suffice. */
#ifndef NM_NUMBER_H
#define NM_NUMBER_H

#include <stdbool.h>
#include <stdint.h>

enum { NM_RNG_RESET = 0x6E6D0001 };

static inline uint32_t nm_field(uint32_t word, unsigned high, unsigned low)
{
    return (word >> low) & (UINT32_MAX >> (31 - (high - low)));
}

static inline int64_t nm_s8(uint32_t x) { return (int8_t)(uint8_t)x; }
static inline int64_t nm_s9(uint32_t x) { return (int64_t)((x & 0x1FF) ^ 0x100) - 0x100; }
static inline int64_t nm_s16(uint32_t x) { return (int16_t)(uint16_t)x; }
static inline int64_t nm_s32(uint32_t x) { return (int32_t)x; }

/* x modulo 2^32: the wrapping conversion of a mathematical integer. */
static inline uint32_t nm_u32(int64_t x) { return (uint32_t)(uint64_t)x; }
static inline int64_t nm_wrap32(int64_t x) { return (int32_t)nm_u32(x); }

static inline int64_t nm_abs(int64_t x) { return x < 0 ? -x : x; }
static inline uint64_t nm_magnitude(int64_t x) { return (uint64_t)nm_abs(x); }
static inline uint64_t nm_larger(uint64_t a, uint64_t b) { return a > b ? a : b; }
static inline int64_t nm_sgn(int64_t x) { return (x > 0) - (x < 0); }

static inline int64_t nm_clip(int64_t x, int64_t low, int64_t high)
{
    return x < low ? low : x > high ? high : x;
}

/* floor(x / 2^k); gcc and clang define >> of a negative number so. */
static inline int64_t nm_asr(int64_t x, unsigned k) { return x >> k; }
static inline int64_t nm_tz(int64_t x, unsigned k) { return x < 0 ? -(-x >> k) : x >> k; }
static inline int64_t nm_rhu(int64_t x, unsigned k) { return k ? (x + (INT64_C(1) << (k - 1))) >> k : x; }

static inline uint32_t nm_popcount(uint32_t x) { return (uint32_t)__builtin_popcount(x); }

/* W(k) = ceil(k / 32). */
static inline uint32_t nm_words(uint32_t bits) { return (bits + 31) / 32; }
static inline uint64_t nm_ceil_div(uint64_t x, uint64_t y) { return (x + y - 1) / y; }

/* One draw: step the state, give its upper n bits, 1 <= n <= 32. */
static inline uint32_t nm_draw(uint32_t *rng, unsigned n)
{
    uint32_t x = *rng;
    x ^= x << 13;
    x ^= x >> 17;
    x ^= x << 5;
    *rng = x;
    return x >> (32 - n);
}

/* x / 2^k rounded: 0 toward zero, 1 floor, 2 half up, 3 stochastic; an exact quotient draws nothing. k <= 31. */
static inline int64_t nm_round(uint32_t *rng, unsigned rounding, int64_t x, unsigned k)
{
    if (((uint64_t)x & ((UINT64_C(1) << k) - 1)) == 0) {
        return nm_asr(x, k);
    }
    switch (rounding) {
    case 0: return nm_tz(x, k);
    case 1: return nm_asr(x, k);
    case 2: return nm_rhu(x, k);
    default: return nm_asr(x + nm_draw(rng, k), k);
    }
}

#endif
