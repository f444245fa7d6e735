/* Bit fields, unions, variable arguments, inline assembly, weak and section attributes, tail calls, doubles as data. */
typedef __builtin_va_list va_list;
struct bits { unsigned a : 3, b : 7; int c : 11; unsigned d : 11; };
union word { unsigned value; unsigned char part[4]; struct bits bits; };

double constants[] = {1.5, -2.25, 3.14159265358979};
float single = 0.1f;
__attribute__((section(".data.special"))) int special = 42;
__attribute__((aligned(64))) char buffer[200];
extern int absent __attribute__((weak));
static unsigned long long counters[4];

int sum(int count, ...) {
    va_list arguments;
    int total = 0;
    __builtin_va_start(arguments, count);
    while (count--) total += __builtin_va_arg(arguments, int);
    __builtin_va_end(arguments);
    return total;
}

unsigned pack(union word *w, unsigned x) {
    w->bits.a = x; w->bits.b = x >> 3; w->bits.c = (int)(x >> 10); w->bits.d = x >> 21;
    return w->value + w->part[2];
}

static inline unsigned cycle(void) { unsigned x; __asm__ volatile("csrr %0, mcycle" : "=r"(x)); return x; }
__attribute__((weak)) int hook(int x) { return x; }
__attribute__((noinline)) static int forward(int x) { return hook(x + 1); }
int jump(int x) {
    static void *const targets[] = {&&one, &&two, &&three};
    goto *targets[x % 3u];
one: return forward(x);
two: x += 5;
three: return x * 2;
}

int main(void) {
    union word w = {0};
    counters[1] += cycle();
    special += sum(3, 1, 2, 3) + (int)pack(&w, 0xdeadbeef) + jump((int)counters[1]);
    buffer[5] = (char)single;
    return &absent ? absent : (int)constants[0] * 0 + special;
}

__attribute__((section(".text.init"))) void _start(void) { main(); for (;;) ; }
