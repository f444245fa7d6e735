/* A dictionary with open addressing: FNV-1a hashes of short keys, inserts, look-ups and deletions. */
#include "bench.h"

enum { SLOTS = 4096, KEYS = 2048, EMPTY = 0, DELETED = 1 };

struct slot {
    uint32_t hash, key, value;
};

static struct slot slots[SLOTS];

static uint32_t hash_of(uint32_t key)
{
    uint32_t hash = 2166136261u;
    for (int i = 0; i < 4; i++, key >>= 8)
        hash = (hash ^ (key & 255)) * 16777619u;
    return hash | 2;
}

static struct slot *find(uint32_t key, int insert)
{
    uint32_t hash = hash_of(key);
    struct slot *free = NULL;
    for (uint32_t i = hash >> 7;; i++) {
        struct slot *slot = &slots[i % SLOTS];
        if (slot->hash == hash && slot->key == key)
            return slot;
        if (slot->hash == DELETED && !free)
            free = slot;
        if (slot->hash == EMPTY) {
            if (!insert)
                return NULL;
            if (!free)
                free = slot;
            free->hash = hash;
            free->key = key;
            free->value = 0;
            return free;
        }
    }
}

uint32_t benchmark(uint32_t iterations)
{
    uint32_t seed = 47, sum = 0;
    while (iterations--) {
        memset(slots, 0, sizeof slots);
        for (int i = 0; i < 4 * KEYS; i++) {
            uint32_t random = next_random(&seed), key = random % KEYS;
            struct slot *slot;
            switch (random >> 30) {
            case 0:
                slot = find(key, 0);
                if (slot)
                    slot->hash = DELETED;
                break;
            case 1:
                slot = find(key, 0);
                sum = mix(sum, slot ? slot->value : key);
                break;
            default:
                find(key, 1)->value += random >> 24;
            }
        }
    }
    return sum;
}
