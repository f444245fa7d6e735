/* AES-128 (FIPS 197) in counter mode, byte-wise with a substitution table that is computed first. */
#include "bench.h"

enum { ROUNDS = 10, BLOCKS = 64 };

static uint8_t substitution[256], round_keys[(ROUNDS + 1) * 16];

static uint8_t twice(uint8_t x)
{
    return (uint8_t)(x << 1 ^ (0x1b & -(x >> 7)));
}

/* Walks through all non-zero field elements with a generator and its inverse. */
static void make_substitution(void)
{
    uint8_t p = 1, q = 1;
    do {
        p = (uint8_t)(p ^ twice(p));
        q = (uint8_t)(q ^ q << 1);
        q = (uint8_t)(q ^ q << 2);
        q = (uint8_t)(q ^ q << 4);
        q = (uint8_t)(q ^ (0x09 & -(q >> 7)));
        uint8_t x = q;
        for (int i = 1; i <= 4; i++)
            x = (uint8_t)(x ^ (q << i | q >> (8 - i)));
        substitution[p] = x ^ 0x63;
    } while (p != 1);
    substitution[0] = 0x63;
}

static void expand_key(const uint8_t key[16])
{
    uint8_t constant = 1;
    memcpy(round_keys, key, 16);
    for (int i = 16; i < (ROUNDS + 1) * 16; i += 4) {
        uint8_t t[4];
        memcpy(t, round_keys + i - 4, 4);
        if (i % 16 == 0) {
            uint8_t first = t[0];
            t[0] = substitution[t[1]] ^ constant;
            t[1] = substitution[t[2]];
            t[2] = substitution[t[3]];
            t[3] = substitution[first];
            constant = twice(constant);
        }
        for (int j = 0; j < 4; j++)
            round_keys[i + j] = round_keys[i + j - 16] ^ t[j];
    }
}

static void encrypt(const uint8_t in[16], uint8_t out[16])
{
    uint8_t state[16], next[16];
    for (int i = 0; i < 16; i++)
        state[i] = in[i] ^ round_keys[i];
    for (int round = 1; round <= ROUNDS; round++) {
        for (int i = 0; i < 16; i++)
            next[i] = substitution[state[(i + 4 * (i % 4)) % 16]];
        if (round < ROUNDS)
            for (int column = 0; column < 16; column += 4) {
                uint8_t *c = next + column;
                uint8_t all = c[0] ^ c[1] ^ c[2] ^ c[3], first = c[0];
                for (int i = 0; i < 3; i++)
                    c[i] ^= all ^ twice(c[i] ^ c[i + 1]);
                c[3] ^= all ^ twice(c[3] ^ first);
            }
        for (int i = 0; i < 16; i++)
            state[i] = next[i] ^ round_keys[16 * round + i];
    }
    memcpy(out, state, 16);
}

uint32_t benchmark(uint32_t iterations)
{
    uint8_t key[16], counter[16] = {0}, stream[16];
    uint32_t sum = 0;
    make_substitution();
    for (int i = 0; i < 16; i++)
        key[i] = (uint8_t)i;
    while (iterations--) {
        expand_key(key);
        for (int block = 0; block < BLOCKS; block++) {
            for (int i = 15; i >= 0 && ++counter[i] == 0; i--)
                ;
            encrypt(counter, stream);
        }
        for (int i = 0; i < 16; i++) {
            sum = mix(sum, stream[i]);
            key[i] ^= stream[i];
        }
    }
    return sum;
}
