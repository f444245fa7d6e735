/* Floating point in software: results are compared to the bit. */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

static void show(const char *name, double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    printf("%s %08lx%08lx\n", name, (unsigned long)(bits >> 32), (unsigned long)(bits & 0xffffffffu));
}

static void show_float(const char *name, float value)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    printf("%s %08lx\n", name, (unsigned long)bits);
}

int main(void)
{
    volatile double a = 1.0, b = 3.0, tiny = 5e-324, huge = 1.7976931348623157e308, zero = 0.0;
    volatile float f = 1.1f, g = 3.3f;
    show("third", a / b);
    show("sum", 0.1 + a / 5.0);
    show("product", 1.1 * b);
    show("difference", a - 0.9);
    show("subnormal", tiny * 3.0 / 2.0);
    show("infinity", huge * 2.0);
    show("negative zero", -zero);
    printf("nan %d\n", zero / zero != zero / zero);
    show("root", sqrt(2.0 * a));
    show("floor", floor(-2.5 * a));
    show("remainder", fmod(10.0 * a, b));
    show_float("float quotient", f / g);
    show_float("float product", f * g);
    show_float("float root", sqrtf(g));
    show_float("narrowed", (float)(a / b));
    printf("%d %d %u %lld\n", (int)(-2.7 * a), (int)(g * 100.0f), (unsigned)(3e9 * a), (long long)(1e15 * b));
    show("from integer", (double)(long long)(INT64_MAX * (long long)a));
    printf("%d %d %d\n", a < b, f > g, zero == -zero);
    double harmonic = 0.0;
    for (int i = 1; i <= 1000; i++)
        harmonic += a / i;
    show("harmonic", harmonic);
    printf("%.4f %.4f %.4f %.4f\n", sin(a), cos(b), exp(a), log(b));
    return 0;
}
