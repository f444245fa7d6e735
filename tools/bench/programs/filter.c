/* Digital filters on 16-bit samples: finite and infinite impulse response, and a dot product unrolled by hand. */
#include "bench.h"

enum { SAMPLES = 512, TAPS = 32 };

static int16_t input[SAMPLES + TAPS], taps[TAPS];
static int32_t output[SAMPLES];

static void finite_response(void)
{
    for (int i = 0; i < SAMPLES; i++) {
        int32_t sum = 0;
        for (int j = 0; j < TAPS; j += 4) {
            sum += input[i + j] * taps[j];
            sum += input[i + j + 1] * taps[j + 1];
            sum += input[i + j + 2] * taps[j + 2];
            sum += input[i + j + 3] * taps[j + 3];
        }
        output[i] = sum >> 15;
    }
}

static int32_t infinite(void)
{
    int32_t x1 = 0, x2 = 0, y1 = 0, y2 = 0, energy = 0;
    for (int i = 0; i < SAMPLES; i++) {
        int32_t x = output[i];
        int32_t y = (3000 * x + 6000 * x1 + 3000 * x2 + 18000 * y1 - 9000 * y2) >> 14;
        y = y > 32767 ? 32767 : y < -32768 ? -32768 : y;
        x2 = x1, x1 = x;
        y2 = y1, y1 = y;
        energy += y * y >> 12;
    }
    return energy;
}

uint32_t benchmark(uint32_t iterations)
{
    uint32_t seed = 43, sum = 0;
    for (int i = 0; i < SAMPLES + TAPS; i++)
        input[i] = (int16_t)((int32_t)next_random(&seed) >> 18);
    for (int i = 0; i < TAPS; i++)
        taps[i] = (int16_t)((int32_t)next_random(&seed) >> 19);
    while (iterations--) {
        finite_response();
        sum = mix(sum, (uint32_t)infinite());
        input[sum % SAMPLES] = (int16_t)((int32_t)sum >> 18);
    }
    return sum;
}
