/* Which rows are active. */

#if defined(NM_AVX512)
/* Append base + k for every set bit k; gives their number. */
static inline uint32_t append(uint32_t bits, uint32_t base, uint16_t *list)
{
    const nm_vu16 count = {0,  1,  2,  3,  4,  5,  6,  7,  8,  9,  10, 11, 12, 13, 14, 15,
                           16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31};
    _mm512_storeu_si512(list, _mm512_maskz_compress_epi16(bits, (__m512i)(count + (uint16_t)base)));
    return nm_popcount(bits);
}

/* First the words that are not 0, then their bits: no branch depends on where spikes are. */
static uint32_t list_bits(const uint8_t *source, uint32_t n, uint32_t first, uint16_t *list)
{
    const nm_vu32 places = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
    uint32_t word[NM_LARGEST_BITMAP + NM_WORDS], place[NM_LARGEST_BITMAP + NM_WORDS], words = nm_words(n), found = 0;
    for (uint32_t g = first / 32; g < words; g += NM_WORDS) {
        __mmask16 inside = (__mmask16)(words - g < NM_WORDS ? (1u << (words - g)) - 1 : UINT16_MAX);
        __m512i x = _mm512_maskz_loadu_epi32(inside, source + 4 * (size_t)g);
        __mmask16 some = _mm512_test_epi32_mask(x, x);
        _mm512_storeu_si512(word + found, _mm512_maskz_compress_epi32(some, x));
        _mm512_storeu_si512(place + found, _mm512_maskz_compress_epi32(some, (__m512i)(places + g)));
        found += nm_popcount(some);
    }
    if (found == 0) {
        return 0;
    }
    word[0] &= place[0] == first / 32 ? UINT32_MAX << first % 32 : UINT32_MAX;
    word[found - 1] &= place[found - 1] == words - 1 ? UINT32_MAX >> (32 * words - n) : UINT32_MAX;
    uint32_t count = 0;
    for (uint32_t k = 0; k < found; k++) {
        count += append(word[k], 32 * place[k], list + count);
    }
    return count;
}
#else
/* Bits 64*g to 64*g + 63 of a bitmap of n bits that starts with bit `first`. */
static inline uint64_t bits_of(const uint8_t *source, uint32_t n, uint32_t first, uint32_t g)
{
    uint32_t left = n - 64 * g;
    uint64_t bits = 0;
    memcpy(&bits, source + 8 * (size_t)g, left > 32 ? 8 : 4);
    bits &= left >= 64 ? UINT64_MAX : (UINT64_C(1) << left) - 1;
    return g == first / 64 ? bits & UINT64_MAX << first % 64 : bits;
}

/* Append 64*g + k for every set bit k, of which there is one at least: four at a time without asking whether there are so
   many, which would be a branch nobody can predict. */
static inline uint32_t append(uint64_t bits, uint32_t g, uint16_t *list)
{
    uint32_t count = (uint32_t)__builtin_popcountll(bits), k = 0;
    do {
        for (uint32_t q = 0; q < 4; q++) {
            list[k + q] = (uint16_t)(64 * g + (uint32_t)__builtin_ctzll(bits | UINT64_C(1) << 63));
            bits &= bits - 1;
        }
        k += 4;
    } while (k < count);
    return count;
}

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
#endif

static uint32_t list_words(const uint8_t *source, uint32_t n, uint32_t first, uint16_t *list)
{
    uint32_t bitmap[NM_LARGEST_BITMAP];
    for (uint32_t g = first / 64 * 2; g < nm_words(n); g++) {
        uint32_t left = n - 32 * g < 32 ? n - 32 * g : 32, bits = 0, k = 0;
        const uint8_t *words = source + 128 * (size_t)g;
        for (; k + NM_WORDS <= left; k += NM_WORDS) {
            bits |= v_bits(v_nonzero(v_load(words + 4 * k))) << k;
        }
        for (; k < left; k++) {
            bits |= (uint32_t)(nm_get32(words + 4 * k) != 0) << k;
        }
        bitmap[g] = bits;
    }
    return list_bits((const uint8_t *)bitmap, n, first, list);
}
