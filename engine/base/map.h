/* map.h — a hash table from 64-bit ids to pointers, open addressing. */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct bl_map_slot {
    uint64_t key;  // 0: empty
    void *value;
};

/* A zeroed struct is an empty map. */
struct bl_map {
    struct bl_map_slot *slots;
    size_t capacity, count;
};

/* The value of `key` (never 0), or NULL. */
void *bl_map_get(const struct bl_map *map, uint64_t key);
/* Sets the value (never NULL) of a key. */
void bl_map_put(struct bl_map *map, uint64_t key, void *value);
/* Forgets a key; returns what it had, or NULL. */
void *bl_map_remove(struct bl_map *map, uint64_t key);
/* Forgets all keys, keeping the memory. */
void bl_map_clear(struct bl_map *map);
void bl_map_free(struct bl_map *map);
