#include "broker/cache.h"

#include <stdlib.h>

/* An application of five items takes 3.2 KB unpacked; a second block would be twice the first. */
#define STATE_BYTES_FIRST 4064
#define STATE_BYTES_MAX ((size_t)16 << 20)
#define SPARE_MAX 1024  // as many as a busy batch takes in and lets go

void cache_init(struct cache *cache, uint32_t count_max)
{
    *cache = (struct cache){ .count_max = count_max };
}

static void unlink_cached(struct cache *cache, struct cached *cached)
{
    *(cached->newer != NULL ? &cached->newer->older : &cache->newest) = cached->older;
    *(cached->older != NULL ? &cached->older->newer : &cache->oldest) = cached->newer;
}

static void link_newest(struct cache *cache, struct cached *cached)
{
    cached->newer = NULL;
    cached->older = cache->newest;
    *(cache->newest != NULL ? &cache->newest->newer : &cache->oldest) = cached;
    cache->newest = cached;
}

void cache_clear(struct cache *cache)
{
    while (cache->newest != NULL) {
        CHECK(!cache->newest->touched);
        cache_drop(cache, cache->newest);
    }
}

void cache_free(struct cache *cache)
{
    while (cache->newest != NULL) {
        cache_drop(cache, cache->newest);
    }
    while (cache->spare != NULL) {
        struct cached *spare = cache->spare;

        cache->spare = spare->older;
        bl_arena_free(&spare->arena);
        free(spare);
    }
    bl_map_free(&cache->map);
}

/* Ids count up from 1 for each kind, so the highest byte is free to tell them apart. */
static uint64_t key_of(Bl__Aggregate kind, uint64_t id)
{
    CHECK(id >> 56 == 0);
    return (uint64_t)kind << 56 | id;
}

struct cached *cache_find(struct cache *cache, Bl__Aggregate kind, uint64_t id)
{
    struct cached *cached = bl_map_get(&cache->map, key_of(kind, id));

    if (cached != NULL && cached != cache->newest) {
        unlink_cached(cache, cached);
        link_newest(cache, cached);
    }
    return cached;
}

void cache_drop(struct cache *cache, struct cached *cached)
{
    unlink_cached(cache, cached);
    (void)bl_map_remove(&cache->map, cached->key);
    cache->count--;
    if (cache->spare_count >= SPARE_MAX) {
        bl_arena_free(&cached->arena);
        free(cached);
        return;
    }
    cached->older = cache->spare;
    cache->spare = cached;
    cache->spare_count++;
}

static struct cached *take_spare(struct cache *cache)
{
    struct cached *cached = cache->spare;

    if (cached == NULL) {
        cached = calloc(1, sizeof *cached);
        CHECK(cached != NULL);
        bl_arena_init(&cached->arena, STATE_BYTES_FIRST, STATE_BYTES_MAX);
        return cached;
    }
    cache->spare = cached->older;
    cache->spare_count--;
    struct bl_arena arena = cached->arena;
    *cached = (struct cached){ .arena = arena };
    cached->arena.allocator.allocator_data = &cached->arena;
    bl_arena_reset(&cached->arena);
    return cached;
}

struct cached *cache_add(struct cache *cache, Bl__Aggregate kind, uint64_t id)
{
    while (cache->count >= cache->count_max && !cache->oldest->touched) {
        cache_drop(cache, cache->oldest);
    }
    struct cached *cached = take_spare(cache);
    cached->aggregate = aggregate_find(kind);
    cached->kind = kind_find(kind);
    cached->id = id;
    cached->recomputed = 0;
    cached->key = key_of(kind, id);
    bl_map_put(&cache->map, cached->key, cached);
    link_newest(cache, cached);
    cache->count++;
    return cached;
}
