/* Events, the applications that they change, and those that time changes. */
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

static void touch(struct cycle *cycle, struct cached *cached)
{
    if (!cached->touched) {
        cached->touched = true;
        cached->was_open = cached->is_new || application_is_open(cached->state);
        cached->before = projection_of(cached->is_new ? NULL : cached->state, cycle->arena);
        cached->next_touched = NULL;
        *cycle->touched_end = cached;
        cycle->touched_end = &cached->next_touched;
    }
}

void cycle_apply(struct cycle *cycle, struct cached *cached, Bl__Event *event)
{
    touch(cycle, cached);
    cycle_record(cycle, event, BL__AGGREGATE__APPLICATION, cached->id, cached->state->last_event);
    application_aggregate.evolve(cached->state, event, &cached->arena);
    cached->next = application_aggregate.next(cached->state);
}

/* Lets an application catch up with the batch's time, whatever is still queued for it. */
static void wake(struct cycle *cycle, struct cached *cached)
{
    while (cached->next <= cycle->now) {
        struct world world = cycle_world(cycle, NULL, cached);
        Bl__Event *event = application_aggregate.wake(&world, cached->state, cycle->arena);

        CHECK(event != NULL);
        cycle_apply(cycle, cached, event);
    }
}

/* Finds an application, in the cache or in the store, caught up with the batch's time. */
enum bl_err cycle_load(struct cycle *cycle, uint64_t id, struct cached **found, struct bl_error *e)
{
    struct cached *cached = cache_find(&cycle->cache, id);

    if (cached == NULL) {
        cached = cache_add(&cycle->cache, id);
        enum bl_err err =
            read_application(store_write_read(cycle->write), id, &cached->arena, &cached->state, e);
        if (err == BL_OK) {
            err = catalog_find(cycle->catalog, cached->state->workflow, cached->state->version,
                               &cached->version, e);
        }
        if (err != BL_OK) {
            cache_drop(&cycle->cache, cached);
            return err;
        }
        cached->next = application_aggregate.next(cached->state);
    }
    wake(cycle, cached);
    *found = cached;
    return BL_OK;
}

/* A record that cannot be read is set aside, so that it never stops the others. */
static void set_aside(struct cycle *cycle, uint64_t id, struct bl_text timer_key,
                      const struct bl_error *e)
{
    struct key key = key_of_id(id);

    key_u16(&key, INCIDENT_RECORD);
    store_write_remove(cycle->write, TABLE_TIMERS, timer_key);
    store_write_put(cycle->write, TABLE_INCIDENTS, key_keep(&key, cycle->arena),
                    (struct bl_text){ "", 0 });
    cycle->has_set_aside = true;
    bl_log(BL_LOG_ERROR, "record.damaged", "application=%" PRIu64 " error=\"%s\"", id, e->text);
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
        uint64_t id = key_read_u64(due.keys[i].at + 10);

        enum bl_err loaded = cycle_load(cycle, id, &cached, &damage);

        if (loaded == BL_CORRUPT || loaded == BL_FORMAT || loaded == BL_NOT_FOUND) {
            set_aside(cycle, id, due.keys[i], &damage);
        }  // any other error passes, and the row is still due
    }
    cycle->batch->timers_due += due.count;
    return err;
}
