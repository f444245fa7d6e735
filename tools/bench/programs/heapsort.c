/* Heapsort of records by key: index arithmetic and unpredictable compares. */
#include "bench.h"

enum { SIZE = 2048 };

struct record {
    uint32_t key;
    uint16_t payload[2];
};

static struct record records[SIZE];

static void sift(size_t root, size_t size)
{
    struct record moving = records[root];
    for (;;) {
        size_t child = 2 * root + 1;
        if (child >= size)
            break;
        if (child + 1 < size && records[child + 1].key > records[child].key)
            child++;
        if (records[child].key <= moving.key)
            break;
        records[root] = records[child];
        root = child;
    }
    records[root] = moving;
}

uint32_t benchmark(uint32_t iterations)
{
    uint32_t seed = 9, sum = 0;
    while (iterations--) {
        for (int i = 0; i < SIZE; i++) {
            records[i].key = next_random(&seed);
            records[i].payload[0] = (uint16_t)i;
            records[i].payload[1] = (uint16_t)~i;
        }
        for (size_t i = SIZE / 2; i-- > 0;)
            sift(i, SIZE);
        for (size_t end = SIZE - 1; end > 0; end--) {
            struct record largest = records[0];
            records[0] = records[end];
            records[end] = largest;
            sift(0, end);
        }
        for (int i = 1; i < SIZE; i++) {
            if (records[i - 1].key > records[i].key)
                return 0;
            sum = mix(sum, records[i].payload[i & 1]);
        }
    }
    return sum;
}
