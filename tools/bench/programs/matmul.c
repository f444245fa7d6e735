/* Product of 48 x 48 integer matrices. */
#include "bench.h"

enum { N = 48 };

static int32_t a[N][N], b[N][N], product[N][N];

static void multiply(void)
{
    for (int i = 0; i < N; i++)
        for (int j = 0; j < N; j++) {
            uint32_t sum = 0;
            for (int k = 0; k < N; k++)
                sum += (uint32_t)a[i][k] * (uint32_t)b[k][j];
            product[i][j] = (int32_t)sum;
        }
}

uint32_t benchmark(uint32_t iterations)
{
    uint32_t seed = 3, sum = 0;
    for (int i = 0; i < N; i++)
        for (int j = 0; j < N; j++) {
            a[i][j] = (int32_t)next_random(&seed) >> 16;
            b[i][j] = (int32_t)next_random(&seed) >> 16;
        }
    while (iterations--) {
        multiply();
        for (int i = 0; i < N; i++) {
            sum = mix(sum, (uint32_t)product[i][(i + (int)(sum % N)) % N]);
            a[i][sum % N] = product[i][N - 1 - i] >> 16;
        }
    }
    return sum;
}
