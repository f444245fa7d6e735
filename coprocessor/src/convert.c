/* nm.ev2bm and nm.bm2ev: between event lists and bitmaps, one unit each (specification 7.8). */
#include "engine.h"

static void count_conversion(nm_coprocessor *c, uint32_t n, uint64_t count, bool reads_events)
{
    uint64_t events = 4 + 4 * count, bitmap = 4 * nm_words(n);
    nm_count(c, NM_RDB, reads_events ? events : bitmap);
    nm_count(c, NM_WRB, reads_events ? bitmap : events);
    nm_count_cycles(c, NM_ENTRY_CYCLES + count + nm_words(n));
}

nm_status nm_ev2bm(nm_coprocessor *c, uint32_t rs1)
{
    nm_xfer x;
    uint32_t bitmap[NM_LARGEST_BITMAP] = {0}, set = 0;
    if (!nm_read_xfer(c, rs1, &x) || !nm_loadable(c, x.events, 4)) {
        return NM_FAULT;
    }
    uint32_t count = nm_peek32(c, x.events), words = nm_words(x.n);
    for (uint32_t k = 0; k < count; k++) {
        uint32_t place = x.events + 4 + 4 * k;
        if (!nm_loadable(c, place, 4)) {
            return NM_FAULT;
        }
        uint32_t i = nm_peek32(c, place) & 0xFFFFF;
        if (i >= x.n) {
            return nm_fail(c, NM_BAD, place);
        }
        bitmap[i / 32] |= 1u << i % 32;
    }
    uint8_t *host = nm_span(c, NM_STORE_FAULT, x.bitmap, words, 4);
    if (!host) {
        return NM_FAULT;
    }
    memcpy(host, bitmap, 4 * (size_t)words);
    nm_wrote(c, x.bitmap, 4 * (uint64_t)words);
    for (uint32_t g = 0; g < words; g++) {
        set += nm_popcount(bitmap[g]);
    }
    count_conversion(c, x.n, count, true);
    c->front.result = set;
    return NM_OK;
}

nm_status nm_bm2ev(nm_coprocessor *c, uint32_t rs1)
{
    nm_xfer x;
    uint32_t bitmap[NM_LARGEST_BITMAP], count = 0;
    if (!nm_read_xfer(c, rs1, &x)) {
        return NM_FAULT;
    }
    uint32_t words = nm_words(x.n);
    const uint8_t *source = nm_span(c, NM_LOAD_FAULT, x.bitmap, words, 4);
    if (!source) {
        return NM_FAULT;
    }
    memcpy(bitmap, source, 4 * (size_t)words);
    bitmap[words - 1] &= nm_valid_bits(x.n, words - 1);
    for (uint32_t g = 0; g < words; g++) {
        count += nm_popcount(bitmap[g]);
    }
    if (count > x.capacity) {
        return nm_fail(c, NM_LIMIT, x.address + 16);
    }
    uint8_t *host = nm_span(c, NM_STORE_FAULT, x.events, 1 + (uint64_t)count, 4);
    if (!host) {
        return NM_FAULT;
    }
    nm_wrote(c, x.events, 4 + UINT64_C(4) * count);
    nm_put32(host, count);
    uint32_t stamp = (c->user[NM_USER_T] & 0xFFF) << 20;
    for (uint32_t g = 0; g < words; g++) {
        for (uint32_t bits = bitmap[g]; bits; bits &= bits - 1) {
            host += 4;
            nm_put32(host, stamp | (32 * g + (uint32_t)__builtin_ctz(bits)));
        }
    }
    count_conversion(c, x.n, count, false);
    c->front.result = count;
    return NM_OK;
}
