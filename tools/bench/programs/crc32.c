/* CRC-32 (polynomial 0xedb88320) of a buffer, by table and bit by bit. */
#include "bench.h"

enum { SIZE = 4096 };

static uint32_t table[256];
static uint8_t buffer[SIZE];

static uint32_t bitwise(uint32_t crc, uint8_t byte)
{
    crc ^= byte;
    for (int bit = 0; bit < 8; bit++)
        crc = crc >> 1 ^ (0xedb88320u & -(crc & 1));
    return crc;
}

uint32_t benchmark(uint32_t iterations)
{
    uint32_t seed = 1, sum = 0;
    for (uint32_t i = 0; i < 256; i++)
        table[i] = bitwise(i, 0);
    for (size_t i = 0; i < SIZE; i++)
        buffer[i] = (uint8_t)next_random(&seed);
    while (iterations--) {
        uint32_t crc = ~0u;
        for (size_t i = 0; i < SIZE; i++)
            crc = table[(crc ^ buffer[i]) & 255] ^ crc >> 8;
        uint32_t slow = ~0u;
        for (size_t i = 0; i < SIZE / 8; i++)
            slow = bitwise(slow, buffer[i]);
        sum = mix(sum, crc ^ slow);
        buffer[sum % SIZE] ^= (uint8_t)(sum >> 24);
    }
    return sum;
}
