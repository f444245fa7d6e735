/* Conway's game of life on a torus of bytes. */
#include "bench.h"

enum { SIZE = 64 };

static uint8_t cells[2][SIZE][SIZE];

uint32_t benchmark(uint32_t iterations)
{
    uint32_t seed = 37, sum = 0;
    int now = 0;
    for (int y = 0; y < SIZE; y++)
        for (int x = 0; x < SIZE; x++)
            cells[0][y][x] = next_random(&seed) >> 13 & 1;
    while (iterations--) {
        uint32_t alive = 0;
        for (int y = 0; y < SIZE; y++) {
            const uint8_t *up = cells[now][(y + SIZE - 1) % SIZE], *row = cells[now][y];
            const uint8_t *down = cells[now][(y + 1) % SIZE];
            uint8_t *next = cells[!now][y];
            for (int x = 0; x < SIZE; x++) {
                int left = (x + SIZE - 1) % SIZE, right = (x + 1) % SIZE;
                int around = up[left] + up[x] + up[right] + row[left] + row[right] + down[left] + down[x] + down[right];
                next[x] = around == 3 || (around == 2 && row[x]);
                alive += next[x];
            }
        }
        now = !now;
        sum = mix(sum, alive);
        cells[now][sum % SIZE][sum >> 8 & (SIZE - 1)] ^= 1;
    }
    return sum;
}
