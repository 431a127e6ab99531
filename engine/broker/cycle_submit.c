/* A new application: its number, its salt, its first event. */
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "broker/cycle_state.h"
#include "core/application.h"
#include "core/directory.h"
#include "store/read.h"
#include "store/record.h"

/* Numbers that two workflows share are skipped, but not for ever. */
#define NUMBER_TRIES_MAX 1000

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

struct bl_text cycle_counter_key(struct cycle *cycle, const struct counter *counter)
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
        if (read_counter(store_write_read(cycle->write), cycle_counter_key(cycle, *counter),
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

const uint8_t *cycle_salt(struct cycle *cycle)
{
    if (cycle->salts_left == 0) {
        cycle->salts_left = cycle->batch->command_count;
        cycle->salts = bl_arena_alloc(cycle->arena, cycle->salts_left * WORLD_SALT_BYTES);
        cycle->config.random(cycle->config.random_context, cycle->salts,
                             cycle->salts_left * WORLD_SALT_BYTES);
    }
    return cycle->salts + --cycle->salts_left * WORLD_SALT_BYTES;
}

void cycle_store_content(struct cycle *cycle, uint64_t id, uint32_t version, const uint8_t *salt,
                         struct bl_text content)
{
    Bl__StoredContent stored = BL__STORED_CONTENT__INIT;
    struct key key = key_of_content(id, version);

    stored.salt.data = (uint8_t *)salt;
    stored.salt.len = WORLD_SALT_BYTES;
    stored.content.data = (uint8_t *)content.at;
    stored.content.len = content.bytes;
    store_write_put(cycle->write, TABLE_CONTENTS, key_keep(&key, cycle->arena),
                    record_seal_message(&stored.base, cycle->arena));
}

/* What a new application stores besides its state: its content and its number. */
static void store_submission(struct cycle *cycle, const struct world *world, struct bl_text content)
{
    struct key id = key_of_id(world->id);
    size_t number_bytes = strlen(world->number);

    cycle_store_content(cycle, world->id, 1, world->salt, content);
    store_write_put(cycle->write, TABLE_NUMBERS, bl_text_of(world->number),
                    record_seal_bytes(key_text(&id), cycle->arena));
    bl_map_put(&cycle->numbers, XXH3_64bits(world->number, number_bytes) | 1, cycle);
}

static void submitted(struct cycle *cycle, struct batch_command *command, const struct world *world,
                      const struct catalog_version *version, Bl__Event *event)
{
    struct cached *cached = cache_add(&cycle->cache, BL__AGGREGATE__APPLICATION, world->id);
    const Bl__Submit *submit = command->command->submit;

    cached->state = application_aggregate.create(&cached->arena, world->id);
    cached->version = *version;
    cached->is_new = true;
    cached->content = (struct bl_text){ (const char *)submit->content.data, submit->content.len };
    cycle->newest[BL__AGGREGATE__APPLICATION] = world->id;
    store_submission(cycle, world, cached->content);
    cycle_apply(cycle, cached, event);
    cycle_follow(cycle, cached, event);
    command->answer.event = event->seq;
    command->answer.application_id = world->id;
    command->answer.application = world->number;
    command->answer.promise_at =
        cached->state->promise == NULL ? 0 : cached->state->promise->due_at;
}

static bool find_workflow(struct cycle *cycle, const Bl__Submit *submit,
                          struct catalog_version *version)
{
    const Bl__Publication *publication =
        submit->version == 0 ? directory_current(cycle->directory, submit->workflow, cycle->now)
                             : directory_find(cycle->directory, BL__PUBLICATION__KIND__WORKFLOW,
                                              submit->workflow, submit->version);

    if (publication == NULL || publication->retired || publication->effective_at > cycle->now) {
        return false;
    }
    if (publication != cycle->submitted_to) {  // one after the other is for the same
        if (catalog_find(cycle->catalog, publication->id, publication->version,
                         &cycle->submitted_version, NULL) != BL_OK) {
            cycle->submitted_to = NULL;
            return false;
        }
        cycle->submitted_to = publication;
    }
    *version = cycle->submitted_version;
    return true;
}

void cycle_submit(struct cycle *cycle, struct batch_command *command)
{
    const Bl__Submit *submit = command->command->submit;
    struct catalog_version version;
    struct counter *counter;
    uint64_t seq;

    if (!find_workflow(cycle, submit, &version)) {
        cycle_refuse_with(cycle, command, BL_NOT_FOUND, "workflow-unknown", submit->workflow);
        return;
    }
    struct world world = cycle_world(cycle, command, NULL);
    world.definition = version.definition;
    world.calendar = version.calendar;
    world.id = cycle->newest[BL__AGGREGATE__APPLICATION] + 1;
    world.salt = cycle_salt(cycle);
    if (submit->project[0] != '\0') {
        const struct cached *project = cycle_project(cycle, submit->project);

        world.project = project == NULL ? NULL : project->any;
    }
    bl_day day = calendar_day(version.calendar, cycle->now);
    world.number = next_number(cycle, version.definition, day, &counter, &seq);
    if (world.number == NULL) {
        cycle_refuse_with(cycle, command, BL_FAILED, "number-exhausted", submit->workflow);
        return;
    }
    struct ruling ruling =
        application_aggregate.decide(&world, NULL, command->command, cycle->arena);
    if (ruling.refusal != NULL) {
        cycle_refuse(command, ruling.refusal);
        return;
    }
    cycle_warn_of_twin(cycle, command, ruling.event->submitted->twin);
    if (cycle_would(command, ruling.event)) {
        const Bl__Clock *promise = ruling.event->submitted->promise;

        command->answer.promise_at = promise == NULL ? 0 : promise->due_at;
        return;
    }
    counter->next = seq + 1;
    submitted(cycle, command, &world, &version, ruling.event);
    cycle_note_twin(cycle, ruling.event->submitted->twin, world.number);
}
