/* The inner part of a baseline JPEG encoder: integer 8 x 8 DCT, quantisation, zigzag, run lengths, variable-length bits. */
#include "bench.h"

enum { WIDTH = 64, HEIGHT = 64, OUTPUT = 1 << 15 };

static uint8_t image[HEIGHT][WIDTH];
static uint8_t output[OUTPUT];
static uint32_t bit_buffer;
static int bit_count;
static size_t output_size;
static uint8_t zigzag[64];

/* round(8192 cos(k pi / 16)) for k = 0..7 */
static const int32_t cosine[8] = {8192, 8035, 7568, 6811, 5793, 4551, 3135, 1598};

static void make_zigzag(void)
{
    int row = 0, column = 0;
    for (int i = 0; i < 64; i++) {
        zigzag[i] = (uint8_t)(8 * row + column);
        if ((row + column) % 2 == 0) {
            if (column == 7)
                row++;
            else if (row == 0)
                column++;
            else
                row--, column++;
        } else {
            if (row == 7)
                column++;
            else if (column == 0)
                row++;
            else
                row++, column--;
        }
    }
}

static int32_t cosine_of(int angle)
{
    angle &= 31;
    if (angle > 16)
        angle = 32 - angle;
    return angle == 8 ? 0 : angle < 8 ? cosine[angle] : -cosine[16 - angle];
}

/* One-dimensional DCT-II of 8 values `stride` apart, in place, even and odd part apart. */
static void transform(int32_t *v, int stride)
{
    int32_t sum[4], difference[4];
    for (int i = 0; i < 4; i++) {
        sum[i] = v[i * stride] + v[(7 - i) * stride];
        difference[i] = v[i * stride] - v[(7 - i) * stride];
    }
    for (int k = 0; k < 8; k++) {
        int32_t total = 0;
        const int32_t *half = k & 1 ? difference : sum;
        for (int i = 0; i < 4; i++)
            total += half[i] * cosine_of((2 * i + 1) * k);
        v[k * stride] = total >> 14;
    }
}

static void put_bits(uint32_t value, int count)
{
    bit_buffer = bit_buffer << count | (value & ((1u << count) - 1));
    bit_count += count;
    while (bit_count >= 8) {
        bit_count -= 8;
        output[output_size++ % OUTPUT] = (uint8_t)(bit_buffer >> bit_count);
    }
}

static void put_value(int run, int32_t value)
{
    uint32_t magnitude = (uint32_t)(value < 0 ? -value : value);
    int size = 0;
    while (magnitude >> size)
        size++;
    put_bits(1, run / 2 + 1);
    put_bits((uint32_t)size, 4);
    put_bits((uint32_t)(value < 0 ? value - 1 : value), size);
}

static int32_t encode_block(int top, int left, int32_t previous)
{
    int32_t block[64];
    for (int y = 0; y < 8; y++)
        for (int x = 0; x < 8; x++)
            block[8 * y + x] = image[top + y][left + x] - 128;
    for (int y = 0; y < 8; y++)
        transform(block + 8 * y, 1);
    for (int x = 0; x < 8; x++)
        transform(block + x, 8);
    int32_t first = block[0] / 16;
    put_value(0, first - previous);
    int run = 0;
    for (int i = 1; i < 64; i++) {
        int32_t value = block[zigzag[i]] / (10 + i);
        if (value == 0) {
            run++;
            continue;
        }
        put_value(run & 15, value);
        run = 0;
    }
    put_bits(0x5, 4);
    return first;
}

uint32_t benchmark(uint32_t iterations)
{
    uint32_t seed = 17, sum = 0;
    make_zigzag();
    for (int y = 0; y < HEIGHT; y++)
        for (int x = 0; x < WIDTH; x++)
            image[y][x] = (uint8_t)(x * 3 + y * y / 8 + (int)(next_random(&seed) & 31));
    while (iterations--) {
        int32_t previous = 0;
        output_size = 0;
        for (int y = 0; y < HEIGHT; y += 8)
            for (int x = 0; x < WIDTH; x += 8)
                previous = encode_block(y, x, previous);
        sum = mix(sum, (uint32_t)output_size);
        for (size_t i = 0; i < output_size && i < OUTPUT; i += 16)
            sum = mix(sum, output[i]);
        image[sum % HEIGHT][sum / HEIGHT % WIDTH] ^= (uint8_t)(sum >> 20);
    }
    return sum;
}
