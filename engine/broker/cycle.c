#include "broker/cycle.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "broker/cycle_state.h"
#include "store/read.h"
#include "store/repair.h"

#define CACHE_COUNT_DEFAULT 4096
#define TIMERS_MAX_DEFAULT                                                                         \
    1000  // so many take some 15 ms: decisions of the same batch wait for them

/* --- opening -----------------------------------------------------------------------------------
 */

static enum bl_err read_directory_again(struct cycle *cycle, struct bl_error *e)
{
    struct store_read *read AUTO(store_read_end) = NULL;
    enum bl_err err = store_read_begin(cycle->store, &read, e);

    if (err != BL_OK) {
        return err;
    }
    bl_arena_reset(&cycle->directory_arena);
    return read_directory(read, &cycle->directory_arena, &cycle->directory, e);
}

static enum bl_err read_newest_ids(struct cycle *cycle, struct store_read *read, struct bl_error *e)
{
    enum bl_err err = BL_OK;

    for (size_t i = 0; i < AGGREGATE_COUNT && err == BL_OK; i++) {
        const struct kind *kind = kind_find((Bl__Aggregate)i);

        err = kind == NULL ? BL_OK : kind_newest(read, kind, &cycle->newest[i], e);
    }
    return err;
}

/* The newest entry of the chain, on which the next batch stands. */
static enum bl_err read_head(struct store_read *read, struct bl_arena *arena, Bl__ChainEntry **head,
                             struct bl_error *e)
{
    struct bl_error cause = { 0 };
    enum bl_err err = read_chain_head(read, arena, head, &cause);

    if (err == BL_CORRUPT || err == BL_FORMAT) {
        return bl_error_set(e, BL_CORRUPT,
                            "the newest entry of the chain of hashes is damaged (%s); bring a "
                            "backup back with `binglian store restore`",
                            cause.text);
    }
    return err == BL_OK || err == BL_NOT_FOUND ? err : bl_error_set(e, err, "%s", cause.text);
}

static enum bl_err read_all_newest(struct cycle *cycle, struct bl_error *e)
{
    struct store_read *read AUTO(store_read_end) = NULL;
    struct bl_arena arena AUTO(bl_arena_free);
    Bl__ChainEntry *head = NULL;
    enum bl_err err = store_read_begin(cycle->store, &read, e);

    bl_arena_init(&arena, 1024, 1 << 20);
    if (err == BL_OK) {
        err = read_newest_event(read, &cycle->event, e);
    }
    if (err == BL_OK) {
        err = read_newest_ids(cycle, read, e);
    }
    if (err == BL_OK) {
        err = read_next_timer(read, &cycle->next_timer, e);
    }
    if (err == BL_OK) {
        err = cycle_recompute_open(cycle, read, e);
    }
    if (err == BL_OK) {
        err = read_head(read, &arena, &head, e);
    }
    if (err == BL_NOT_FOUND) {
        log_open(cycle->log, 0);
        return BL_OK;
    }
    if (err != BL_OK) {
        return err;
    }
    if (head->hash.len != CHAIN_BYTES || head->last != cycle->event) {
        return bl_error_set(e, BL_CORRUPT,
                            "the chain of hashes does not end at event %" PRIu64
                            "; bring a backup back with `binglian store restore`",
                            cycle->event);
    }
    memcpy(cycle->chain, head->hash.data, CHAIN_BYTES);
    log_open(cycle->log, head->at);
    return BL_OK;
}

static void system_random(void *context, void *buffer, size_t bytes)
{
    (void)context;
    randombytes_buf(buffer, bytes);
}

enum bl_err cycle_open(const struct cycle_config *config, struct store *store,
                       struct catalog *catalog, struct log *log, struct cycle **cycle,
                       struct bl_error *e)
{
    struct cycle *opened = calloc(1, sizeof *opened);

    CHECK(opened != NULL);
    opened->config = *config;
    if (opened->config.random == NULL) {
        opened->config.random = system_random;
    }
    if (opened->config.timers_max == 0) {
        opened->config.timers_max = TIMERS_MAX_DEFAULT;
    }
    if (opened->config.recompute_max == 0 || opened->config.recompute_max > RECOMPUTE_MAX) {
        opened->config.recompute_max = RECOMPUTE_MAX;
    }
    opened->store = store;
    opened->catalog = catalog;
    opened->log = log;
    opened->touched_end = &opened->touched;
    bl_arena_init(&opened->directory_arena, 1 << 14, SIZE_MAX);
    bl_arena_init(&opened->counters_arena, 1 << 12, SIZE_MAX);
    cache_init(&opened->cache,
               config->cache_count != 0 ? config->cache_count : CACHE_COUNT_DEFAULT);
    store_write_new(store, &opened->write);
    enum bl_err err = repair_directory(opened->write, e);
    if (err == BL_OK) {
        err = read_directory_again(opened, e);
    }
    if (err == BL_OK) {
        err = read_all_newest(opened, e);
    }
    if (err != BL_OK) {
        cycle_close(&opened);
        return err;
    }
    *cycle = opened;
    return BL_OK;
}

void cycle_close(struct cycle **cycle)
{
    if (*cycle == NULL) {
        return;
    }
    store_write_free(&(*cycle)->write);
    cache_free(&(*cycle)->cache);
    bl_arena_free(&(*cycle)->directory_arena);
    bl_arena_free(&(*cycle)->counters_arena);
    bl_map_free(&(*cycle)->requests);
    bl_map_free(&(*cycle)->numbers);
    bl_map_free(&(*cycle)->twins);
    bl_map_free(&(*cycle)->keys);
    free((*cycle)->records);
    free((*cycle)->counts);
    free(*cycle);
    *cycle = NULL;
}

bl_time cycle_next_timer(const struct cycle *cycle)
{
    return cycle_recompute_is_open(cycle) ? 0 : cycle->next_timer;
}

/* --- one batch ---------------------------------------------------------------------------------
 */

/* Forgets what the transaction that is over had touched. */
static void settle_touched(struct cycle *cycle, bool committed)
{
    for (struct cached *cached = cycle->touched; cached != NULL;) {
        struct cached *next = cached->next_touched;

        cached->touched = false;
        cached->is_new = false;
        cached->migrated = false;
        cached->is_corrected = false;
        cached->rereads = NULL;
        cached->next_touched = NULL;
        cached->content = (struct bl_text){ NULL, 0 };
        cached->number = NULL;
        if (!committed) {
            cache_drop(&cycle->cache, cached);  // its state holds what did not happen
        }
        cached = next;
    }
    for (struct counter *counter = cycle->counters; counter != NULL;
         counter = counter->next_counter) {
        *(committed ? &counter->stored : &counter->next) =
            committed ? counter->next : counter->stored;
    }
    cycle->touched = NULL;
    cycle->touched_end = &cycle->touched;
    bl_map_clear(&cycle->requests);
    bl_map_clear(&cycle->numbers);
    bl_map_clear(&cycle->twins);
    bl_map_clear(&cycle->keys);
    cycle->record_count = 0;
    cycle->count_count = 0;
}

static enum bl_err begin_part(struct cycle *cycle, struct bl_error *e)
{
    cycle->mark = (struct mark){
        .event = cycle->event,
        .effect_count = cycle->batch->effect_count,
    };
    memcpy(cycle->mark.newest, cycle->newest, sizeof cycle->newest);
    cycle->mark.recompute = cycle->recompute;
    cycle->directory_touched = false;
    cycle->catalog_touched = false;
    cycle->has_set_aside = false;
    cycle->recompute_touched = false;
    cycle->signs = false;
    cycle->departments = catalog_departments(cycle->catalog);
    cycle->submitted_to = NULL;
    return store_write_begin(cycle->write, e);
}

static enum bl_err commit_part(struct cycle *cycle, struct bl_error *e)
{
    uint8_t hash[CHAIN_BYTES];
    enum bl_err err;

    if (cycle->event == cycle->mark.event && !cycle->has_set_aside && !cycle->recompute_touched) {
        store_write_abort(cycle->write);  // nothing happened
        return BL_OK;
    }
    err = cycle_write(cycle, hash, e);
    if (err == BL_OK) {
        err = store_write_commit(cycle->write, e);
    }
    if (err == BL_OK) {
        memcpy(cycle->chain, hash, CHAIN_BYTES);
        cycle->signed_at = cycle->signs ? cycle->now : cycle->signed_at;
    }
    return err;
}

/* The part could not be written: everything is as before it. */
static enum bl_err undo_part(struct cycle *cycle, struct bl_error *e)
{
    store_write_abort(cycle->write);
    cycle->event = cycle->mark.event;
    cycle->recompute = cycle->mark.recompute;
    memcpy(cycle->newest, cycle->mark.newest, sizeof cycle->newest);
    cycle->batch->effect_count = cycle->mark.effect_count;
    settle_touched(cycle, false);
    return cycle->directory_touched ? read_directory_again(cycle, e) : BL_OK;
}

static enum bl_err end_part(struct cycle *cycle, struct bl_error *e)
{
    struct store_read *read AUTO(store_read_end) = NULL;

    settle_touched(cycle, true);
    if (cycle->catalog_touched) {
        catalog_refresh(cycle->catalog);
        cache_clear(&cycle->cache);  // who is read again counts by the newest calendar
    }
    enum bl_err err = store_read_begin(cycle->store, &read, e);
    return err == BL_OK ? read_next_timer(read, &cycle->next_timer, e) : err;
}

/* Runs commands up to and including the first that changes the directory, so that those after it
 * find what it has published. */
static size_t run_commands(struct cycle *cycle, size_t from)
{
    size_t i = from;

    while (i < cycle->batch->command_count && !cycle->directory_touched) {
        cycle_command(cycle, &cycle->batch->commands[i++]);
    }
    return i;
}

static void refuse_all(struct cycle *cycle, size_t from, size_t to, enum bl_err code)
{
    for (size_t i = from; i < to; i++) {
        struct batch_command *command = &cycle->batch->commands[i];
        uint64_t tag = command->answer.tag;

        bl__answer__init(&command->answer);
        command->answer.tag = tag;
        cycle_refuse_with(cycle, command, code, "store-full", "");
    }
}

enum bl_err cycle_run(struct cycle *cycle, struct batch *batch, bl_time now, struct bl_error *e)
{
    enum bl_err err = BL_OK;
    size_t from = 0;

    cycle->batch = batch;
    cycle->arena = &batch->arena;
    cycle->salts_left = 0;
    cycle->now = log_stamp(cycle->log, now);
    batch->time = cycle->now;
    do {
        size_t to = from;

        err = begin_part(cycle, e);
        if (err == BL_OK) {
            err = cycle_timers(cycle, e);
        }
        if (err == BL_OK) {
            err = cycle_recompute(cycle, e);
        }
        if (err == BL_OK) {
            to = run_commands(cycle, from);
            err = commit_part(cycle, e);
        }
        if (err == BL_FULL) {
            enum bl_err undone = undo_part(cycle, NULL);

            refuse_all(cycle, from, batch->command_count, BL_FULL);
            err = undone == BL_OK ? BL_FULL : undone;
            break;
        }
        if (err == BL_OK) {
            err = end_part(cycle, e);
        }
        from = to;
    } while (err == BL_OK && from < batch->command_count);
    batch->newest_event = cycle->event;
    batch->next_timer = cycle_next_timer(cycle);
    return err;
}
