#include "core/routing.h"

#include <string.h>

#include "core/application.h"
#include "core/desk.h"
#include "core/recount.h"
#include "core/wait.h"

#define S(state) BL__ITEM__STATE__##state

static struct bl_text result_of(const void *context, uint32_t item)
{
    const struct routing *routing = context;

    return join_item_result(routing->items[item]);
}

bool *routing_mark(struct routing *routing, bool **marks)
{
    if (*marks == NULL) {
        *marks = bl_arena_array(routing->arena, bool, routing->count);
    }
    return *marks;
}

void routing_miss(struct routing *routing, uint32_t index, const char *what)
{
    if (routing->missing == NULL) {
        routing->missing = bl_arena_array(routing->arena, struct routing_missing, routing->count);
    }
    struct routing_missing *missing = &routing->missing[index];
    missing->at = bl_arena_append(routing->arena, missing->at, missing->count, (void *)what);
    missing->count++;
}

/* What is rare: so the rest is spared it. */
static void begin_marks(struct routing *routing, const Bl__Application *application)
{
    for (size_t i = 0; i < routing->count; i++) {
        const Bl__Item *item = application->items[i];

        if (item->committed) {
            routing_mark(routing, &routing->committed)[i] = true;
        }
        if (item->gap) {
            routing_mark(routing, &routing->gap)[i] = true;
        }
        if (item->not_before != 0) {
            if (routing->not_before == NULL) {
                routing->not_before = bl_arena_array(routing->arena, bl_time, routing->count);
            }
            routing->not_before[i] = item->not_before;
        }
    }
}

void routing_begin(struct routing *routing, const struct world *world,
                   const Bl__Application *application, const struct form_value *values,
                   struct bl_arena *arena)
{
    const struct definition *definition = world->definition;

    routing->world = world;
    routing->arena = arena;
    routing->application = application;
    routing->count = definition->item_count;
    routing->accepted = application != NULL && application->accepted_at != 0;
    routing->start = routing_effective(world, world->now);
    routing->whole_start = routing->accepted ? application_started(application) : 0;
    routing->scope = (struct form_scope){ definition, values, result_of, routing };
    routing->items = bl_arena_alloc(arena, 2 * routing->count * sizeof *routing->items);
    routing->before = routing->items + routing->count;
    routing->held = bl_arena_alloc(arena, 2 * routing->count * sizeof *routing->held);
    routing->held_before = routing->held + routing->count;
    for (size_t i = 0; i < routing->count; i++) {
        const Bl__Item *item = application == NULL ? NULL : application->items[i];

        routing->items[i].state = item == NULL ? S(PENDING) : item->state;
        routing->items[i].result =
            item == NULL ? BL__ITEM__RESULT__RESULT_UNSPECIFIED : item->result;
        routing->held[i] = item != NULL && item->held;
        routing->before[i] = routing->items[i];
        routing->held_before[i] = routing->held[i];
    }
    routing->committed = routing->gap = routing->moved = NULL;
    routing->not_before = NULL;
    routing->missing = NULL;
    routing->promise.limit.halves = routing->legal.limit.halves = 0;  // none yet
    if (application != NULL) {
        begin_marks(routing, application);
    }
    routing->whole_before = join_settle(&definition->join, routing->items, &routing->scope, arena);
}

bl_time routing_effective(const struct world *world, bl_time at)
{
    return world->definition->after_hours_count ? at : calendar_effective(world->calendar, at);
}

void routing_accept(struct routing *routing, uint32_t index)
{
    bool granted = routing->committed != NULL && routing->committed[index];

    routing->items[index] = granted ? (struct join_item){ S(DECIDED), BL__ITEM__RESULT__GRANTED }
                                    : (struct join_item){ S(ACCEPTED), 0 };
}

/* An item starts now: accepted, or waiting for somebody's acceptance. */
static void start(struct routing *routing, const struct definition_item *item)
{
    if (routing->accepted && !item->acceptance_by_department) {
        routing_accept(routing, item->index);
    } else {
        routing->items[item->index].state = S(RECEIVED);
    }
}

static bool waits_for_a_day(const struct routing *routing, uint32_t index)
{
    return routing->not_before != NULL && routing->not_before[index] > routing->world->now;
}

/* What becomes of the branches that are open when their join is settled. */
static bool settle_late(struct routing *routing, const struct definition_join *join)
{
    bool changed = false;

    for (size_t i = 0; i < join->branch_count; i++) {
        uint32_t branch = join->branches[i];

        if (join_item_is_settled(routing->items[branch])) {
            continue;
        }
        switch (join->late) {
        case LATE_RECORD:
            break;
        case LATE_HOLD:
            routing->held[branch] = true;
            break;
        case LATE_CANCEL:
            routing->items[branch].state = S(TERMINATED);
            changed = true;
            break;
        }
    }
    return changed;
}

/* Does the condition let the item start? One that errs now does: a needless check by a department
 * does less harm than one that is left out in silence. */
static bool applies(struct routing *routing, const struct definition_item *item)
{
    struct bl_error e = { 0 };
    bool holds = true;

    if (item->when == NULL || !item->when_needs_items) {
        return true;  // over the form alone: settled at submission
    }
    return form_holds(item->when, &routing->scope, routing->arena, &holds, &e) != BL_OK || holds;
}

/* Settles one pending item. Returns whether others have to be looked at again. */
static bool settle_pending(struct routing *routing, const struct definition_item *item)
{
    enum join_outcome outcome =
        join_settle(&item->needs, routing->items, &routing->scope, routing->arena);
    Bl__Item__State *state = &routing->items[item->index].state;

    switch (outcome) {
    case JOIN_OPEN:
        return false;
    case JOIN_FAILED:
        *state = S(BLOCKED);
        break;
    case JOIN_SATISFIED:
        if (!applies(routing, item)) {
            *state = S(NOT_NEEDED);
        } else if (waits_for_a_day(routing, item->index)) {
            return false;
        } else {
            start(routing, item);
        }
        break;
    }
    return settle_late(routing, &item->needs);
}

void routing_settle(struct routing *routing)
{
    const struct definition *definition = routing->world->definition;
    bool again;

    /* Items come after what they need, so one pass settles chains; a cancelled branch may settle
     * an item before it, and there are at most so many branches to cancel. */
    do {
        again = false;
        for (size_t i = 0; i < routing->count; i++) {
            const struct definition_item *item = &definition->items[definition->order[i]];

            if (routing->items[item->index].state == S(PENDING)) {
                again |= settle_pending(routing, item);
            }
        }
        if (routing->whole_before == JOIN_OPEN &&
            join_settle(&definition->join, routing->items, &routing->scope, routing->arena) !=
                JOIN_OPEN) {
            routing->whole_before = JOIN_SATISFIED;  // said once: a released item stays released
            again |= settle_late(routing, &definition->join);
        }
    } while (again);
}

bool routing_is_complete(const struct routing *routing)
{
    for (size_t i = 0; i < routing->count; i++) {
        if (!join_item_is_settled(routing->items[i])) {
            return false;
        }
    }
    return true;
}

/* Until a tolerated gap is closed: never longer than the item's own promise (domain.md 3). */
static Bl__Clock *supplement_clock(const struct routing *routing,
                                   const struct definition_item *item, bl_time start)
{
    const struct calendar *calendar = routing->world->calendar;
    struct limit limit = routing->world->definition->supplement;
    Bl__Clock *clock = countdown_new(calendar, limit, 0, start, routing->arena);
    Bl__Clock *promise = countdown_new(calendar, item->promise, 0, start, routing->arena);

    return clock == NULL || (promise != NULL && promise->due_at < clock->due_at) ? promise : clock;
}

/* 受理: the clocks of promise and law start, and the first step of its circulation. */
static void accept(struct routing *routing, const struct definition_item *item, bl_time start,
                   Bl__ItemChange *change)
{
    const struct calendar *calendar = routing->world->calendar;

    change->promise = countdown_like(&routing->promise, calendar, item->promise, item->warn_days,
                                     start, routing->arena);
    change->legal = countdown_like(&routing->legal, calendar, item->legal, item->warn_days, start,
                                   routing->arena);
    if (item->step_count > 0) {
        change->desk = desk_begin(routing->world, item, 0, 1, start, routing->arena);
    }
}

/* 送达: an electronic licence is with the applicant once it is published; all else has its time
 * from the decision on (行政许可法 第四十四条). */
static void deliver(struct routing *routing, const struct definition_item *item, bl_time start,
                    Bl__ItemChange *change)
{
    const Bl__Item *before =
        routing->application == NULL ? NULL : routing->application->items[item->index];
    bool gap =
        change->gap || (before != NULL && before->gap && countdown_is_open(before->supplement));

    if (item->delivers_itself && (!gap || item->issue_with_gap)) {
        change->state = S(DELIVERED);
    } else {
        change->deliver =
            countdown_new(routing->world->calendar, item->deliver, 0, start, routing->arena);
    }
}

/* Granted: to be handed over, and on a written promise to be checked afterwards. */
static void grant(struct routing *routing, const struct definition_item *item, bl_time start,
                  Bl__ItemChange *change)
{
    const struct calendar *calendar = routing->world->calendar;

    deliver(routing, item, start, change);
    if (routing->committed != NULL && routing->committed[item->index]) {
        change->committed = true;
        change->check = countdown_new(calendar, item->post_check, 0, start, routing->arena);
    }
}

/* Does it come to acceptance now, be it that it is granted in the same moment? */
static bool is_accepted_now(const struct routing *routing, uint32_t index)
{
    Bl__Item__State before = routing->before[index].state;

    return routing->items[index].state == S(ACCEPTED) ||
           (routing->items[index].state == S(DECIDED) && routing->committed != NULL &&
            routing->committed[index] &&
            (before == S(PENDING) || before == S(RECEIVED) || before == S(CORRECTING)));
}

static void start_clocks(struct routing *routing, const struct definition_item *item, bl_time start,
                         Bl__ItemChange *change)
{
    if (is_accepted_now(routing, item->index)) {
        const Bl__Application *application = routing->application;
        bool began = application != NULL && application->items[item->index]->started_at != 0;

        change->started_at = start == routing->whole_start && !began ? 0 : start;
        change->ordered = item->ordered;
        if (routing->gap != NULL && routing->gap[item->index]) {
            change->gap = true;
            change->supplement = supplement_clock(routing, item, start);
        }
    }
    if (change->state == S(ACCEPTED)) {
        accept(routing, item, start, change);
    } else if (change->state == S(RECEIVED)) {
        change->notify = countdown_new(routing->world->calendar, routing->world->definition->notify,
                                       0, start, routing->arena);
    } else if (change->state == S(CORRECTING)) {
        change->correction =
            countdown_new(routing->world->calendar, item->correction, 0, start, routing->arena);
    } else if (change->state == S(DECIDED)) {
        change->result = routing->items[item->index].result;
        if (change->result != BL__ITEM__RESULT__DENIED) {
            grant(routing, item, start, change);
        }
    }
}

Bl__ItemChange *routing_change(struct routing *routing, uint32_t index, bl_time start)
{
    Bl__ItemChange *change = bl_arena_new(routing->arena, Bl__ItemChange);

    bl__item_change__init(change);
    change->item = index;
    change->state = routing->items[index].state;
    change->held = routing->held[index];
    if (change->state != routing->before[index].state) {
        if (routing->application != NULL) {
            start = routing_effective(routing->world,
                                      wait_after(routing->application->items[index], start));
        }
        start_clocks(routing, &routing->world->definition->items[index], start, change);
    }
    if (routing->moved != NULL && routing->moved[index]) {
        change->not_before = change->state == S(PENDING) ? routing->not_before[index] : 0;
        change->opened = change->not_before == 0;
    }
    if (routing->missing != NULL) {
        change->missing = routing->missing[index].at;
        change->n_missing = routing->missing[index].count;
        change->gap = routing->gap != NULL && routing->gap[index];
    }
    return change;
}

/* Did an item wait for a day that has come since? */
static bool has_waited(const Bl__Application *application)
{
    for (size_t i = 0; i < application->n_items; i++) {
        if (application->items[i]->n_stops > 0) {
            return true;
        }
    }
    return false;
}

Bl__WholeChange *routing_whole(const struct routing *routing, const Bl__Application *application,
                               bl_time start)
{
    const struct world *world = routing->world;

    if (application->accepted_at != 0) {
        return NULL;
    }
    Bl__WholeChange *whole = bl_arena_new(routing->arena, Bl__WholeChange);
    bl__whole_change__init(whole);
    whole->started_at = start == world->now ? 0 : start;
    if (routing->not_before != NULL || has_waited(application)) {
        recount_whole_begin(world, application, start, whole, routing->arena);
        return whole;
    }
    whole->promise =
        countdown_new(world->calendar, world->definition->promise, 0, start, routing->arena);
    whole->legal =
        countdown_new(world->calendar, world->definition->legal, 0, start, routing->arena);
    return whole;
}

Bl__ItemChange **routing_changes(struct routing *routing, int except, size_t *count)
{
    Bl__ItemChange **changes = NULL;
    size_t n = 0;

    for (uint32_t i = 0; i < routing->count; i++) {
        bool misses = (routing->missing != NULL && routing->missing[i].count > 0) ||
                      (routing->moved != NULL && routing->moved[i]);

        if ((int)i == except || (routing->items[i].state == routing->before[i].state &&
                                 routing->held[i] == routing->held_before[i] && !misses)) {
            continue;
        }
        if (changes == NULL) {
            changes = bl_arena_array(routing->arena, Bl__ItemChange *, routing->count - i);
        }
        changes[n++] = routing_change(routing, i, routing->start);
    }
    *count = n;
    return changes;
}
