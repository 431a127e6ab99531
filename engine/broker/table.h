/* table.h — things found by a number, without an allocation each.
 * A node is embedded in the thing; the table only chains nodes. Numbers are mixed first, so
 * ascending ones spread. */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct table_node {
    uint64_t key;
    struct table_node *next;
};

/* All zero is an empty table. */
struct table {
    struct table_node **slots;
    size_t slot_count;  // a power of two, or 0
    size_t count;
};

/* The thing that `node` is the `member` of. */
#define TABLE_ENTRY(node, type, member) ((type *)(void *)((char *)(node)-offsetof(type, member)))

void table_free(struct table *table);
/* Several nodes may have one key; find gives one of them, and walking `next` the others. */
void table_add(struct table *table, struct table_node *node, uint64_t key);
/* CHECKs that the node is there. */
void table_remove(struct table *table, struct table_node *node);
struct table_node *table_find(const struct table *table, uint64_t key);
/* The next node of the chain with the same key; NULL: none. */
struct table_node *table_find_next(const struct table_node *node);
/* A number for a text. */
uint64_t table_hash(const char *text);
