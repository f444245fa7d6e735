/* The shortest run: start-up time is all there is. */
#include "bench.h"

uint32_t benchmark(uint32_t iterations)
{
    return iterations;
}
