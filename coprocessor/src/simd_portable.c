/* The kernels for every machine: 16-byte vectors, which compilers map to SSE2, NEON or plain code. */
#define NM_LEVEL portable
#define NM_BYTES 16
#include "simd_table.h"
