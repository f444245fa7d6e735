/* Spikes between bytes of 0 and 1, as arrays of the host have them, and bits. */

/* Eight bytes of 0 and 1 as bits, and back. */
static inline uint8_t bits_of_eight(uint64_t bytes) { return (uint8_t)(bytes * UINT64_C(0x0102040810204080) >> 56); }

static inline uint64_t eight_of_bits(uint8_t bits)
{
    uint64_t chosen = bits * UINT64_C(0x0101010101010101) & UINT64_C(0x8040201008040201);
    return (chosen + UINT64_C(0x7F7F7F7F7F7F7F7F)) >> 7 & UINT64_C(0x0101010101010101);
}

static bool pack_bits(uint8_t *to, const uint8_t *from, uint32_t n)
{
    uint32_t i = 0;
    nm_vu8 vectors = v8_all(0);
    uint64_t seen = 0, x;
    for (; n - i >= NM_BYTES; i += NM_BYTES) {
        nm_vu8 bytes = v8_load(from + i);
        uint64_t bits = v8_bits(bytes);
        vectors |= bytes;
        memcpy(to + i / 8, &bits, NM_BYTES / 8);
    }
    for (; n - i >= 8; i += 8) {
        memcpy(&x, from + i, 8);
        seen |= x;
        to[i / 8] = bits_of_eight(x);
    }
    if (i < n) {
        x = 0;
        for (uint32_t k = i; k < n; k++) {
            x |= (uint64_t)from[k] << 8 * (k - i);
        }
        seen |= x;
        to[i / 8] = bits_of_eight(x);
    }
    return (seen & ~UINT64_C(0x0101010101010101)) == 0 && v8_bits((nm_vu8)(vectors > v8_all(1))) == 0;
}

static void unpack_bits(uint8_t *to, const uint8_t *from, uint32_t n)
{
    uint32_t i = 0;
#if defined(NM_AVX512)
    if (n % NM_BYTES) {
        uint32_t last = n / NM_BYTES * NM_BYTES;
        uint64_t bits = nm_get32(from + last / 8);
        if (n - last > 32) {
            memcpy(&bits, from + last / 8, 8);
        }
        _mm512_mask_storeu_epi8(to + last, (UINT64_C(1) << (n - last)) - 1, (__m512i)v8_of_bits(bits));
        n = last;
    }
#endif
#if defined(NM_AVX512) || defined(NM_AVX2)
    for (; n - i >= NM_BYTES; i += NM_BYTES) {
        uint64_t bits = 0;
        memcpy(&bits, from + i / 8, NM_BYTES / 8);
        v8_store(to + i, v8_of_bits(bits));
    }
#endif
    for (; n - i >= 8; i += 8) {
        uint64_t x = eight_of_bits(from[i / 8]);
        memcpy(to + i, &x, 8);
    }
    for (uint32_t k = i; k < n; k++) {
        to[k] = from[i / 8] >> (k - i) & 1;
    }
}
