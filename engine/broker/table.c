#include "broker/table.h"

#include <stdlib.h>

#include "base/check.h"

#define SLOTS_FIRST ((size_t)64)

static size_t slot_of(const struct table *table, uint64_t key)
{
    return (size_t)((key * UINT64_C(0x9e3779b97f4a7c15)) >> 32) & (table->slot_count - 1);
}

void table_free(struct table *table)
{
    free(table->slots);
    *table = (struct table){ 0 };
}

static void chain(struct table *table, struct table_node *node)
{
    struct table_node **slot = &table->slots[slot_of(table, node->key)];

    node->next = *slot;
    *slot = node;
}

static void grow(struct table *table)
{
    struct table old = *table;

    table->slot_count = old.slot_count == 0 ? SLOTS_FIRST : 2 * old.slot_count;
    table->slots = calloc(table->slot_count, sizeof *table->slots);
    CHECK(table->slots != NULL);
    for (size_t i = 0; i < old.slot_count; i++) {
        for (struct table_node *node = old.slots[i], *next; node != NULL; node = next) {
            next = node->next;
            chain(table, node);
        }
    }
    free(old.slots);
}

void table_add(struct table *table, struct table_node *node, uint64_t key)
{
    if (table->count >= table->slot_count) {
        grow(table);
    }
    node->key = key;
    chain(table, node);
    table->count++;
}

void table_remove(struct table *table, struct table_node *node)
{
    CHECK(table->count > 0);
    struct table_node **at = &table->slots[slot_of(table, node->key)];

    while (*at != node) {
        CHECK(*at != NULL);
        at = &(*at)->next;
    }
    *at = node->next;
    table->count--;
}

struct table_node *table_find(const struct table *table, uint64_t key)
{
    if (table->slot_count == 0) {
        return NULL;
    }
    struct table_node *node = table->slots[slot_of(table, key)];

    while (node != NULL && node->key != key) {
        node = node->next;
    }
    return node;
}

struct table_node *table_find_next(const struct table_node *node)
{
    uint64_t key = node->key;
    struct table_node *next = node->next;

    while (next != NULL && next->key != key) {
        next = next->next;
    }
    return next;
}

uint64_t table_hash(const char *text)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);  // FNV-1a

    for (; *text != '\0'; text++) {
        hash = (hash ^ (unsigned char)*text) * UINT64_C(0x100000001b3);
    }
    return hash;
}
