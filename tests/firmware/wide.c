/* 64-bit multiplication, division, remainder and shifts of corner values against each other. */
#include <stdint.h>
#include <stdio.h>

static const int64_t corners[] = {
    1, -1, 2, -2, 3, 7, -10, 1000, 65535, 65536, 2147483647, -2147483647 - 1, 4294967295, 4294967296, -4294967297,
    1234567890123456789, 9223372036854775807, -9223372036854775807,
};
enum { COUNT = sizeof corners / sizeof *corners };

int main(void)
{
    uint64_t sum = 0;
    for (int i = 0; i < COUNT; i++) {
        for (int j = 0; j < COUNT; j++) {
            volatile int64_t a = corners[i], b = corners[j];
            uint64_t ua = (uint64_t)a, ub = (uint64_t)b;
            sum = sum * 31 + (uint64_t)(a / b);
            sum = sum * 31 + (uint64_t)(a % b);
            sum = sum * 31 + ua / ub + (ua % ub) * 3 + ua * ub;
            sum = sum * 31 + (ua << (ub & 63)) + (ua >> (ub & 63)) + (uint64_t)(a >> (ub & 63));
            sum += (uint64_t)(a < b) + (uint64_t)(ua < ub) * 2;
        }
        printf("%2d %016llx\n", i, (unsigned long long)sum);
    }
    return 0;
}
