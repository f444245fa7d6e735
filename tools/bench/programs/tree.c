/* A treap: pointer chasing, rotations by recursion, a search for each key and an in-order walk. */
#include "bench.h"

enum { NODES = 1024 };

struct node {
    struct node *child[2];
    uint32_t key, priority;
};

static struct node nodes[NODES];

static struct node *insert(struct node *tree, struct node *node)
{
    if (!tree)
        return node;
    int side = node->key > tree->key;
    tree->child[side] = insert(tree->child[side], node);
    struct node *below = tree->child[side];
    if (below->priority <= tree->priority)
        return tree;
    tree->child[side] = below->child[!side];
    below->child[!side] = tree;
    return below;
}

static uint32_t depth_of(const struct node *tree, uint32_t key)
{
    uint32_t depth = 0;
    while (tree && tree->key != key) {
        tree = tree->child[key > tree->key];
        depth++;
    }
    return depth;
}

static uint32_t walk(const struct node *tree, uint32_t sum)
{
    if (!tree)
        return sum;
    sum = walk(tree->child[0], sum);
    sum = mix(sum, tree->key);
    return walk(tree->child[1], sum);
}

uint32_t benchmark(uint32_t iterations)
{
    uint32_t seed = 53, sum = 0;
    while (iterations--) {
        struct node *tree = NULL;
        for (int i = 0; i < NODES; i++) {
            nodes[i] = (struct node){{NULL, NULL}, next_random(&seed), 0};
            nodes[i].priority = next_random(&seed);
            tree = insert(tree, &nodes[i]);
        }
        for (int i = 0; i < NODES; i++)
            sum += depth_of(tree, nodes[i].key);
        sum = walk(tree, sum);
    }
    return sum;
}
