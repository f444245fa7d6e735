/* The kernels for x86-64 with AVX2. */
#if defined(__x86_64__)
#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx2,bmi,popcnt"))), apply_to = function)
#else
#pragma GCC target("avx2,bmi,popcnt")
#endif
#define NM_LEVEL avx2
#define NM_BYTES 32
#define NM_AVX2 1
#include "simd_table.h"
#if defined(__clang__)
#pragma clang attribute pop
#endif
#else
typedef int nm_no_avx2;
#endif
