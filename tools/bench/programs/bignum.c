/* Multi-precision arithmetic: schoolbook product, division by a word, powers modulo a 256-bit number (Montgomery). */
#include "bench.h"

enum { LIMBS = 8 };

static uint32_t modulus[LIMBS], inverse;

/* -1 / modulus modulo 2^32, by Newton's iteration. */
static uint32_t negative_inverse(uint32_t odd)
{
    uint32_t x = odd;
    for (int i = 0; i < 5; i++)
        x *= 2 - odd * x;
    return -x;
}

static int not_less(const uint32_t *a, const uint32_t *b)
{
    for (int i = LIMBS - 1; i >= 0; i--)
        if (a[i] != b[i])
            return a[i] > b[i];
    return 1;
}

static uint32_t subtract(uint32_t *a, const uint32_t *b)
{
    uint32_t borrow = 0;
    for (int i = 0; i < LIMBS; i++) {
        uint64_t difference = (uint64_t)a[i] - b[i] - borrow;
        a[i] = (uint32_t)difference;
        borrow = (uint32_t)(difference >> 32) & 1;
    }
    return borrow;
}

/* a * b / 2^256 modulo the modulus; a and b below it. */
static void multiply(uint32_t *result, const uint32_t *a, const uint32_t *b)
{
    uint32_t t[LIMBS + 2] = {0};
    for (int i = 0; i < LIMBS; i++) {
        uint64_t carry = 0;
        for (int j = 0; j < LIMBS; j++) {
            carry += t[j] + (uint64_t)a[j] * b[i];
            t[j] = (uint32_t)carry;
            carry >>= 32;
        }
        carry += t[LIMBS];
        t[LIMBS] = (uint32_t)carry;
        t[LIMBS + 1] = (uint32_t)(carry >> 32);
        uint32_t factor = t[0] * inverse;
        carry = (t[0] + (uint64_t)factor * modulus[0]) >> 32;
        for (int j = 1; j < LIMBS; j++) {
            carry += t[j] + (uint64_t)factor * modulus[j];
            t[j - 1] = (uint32_t)carry;
            carry >>= 32;
        }
        carry += t[LIMBS];
        t[LIMBS - 1] = (uint32_t)carry;
        t[LIMBS] = t[LIMBS + 1] + (uint32_t)(carry >> 32);
    }
    memcpy(result, t, LIMBS * sizeof *result);
    if (t[LIMBS] || not_less(result, modulus))
        subtract(result, modulus);
}

static uint32_t digits(uint32_t *number)
{
    uint32_t sum = 0;
    for (int digit = 0; digit < 20; digit++) {
        uint64_t rest = 0;
        for (int i = LIMBS - 1; i >= 0; i--) {
            rest = rest << 32 | number[i];
            number[i] = (uint32_t)(rest / 10);
            rest %= 10;
        }
        sum = mix(sum, (uint32_t)rest);
    }
    return sum;
}

uint32_t benchmark(uint32_t iterations)
{
    uint32_t seed = 31, sum = 0, base[LIMBS], power[LIMBS];
    for (int i = 0; i < LIMBS; i++) {
        modulus[i] = next_random(&seed);
        base[i] = next_random(&seed) >> 1;
    }
    modulus[0] |= 1;
    modulus[LIMBS - 1] |= 0x80000000u;
    inverse = negative_inverse(modulus[0]);
    while (iterations--) {
        memcpy(power, base, sizeof power);
        for (int bit = 0; bit < 32; bit++) {
            multiply(power, power, power);
            if (sum >> bit & 1)
                multiply(power, power, base);
        }
        memcpy(base, power, sizeof base);
        sum = mix(sum, digits(power));
    }
    return sum;
}
