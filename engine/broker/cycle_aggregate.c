/* Projects, referrals, bookings: aggregates that are found by a key of their own, and what an
 * application's event causes there. */
#include <inttypes.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "base/log.h"
#include "broker/cycle_state.h"
#include "core/application.h"
#include "core/booking.h"
#include "core/policy.h"
#include "core/project.h"

#define BOOKING_DAYS_AHEAD 30  // looked at for a free slot: halls plan a month

static uint64_t hash_of(Bl__Aggregate kind, const struct key *key)
{
    return XXH3_64bits_withSeed(key->bytes, key->count, (uint64_t)kind) | 1;
}

/* The one that a command is about, caught up with the batch's time; *cached NULL: there is none. */
static enum bl_err find(struct cycle *cycle, Bl__Aggregate kind, const struct kind_target *target,
                        struct cached **cached, struct bl_error *e)
{
    uint64_t id = target->id;
    enum bl_err err = BL_OK;

    *cached = target->key.count == 0 ? NULL : bl_map_get(&cycle->keys, hash_of(kind, &target->key));
    if (*cached != NULL) {
        return BL_OK;  // of this batch: no read would find it yet
    }
    if (id == 0) {
        err = kind_look_up(store_write_read(cycle->write), kind_find(kind), &target->key, &id, e);
    }
    if (err == BL_OK) {
        err = cycle_load_any(cycle, kind, id, cached, e);
    }
    return err == BL_NOT_FOUND ? BL_OK : err;
}

struct cached *cycle_project(struct cycle *cycle, const char *code)
{
    struct kind_target target = { 0 };
    struct cached *cached = NULL;

    return kind_key_of_project(code, &target.key) &&
                   find(cycle, BL__AGGREGATE__PROJECT, &target, &cached, NULL) == BL_OK
               ? cached
               : NULL;
}

static uint32_t open_applications(struct cycle *cycle, const Bl__Project *project)
{
    uint32_t count = 0;

    for (size_t i = 0; i < project->n_applications; i++) {
        struct cached *cached;

        count += cycle_load(cycle, project->applications[i], &cached, NULL) == BL_OK &&
                 application_is_open(cached->state);
    }
    return count;
}

static struct cached *add_new(struct cycle *cycle, Bl__Aggregate kind, uint64_t id)
{
    struct cached *cached = cache_add(&cycle->cache, kind, id);

    cached->any = cached->aggregate->create(&cached->arena, id);
    cached->is_new = true;
    cycle->newest[kind] = id;
    return cached;
}

/* What the caller is told: the id of what was made, of an appointment its number. */
static uint64_t answer_id(const struct cached *cached, const Bl__Event *event)
{
    return event->what_case == BL__EVENT__WHAT_BOOKED ? event->booked->appointment->number
                                                      : cached->id;
}

static void take(struct cycle *cycle, struct batch_command *command,
                 const struct kind_target *target, struct cached *cached, struct ruling ruling)
{
    Bl__Aggregate kind = aggregate_of_command(command->command->what_case)->kind;

    if (cached == NULL) {
        cached = add_new(cycle, kind, cycle->newest[kind] + 1);
        if (target->key.count > 0) {
            bl_map_put(&cycle->keys, hash_of(kind, &target->key), cached);
        }
    }
    cycle_apply(cycle, cached, ruling.event);
    command->answer.event = ruling.event->seq;
    command->answer.id = answer_id(cached, ruling.event);
}

/* Nothing is left on that day: the first free slot of the window on a following one. */
static void name_next_day(struct cycle *cycle, const Bl__Command *what, Bl__Refusal *refusal)
{
    bl_day day;
    char date[BL_TIME_TEXT];

    if (what->what_case != BL__COMMAND__WHAT_BOOK || strcmp(refusal->rule, "booking-full") != 0 ||
        refusal->n_arguments > 0 || bl_day_parse(what->book->date, &day, NULL) != BL_OK) {
        return;
    }
    for (bl_day last = day + BOOKING_DAYS_AHEAD; day++ < last;) {
        struct kind_target target = { 0 };
        struct cached *cached = NULL;
        const Bl__Slot *slot =
            kind_key_of_booking(day, what->book->window, &target.key) &&
                    find(cycle, BL__AGGREGATE__BOOKING, &target, &cached, NULL) == BL_OK &&
                    cached != NULL
                ? booking_first_free(cached->any)
                : NULL;

        if (slot != NULL) {
            refusal_argument(cycle->arena, refusal, "next",
                             bl_arena_printf(cycle->arena, "%s %02u:%02u", bl_day_format(day, date),
                                             slot->from_minute / 60, slot->from_minute % 60));
            return;
        }
    }
}

void cycle_aggregate(struct cycle *cycle, struct batch_command *command,
                     const struct aggregate *aggregate)
{
    const Bl__Command *what = command->command;
    struct kind_target target = { 0 };
    struct cached *cached = NULL;
    struct bl_error e = { 0 };

    kind_find(aggregate->kind)->target(what, &target);
    enum bl_err err = find(cycle, aggregate->kind, &target, &cached, &e);
    if (err != BL_OK) {
        cycle_refuse_with(cycle, command, err, "record-damaged", kind_find(aggregate->kind)->name);
        return;
    }
    struct world world = cycle_world(cycle, command, NULL);
    world.calendar = catalog_hall_calendar(cycle->catalog);
    world.id = cached != NULL ? cached->id : cycle->newest[aggregate->kind] + 1;
    if (what->what_case == BL__COMMAND__WHAT_CLOSE_PROJECT && cached != NULL) {
        world.open_count = open_applications(cycle, cached->any);
    }
    struct ruling ruling =
        aggregate->decide(&world, cached == NULL ? NULL : cached->any, what, cycle->arena);
    if (ruling.refusal != NULL) {
        name_next_day(cycle, what, ruling.refusal);
        cycle_refuse(command, ruling.refusal);
        return;
    }
    if (!cycle_would(command, ruling.event)) {
        take(cycle, command, &target, cached, ruling);
    }
}

void cycle_follow(struct cycle *cycle, struct cached *cached, const Bl__Event *event)
{
    const Bl__Command *what = policy_command(cached->state, event, cycle->arena);

    if (what == NULL) {
        return;
    }
    struct batch_command command = { .command = what };  // the engine's own
    bl__answer__init(&command.answer);
    cycle_aggregate(cycle, &command, aggregate_of_command(what->what_case));
    if (command.answer.refusal != NULL) {
        bl_log(BL_LOG_ERROR, "policy.refused", "event=%" PRIu64 " rule=%s", event->seq,
               command.answer.refusal->rule);
    }
}
