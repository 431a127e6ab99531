#include "broker/edf.h"

#include <stddef.h>

#include "base/check.h"

bool edf_before(struct edf_key a, struct edf_key b)
{
    if (a.when != b.when) {
        return a.when < b.when;
    }
    return a.application != b.application ? a.application < b.application : a.item < b.item;
}

bool edf_equal(struct edf_key a, struct edf_key b)
{
    return a.when == b.when && a.application == b.application && a.item == b.item;
}

/* What keeps the tree balanced: a number that looks random and is the same in every run. */
static uint64_t priority(const struct edf_node *node)
{
    uint64_t mixed = node->key.application << 8 ^ node->key.item;

    mixed = (mixed ^ mixed >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    mixed = (mixed ^ mixed >> 27) * UINT64_C(0x94d049bb133111eb);
    return mixed ^ mixed >> 31;
}

/* Cuts a tree into what comes before a key and what comes after. */
static void split(struct edf_node *tree, struct edf_key key, struct edf_node **before,
                  struct edf_node **after)
{
    while (tree != NULL) {
        if (edf_before(tree->key, key)) {
            *before = tree;
            before = &tree->right;
            tree = tree->right;
        } else {
            *after = tree;
            after = &tree->left;
            tree = tree->left;
        }
    }
    *before = *after = NULL;
}

/* Joins two trees, all of `before` being before all of `after`. */
static void join(struct edf_node **at, struct edf_node *before, struct edf_node *after)
{
    while (before != NULL && after != NULL) {
        if (priority(before) > priority(after)) {
            *at = before;
            at = &before->right;
            before = before->right;
        } else {
            *at = after;
            at = &after->left;
            after = after->left;
        }
    }
    *at = before != NULL ? before : after;
}

void edf_insert(struct edf *edf, struct edf_node *node, struct edf_key key)
{
    struct edf_node **at = &edf->root;

    node->key = key;
    uint64_t own = priority(node);

    while (*at != NULL && priority(*at) >= own) {
        at = edf_before(key, (*at)->key) ? &(*at)->left : &(*at)->right;
    }
    split(*at, key, &node->left, &node->right);
    *at = node;
    edf->count++;
}

void edf_remove(struct edf *edf, struct edf_node *node)
{
    struct edf_node **at = &edf->root;

    while (*at != node) {
        CHECK(*at != NULL);
        at = edf_before(node->key, (*at)->key) ? &(*at)->left : &(*at)->right;
    }
    join(at, node->left, node->right);
    edf->count--;
}

struct edf_node *edf_first(const struct edf *edf)
{
    struct edf_node *node = edf->root;

    while (node != NULL && node->left != NULL) {
        node = node->left;
    }
    return node;
}

struct edf_node *edf_last(const struct edf *edf)
{
    struct edf_node *node = edf->root;

    while (node != NULL && node->right != NULL) {
        node = node->right;
    }
    return node;
}

static uint32_t check_tree(const struct edf_node *tree, struct edf_key from, struct edf_key to)
{
    if (tree == NULL) {
        return 0;
    }
    CHECK(!edf_before(tree->key, from));
    CHECK(edf_before(tree->key, to));
    CHECK(tree->left == NULL || priority(tree->left) <= priority(tree));
    CHECK(tree->right == NULL || priority(tree->right) <= priority(tree));
    return 1 + check_tree(tree->left, from, tree->key) + check_tree(tree->right, tree->key, to);
}

void edf_check(const struct edf *edf)
{
    CHECK(check_tree(edf->root, EDF_FIRST_KEY, EDF_LAST_KEY) == edf->count);
}
