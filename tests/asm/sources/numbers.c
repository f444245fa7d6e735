/* Arithmetic of every width, switches with jump tables, far branches, volatile registers. */
#define UART (*(volatile unsigned char *)0x10000000)
typedef unsigned long long u64;

int divide(int a, int b) { return b ? a / b + a % b : -1; }
unsigned udivide(unsigned a, unsigned b) { return a / 10 + b % 7; }
u64 wide(u64 a, unsigned b) { return (a << 5 | a >> 59) + (u64)b * 0x9e3779b9u - (a ^ 0x0123456789abcdefull); }
short halves(const short *x, int n) { int s = 0; while (n--) s += *x++ * 3; return (short)s; }
unsigned char bytes(const unsigned char *x, int n) { unsigned s = 0; while (n--) s ^= *x++; return (unsigned char)s; }

int choose(int x, int y) {
    switch (x) {
    case 0: return y + 1;
    case 1: return y * 3;
    case 2: return y - 5;
    case 3: return y << 3;
    case 4: return -y;
    case 5: return y / 3;
    case 6: return y & 0x5a5;
    case 7: return ~y;
    case 100: return 0x12345678;
    case 101: return -0x12345678;
    case -5: return 4095;
    default: return y | 0x800;
    }
}

#define FOUR(x) x x x x
#define MANY(x) FOUR(FOUR(FOUR(FOUR(x))))
int far(volatile int *p, int n) {
    for (int i = 0; i < n; i++) {
        if (p[0] > n) { MANY(p[1] += p[2] ^ 0x1234;) }
        else p[3]++;
    }
    return p[1];
}

static void put(const char *text) { while (*text) UART = (unsigned char)*text++; }
void _start(void) { put("numbers\n"); for (;;) ; }
