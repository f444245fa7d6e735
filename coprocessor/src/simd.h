/* Vectors of NM_BYTES bytes and the few operations that C operators on vectors do not give.
   Arithmetic uses the operators of the vector extension of gcc and clang. */
#ifndef NM_SIMD_H
#define NM_SIMD_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#if defined(NM_AVX2) || defined(NM_AVX512)
#include <immintrin.h>
#endif

enum { NM_WORDS = NM_BYTES / 4, NM_HALVES = NM_BYTES / 2 };

typedef int32_t nm_v32 __attribute__((vector_size(NM_BYTES)));
typedef uint32_t nm_vu32 __attribute__((vector_size(NM_BYTES)));
typedef int16_t nm_v16 __attribute__((vector_size(NM_BYTES)));
typedef uint16_t nm_vu16 __attribute__((vector_size(NM_BYTES)));
typedef uint8_t nm_vu8 __attribute__((vector_size(NM_BYTES)));
typedef int8_t nm_v8_half __attribute__((vector_size(NM_BYTES / 2)));
typedef int8_t nm_v8_quarter __attribute__((vector_size(NM_BYTES / 4)));
typedef int16_t nm_v16_half __attribute__((vector_size(NM_BYTES / 2)));
typedef uint16_t nm_vu16_half __attribute__((vector_size(NM_BYTES / 2)));

static inline nm_v32 v_load(const uint8_t *p)
{
    nm_v32 x;
    memcpy(&x, p, sizeof x);
    return x;
}

/* Put a vector into a register: gcc loads a value several times where it is used several times. */
#if defined(NM_AVX512)
#define NM_IN_REGISTER(x) __asm__("" : "+v"(x))
#elif defined(NM_AVX2)
#define NM_IN_REGISTER(x) __asm__("" : "+x"(x))
#else
#define NM_IN_REGISTER(x) ((void)(x))
#endif

static inline nm_v32 v_load_once(const uint8_t *p)
{
    nm_v32 x = v_load(p);
    NM_IN_REGISTER(x);
    return x;
}

static inline void v_store(uint8_t *p, nm_v32 x) { memcpy(p, &x, sizeof x); }

static inline nm_v32 v_all(int32_t x) { return x - (nm_v32){0}; }

/* v_load_s8: NM_HALVES s8 values, widened; v_load_s8_words, v_load_s16, v_load_u16: NM_WORDS values, widened. gcc splits the general conversion into halves, hence the intrinsics. */
#if defined(NM_AVX512)
static inline nm_v16 v_load_s8(const uint8_t *p)
{
    return (nm_v16)_mm512_cvtepi8_epi16(_mm256_loadu_si256((const __m256i_u *)p));
}
static inline nm_v32 v_load_s8_words(const uint8_t *p)
{
    return (nm_v32)_mm512_cvtepi8_epi32(_mm_loadu_si128((const __m128i_u *)p));
}
static inline nm_v32 v_load_s16(const uint8_t *p)
{
    return (nm_v32)_mm512_cvtepi16_epi32(_mm256_loadu_si256((const __m256i_u *)p));
}
static inline nm_v32 v_load_u16(const uint8_t *p)
{
    return (nm_v32)_mm512_cvtepu16_epi32(_mm256_loadu_si256((const __m256i_u *)p));
}
#elif defined(NM_AVX2)
static inline nm_v16 v_load_s8(const uint8_t *p)
{
    return (nm_v16)_mm256_cvtepi8_epi16(_mm_loadu_si128((const __m128i_u *)p));
}
static inline nm_v32 v_load_s8_words(const uint8_t *p)
{
    return (nm_v32)_mm256_cvtepi8_epi32(_mm_loadl_epi64((const __m128i_u *)p));
}
static inline nm_v32 v_load_s16(const uint8_t *p)
{
    return (nm_v32)_mm256_cvtepi16_epi32(_mm_loadu_si128((const __m128i_u *)p));
}
static inline nm_v32 v_load_u16(const uint8_t *p)
{
    return (nm_v32)_mm256_cvtepu16_epi32(_mm_loadu_si128((const __m128i_u *)p));
}
#else
static inline nm_v16 v_load_s8(const uint8_t *p)
{
    nm_v8_half x;
    memcpy(&x, p, sizeof x);
    return __builtin_convertvector(x, nm_v16);
}
static inline nm_v32 v_load_s8_words(const uint8_t *p)
{
    nm_v8_quarter x;
    memcpy(&x, p, sizeof x);
    return __builtin_convertvector(x, nm_v32);
}
static inline nm_v32 v_load_s16(const uint8_t *p)
{
    nm_v16_half x;
    memcpy(&x, p, sizeof x);
    return __builtin_convertvector(x, nm_v32);
}
static inline nm_v32 v_load_u16(const uint8_t *p)
{
    nm_vu16_half x;
    memcpy(&x, p, sizeof x);
    return __builtin_convertvector(x, nm_v32);
}
#endif
static inline nm_v32 v_widen_s16(const int16_t *p) { return v_load_s16((const uint8_t *)p); }

/* Lanes of a and b in turn: v_zip_* from their first halves (low) or second halves (high). */
#define NM_PAIRS2(k, n) (k), (k) + (n), (k) + 1, (k) + 1 + (n)
#define NM_PAIRS4(k, n) NM_PAIRS2(k, n), NM_PAIRS2((k) + 2, n)
#define NM_PAIRS8(k, n) NM_PAIRS4(k, n), NM_PAIRS4((k) + 4, n)
#define NM_PAIRS16(k, n) NM_PAIRS8(k, n), NM_PAIRS8((k) + 8, n)
#if NM_BYTES == 16
#define NM_PAIRS_WORDS NM_PAIRS2
#define NM_PAIRS_HALVES NM_PAIRS4
#elif NM_BYTES == 32
#define NM_PAIRS_WORDS NM_PAIRS4
#define NM_PAIRS_HALVES NM_PAIRS8
#else
#define NM_PAIRS_WORDS NM_PAIRS8
#define NM_PAIRS_HALVES NM_PAIRS16
#endif
#if defined(__clang__)
#define NM_SHUFFLE(type, a, b, ...) __builtin_shufflevector(a, b, __VA_ARGS__)
#else
#define NM_SHUFFLE(type, a, b, ...) __builtin_shuffle(a, b, (type){__VA_ARGS__})
#endif
static inline nm_vu32 v_zip_low(nm_vu32 a, nm_vu32 b) { return NM_SHUFFLE(nm_vu32, a, b, NM_PAIRS_WORDS(0, NM_WORDS)); }
static inline nm_vu32 v_zip_high(nm_vu32 a, nm_vu32 b)
{
    return NM_SHUFFLE(nm_vu32, a, b, NM_PAIRS_WORDS(NM_WORDS / 2, NM_WORDS));
}
static inline nm_vu16 v_zip_low16(nm_vu16 a, nm_vu16 b)
{
    return NM_SHUFFLE(nm_vu16, a, b, NM_PAIRS_HALVES(0, NM_HALVES));
}
static inline nm_vu16 v_zip_high16(nm_vu16 a, nm_vu16 b)
{
    return NM_SHUFFLE(nm_vu16, a, b, NM_PAIRS_HALVES(NM_HALVES / 2, NM_HALVES));
}

/* NM_HALVES u16 values, and the larger of two in each lane. */
static inline nm_vu16 v_load_halves(const uint8_t *p)
{
    nm_vu16 x;
    memcpy(&x, p, sizeof x);
    return x;
}
static inline nm_vu16 v_load_halves_once(const uint8_t *p)
{
    nm_vu16 x = v_load_halves(p);
    NM_IN_REGISTER(x);
    return x;
}
#if defined(NM_AVX512)
static inline nm_vu16 v_max_u16(nm_vu16 a, nm_vu16 b) { return (nm_vu16)_mm512_max_epu16((__m512i)a, (__m512i)b); }
#elif defined(NM_AVX2)
static inline nm_vu16 v_max_u16(nm_vu16 a, nm_vu16 b) { return (nm_vu16)_mm256_max_epu16((__m256i)a, (__m256i)b); }
#else
static inline nm_vu16 v_max_u16(nm_vu16 a, nm_vu16 b)
{
    nm_vu16 larger = (nm_vu16)(a > b);
    return (a & larger) | (b & ~larger);
}
#endif

/* Bits that are not 0 if a >= b in any lane. */
#if defined(NM_AVX512)
static inline uint32_t v_any_at_least_u16(nm_vu16 a, nm_vu16 b)
{
    return _mm512_cmpge_epu16_mask((__m512i)a, (__m512i)b);
}
#else
static inline uint32_t v_any_at_least_u16(nm_vu16 a, nm_vu16 b)
{
    nm_vu16 found = (nm_vu16)(a >= b);
    uint64_t words[NM_BYTES / 8], any = 0;
    memcpy(words, &found, sizeof words);
    for (unsigned k = 0; k < NM_BYTES / 8; k++) {
        any |= words[k];
    }
    return any != 0;
}
#endif

/* Truth values of lanes: v_gt, v_nonzero, v_none, v_every, v_select(mask, where true, where false), v_bits (bit k: lane k);
   v_add_if_negative: x + y where z < 0; v_load_part, v_store_part: the first lanes only, the others read 0. */
#if defined(NM_AVX512)
typedef __mmask16 nm_mask, nm_part;
static inline nm_mask v_none(void) { return 0; }
static inline bool v_every(nm_mask m) { return m == 0xFFFF; }
static inline nm_part v_part(uint32_t count) { return (nm_part)((1u << count) - 1); }
static inline nm_mask v_gt(nm_v32 a, nm_v32 b) { return _mm512_cmpgt_epi32_mask((__m512i)a, (__m512i)b); }
static inline nm_mask v_and(nm_mask a, nm_mask b) { return (nm_mask)(a & b); }
static inline nm_mask v_or(nm_mask a, nm_mask b) { return (nm_mask)(a | b); }
static inline nm_mask v_not(nm_mask a) { return (nm_mask)~a; }
static inline nm_v32 v_load_part(const uint8_t *p, nm_part part) { return (nm_v32)_mm512_maskz_loadu_epi32(part, p); }
static inline void v_store_part(uint8_t *p, nm_part part, nm_v32 x) { _mm512_mask_storeu_epi32(p, part, (__m512i)x); }
static inline nm_v32 v_add_if_negative(nm_v32 x, nm_v32 y, nm_v32 z)
{
    return (nm_v32)_mm512_mask_add_epi32((__m512i)x, _mm512_movepi32_mask((__m512i)z), (__m512i)x, (__m512i)y);
}
static inline nm_v32 v_select(nm_mask m, nm_v32 a, nm_v32 b)
{
    return (nm_v32)_mm512_mask_blend_epi32(m, (__m512i)b, (__m512i)a);
}
static inline nm_mask v_nonzero(nm_v32 a) { return _mm512_test_epi32_mask((__m512i)a, (__m512i)a); }
static inline uint32_t v_bits(nm_mask m) { return m; }
static inline nm_v32 v_min(nm_v32 a, nm_v32 b) { return (nm_v32)_mm512_min_epi32((__m512i)a, (__m512i)b); }
static inline nm_v32 v_max(nm_v32 a, nm_v32 b) { return (nm_v32)_mm512_max_epi32((__m512i)a, (__m512i)b); }
#else
typedef nm_v32 nm_mask;
static inline nm_mask v_gt(nm_v32 a, nm_v32 b) { return a > b; }
static inline nm_mask v_and(nm_mask a, nm_mask b) { return a & b; }
static inline nm_mask v_or(nm_mask a, nm_mask b) { return a | b; }
static inline nm_mask v_not(nm_mask a) { return ~a; }
static inline nm_mask v_nonzero(nm_v32 a) { return a != 0; }
static inline nm_mask v_none(void) { return (nm_mask){0}; }
static inline nm_v32 v_add_if_negative(nm_v32 x, nm_v32 y, nm_v32 z) { return x + (y & (z >> 31)); }
static inline nm_v32 v_select(nm_mask m, nm_v32 a, nm_v32 b) { return (m & a) | (~m & b); }
#if defined(NM_AVX2)
typedef nm_v32 nm_part;
static inline nm_part v_part(uint32_t count) { return v_all((int32_t)count) > (nm_v32){0, 1, 2, 3, 4, 5, 6, 7}; }
static inline nm_v32 v_load_part(const uint8_t *p, nm_part part)
{
    return (nm_v32)_mm256_maskload_epi32((const int *)(const void *)p, (__m256i)part);
}
static inline void v_store_part(uint8_t *p, nm_part part, nm_v32 x)
{
    _mm256_maskstore_epi32((int *)(void *)p, (__m256i)part, (__m256i)x);
}
static inline uint32_t v_bits(nm_mask m) { return (uint32_t)_mm256_movemask_ps((__m256)m); }
static inline nm_v32 v_min(nm_v32 a, nm_v32 b) { return (nm_v32)_mm256_min_epi32((__m256i)a, (__m256i)b); }
static inline nm_v32 v_max(nm_v32 a, nm_v32 b) { return (nm_v32)_mm256_max_epi32((__m256i)a, (__m256i)b); }
#else
typedef uint32_t nm_part;
static inline nm_part v_part(uint32_t count) { return count; }
static inline nm_v32 v_load_part(const uint8_t *p, nm_part part)
{
    nm_v32 x = {0};
    memcpy(&x, p, 4 * part);
    return x;
}
static inline void v_store_part(uint8_t *p, nm_part part, nm_v32 x) { memcpy(p, &x, 4 * part); }
static inline uint32_t v_bits(nm_mask m)
{
    uint32_t bits = 0;
    for (unsigned k = 0; k < NM_WORDS; k++) {
        bits |= ((uint32_t)m[k] & 1u) << k;
    }
    return bits;
}
static inline nm_v32 v_min(nm_v32 a, nm_v32 b) { return v_select(a < b, a, b); }
static inline nm_v32 v_max(nm_v32 a, nm_v32 b) { return v_select(a > b, a, b); }
#endif
#endif

/* Counting truth values: v_tally adds some, v_total gives their number. */
#if defined(NM_AVX512)
typedef uint32_t nm_tally;
static inline void v_tally(nm_tally *tally, nm_mask m) { *tally += (uint32_t)__builtin_popcount(v_bits(m)); }
static inline uint32_t v_total(nm_tally tally) { return tally; }
#else
typedef nm_v32 nm_tally;
static inline void v_tally(nm_tally *tally, nm_mask m) { *tally -= m; }
static inline uint32_t v_total(nm_tally tally)
{
    uint32_t total = 0;
    for (unsigned k = 0; k < NM_WORDS; k++) {
        total += (uint32_t)tally[k];
    }
    return total;
}
static inline bool v_every(nm_mask m) { return v_bits(m) == UINT32_MAX >> (32 - NM_WORDS); }
#endif

/* x where the mask is set, 0 elsewhere. */
#if defined(NM_AVX512)
static inline nm_v32 v_only(nm_mask m, nm_v32 x) { return (nm_v32)_mm512_maskz_mov_epi32(m, (__m512i)x); }
#else
static inline nm_v32 v_only(nm_mask m, nm_v32 x) { return x & m; }
#endif

/* x + y modulo 2^32 where the mask is set, x elsewhere. */
#if defined(NM_AVX512)
static inline nm_v32 v_increased(nm_mask m, nm_v32 x, nm_v32 y)
{
    return (nm_v32)_mm512_mask_add_epi32((__m512i)x, m, (__m512i)x, (__m512i)y);
}
#else
static inline nm_v32 v_increased(nm_mask m, nm_v32 x, nm_v32 y) { return (nm_v32)((nm_vu32)x + (nm_vu32)(y & m)); }
#endif

static inline nm_v32 v_clip(nm_v32 x, nm_v32 low, nm_v32 high) { return v_min(v_max(x, low), high); }

/* The least lane. */
static inline int32_t v_least(nm_v32 x)
{
    int32_t least = INT32_MAX;
    for (unsigned k = 0; k < NM_WORDS; k++) {
        least = x[k] < least ? x[k] : least;
    }
    return least;
}

/* The vector of words k to k + NM_WORDS - 1 of n; those behind the last are 0, and not stored. */
static inline nm_v32 v_load_of(const uint8_t *words, size_t k, uint32_t n)
{
    return k + NM_WORDS <= n ? v_load(words + 4 * k) : v_load_part(words + 4 * k, v_part(n - (uint32_t)k));
}
static inline void v_store_of(uint8_t *words, size_t k, uint32_t n, nm_v32 x)
{
    if (k + NM_WORDS <= n) {
        v_store(words + 4 * k, x);
    } else {
        v_store_part(words + 4 * k, v_part(n - (uint32_t)k), x);
    }
}

/* Whether x lies in [-bound, bound) or in (-bound, bound), for a positive bound. */
#if defined(NM_AVX512)
static inline nm_mask v_within(nm_v32 x, nm_v32 bound)
{
    return _mm512_cmplt_epu32_mask(_mm512_abs_epi32((__m512i)x), (__m512i)bound);
}
#else
static inline nm_mask v_within(nm_v32 x, nm_v32 bound) { return v_gt(bound, x ^ (x >> 31)); }
#endif

#endif
