/* Events, the states that they change, and those that time changes. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "broker/cycle_state.h"
#include "core/application.h"
#include "store/read.h"
#include "store/record.h"

/* Gives the event its number and its place in the chain, and collects its row. */
void cycle_record(struct cycle *cycle, Bl__Event *event, Bl__Aggregate aggregate, uint64_t id,
                  uint64_t previous)
{
    event->seq = ++cycle->event;
    event->aggregate = aggregate;
    event->id = id;
    event->previous = previous;
    event->recorded_at = event->at == cycle->now ? 0 : cycle->now;
    struct key key = key_of_id(event->seq);
    size_t most = application_event_bytes_max(event);
    struct bl_text record = most > 0 ? record_seal_bounded(&event->base, most, cycle->arena)
                                     : record_seal_message(&event->base, cycle->arena);
    store_write_put(cycle->write, TABLE_EVENTS, key_keep(&key, cycle->arena), record);
    if (cycle->record_count == cycle->record_capacity) {
        cycle->record_capacity = cycle->record_capacity == 0 ? 1024 : cycle->record_capacity * 2;
        cycle->records = realloc(cycle->records, cycle->record_capacity * sizeof *cycle->records);
        CHECK(cycle->records != NULL);
    }
    cycle->records[cycle->record_count++] = record;
}

static bool is_application(const struct cached *cached)
{
    return cached->aggregate == &application_aggregate;
}

static void touch(struct cycle *cycle, struct cached *cached)
{
    if (!cached->touched) {
        cached->touched = true;
        cached->was_open =
            is_application(cached) && (cached->is_new || application_is_open(cached->state));
        cached->before = cached->is_new ? (struct projection){ 0 }
                                        : cached->kind->project(cached->any, cycle->arena);
        cached->next_touched = NULL;
        *cycle->touched_end = cached;
        cycle->touched_end = &cached->next_touched;
    }
}

void cycle_apply(struct cycle *cycle, struct cached *cached, Bl__Event *event)
{
    touch(cycle, cached);
    cycle_record(cycle, event, cached->aggregate->kind, cached->id,
                 aggregate_last_event(cached->aggregate, cached->any));
    cached->aggregate->evolve(cached->any, event, &cached->arena);
    cached->next = cached->aggregate->next(cached->any);
}

/* Lets an aggregate catch up with the batch's time, whatever is still queued for it. */
static void wake(struct cycle *cycle, struct cached *cached)
{
    while (cached->next <= cycle->now) {
        struct world world = cycle_world(cycle, NULL, is_application(cached) ? cached : NULL);
        Bl__Event *event = cached->aggregate->wake(&world, cached->any, cycle->arena);

        CHECK(event != NULL);
        cycle_apply(cycle, cached, event);
    }
}

static enum bl_err read_cached(struct cycle *cycle, struct cached *cached, struct bl_error *e)
{
    enum bl_err err = kind_read(store_write_read(cycle->write), cached->kind, cached->id,
                                &cached->arena, &cached->any, e);

    if (err == BL_OK && is_application(cached)) {
        err = catalog_find(cycle->catalog, cached->state->workflow, cached->state->version,
                           &cached->version, e);
    }
    return err;
}

enum bl_err cycle_load_any(struct cycle *cycle, Bl__Aggregate kind, uint64_t id,
                           struct cached **found, struct bl_error *e)
{
    if (id == 0 || id >> 56 != 0) {
        return BL_NOT_FOUND;
    }
    struct cached *cached = cache_find(&cycle->cache, kind, id);
    if (cached == NULL) {
        cached = cache_add(&cycle->cache, kind, id);
        enum bl_err err = read_cached(cycle, cached, e);
        if (err != BL_OK) {
            cache_drop(&cycle->cache, cached);
            return err;
        }
        cached->next = cached->aggregate->next(cached->any);
    }
    if (is_application(cached)) {
        cycle_recompute_one(cycle, cached);
    }
    wake(cycle, cached);
    *found = cached;
    return BL_OK;
}

enum bl_err cycle_load(struct cycle *cycle, uint64_t id, struct cached **found, struct bl_error *e)
{
    return cycle_load_any(cycle, BL__AGGREGATE__APPLICATION, id, found, e);
}

/* A record that cannot be read is set aside, so that it never stops the others. */
static void set_aside(struct cycle *cycle, Bl__Aggregate kind, uint64_t id,
                      struct bl_text timer_key, const struct bl_error *e)
{
    struct key key = key_of_id(id);

    key_u16(&key, INCIDENT_RECORD);
    if (kind != BL__AGGREGATE__APPLICATION) {
        key_u16(&key, (uint16_t)kind);
    }
    store_write_remove(cycle->write, TABLE_TIMERS, timer_key);
    store_write_put(cycle->write, TABLE_INCIDENTS, key_keep(&key, cycle->arena),
                    (struct bl_text){ "", 0 });
    cycle->has_set_aside = true;
    const struct kind *known = kind_find(kind);
    bl_log(BL_LOG_ERROR, "record.damaged", "%s=%" PRIu64 " error=\"%s\"",
           known == NULL ? "unknown" : known->name, id, e->text);
}

struct due {
    struct cycle *cycle;
    struct bl_text *keys;
    uint32_t count;
};

static bool collect_due(void *context, struct bl_text key, struct bl_text value)
{
    struct due *due = context;

    (void)value;
    if (due->count == due->cycle->config.timers_max ||
        (bl_time)key_read_u64(key.at) > due->cycle->now) {
        return false;
    }
    due->keys[due->count++] =
        (struct bl_text){ bl_arena_copy(due->cycle->arena, key.at, key.bytes), key.bytes };
    return true;
}

/* Wakes what is due: a bounded number, so that timers never stand in the way of decisions. */
enum bl_err cycle_timers(struct cycle *cycle, struct bl_error *e)
{
    struct due due = { .cycle = cycle };
    enum bl_err err;

    if (cycle->next_timer > cycle->now) {
        return BL_OK;
    }
    due.keys = bl_arena_array(cycle->arena, struct bl_text, cycle->config.timers_max);
    err = read_scan(store_write_read(cycle->write), TABLE_TIMERS, (struct bl_text){ NULL, 0 },
                    collect_due, &due, e);
    for (uint32_t i = 0; i < due.count && err == BL_OK; i++) {
        struct bl_error damage = { 0 };
        struct cached *cached;
        Bl__Aggregate kind = (Bl__Aggregate)key_read_u16(due.keys[i].at + 8);
        uint64_t id = key_read_u64(due.keys[i].at + 10);

        enum bl_err loaded = kind_find(kind) == NULL
                                 ? BL_CORRUPT
                                 : cycle_load_any(cycle, kind, id, &cached, &damage);

        if (loaded == BL_CORRUPT || loaded == BL_FORMAT || loaded == BL_NOT_FOUND) {
            set_aside(cycle, kind, id, due.keys[i], &damage);
        }  // any other error passes, and the row is still due
    }
    cycle->batch->timers_due += due.count;
    return err;
}
