/* Large straight-line code with thousands of branches and calls, far more than caches of translated code like: a
   function of the kind that protocol and state-chart generators write. */
#include "bench.h"

static uint32_t a, b, c, d, count;

__attribute__((noinline)) static void odd_step(uint32_t i)
{
    d += a ^ i;
    count++;
}

__attribute__((noinline)) static void even_step(uint32_t i)
{
    d ^= b + i;
    count += 2;
}

#define CASE(i)                                                               \
    if ((a ^ (i) * 40503u) & 1u << (i) % 13) {                                \
        b += a + (i);                                                         \
        if (b & 0x40)                                                         \
            odd_step(i);                                                      \
        else                                                                  \
            c ^= b >> 3;                                                      \
    } else if (c > d) {                                                       \
        a = (a << 1 | a >> 31) + (i);                                         \
    } else {                                                                  \
        c += a * 3 + (i);                                                     \
        if (!(c & 7))                                                         \
            even_step(i);                                                     \
    }                                                                         \
    a = a * 5 + c;

#define CASES_8(i) CASE(i) CASE((i) + 1) CASE((i) + 2) CASE((i) + 3) CASE((i) + 4) CASE((i) + 5) CASE((i) + 6) CASE((i) + 7)
#define CASES_64(i)                                                           \
    CASES_8(i) CASES_8((i) + 8) CASES_8((i) + 16) CASES_8((i) + 24) CASES_8((i) + 32) CASES_8((i) + 40)               \
    CASES_8((i) + 48) CASES_8((i) + 56)
#define FUNCTION(n)                                                           \
    __attribute__((noinline)) static void function_##n(void)                  \
    {                                                                         \
        CASES_64(64 * n)                                                      \
    }

FUNCTION(0) FUNCTION(1) FUNCTION(2) FUNCTION(3) FUNCTION(4) FUNCTION(5) FUNCTION(6) FUNCTION(7)
FUNCTION(8) FUNCTION(9) FUNCTION(10) FUNCTION(11) FUNCTION(12) FUNCTION(13) FUNCTION(14) FUNCTION(15)

static void (*const functions[16])(void) = {
    function_0, function_1, function_2,  function_3,  function_4,  function_5,  function_6,  function_7,
    function_8, function_9, function_10, function_11, function_12, function_13, function_14, function_15,
};

uint32_t benchmark(uint32_t iterations)
{
    uint32_t sum = 0;
    a = 1, b = 2, c = 3, d = 4;
    for (uint32_t i = 0; i < iterations; i++) {
        for (int j = 0; j < 16; j++)
            functions[(sum + (uint32_t)j * 5) % 16]();
        sum = mix(sum, a ^ b ^ c ^ d ^ count);
    }
    return sum;
}
