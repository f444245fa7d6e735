/* Quicksort with median of three, then insertion sort for short ranges. */
#include "bench.h"

enum { SIZE = 4096, SHORT = 12 };

static int32_t values[SIZE];

static void insertion_sort(int32_t *low, int32_t *high)
{
    for (int32_t *i = low + 1; i <= high; i++) {
        int32_t value = *i, *j = i;
        while (j > low && j[-1] > value) {
            *j = j[-1];
            j--;
        }
        *j = value;
    }
}

static int32_t median(int32_t x, int32_t y, int32_t z)
{
    if (x > y) {
        int32_t t = x;
        x = y, y = t;
    }
    return z < x ? x : z > y ? y : z;
}

static void quicksort(int32_t *low, int32_t *high)
{
    while (high - low > SHORT) {
        int32_t pivot = median(*low, low[(high - low) / 2], *high);
        int32_t *i = low, *j = high;
        while (i <= j) {
            while (*i < pivot)
                i++;
            while (*j > pivot)
                j--;
            if (i <= j) {
                int32_t t = *i;
                *i++ = *j;
                *j-- = t;
            }
        }
        if (j - low < high - i) {
            quicksort(low, j);
            low = i;
        } else {
            quicksort(i, high);
            high = j;
        }
    }
    insertion_sort(low, high);
}

uint32_t benchmark(uint32_t iterations)
{
    uint32_t seed = 5, sum = 0;
    while (iterations--) {
        for (int i = 0; i < SIZE; i++)
            values[i] = (int32_t)next_random(&seed);
        quicksort(values, values + SIZE - 1);
        for (int i = 1; i < SIZE; i++)
            if (values[i - 1] > values[i])
                return 0;
        sum = mix(sum, (uint32_t)values[sum % SIZE]);
    }
    return sum;
}
