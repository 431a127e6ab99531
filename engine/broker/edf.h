/* edf.h — earliest deadline first: an ordered set of tasks.
 * Ordered by a moment, then by application and item, so that the order is total and the same in
 * every run. First, last and any other can be taken out in logarithmic time; nothing is allocated:
 * a treap whose priorities are a function of the key. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/time.h"

struct edf_key {
    bl_time when;
    uint64_t application;
    uint32_t item;
};

#define EDF_FIRST_KEY ((struct edf_key){ INT64_MIN, 0, 0 })                   // before every task
#define EDF_LAST_KEY ((struct edf_key){ INT64_MAX, UINT64_MAX, UINT32_MAX })  // after every task

struct edf_node {
    struct edf_key key;
    struct edf_node *left, *right;
};

/* The thing that `node` is the `member` of. */
#define EDF_ENTRY(node, type, member) ((type *)(void *)((char *)(node)-offsetof(type, member)))

/* All zero is an empty set. */
struct edf {
    struct edf_node *root;
    uint32_t count;
};

bool edf_before(struct edf_key a, struct edf_key b);
bool edf_equal(struct edf_key a, struct edf_key b);

/* No two nodes of a set have the same key. */
void edf_insert(struct edf *edf, struct edf_node *node, struct edf_key key);
/* CHECKs that the node is there. */
void edf_remove(struct edf *edf, struct edf_node *node);
/* NULL where it is empty. */
struct edf_node *edf_first(const struct edf *edf);
struct edf_node *edf_last(const struct edf *edf);
/* CHECKs order, count and shape. */
void edf_check(const struct edf *edf);
