/* Bitmaps as lists of events, for the host. */
#include <string.h>

#include "neurohart/coprocessor.h"

enum { STRIDE = 64 };

/* Whether any of STRIDE bytes is not 0. */
static inline int is_any(const uint8_t *from)
{
    uint64_t any = 0;
    for (unsigned k = 0; k < STRIDE; k += 8) {
        uint64_t word;
        memcpy(&word, from + k, 8);
        any |= word;
    }
    return any != 0;
}

static int64_t *list_bits(int64_t *event, int64_t row, int64_t first, uint64_t bits)
{
    for (; bits; bits &= bits - 1) {
        *event++ = row;
        *event++ = first + __builtin_ctzll(bits);
    }
    return event;
}

/* A row is whole words of 4 bytes. */
static int64_t *list_row(int64_t *event, const uint8_t *from, uint32_t bytes, int64_t row)
{
    for (uint32_t k = 0; k < bytes; k += STRIDE) {
        uint32_t end = bytes - k < STRIDE ? bytes : k + STRIDE;
        if (end - k == STRIDE && !is_any(from + k)) {
            continue;
        }
        for (uint32_t q = k; q < end; q += 8) {
            uint64_t bits = 0;
            memcpy(&bits, from + q, 4);
            if (end - q > 4) {
                memcpy(&bits, from + q, 8);
            }
            event = list_bits(event, row, INT64_C(8) * q, bits);
        }
    }
    return event;
}

uint64_t nm_list_events(int64_t *events, uint64_t room, const uint8_t *from, uint64_t *row, uint64_t rows, uint32_t bytes)
{
    int64_t *event = events;
    for (; *row < rows && room - (uint64_t)(event - events) / 2 >= UINT64_C(8) * bytes; ++*row) {
        event = list_row(event, from + *row * bytes, bytes, (int64_t)*row);
    }
    return (uint64_t)(event - events) / 2;
}
