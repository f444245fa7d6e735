/* Bitmaps as lists of events, for the host. */
#include <string.h>

#include "neurohart/coprocessor.h"

enum { WORDS = 8, STRIDE = 8 * WORDS };

/* The bits of a word, which is not 0. */
static inline int64_t *list_word(int64_t *event, int64_t row, int64_t first, uint64_t bits)
{
    do {
        *event++ = row;
        *event++ = first + __builtin_ctzll(bits);
    } while (bits &= bits - 1);
    return event;
}

/* A row is whole words of 4 bytes. Where events are few, a branch nobody foresees costs more than all else. */
static int64_t *list_row(int64_t *event, const uint8_t *from, uint32_t bytes, int64_t row)
{
    uint32_t k = 0;
    for (; bytes - k >= STRIDE; k += STRIDE) {
        uint64_t words[WORDS], any = 0;
        memcpy(words, from + k, STRIDE);
        for (unsigned q = 0; q < WORDS; q++) {
            any |= words[q];
        }
        if (!any) {
            continue;
        }
        unsigned some = 0;
        for (unsigned q = 0; q < WORDS; q++) {
            some |= (unsigned)(words[q] != 0) << q;
        }
        do {
            unsigned q = (unsigned)__builtin_ctz(some);
            event = list_word(event, row, INT64_C(8) * (k + 8 * q), words[q]);
        } while (some &= some - 1);
    }
    for (; k < bytes; k += 8) {
        uint32_t word;
        memcpy(&word, from + k, 4);
        uint64_t bits = word;
        if (bytes - k > 4) {
            memcpy(&bits, from + k, 8);
        }
        if (bits) {
            event = list_word(event, row, INT64_C(8) * k, bits);
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
