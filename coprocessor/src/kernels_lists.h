/* Which rows are active. */

#if defined(NM_AVX512)
/* Append base + k for every set bit k; gives their number. Beyond 16, which are usual, all places are stored. */
static inline uint32_t append(uint64_t bits, nm_vu16 base, uint16_t *list)
{
    const nm_vu8 places = {0,  1,  2,  3,  4,  5,  6,  7,  8,  9,  10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21,
                           22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 37, 38, 39, 40, 41, 42, 43,
                           44, 45, 46, 47, 48, 49, 50, 51, 52, 53, 54, 55, 56, 57, 58, 59, 60, 61, 62, 63};
    const __m512i found = _mm512_maskz_compress_epi8(bits, (__m512i)places), first = (__m512i)base;
    const uint32_t count = (uint32_t)__builtin_popcountll(bits);
    _mm256_storeu_si256((__m256i_u *)list, _mm256_add_epi16(_mm512_castsi512_si256(first),
                                                            _mm256_cvtepu8_epi16(_mm512_castsi512_si128(found))));
    if (__builtin_expect(count > 16, 0)) {
        const __m512i low = _mm512_cvtepu8_epi16(_mm512_castsi512_si256(found));
        const __m512i high = _mm512_cvtepu8_epi16(_mm512_extracti64x4_epi64(found, 1));
        _mm512_storeu_si512(list, _mm512_add_epi16(first, low));
        _mm512_storeu_si512(list + 32, _mm512_add_epi16(first, high));
    }
    return count;
}

static inline nm_vu16 base_of(uint32_t g) { return (uint16_t)(64 * g) - (nm_vu16){0}; }

static inline uint64_t pair_of(const uint8_t *source, uint32_t g)
{
    uint64_t bits;
    memcpy(&bits, source + 8 * (size_t)g, sizeof bits);
    return bits;
}

enum { FEW_PAIRS = 4 };

/* Eight pairs of words from pair g on; where few of them have bits, only those. */
static inline uint32_t append_eight(const uint8_t *source, uint32_t g, uint16_t *list)
{
    __m512i all = _mm512_loadu_si512(source + 8 * (size_t)g);
    uint32_t some = _mm512_test_epi64_mask(all, all), count = 0;
    if (nm_popcount(some) > FEW_PAIRS) {
        nm_vu16 base = base_of(g);
        for (uint32_t k = 0; k < 8; k++, base += 64) {
            count += append(pair_of(source, g + k), base, list + count);
        }
        return count;
    }
    for (; some; some &= some - 1) {
        uint32_t k = g + (uint32_t)__builtin_ctz(some);
        count += append(pair_of(source, k), base_of(k), list + count);
    }
    return count;
}

static uint32_t list_bits(const uint8_t *source, uint32_t n, uint32_t first, uint16_t *list)
{
    uint32_t g = first / 64, whole = n / 64, count = 0;
    if (first % 64 && g < whole) {
        count = append(pair_of(source, g) & UINT64_MAX << first % 64, base_of(g), list);
        g++;
    }
    for (; g + 8 <= whole; g += 8) {
        count += append_eight(source, g, list + count);
    }
    for (; g < whole; g++) {
        count += append(pair_of(source, g), base_of(g), list + count);
    }
    if (g == whole && n % 64) {
        uint64_t last = n % 64 > 32 ? pair_of(source, g) : nm_get32(source + 8 * (size_t)g);
        last &= UINT64_MAX >> (64 - n % 64) & (g == first / 64 ? UINT64_MAX << first % 64 : UINT64_MAX);
        count += append(last, base_of(g), list + count);
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
