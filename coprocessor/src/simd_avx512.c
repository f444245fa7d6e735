/* The kernels for x86-64 with AVX-512 as of Ice Lake and Zen 4 (F, BW, VL, DQ, VBMI2). */
#if defined(__x86_64__)
#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx512f,avx512bw,avx512vl,avx512dq,avx512vbmi2,bmi,popcnt"))), apply_to = function)
#else
#pragma GCC target("avx512f,avx512bw,avx512vl,avx512dq,avx512vbmi2,bmi,popcnt,prefer-vector-width=512")
#endif
#define NM_LEVEL avx512
#define NM_BYTES 64
#define NM_AVX512 1
#include "simd_table.h"
#if defined(__clang__)
#pragma clang attribute pop
#endif
#else
typedef int nm_no_avx512;
#endif
