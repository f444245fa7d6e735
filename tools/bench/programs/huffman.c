/* Huffman coding: counts, tree by repeated minimum, bit codes, encoding and tree-walking decoding. */
#include "bench.h"

enum { SYMBOLS = 64, NODES = 2 * SYMBOLS, TEXT = 4096 };

static uint8_t text[TEXT], decoded[TEXT], bits[2 * TEXT];
static uint32_t weight[NODES], code[SYMBOLS];
static uint8_t length[SYMBOLS];
static int16_t child[NODES][2], parent[NODES];

static int lightest(int count)
{
    int best = -1;
    for (int i = 0; i < count; i++)
        if (parent[i] < 0 && weight[i] && (best < 0 || weight[i] < weight[best]))
            best = i;
    return best;
}

/* Returns the root. */
static int build_tree(void)
{
    memset(weight, 0, sizeof weight);
    for (int i = 0; i < NODES; i++)
        parent[i] = -1;
    for (int i = 0; i < TEXT; i++)
        weight[text[i]]++;
    int count = SYMBOLS;
    for (;;) {
        int left = lightest(count);
        parent[left] = (int16_t)count;
        int right = lightest(count);
        if (right < 0) {
            parent[left] = -1;
            return left;
        }
        parent[right] = (int16_t)count;
        child[count][0] = (int16_t)left;
        child[count][1] = (int16_t)right;
        weight[count++] = weight[left] + weight[right];
    }
}

static void make_codes(void)
{
    for (int symbol = 0; symbol < SYMBOLS; symbol++) {
        length[symbol] = 0;
        code[symbol] = 0;
        if (!weight[symbol])
            continue;
        for (int node = symbol; parent[node] >= 0; node = parent[node])
            code[symbol] |= (uint32_t)(child[parent[node]][1] == node) << length[symbol]++;
    }
}

uint32_t benchmark(uint32_t iterations)
{
    uint32_t seed = 19, sum = 0;
    for (int i = 0; i < TEXT; i++) {
        uint32_t random = next_random(&seed);
        text[i] = (uint8_t)(random % SYMBOLS & random >> 8 & 63);
    }
    while (iterations--) {
        int root = build_tree();
        make_codes();
        memset(bits, 0, sizeof bits);
        uint32_t position = 0;
        for (int i = 0; i < TEXT; i++)
            for (int bit = length[text[i]]; bit-- > 0; position++)
                bits[position >> 3] |= (uint8_t)((code[text[i]] >> bit & 1) << (position & 7));
        position = 0;
        for (int i = 0; i < TEXT; i++) {
            int node = root;
            while (node >= SYMBOLS) {
                node = child[node][bits[position >> 3] >> (position & 7) & 1];
                position++;
            }
            decoded[i] = (uint8_t)node;
        }
        if (memcmp(text, decoded, TEXT) != 0)
            return 0;
        sum = mix(sum, position);
        text[sum % TEXT] = (uint8_t)(sum >> 16 & 63);
    }
    return sum;
}
