/* Dense weights (formats 0 to 3 of specification 6.4). */
#ifndef NM_WEIGHTS_H
#define NM_WEIGHTS_H

#include "descriptor.h"

static const uint8_t nm_weight_bits[4] = {[NM_S8] = 8, [NM_S4] = 4, [NM_S2] = 2, [NM_BINARY] = 1};

/* Weight j of a row, modulo 2^32. */
static inline uint32_t nm_dense_weight(const uint8_t *row, uint32_t format, uint32_t j)
{
    switch (format) {
    case NM_S8: return (uint32_t)(int8_t)row[j];
    case NM_S4: return ((((uint32_t)row[j / 2] >> 4 * (j & 1)) & 0xF) ^ 8) - 8;
    case NM_S2: return ((((uint32_t)row[j / 4] >> 2 * (j & 3)) & 3) ^ 2) - 2;
    default: return 2 * (((uint32_t)row[j / 8] >> (j & 7)) & 1) - 1;
    }
}

/* Element `index` of a table of 4-bit numbers. */
static inline uint32_t nm_nibble(const uint8_t *table, size_t index)
{
    return (uint32_t)table[index / 2] >> 4 * (index & 1) & 0xF;
}

#endif
