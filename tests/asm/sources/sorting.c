/* Recursion, pointers to functions, struct copies, static and global data. */
typedef struct { int key; char name[8]; } record;
typedef int (*comparison)(const record *, const record *);

static const char *const labels[] = {"alpha", "beta", "gamma", "delta"};
record table[16] = {{5, "five"}, {3, "three"}, {9, "nine"}};
unsigned swaps;
static int calls = 7;

static int by_key(const record *a, const record *b) { calls++; return a->key < b->key ? -1 : a->key > b->key; }
static int by_name(const record *a, const record *b) {
    for (int i = 0; i < 8; i++)
        if (a->name[i] != b->name[i]) return a->name[i] - b->name[i];
    return 0;
}

static void sort(record *first, record *last, comparison compare) {
    if (last - first < 2) return;
    record pivot = *first, *low = first, *high = last;
    for (;;) {
        do low++; while (low < last && compare(low, &pivot) < 0);
        do high--; while (compare(high, &pivot) > 0);
        if (low >= high) break;
        record kept = *low; *low = *high; *high = kept;
        swaps++;
    }
    *first = *high; *high = pivot;
    sort(first, high, compare);
    sort(high + 1, last, compare);
}

int main(void) {
    for (int i = 3; i < 16; i++) { table[i].key = (i * 7919) % 31; table[i].name[0] = labels[i & 3][1]; }
    sort(table, table + 16, by_key);
    sort(table, table + 16, by_name);
    return calls + (int)swaps;
}

void _start(void) { main(); for (;;) ; }
