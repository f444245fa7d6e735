/* LZ77 compression with hash chains, and decompression that must give the same bytes. */
#include "bench.h"

enum { SIZE = 8192, HASHES = 1024, SHORTEST = 4, LONGEST = 130, CHAIN = 8 };

static const size_t NONE = (size_t)-1;
static uint8_t input[SIZE], packed[2 * SIZE], unpacked[SIZE];
static int16_t head[HASHES], previous[SIZE];

static uint32_t hash(const uint8_t *p)
{
    uint32_t word = p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
    return word * 2654435761u >> 22;
}

static void insert(int position)
{
    if (position + SHORTEST > SIZE)
        return;
    uint32_t slot = hash(input + position);
    previous[position] = head[slot];
    head[slot] = (int16_t)position;
}

/* A literal run is a byte n < 128 and n + 1 bytes, a match a byte 128 + length - SHORTEST and two bytes of distance. */
static size_t compress(void)
{
    size_t size = 0, run = NONE;
    memset(head, 0xff, sizeof head);
    for (int position = 0; position < SIZE;) {
        int best = 0, distance = 0;
        if (position + SHORTEST <= SIZE) {
            int candidate = head[hash(input + position)];
            for (int i = 0; i < CHAIN && candidate >= 0; i++, candidate = previous[candidate]) {
                int length = 0;
                while (length < LONGEST && position + length < SIZE &&
                       input[candidate + length] == input[position + length])
                    length++;
                if (length > best) {
                    best = length;
                    distance = position - candidate;
                }
            }
        }
        if (best < SHORTEST) {
            if (run == NONE)
                run = size++;
            packed[size++] = input[position];
            packed[run] = (uint8_t)(size - run - 2);
            if (packed[run] == 127)
                run = NONE;
            insert(position++);
            continue;
        }
        packed[size++] = (uint8_t)(128 + best - SHORTEST);
        packed[size++] = (uint8_t)distance;
        packed[size++] = (uint8_t)(distance >> 8);
        run = NONE;
        while (best--)
            insert(position++);
    }
    return size;
}

static size_t decompress(size_t size)
{
    size_t out = 0;
    for (size_t in = 0; in < size;) {
        uint32_t control = packed[in++];
        if (control < 128) {
            memcpy(unpacked + out, packed + in, control + 1);
            out += control + 1;
            in += control + 1;
        } else {
            size_t distance = packed[in] | (size_t)packed[in + 1] << 8;
            in += 2;
            for (uint32_t i = 0; i < control - 128 + SHORTEST; i++, out++)
                unpacked[out] = unpacked[out - distance];
        }
    }
    return out;
}

uint32_t benchmark(uint32_t iterations)
{
    uint32_t seed = 29, sum = 0;
    for (int i = 0; i < SIZE; i++) {
        uint32_t random = next_random(&seed);
        input[i] = i > 64 && random % 8 ? input[i - 1 - (int)(random >> 8) % 4 * 16] : (uint8_t)(random >> 16 & 31);
    }
    while (iterations--) {
        size_t size = compress();
        if (decompress(size) != SIZE || memcmp(input, unpacked, SIZE) != 0)
            return 0;
        sum = mix(sum, (uint32_t)size);
        input[sum % SIZE] = (uint8_t)(sum >> 24 & 31);
    }
    return sum;
}
