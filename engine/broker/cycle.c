#include "broker/cycle.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

#include "base/log.h"
#include "broker/cache.h"
#include "core/application.h"
#include "core/directory.h"
#include "store/read.h"
#include "store/record.h"
#include "store/request.h"
#include "store/write.h"

#define CACHE_COUNT_DEFAULT 4096
#define TIMERS_MAX_DEFAULT 2000
#define CHAIN_ALGORITHM "blake2b-256"
#define CHAIN_BYTES 32
/* Numbers that two workflows share are skipped, but not for ever. */
#define NUMBER_TRIES_MAX 1000

/* Where the sequence of one kind of number stands. */
struct counter {
    struct counter *next_counter;
    struct key period;
    const char *format;
    uint64_t next, stored;  // stored: before this batch
};

/* What a batch takes back if it cannot be written. */
struct mark {
    uint64_t event, application;
    bl_time stamp;
    size_t effect_count;
};

struct request_seen {
    uint64_t fingerprint;
    const Bl__Answer *answer;
};

struct cycle {
    struct cycle_config config;
    struct store *store;
    struct catalog *catalog;
    struct log *log;
    struct store_write *write;
    struct cache cache;
    struct bl_arena directory_arena;
    Bl__Directory *directory;
    struct counter *counters;
    struct bl_arena counters_arena;
    uint64_t event, application;  // newest numbers
    uint8_t chain[CHAIN_BYTES];
    bl_time next_timer;

    /* Of the batch that runs: */
    struct batch *batch;
    struct bl_arena *arena;  // the batch's
    bl_time now;
    struct mark mark;
    struct cached *touched, **touched_end;  // in the order of their first touch
    bool directory_touched;
    bool has_set_aside;      // a damaged record: rows to write without an event
    struct bl_map requests;   // fingerprint of the id → struct request_seen
    struct bl_map numbers;    // hash of a number given in this batch
    struct bl_text *records;  // of the batch's events, for the chain
    size_t record_count, record_capacity;
    struct projection_count *counts;
    size_t count_count, count_capacity;
    uint8_t *salts;
    size_t salts_left;
};

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

static enum bl_err read_newest(struct cycle *cycle, struct bl_error *e)
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
        err = read_newest_application(read, &cycle->application, e);
    }
    if (err == BL_OK) {
        err = read_next_timer(read, &cycle->next_timer, e);
    }
    if (err == BL_OK) {
        err = read_chain_head(read, &arena, &head, e);
    }
    if (err == BL_NOT_FOUND) {
        log_open(cycle->log, 0);
        return BL_OK;
    }
    if (err != BL_OK) {
        return err;
    }
    if (head->hash.len != CHAIN_BYTES || head->last != cycle->event) {
        return bl_error_set(e, BL_CORRUPT, "the chain of hashes does not end at event %" PRIu64,
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
    opened->store = store;
    opened->catalog = catalog;
    opened->log = log;
    opened->touched_end = &opened->touched;
    bl_arena_init(&opened->directory_arena, 1 << 14, SIZE_MAX);
    bl_arena_init(&opened->counters_arena, 1 << 12, SIZE_MAX);
    cache_init(&opened->cache,
               config->cache_count != 0 ? config->cache_count : CACHE_COUNT_DEFAULT);
    store_write_new(store, &opened->write);
    enum bl_err err = read_directory_again(opened, e);
    if (err == BL_OK) {
        err = read_newest(opened, e);
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
    free((*cycle)->records);
    free((*cycle)->counts);
    free(*cycle);
    *cycle = NULL;
}

bl_time cycle_next_timer(const struct cycle *cycle)
{
    return cycle->next_timer;
}

/* --- events ------------------------------------------------------------------------------------
 */

/* Gives the event its number and its place in the chain, and collects its row. */
static void record_event(struct cycle *cycle, Bl__Event *event, Bl__Aggregate aggregate,
                         uint64_t id, uint64_t previous)
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

static void apply_event(struct cycle *cycle, struct cached *cached, Bl__Event *event)
{
    touch(cycle, cached);
    record_event(cycle, event, BL__AGGREGATE__APPLICATION, cached->id, cached->state->last_event);
    application_aggregate.evolve(cached->state, event, &cached->arena);
}

/* Lets an application catch up with the batch's time, whatever is still queued for it. */
static void wake(struct cycle *cycle, struct cached *cached)
{
    Bl__Event *event;

    while ((event = application_aggregate.wake(cached->state, cycle->now, cycle->arena)) != NULL) {
        apply_event(cycle, cached, event);
    }
}

/* Finds an application, in the cache or in the store, caught up with the batch's time. */
static enum bl_err load(struct cycle *cycle, uint64_t id, struct cached **found, struct bl_error *e)
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
    }
    wake(cycle, cached);
    *found = cached;
    return BL_OK;
}

/* --- refusals ----------------------------------------------------------------------------------
 */

static void refuse(struct batch_command *command, Bl__Refusal *refusal)
{
    command->answer.refusal = refusal;
}

static void refuse_with(struct cycle *cycle, struct batch_command *command, enum bl_err code,
                        const char *rule, const char *pointer)
{
    refuse(command, refusal_new(cycle->arena, code, rule, pointer));
}

/* An error of the store's, as the caller hears it. */
static void refuse_error(struct cycle *cycle, struct batch_command *command, enum bl_err code,
                         const char *pointer)
{
    refuse_with(cycle, command, code,
                code == BL_NOT_FOUND ? "application-unknown" : "record-damaged", pointer);
}

/* --- request ids -------------------------------------------------------------------------------
 */

/* One id on its way through a command. */
struct request {
    struct request_key key;
    uint64_t id_hash;  // of the key, for this batch's map
    uint64_t fingerprint;
};

/* What the command asks for, without the caller's own numbering. */
static uint64_t fingerprint_of(struct cycle *cycle, const struct batch_command *command)
{
    Bl__Command plain = *command->command;

    plain.tag = 0;
    plain.actor = NULL;
    size_t bytes = bl__command__get_packed_size(&plain);
    uint8_t *packed = bl_arena_alloc(cycle->arena, bytes);
    bl__command__pack(&plain, packed);
    const char *name = command->principal->name;
    return XXH3_64bits_withSeed(packed, bytes, XXH3_64bits(name, strlen(name)));
}

/* Answers as it was answered before: from the state, since answers are not stored. */
static void answer_again(struct cycle *cycle, struct batch_command *command, uint64_t event,
                         uint64_t application)
{
    struct cached *cached;

    command->answer.event = event;
    command->answer.application_id = application;
    command->answer.repeated = true;
    if (application != 0 && load(cycle, application, &cached, NULL) == BL_OK) {
        command->answer.application = bl_arena_string(cycle->arena, cached->state->number);
        command->answer.promise_at =
            cached->state->promise == NULL ? 0 : cached->state->promise->due_at;
    }
}

/* Has this request been seen? Then it is answered here. */
static bool request_is_known(struct cycle *cycle, struct batch_command *command,
                             const struct request *request)
{
    const struct request_seen *seen = bl_map_get(&cycle->requests, request->id_hash);
    Bl__StoredRequest *stored;
    uint64_t fingerprint, event, application;

    if (seen != NULL) {
        fingerprint = seen->fingerprint;
        event = seen->answer->event;
        application = seen->answer->application_id;
    } else {
        struct bl_error e = { 0 };
        enum bl_err err =
            request_find(store_write_read(cycle->write), &request->key, cycle->arena, &stored, &e);

        if (err == BL_NOT_FOUND) {
            return false;
        }
        if (err != BL_OK) {
            refuse_with(cycle, command, err, "record-damaged", "request_id");
            return true;
        }
        fingerprint = stored->fingerprint;
        event = stored->event;
        application = stored->application;
    }
    if (fingerprint != request->fingerprint) {
        refuse_with(cycle, command, BL_REUSED, "request-reused", "request_id");
    } else {
        answer_again(cycle, command, event, application);
    }
    return true;
}

/* Reads the id of a command. Returns whether the command was answered already. */
static bool request_begin(struct cycle *cycle, struct batch_command *command,
                          struct request *request)
{
    struct bl_error e = { 0 };
    enum bl_err err = request_key(command->command->request_id, cycle->now, &request->key, &e);

    if (err != BL_OK) {
        refuse_with(cycle, command, err, err == BL_INVALID ? "request-id-long" : "request-id-old",
                    "request_id");
        return true;
    }
    request->id_hash = XXH3_64bits(request->key.at.bytes, request->key.at.count) | 1;
    request->fingerprint = fingerprint_of(cycle, command);
    return request_is_known(cycle, command, request);
}

/* The command was done: its id is kept. */
static void request_end(struct cycle *cycle, const struct batch_command *command,
                        const struct request *request)
{
    struct request_seen *seen = bl_arena_new(cycle->arena, struct request_seen);
    Bl__StoredRequest stored = BL__STORED_REQUEST__INIT;

    *seen = (struct request_seen){ request->fingerprint, &command->answer };
    bl_map_put(&cycle->requests, request->id_hash, seen);
    stored.fingerprint = request->fingerprint;
    stored.event = command->answer.event;
    stored.application = command->answer.application_id;
    store_write_put(cycle->write, TABLE_REQUESTS, key_keep(&request->key.at, cycle->arena),
                    record_seal_message(&stored.base, cycle->arena));
}

/* --- submissions -------------------------------------------------------------------------------
 */

static struct counter *counter_find(struct cycle *cycle, const struct definition *definition,
                                    bl_day day)
{
    struct key period = { .count = 0 };
    const char *format = definition->source->number;

    key_u32(&period, definition_number_period(definition, day));
    for (struct counter *counter = cycle->counters; counter != NULL;
         counter = counter->next_counter) {
        if (memcmp(counter->period.bytes, period.bytes, period.count) == 0 &&
            strcmp(counter->format, format) == 0) {
            return counter;
        }
    }
    struct counter *counter = bl_arena_new(&cycle->counters_arena, struct counter);
    counter->period = period;
    counter->format = bl_arena_string(&cycle->counters_arena, format);
    counter->next_counter = cycle->counters;
    cycle->counters = counter;
    return counter;
}

static struct bl_text counter_key(struct cycle *cycle, const struct counter *counter)
{
    size_t bytes = strlen(counter->format);
    char *key = bl_arena_alloc(cycle->arena, counter->period.count + bytes);

    memcpy(key, counter->period.bytes, counter->period.count);
    memcpy(key + counter->period.count, counter->format, bytes);
    return (struct bl_text){ key, counter->period.count + bytes };
}

static bool number_is_taken(struct cycle *cycle, const char *number, uint64_t hash)
{
    uint64_t id;

    return bl_map_get(&cycle->numbers, hash) != NULL ||
           read_number(store_write_read(cycle->write), number, &id, NULL) != BL_NOT_FOUND;
}

/* The next business number of a workflow; NULL if its format gives no new one. The counter moves
 * when the submission is accepted. */
static const char *next_number(struct cycle *cycle, const struct definition *definition, bl_day day,
                               struct counter **counter, uint64_t *seq)
{
    char *number = bl_arena_alloc(cycle->arena, DEFINITION_NUMBER_BYTES_MAX);

    *counter = counter_find(cycle, definition, day);
    if ((*counter)->next == 0) {
        if (read_counter(store_write_read(cycle->write), counter_key(cycle, *counter),
                         &(*counter)->next, NULL) != BL_OK) {
            return NULL;
        }
        (*counter)->stored = (*counter)->next;
    }
    for (uint32_t i = 0; i < NUMBER_TRIES_MAX; i++) {
        *seq = (*counter)->next + i;
        size_t bytes =
            definition_number(definition, day, *seq, number, DEFINITION_NUMBER_BYTES_MAX);
        uint64_t hash = XXH3_64bits(number, bytes) | 1;

        if (!number_is_taken(cycle, number, hash)) {
            return number;
        }
    }
    return NULL;
}

static const uint8_t *next_salt(struct cycle *cycle)
{
    if (cycle->salts_left == 0) {
        cycle->salts_left = cycle->batch->command_count;
        cycle->salts = bl_arena_alloc(cycle->arena, cycle->salts_left * WORLD_SALT_BYTES);
        cycle->config.random(cycle->config.random_context, cycle->salts,
                             cycle->salts_left * WORLD_SALT_BYTES);
    }
    return cycle->salts + --cycle->salts_left * WORLD_SALT_BYTES;
}

/* What a new application stores besides its state: its content and its number. */
static void store_submission(struct cycle *cycle, const struct world *world,
                             const Bl__Submit *submit)
{
    Bl__StoredContent content = BL__STORED_CONTENT__INIT;
    struct key content_key = key_of_content(world->id, 1), id = key_of_id(world->id);
    size_t number_bytes = strlen(world->number);

    content.salt.data = (uint8_t *)world->salt;
    content.salt.len = WORLD_SALT_BYTES;
    content.content = submit->content;
    store_write_put(cycle->write, TABLE_CONTENTS, key_keep(&content_key, cycle->arena),
                    record_seal_message(&content.base, cycle->arena));
    store_write_put(cycle->write, TABLE_NUMBERS, bl_text_of(world->number),
                    record_seal_bytes(key_text(&id), cycle->arena));
    bl_map_put(&cycle->numbers, XXH3_64bits(world->number, number_bytes) | 1, cycle);
}

static void submitted(struct cycle *cycle, struct batch_command *command, const struct world *world,
                      const struct catalog_version *version, Bl__Event *event)
{
    struct cached *cached = cache_add(&cycle->cache, world->id);
    const Bl__Submit *submit = command->command->submit;

    cached->state = application_aggregate.create(&cached->arena, world->id);
    cached->version = *version;
    cached->is_new = true;
    cached->content = (struct bl_text){ (const char *)submit->content.data, submit->content.len };
    cycle->application = world->id;
    store_submission(cycle, world, submit);
    apply_event(cycle, cached, event);
    command->answer.event = event->seq;
    command->answer.application_id = world->id;
    command->answer.application = world->number;
    command->answer.promise_at =
        cached->state->promise == NULL ? 0 : cached->state->promise->due_at;
}

static bool find_workflow(struct cycle *cycle, const Bl__Submit *submit,
                          struct catalog_version *version)
{
    const Bl__Publication *publication = directory_find(
        cycle->directory, BL__PUBLICATION__KIND__WORKFLOW, submit->workflow, submit->version);

    return publication != NULL && !publication->retired &&
           catalog_find(cycle->catalog, publication->id, publication->version, version, NULL) ==
               BL_OK;
}

static void run_submit(struct cycle *cycle, struct batch_command *command)
{
    const Bl__Submit *submit = command->command->submit;
    struct catalog_version version;
    struct counter *counter;
    uint64_t seq;

    if (!find_workflow(cycle, submit, &version)) {
        refuse_with(cycle, command, BL_NOT_FOUND, "workflow-unknown", submit->workflow);
        return;
    }
    struct world world = {
        .now = cycle->now,
        .principal = command->principal,
        .actor = command->command->actor,
        .definition = version.definition,
        .calendar = version.calendar,
        .id = cycle->application + 1,
        .salt = next_salt(cycle),
    };
    bl_day day = calendar_day(version.calendar, cycle->now);
    world.number = next_number(cycle, version.definition, day, &counter, &seq);
    if (world.number == NULL) {
        refuse_with(cycle, command, BL_FAILED, "number-exhausted", submit->workflow);
        return;
    }
    struct ruling ruling =
        application_aggregate.decide(&world, NULL, command->command, cycle->arena);
    if (ruling.refusal != NULL) {
        refuse(command, ruling.refusal);
        return;
    }
    counter->next = seq + 1;
    submitted(cycle, command, &world, &version, ruling.event);
}

/* --- commands about one application ------------------------------------------------------------
 */

static bool has_late_conditions(const struct definition *definition)
{
    for (size_t i = 0; i < definition->item_count; i++) {
        if (definition->items[i].when_needs_items ||
            definition->items[i].needs.kind == JOIN_EXPRESSION) {
            return true;
        }
    }
    return definition->join.kind == JOIN_EXPRESSION;
}

/* The form, where a condition that is settled now may ask for it. */
static struct bl_text late_content(struct cycle *cycle, const struct cached *cached)
{
    Bl__StoredContent *stored;

    if (!has_late_conditions(cached->version.definition)) {
        return (struct bl_text){ NULL, 0 };
    }
    if (cached->content.at != NULL) {
        return cached->content;
    }
    if (read_content(store_write_read(cycle->write), cached->id, cached->state->contents,
                     cycle->arena, &stored, NULL) != BL_OK) {
        return (struct bl_text){ NULL, 0 };
    }
    return (struct bl_text){ (const char *)stored->content.data, stored->content.len };
}

static bool find_application(struct cycle *cycle, struct batch_command *command,
                             struct cached **cached)
{
    const Bl__Command *what = command->command;
    uint64_t id = what->application_id;
    struct bl_error e = { 0 };
    enum bl_err err = BL_OK;

    if (id == 0) {
        err = read_number(store_write_read(cycle->write), what->application, &id, &e);
    }
    if (err == BL_OK) {
        err = load(cycle, id, cached, &e);
    }
    if (err != BL_OK) {
        refuse_error(cycle, command, err, what->application);
    }
    return err == BL_OK;
}

static void run_application(struct cycle *cycle, struct batch_command *command)
{
    struct cached *cached;

    if (!find_application(cycle, command, &cached)) {
        return;
    }
    struct world world = {
        .now = cycle->now,
        .principal = command->principal,
        .actor = command->command->actor,
        .definition = cached->version.definition,
        .calendar = cached->version.calendar,
        .id = cached->id,
        .content = late_content(cycle, cached),
    };
    struct ruling ruling =
        application_aggregate.decide(&world, cached->state, command->command, cycle->arena);
    if (ruling.refusal != NULL) {
        refuse(command, ruling.refusal);
        return;
    }
    apply_event(cycle, cached, ruling.event);
    command->answer.event = ruling.event->seq;
    command->answer.application_id = cached->id;
    command->answer.application = bl_arena_string(cycle->arena, cached->state->number);
}

/* --- the directory -----------------------------------------------------------------------------
 */

static void store_source(struct cycle *cycle, const Bl__Publish *publish,
                         const Bl__Publication *publication)
{
    struct bl_text source = { (const char *)publish->source.data, publish->source.len };

    store_write_put(
        cycle->write, TABLE_SOURCES,
        key_of_source(publication->kind, publication->id, publication->version, cycle->arena),
        record_seal_bytes(source, cycle->arena));
}

static void run_directory(struct cycle *cycle, struct batch_command *command)
{
    const Bl__Command *what = command->command;
    struct publication_check check;
    struct world world = {
        .now = cycle->now,
        .principal = command->principal,
        .actor = what->actor,
    };

    if (what->what_case == BL__COMMAND__WHAT_PUBLISH) {
        struct publication_context context = catalog_context(cycle->catalog);

        check = publication_read(what->publish, &context, cycle->arena);
        world.publication = &check;
    }
    struct ruling ruling = directory_aggregate.decide(&world, cycle->directory, what, cycle->arena);
    if (ruling.refusal != NULL) {
        refuse(command, ruling.refusal);
        return;
    }
    if (ruling.event == NULL) {
        command->answer.event = cycle->directory->last_event;
        command->answer.repeated = true;
        return;
    }
    record_event(cycle, ruling.event, BL__AGGREGATE__DIRECTORY, DIRECTORY_ID,
                 cycle->directory->last_event);
    directory_aggregate.evolve(cycle->directory, ruling.event, &cycle->directory_arena);
    cycle->directory_touched = true;
    command->answer.event = ruling.event->seq;
    if (what->what_case == BL__COMMAND__WHAT_PUBLISH) {
        store_source(cycle, what->publish, ruling.event->published->publication);
    }
}

/* --- one batch ---------------------------------------------------------------------------------
 */

static void run_what(struct cycle *cycle, struct batch_command *command)
{
    switch (command->command->what_case) {
    case BL__COMMAND__WHAT_SUBMIT:
        run_submit(cycle, command);
        return;
    case BL__COMMAND__WHAT_ACCEPT:
    case BL__COMMAND__WHAT_DECIDE:
    case BL__COMMAND__WHAT_FAIL:
    case BL__COMMAND__WHAT_RETRY:
    case BL__COMMAND__WHAT_RELEASE:
    case BL__COMMAND__WHAT_TERMINATE:
        run_application(cycle, command);
        return;
    case BL__COMMAND__WHAT_PUBLISH:
    case BL__COMMAND__WHAT_RETIRE:
    case BL__COMMAND__WHAT_GRANT_KEY:
    case BL__COMMAND__WHAT_REVOKE_KEY:
        run_directory(cycle, command);
        return;
    case BL__COMMAND__WHAT__NOT_SET:
        break;
    }
    refuse_with(cycle, command, BL_MALFORMED, "command-unknown", "");
}

static void run_command(struct cycle *cycle, struct batch_command *command)
{
    const Bl__Command *what = command->command;
    struct request request;
    bool has_id = what->request_id[0] != '\0';

    if (what->what_case != BL__COMMAND__WHAT__NOT_SET &&
        !principal_may(command->principal, what->what_case)) {
        refuse_with(cycle, command, BL_DENIED, "role-may-not", "");
        command->answer.refusal->who_may = principal_who_may(what->what_case);
        return;
    }
    if (what->what_case == BL__COMMAND__WHAT_SUBMIT && !has_id) {
        refuse_with(cycle, command, BL_INVALID, "request-id-required", "request_id");
        return;
    }
    if (has_id && request_begin(cycle, command, &request)) {
        return;
    }
    run_what(cycle, command);
    if (has_id && command->answer.refusal == NULL) {
        request_end(cycle, command, &request);
    }
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
static enum bl_err run_timers(struct cycle *cycle, struct bl_error *e)
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

        if (load(cycle, id, &cached, &damage) != BL_OK) {
            set_aside(cycle, id, due.keys[i], &damage);
        }
    }
    cycle->batch->timers_due += due.count;
    return err;
}

/* --- writing what has changed ------------------------------------------------------------------
 */

static void add_count(struct cycle *cycle, const struct projection_count *count, int64_t sign)
{
    for (size_t i = 0; i < cycle->count_count; i++) {
        struct projection_count *sum = &cycle->counts[i];

        if (strcmp(sum->name, count->name) == 0 &&
            strcmp(sum->department, count->department) == 0) {
            sum->value += sign * count->value;
            return;
        }
    }
    if (cycle->count_count == cycle->count_capacity) {
        cycle->count_capacity = cycle->count_capacity == 0 ? 64 : cycle->count_capacity * 2;
        cycle->counts = realloc(cycle->counts, cycle->count_capacity * sizeof *cycle->counts);
        CHECK(cycle->counts != NULL);
    }
    cycle->counts[cycle->count_count++] =
        (struct projection_count){ count->name, count->department, sign * count->value };
}

static void effect_gone(struct cycle *cycle, const struct cached *cached, uint32_t item)
{
    struct effect *effect = batch_effect(cycle->batch, EFFECT_TASK_GONE);

    effect->application = cached->id;
    effect->item = item;
}

static void effect_ready(struct cycle *cycle, const struct cached *cached, uint32_t index)
{
    struct effect *effect = batch_effect(cycle->batch, EFFECT_TASK_READY);
    const Bl__Item *item = cached->state->items[index];

    effect->application = cached->id;
    effect->item = index;
    effect->due = application_item_due(item);
    effect->not_before = item->retry_at;
    effect->definition = cached->version.definition;
    effect->number = bl_arena_string(cycle->arena, cached->state->number);
    effect->promise_due = item->promise == NULL ? 0 : item->promise->due_at;
    effect->legal_due = item->legal == NULL ? 0 : item->legal->due_at;
    effect->failures = item->failures;
    effect->content = cached->content;
}

static void effect_concluded(struct cycle *cycle, const struct cached *cached)
{
    struct effect *effect = batch_effect(cycle->batch, EFFECT_CONCLUDED);

    effect->application = cached->id;
    effect->event = cached->state->last_event;
    effect->number = bl_arena_string(cycle->arena, cached->state->number);
}

struct change {
    struct cycle *cycle;
    const struct cached *cached;
};

static void write_row(void *context, const struct projection_row *before,
                      const struct projection_row *after)
{
    const struct change *change = context;
    struct cycle *cycle = change->cycle;

    if (after == NULL) {
        store_write_remove(cycle->write, before->table, key_keep(&before->key, cycle->arena));
        if (before->table == TABLE_INBOX) {
            effect_gone(cycle, change->cached, before->item);
        }
        return;
    }
    struct bl_text value = { (const char *)after->value, after->value_bytes };
    store_write_put(cycle->write, after->table, key_keep(&after->key, cycle->arena),
                    value.bytes == 0 ? value : record_seal_bytes(value, cycle->arena));
    if (after->table == TABLE_INBOX) {
        effect_ready(cycle, change->cached, after->item);
    }
}

static void write_application(struct cycle *cycle, struct cached *cached)
{
    struct projection after = projection_of(cached->state, cycle->arena);
    struct change change = { cycle, cached };
    struct key key = key_of_id(cached->id);

    projection_diff(&cached->before, &after, write_row, &change);
    if (cached->was_open && !application_is_open(cached->state)) {
        effect_concluded(cycle, cached);
    }
    for (size_t i = 0; i < cached->before.count_count; i++) {
        add_count(cycle, &cached->before.counts[i], -1);
    }
    for (size_t i = 0; i < after.count_count; i++) {
        add_count(cycle, &after.counts[i], 1);
    }
    store_write_put(cycle->write, TABLE_APPLICATIONS, key_keep(&key, cycle->arena),
                    record_seal_bounded(&cached->state->base, application_bytes_max(cached->state),
                                        cycle->arena));
}

static enum bl_err write_counts(struct cycle *cycle, struct bl_error *e)
{
    for (size_t i = 0; i < cycle->count_count; i++) {
        const struct projection_count *sum = &cycle->counts[i];
        Bl__Count count = BL__COUNT__INIT;

        if (sum->value == 0) {
            continue;
        }
        enum bl_err err =
            read_count(store_write_read(cycle->write), sum->name, sum->department, &count.value, e);
        if (err != BL_OK) {
            return err;
        }
        count.value += sum->value;
        store_write_put(cycle->write, TABLE_COUNTS,
                        key_of_count(sum->name, sum->department, cycle->arena),
                        record_seal_message(&count.base, cycle->arena));
    }
    return BL_OK;
}

static void write_counters(struct cycle *cycle)
{
    for (struct counter *counter = cycle->counters; counter != NULL;
         counter = counter->next_counter) {
        Bl__Counter value = BL__COUNTER__INIT;

        if (counter->next != counter->stored) {
            value.next = counter->next;
            store_write_put(cycle->write, TABLE_COUNTERS, counter_key(cycle, counter),
                            record_seal_message(&value.base, cycle->arena));
        }
    }
}

static void write_directory(struct cycle *cycle)
{
    struct key key = key_of_id(DIRECTORY_ID);

    if (cycle->directory_touched) {
        store_write_put(cycle->write, TABLE_DIRECTORY, key_keep(&key, cycle->arena),
                        record_seal_message(&cycle->directory->base, cycle->arena));
        batch_effect(cycle->batch, EFFECT_DIRECTORY);
    }
}

static void write_chain(struct cycle *cycle, uint8_t hash[CHAIN_BYTES])
{
    crypto_generichash_state state;
    Bl__ChainEntry entry = BL__CHAIN_ENTRY__INIT;
    struct key key = key_of_id(cycle->event);

    CHECK(crypto_generichash_init(&state, NULL, 0, CHAIN_BYTES) == 0);
    CHECK(crypto_generichash_update(&state, cycle->chain, CHAIN_BYTES) == 0);
    for (size_t i = 0; i < cycle->record_count; i++) {
        CHECK(crypto_generichash_update(&state, (const uint8_t *)cycle->records[i].at,
                                        cycle->records[i].bytes) == 0);
    }
    CHECK(crypto_generichash_final(&state, hash, CHAIN_BYTES) == 0);
    entry.first = cycle->mark.event + 1;
    entry.last = cycle->event;
    entry.alg = CHAIN_ALGORITHM;
    entry.previous.data = cycle->chain;
    entry.previous.len = CHAIN_BYTES;
    entry.hash.data = hash;
    entry.hash.len = CHAIN_BYTES;
    entry.at = cycle->now;
    store_write_put(cycle->write, TABLE_CHAIN, key_keep(&key, cycle->arena),
                    record_seal_message(&entry.base, cycle->arena));
}

/* Forgets what the transaction that is over had touched. */
static void settle_touched(struct cycle *cycle, bool committed)
{
    for (struct cached *cached = cycle->touched; cached != NULL;) {
        struct cached *next = cached->next_touched;

        cached->touched = false;
        cached->is_new = false;
        cached->next_touched = NULL;
        cached->content = (struct bl_text){ NULL, 0 };
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
    cycle->record_count = 0;
    cycle->count_count = 0;
}

static enum bl_err begin_part(struct cycle *cycle, struct bl_error *e)
{
    cycle->mark = (struct mark){
        .event = cycle->event,
        .application = cycle->application,
        .stamp = cycle->log->last,
        .effect_count = cycle->batch->effect_count,
    };
    cycle->directory_touched = false;
    cycle->has_set_aside = false;
    return store_write_begin(cycle->write, e);
}

static enum bl_err commit_part(struct cycle *cycle, struct bl_error *e)
{
    uint8_t hash[CHAIN_BYTES];
    bool has_events = cycle->event != cycle->mark.event;
    enum bl_err err;

    if (!has_events && !cycle->has_set_aside) {
        store_write_abort(cycle->write);  // nothing happened
        return BL_OK;
    }
    for (struct cached *cached = cycle->touched; cached != NULL; cached = cached->next_touched) {
        write_application(cycle, cached);
    }
    err = write_counts(cycle, e);
    if (err != BL_OK) {
        return err;
    }
    write_counters(cycle);
    write_directory(cycle);
    memcpy(hash, cycle->chain, CHAIN_BYTES);
    if (has_events) {
        write_chain(cycle, hash);
    }
    err = request_forget(cycle->write, cycle->now, cycle->arena, e);
    if (err == BL_OK) {
        err = store_write_commit(cycle->write, e);
    }
    if (err == BL_OK) {
        memcpy(cycle->chain, hash, CHAIN_BYTES);
    }
    return err;
}

/* The part could not be written: everything is as before it. */
static enum bl_err undo_part(struct cycle *cycle, struct bl_error *e)
{
    store_write_abort(cycle->write);
    cycle->event = cycle->mark.event;
    cycle->application = cycle->mark.application;
    cycle->batch->effect_count = cycle->mark.effect_count;
    settle_touched(cycle, false);
    return cycle->directory_touched ? read_directory_again(cycle, e) : BL_OK;
}

static enum bl_err end_part(struct cycle *cycle, struct bl_error *e)
{
    struct store_read *read AUTO(store_read_end) = NULL;

    settle_touched(cycle, true);
    if (cycle->directory_touched) {
        catalog_refresh(cycle->catalog);
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
        run_command(cycle, &cycle->batch->commands[i++]);
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
        refuse_with(cycle, command, code, "store-full", "");
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
            err = run_timers(cycle, e);
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
    batch->next_timer = cycle->next_timer;
    return err;
}
