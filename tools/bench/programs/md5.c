/* MD5 (RFC 1321) over a message that each digest changes; the rounds are written out, as compilers see in practice. */
#include "bench.h"

enum { BLOCKS = 16 };

/* floor(2^32 |sin(i + 1)|) */
static const uint32_t sines[64] = {
    0xd76aa478, 0xe8c7b756, 0x242070db, 0xc1bdceee, 0xf57c0faf, 0x4787c62a, 0xa8304613, 0xfd469501,
    0x698098d8, 0x8b44f7af, 0xffff5bb1, 0x895cd7be, 0x6b901122, 0xfd987193, 0xa679438e, 0x49b40821,
    0xf61e2562, 0xc040b340, 0x265e5a51, 0xe9b6c7aa, 0xd62f105d, 0x02441453, 0xd8a1e681, 0xe7d3fbc8,
    0x21e1cde6, 0xc33707d6, 0xf4d50d87, 0x455a14ed, 0xa9e3e905, 0xfcefa3f8, 0x676f02d9, 0x8d2a4c8a,
    0xfffa3942, 0x8771f681, 0x6d9d6122, 0xfde5380c, 0xa4beea44, 0x4bdecfa9, 0xf6bb4b60, 0xbebfbc70,
    0x289b7ec6, 0xeaa127fa, 0xd4ef3085, 0x04881d05, 0xd9d4d039, 0xe6db99e5, 0x1fa27cf8, 0xc4ac5665,
    0xf4292244, 0x432aff97, 0xab9423a7, 0xfc93a039, 0x655b59c3, 0x8f0ccc92, 0xffeff47d, 0x85845dd1,
    0x6fa87e4f, 0xfe2ce6e0, 0xa3014314, 0x4e0811a1, 0xf7537e82, 0xbd3af235, 0x2ad7d2bb, 0xeb86d391,
};

static uint32_t rotate(uint32_t x, int by)
{
    return x << by | x >> (32 - by);
}

#define STEP(function, a, b, c, d, word, by, i) a = b + rotate(a + (function) + words[word] + sines[i], by)
#define F(b, c, d) (((b) & (c)) | (~(b) & (d)))
#define G(b, c, d) (((d) & (b)) | (~(d) & (c)))
#define H(b, c, d) ((b) ^ (c) ^ (d))
#define I(b, c, d) ((c) ^ ((b) | ~(d)))

#define FOUR(function, s0, s1, s2, s3, i, start, step)                                    \
    STEP(function(b, c, d), a, b, c, d, ((start) + 0 * (step)) & 15, s0, (i));            \
    STEP(function(a, b, c), d, a, b, c, ((start) + 1 * (step)) & 15, s1, (i) + 1);        \
    STEP(function(d, a, b), c, d, a, b, ((start) + 2 * (step)) & 15, s2, (i) + 2);        \
    STEP(function(c, d, a), b, c, d, a, ((start) + 3 * (step)) & 15, s3, (i) + 3)

#define ROUND(function, s0, s1, s2, s3, i, start, step)                                   \
    FOUR(function, s0, s1, s2, s3, (i), (start), step);                                   \
    FOUR(function, s0, s1, s2, s3, (i) + 4, (start) + 4 * (step), step);                  \
    FOUR(function, s0, s1, s2, s3, (i) + 8, (start) + 8 * (step), step);                  \
    FOUR(function, s0, s1, s2, s3, (i) + 12, (start) + 12 * (step), step)

static void compress(uint32_t state[4], const uint32_t words[16])
{
    uint32_t a = state[0], b = state[1], c = state[2], d = state[3];
    ROUND(F, 7, 12, 17, 22, 0, 0, 1);
    ROUND(G, 5, 9, 14, 20, 16, 1, 5);
    ROUND(H, 4, 11, 16, 23, 32, 5, 3);
    ROUND(I, 6, 10, 15, 21, 48, 0, 7);
    state[0] += a, state[1] += b, state[2] += c, state[3] += d;
}

uint32_t benchmark(uint32_t iterations)
{
    static uint32_t message[BLOCKS * 16];
    uint32_t seed = 11, sum = 0;
    for (size_t i = 0; i < BLOCKS * 16; i++)
        message[i] = next_random(&seed);
    while (iterations--) {
        uint32_t state[4] = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476};
        for (int block = 0; block < BLOCKS; block++)
            compress(state, message + 16 * block);
        for (int i = 0; i < 4; i++) {
            sum = mix(sum, state[i]);
            message[sum % (BLOCKS * 16)] ^= state[i];
        }
    }
    return sum;
}
