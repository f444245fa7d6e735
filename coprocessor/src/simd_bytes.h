/* Vectors of bytes, and vectors of words from and to narrower numbers in memory. */
#ifndef NM_SIMD_BYTES_H
#define NM_SIMD_BYTES_H

#include "simd.h"
#if defined(__SSE2__)
#include <emmintrin.h>
#endif


static inline nm_vu8 v8_load(const uint8_t *p)
{
    nm_vu8 x;
    memcpy(&x, p, sizeof x);
    return x;
}

static inline nm_vu8 v8_all(uint8_t x) { return x - (nm_vu8){0}; }

static inline void v8_store(uint8_t *p, nm_vu8 x) { memcpy(p, &x, sizeof x); }

/* Sums that stay in 0..255, the smaller, the larger. */
#if defined(NM_AVX512)
static inline nm_vu8 v8_add(nm_vu8 a, nm_vu8 b) { return (nm_vu8)_mm512_adds_epu8((__m512i)a, (__m512i)b); }
static inline nm_vu8 v8_min(nm_vu8 a, nm_vu8 b) { return (nm_vu8)_mm512_min_epu8((__m512i)a, (__m512i)b); }
static inline nm_vu8 v8_max(nm_vu8 a, nm_vu8 b) { return (nm_vu8)_mm512_max_epu8((__m512i)a, (__m512i)b); }
#elif defined(NM_AVX2)
static inline nm_vu8 v8_add(nm_vu8 a, nm_vu8 b) { return (nm_vu8)_mm256_adds_epu8((__m256i)a, (__m256i)b); }
static inline nm_vu8 v8_min(nm_vu8 a, nm_vu8 b) { return (nm_vu8)_mm256_min_epu8((__m256i)a, (__m256i)b); }
static inline nm_vu8 v8_max(nm_vu8 a, nm_vu8 b) { return (nm_vu8)_mm256_max_epu8((__m256i)a, (__m256i)b); }
#elif defined(__SSE2__)
static inline nm_vu8 v8_add(nm_vu8 a, nm_vu8 b) { return (nm_vu8)_mm_adds_epu8((__m128i)a, (__m128i)b); }
static inline nm_vu8 v8_min(nm_vu8 a, nm_vu8 b) { return (nm_vu8)_mm_min_epu8((__m128i)a, (__m128i)b); }
static inline nm_vu8 v8_max(nm_vu8 a, nm_vu8 b) { return (nm_vu8)_mm_max_epu8((__m128i)a, (__m128i)b); }
#else
static inline nm_vu8 v8_select(nm_vu8 mask, nm_vu8 a, nm_vu8 b) { return (mask & a) | (~mask & b); }
static inline nm_vu8 v8_add(nm_vu8 a, nm_vu8 b) { return (a + b) | (nm_vu8)(a + b < a); }
static inline nm_vu8 v8_min(nm_vu8 a, nm_vu8 b) { return v8_select((nm_vu8)(a < b), a, b); }
static inline nm_vu8 v8_max(nm_vu8 a, nm_vu8 b) { return v8_select((nm_vu8)(a > b), a, b); }
#endif

/* Lanes of 0 and 1 as bits, lane k as bit k, and back. */
#if defined(NM_AVX512)
static inline uint64_t v8_bits(nm_vu8 x) { return _mm512_test_epi8_mask((__m512i)x, (__m512i)x); }
static inline nm_vu8 v8_of_bits(uint64_t bits) { return (nm_vu8)_mm512_maskz_mov_epi8(bits, _mm512_set1_epi8(1)); }
#elif defined(NM_AVX2)
static inline uint64_t v8_bits(nm_vu8 x) { return (uint32_t)_mm256_movemask_epi8(_mm256_slli_epi16((__m256i)x, 7)); }
static inline nm_vu8 v8_of_bits(uint64_t bits)
{
    const nm_vu8 byte = {0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1, 2, 2, 2, 2, 2, 2, 2, 2, 3, 3, 3, 3, 3, 3, 3, 3};
    const nm_vu8 bit = (nm_vu8)_mm256_set1_epi64x((int64_t)UINT64_C(0x8040201008040201));
    nm_vu8 own = (nm_vu8)_mm256_shuffle_epi8(_mm256_set1_epi32((int32_t)bits), (__m256i)byte) & bit;
    return (nm_vu8)(own == bit) & v8_all(1);
}
#elif defined(__SSE2__)
static inline uint64_t v8_bits(nm_vu8 x) { return (uint32_t)_mm_movemask_epi8(_mm_slli_epi16((__m128i)x, 7)); }
#else
static inline uint64_t v8_bits(nm_vu8 x)
{
    uint64_t bits = 0;
    for (unsigned k = 0; k < NM_BYTES; k++) {
        bits |= (uint64_t)(x[k] & 1) << k;
    }
    return bits;
}
#endif

/* Store the lowest 16 or 8 bits of each word. */
#if defined(NM_AVX512)
static inline void v_store_16(uint8_t *p, nm_v32 x)
{
    _mm256_storeu_si256((__m256i_u *)p, _mm512_cvtepi32_epi16((__m512i)x));
}
static inline void v_store_8(uint8_t *p, nm_v32 x)
{
    _mm_storeu_si128((__m128i_u *)p, _mm512_cvtepi32_epi8((__m512i)x));
}
#else
static inline void v_store_16(uint8_t *p, nm_v32 x)
{
    nm_v16_half y = __builtin_convertvector(x, nm_v16_half);
    memcpy(p, &y, sizeof y);
}
static inline void v_store_8(uint8_t *p, nm_v32 x)
{
    nm_v8_quarter y = __builtin_convertvector(x, nm_v8_quarter);
    memcpy(p, &y, sizeof y);
}
#endif

/* a*b where both are in the range of s16 and the upper halves of b's words are 0. */
static inline nm_v32 v_multiply_s16(nm_v32 a, nm_v32 b)
{
#if defined(NM_AVX512)
    return (nm_v32)_mm512_madd_epi16((__m512i)a, (__m512i)b);
#elif defined(NM_AVX2)
    return (nm_v32)_mm256_madd_epi16((__m256i)a, (__m256i)b);
#elif defined(__SSE2__)
    return (nm_v32)_mm_madd_epi16((__m128i)a, (__m128i)b);
#else
    return a * ((b ^ 0x8000) - 0x8000);
#endif
}

/* The truth values of the lowest NM_WORDS bits. */
static inline nm_mask v_mask_of_bits(uint32_t bits)
{
#if defined(NM_AVX512)
    return (nm_mask)bits;
#else
    nm_v32 bit;
    for (int32_t k = 0; k < NM_WORDS; k++) {
        bit[k] = 1 << k;
    }
    return (v_all((int32_t)bits) & bit) == bit;
#endif
}

#endif
