/* printf of every kind of value. */
#include <stdint.h>
#include <stdio.h>

int main(void)
{
    printf("%d %i %u %x %X %o %c %s %%\n", -42, 2147483647, 4294967295u, 0xbeefu, 0xCAFEu, 8u, 'c', "text");
    printf("[%8d] [%-8d] [%08d] [%+d] [% d] [%.3d]\n", 123, 123, 123, 123, 123, 5);
    printf("[%10s] [%-10s] [%.2s] [%*d]\n", "right", "left", "cut", 6, 77);
    printf("%lld %llu %llx\n", -9223372036854775807LL - 1, 18446744073709551615ULL, 0x123456789abcdefULL);
    printf("%hd %hhd %hu\n", (short)-1, (signed char)-128, (unsigned short)65535);
    printf("%f %.3f %10.2f %e %g %g\n", 3.141592653589793, -2.5, 1234.5678, 6.02214076e23, 1e-5, 100000.0);
    printf("%g %g %g %f\n", 1.0 / 3.0, 1e100, -0.0, 0.1);
    char buffer[32];
    int length = snprintf(buffer, sizeof buffer, "%s-%05u", "serial", 42u);
    printf("%d %s\n", length, buffer);
    int a = 0, b = 0;
    char word[8];
    int found = sscanf("17 words, 0x1f", "%d %7s %i", &a, word, &b);
    printf("%d %d %s %d\n", found, a, word, b);
    return 0;
}
