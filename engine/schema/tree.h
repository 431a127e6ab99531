/* tree.h — a YAML or JSON text as a tree, before it is known what it means.
 * yaml.c and json.c make trees, bind.c makes messages of them, so that both languages have the same
 * rules and the same words for what is wrong. A tree lives in an arena and borrows nothing. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"

enum tree_kind {
    TREE_PLAIN,  // YAML text without quotes: the schema decides what it is
    TREE_TEXT,   // quoted YAML, or a JSON string
    TREE_NULL,   // JSON only, as the next two
    TREE_BOOL,
    TREE_NUMBER,
    TREE_LIST,
    TREE_MAP,
    TREE_BROKEN,  // reported already: passed over, but counted as there
};

#define TREE_NODES_MAX 50000  // a large definition has five thousand

struct tree {
    enum tree_kind kind;
    uint32_t line, column;          // of the value, from 1; 0 in JSON
    uint32_t key_line, key_column;  // of its key where it has one
    struct bl_text key;             // of a child of a map
    struct bl_text text;            // of a scalar: as written; JSON's bool and number as JSON
    struct tree *first, *last;      // children of a list or map, in order
    struct tree *next;
    uint32_t count;  // of children
    bool refused;    // its key is wrong: broken as soon as it is whole
};

static inline bool tree_is_scalar(const struct tree *node)
{
    return node->kind < TREE_LIST;
}

/* Adds a child at the end. */
static inline void tree_add(struct tree *parent, struct tree *child)
{
    if (parent->last == NULL) {
        parent->first = child;
    } else {
        parent->last->next = child;
    }
    parent->last = child;
    parent->count++;
}

/* The child with this key, or NULL. A linear search. */
static inline const struct tree *tree_find(const struct tree *map, const char *key)
{
    for (const struct tree *child = map->first; child != NULL; child = child->next) {
        if (map->kind == TREE_MAP && bl_text_is(child->key, key)) {
            return child;
        }
    }
    return NULL;
}
