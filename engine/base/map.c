#include "base/map.h"

#include <stdlib.h>
#include <string.h>

#include "base/check.h"

#define CAPACITY_FIRST 64

/* Fibonacci hashing spreads ascending ids over the table. */
static size_t home(const struct bl_map *map, uint64_t key)
{
    key ^= key >> 32;
    return (size_t)((key * UINT64_C(0x9E3779B97F4A7C15)) >> 20) & (map->capacity - 1);
}

static struct bl_map_slot *find(const struct bl_map *map, uint64_t key)
{
    size_t i = home(map, key);

    while (map->slots[i].key != 0 && map->slots[i].key != key) {
        i = (i + 1) & (map->capacity - 1);
    }
    return &map->slots[i];
}

static void grow(struct bl_map *map)
{
    struct bl_map old = *map;

    map->capacity = old.capacity == 0 ? CAPACITY_FIRST : old.capacity * 2;
    map->slots = calloc(map->capacity, sizeof *map->slots);
    CHECK(map->slots != NULL);
    for (size_t i = 0; i < old.capacity; i++) {
        if (old.slots[i].key != 0) {
            *find(map, old.slots[i].key) = old.slots[i];
        }
    }
    free(old.slots);
}

void *bl_map_get(const struct bl_map *map, uint64_t key)
{
    return map->count == 0 ? NULL : find(map, key)->value;
}

void bl_map_put(struct bl_map *map, uint64_t key, void *value)
{
    CHECK(key != 0);
    CHECK(value != NULL);
    if (map->count * 4 >= map->capacity * 3) {
        grow(map);
    }
    struct bl_map_slot *slot = find(map, key);
    map->count += slot->key == 0;
    *slot = (struct bl_map_slot){ key, value };
}

void *bl_map_remove(struct bl_map *map, uint64_t key)
{
    if (map->count == 0) {
        return NULL;
    }
    struct bl_map_slot *slot = find(map, key);
    if (slot->key == 0) {
        return NULL;
    }
    void *value = slot->value;
    size_t hole = (size_t)(slot - map->slots);
    /* Close the gap, so that probing never stops early: move back what may stand in the hole. */
    for (size_t i = (hole + 1) & (map->capacity - 1); map->slots[i].key != 0;
         i = (i + 1) & (map->capacity - 1)) {
        size_t wants = home(map, map->slots[i].key);

        if (((i - wants) & (map->capacity - 1)) >= ((i - hole) & (map->capacity - 1))) {
            map->slots[hole] = map->slots[i];
            hole = i;
        }
    }
    map->slots[hole] = (struct bl_map_slot){ 0, NULL };
    map->count--;
    return value;
}

void bl_map_clear(struct bl_map *map)
{
    if (map->count > 0) {
        memset(map->slots, 0, map->capacity * sizeof *map->slots);
        map->count = 0;
    }
}

void bl_map_free(struct bl_map *map)
{
    free(map->slots);
    *map = (struct bl_map){ 0 };
}
