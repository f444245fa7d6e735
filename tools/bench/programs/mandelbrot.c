/* The Mandelbrot set in 8.24 fixed point: 64-bit products, data-dependent loop counts. */
#include "bench.h"

enum { WIDTH = 48, HEIGHT = 32, LIMIT = 64, FRACTION = 24 };

static int32_t product(int32_t a, int32_t b)
{
    return (int32_t)((int64_t)a * b >> FRACTION);
}

static uint32_t escape_time(int32_t cx, int32_t cy)
{
    int32_t x = 0, y = 0;
    uint32_t n = 0;
    while (n < LIMIT) {
        int32_t xx = product(x, x), yy = product(y, y);
        if (xx + yy > 4 << FRACTION)
            break;
        y = 2 * product(x, y) + cy;
        x = xx - yy + cx;
        n++;
    }
    return n;
}

uint32_t benchmark(uint32_t iterations)
{
    uint32_t sum = 0;
    while (iterations--) {
        int32_t shift = (int32_t)(iterations % 64) << 14;
        for (int32_t row = 0; row < HEIGHT; row++)
            for (int32_t column = 0; column < WIDTH; column++)
                sum = mix(sum, escape_time((column - 34) * (1 << 20) + shift, (row - 16) * (1 << 20)));
    }
    return sum;
}
