/* cache.h — states kept unpacked, so that one is read once and packed once in a batch, and one that
 * is worked on now is not read at all. Bounded; the least recently used go first. */
#pragma once

#include "base/arena.h"
#include "base/map.h"
#include "binglian/v1/state.pb-c.h"
#include "store/catalog.h"
#include "store/kind.h"

struct cached {
    const struct aggregate *aggregate;
    const struct kind *kind;
    uint64_t id, key;       // key: in the cache's map
    struct bl_arena arena;  // of the state
    union {
        Bl__Application *state;  // of an application, as nearly all are
        void *any;
    };
    struct catalog_version version;
    bl_time next;                  // when time alone changes it
    uint64_t recomputed;           // the publication of a calendar by which it was counted again
    struct cached *newer, *older;  // by use
    /* Of the batch that has touched it: */
    bool touched;
    bool was_open;  // when the batch began, or it is new
    bool is_new;    // made by this batch
    bool migrated;  // by this batch: its tasks are others, although they stand at the same place
    struct cached *next_touched;
    struct projection before;  // what stood for it when the batch began
    const char *number;        // in the batch's arena; NULL until somebody needs it
    struct bl_text content;    // its encoded Content, if the batch has it in hand
    bool is_corrected;         // the batch has made a further version of it
    bool *rereads;             // for each item, in the batch's arena: it reads what has changed
                               // in that; NULL: none does
};

struct cache {
    struct bl_map map;
    struct cached *newest, *oldest, *spare;
    uint32_t count, count_max, spare_count;
};

void cache_init(struct cache *cache, uint32_t count_max);
void cache_free(struct cache *cache);

/* What is kept of an aggregate, or NULL; it is then the newest. */
struct cached *cache_find(struct cache *cache, Bl__Aggregate kind, uint64_t id);
/* Room for one that is not there, with an empty arena; the oldest that no batch has touched goes.
 */
struct cached *cache_add(struct cache *cache, Bl__Aggregate kind, uint64_t id);
/* Forgets all; no batch has touched one. */
void cache_clear(struct cache *cache);
/* Forgets one. */
void cache_drop(struct cache *cache, struct cached *cached);
