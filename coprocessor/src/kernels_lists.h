/* Which rows are active. */

/* Bits 64*g to 64*g + 63 of a bitmap of n bits that starts with bit `first`. */
static inline uint64_t bits_of(const uint8_t *source, uint32_t n, uint32_t first, uint32_t g)
{
    uint32_t left = n - 64 * g;
    uint64_t bits = 0;
    memcpy(&bits, source + 8 * (size_t)g, left > 32 ? 8 : 4);
    bits &= left >= 64 ? UINT64_MAX : (UINT64_C(1) << left) - 1;
    return g == first / 64 ? bits & UINT64_MAX << first % 64 : bits;
}

#if defined(NM_AVX512)
/* Append 64*g + k for every set bit k: indices compressed 16 at a time. */
static inline uint32_t append(uint64_t bits, uint32_t g, uint16_t *list)
{
    const __m512i places = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
    uint32_t count = 0;
    for (int32_t k = 0; k < 64; k += 16, bits >>= 16) {
        __mmask16 some = (__mmask16)bits;
        __m512i index = _mm512_add_epi32(places, _mm512_set1_epi32((int32_t)(64 * g) + k));
        __m512i packed = _mm512_maskz_compress_epi32(some, index);
        _mm256_storeu_si256((__m256i_u *)(list + count), _mm512_cvtepi32_epi16(packed));
        count += nm_popcount(some);
    }
    return count;
}
#else
/* As above, four at a time without asking whether there are so many: that would be a branch nobody can predict. */
static inline uint32_t append(uint64_t bits, uint32_t g, uint16_t *list)
{
    uint32_t count = (uint32_t)__builtin_popcountll(bits);
    for (uint32_t k = 0; k < count; k += 4) {
        for (uint32_t q = 0; q < 4; q++) {
            list[k + q] = (uint16_t)(64 * g + (uint32_t)__builtin_ctzll(bits | UINT64_C(1) << 63));
            bits &= bits - 1;
        }
    }
    return count;
}
#endif

static uint32_t list_bits(const uint8_t *source, uint32_t n, uint32_t first, uint16_t *list)
{
    uint32_t count = 0;
    for (uint32_t g = first / 64; g < (n + 63) / 64; g++) {
        uint64_t bits = bits_of(source, n, first, g);
        if (bits) {
            count += append(bits, g, list + count);
        }
    }
    return count;
}

static uint32_t list_words(const uint8_t *source, uint32_t n, uint32_t first, uint16_t *list)
{
    uint32_t count = 0;
    for (uint32_t g = first / 64; g < (n + 63) / 64; g++) {
        uint32_t left = n - 64 * g < 64 ? n - 64 * g : 64, k = 0;
        const uint8_t *words = source + 256 * (size_t)g;
        uint64_t bits = 0;
        for (; k + NM_WORDS <= left; k += NM_WORDS) {
            bits |= (uint64_t)v_bits(v_nonzero(v_load(words + 4 * k))) << k;
        }
        for (; k < left; k++) {
            uint32_t x;
            memcpy(&x, words + 4 * k, 4);
            bits |= (uint64_t)(x != 0) << k;
        }
        bits &= g == first / 64 ? UINT64_MAX << first % 64 : UINT64_MAX;
        if (bits) {
            count += append(bits, g, list + count);
        }
    }
    return count;
}
