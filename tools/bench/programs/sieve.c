/* The sieve of Eratosthenes on bytes, then on bits: long simple loops over memory. */
#include "bench.h"

enum { LIMIT = 65536 };

static uint8_t composite[LIMIT];
static uint32_t composite_bits[LIMIT / 32];

uint32_t benchmark(uint32_t iterations)
{
    uint32_t sum = 0;
    while (iterations--) {
        uint32_t limit = LIMIT - iterations % 100, bytes = 0, bits = 0;
        memset(composite, 0, sizeof composite);
        memset(composite_bits, 0, sizeof composite_bits);
        for (uint32_t i = 2; i < limit; i++) {
            if (composite[i])
                continue;
            bytes += i;
            for (uint32_t j = i * 2; j < limit; j += i)
                composite[j] = 1;
        }
        for (uint32_t i = 2; i < limit; i++) {
            if (composite_bits[i / 32] >> i % 32 & 1)
                continue;
            bits += i;
            for (uint32_t j = i * 2; j < limit; j += i)
                composite_bits[j / 32] |= 1u << j % 32;
        }
        if (bytes != bits)
            return 0;
        sum = mix(sum, bytes);
    }
    return sum;
}
