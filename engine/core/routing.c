#include "core/routing.h"

#include <string.h>

#include "core/application.h"
#include "core/countdown.h"
#include "core/desk.h"

#define S(state) BL__ITEM__STATE__##state

static struct bl_text result_of(const void *context, uint32_t item)
{
    const struct routing *routing = context;

    return join_item_result(routing->items[item]);
}

void routing_begin(struct routing *routing, const struct world *world,
                   const Bl__Application *application, const struct form_value *values,
                   struct bl_arena *arena)
{
    const struct definition *definition = world->definition;

    routing->world = world;
    routing->arena = arena;
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
    routing->whole_before = join_settle(&definition->join, routing->items, &routing->scope, arena);
}

bl_time routing_effective(const struct world *world, bl_time at)
{
    return world->definition->after_hours_count ? at : calendar_effective(world->calendar, at);
}

/* The state in which an item starts now: accepted, or waiting for somebody's acceptance. */
static Bl__Item__State start_state(const struct routing *routing,
                                   const struct definition_item *item)
{
    return routing->accepted && !item->acceptance_by_department ? S(ACCEPTED) : S(RECEIVED);
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
        *state = applies(routing, item) ? start_state(routing, item) : S(NOT_NEEDED);
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

/* 受理: the clocks of promise and law start, and the first step of its circulation. */
static void accept(struct routing *routing, const struct definition_item *item,
                   Bl__ItemChange *change)
{
    const struct calendar *calendar = routing->world->calendar;

    change->promise =
        countdown_new(calendar, item->promise, item->warn_days, routing->start, routing->arena);
    change->legal =
        countdown_new(calendar, item->legal, item->warn_days, routing->start, routing->arena);
    change->started_at = routing->start == routing->whole_start ? 0 : routing->start;
    change->ordered = item->ordered;
    if (item->step_count > 0) {
        change->desk = desk_begin(routing->world, item, 0, 1, routing->start, routing->arena);
    }
}

static Bl__ItemChange *change_new(struct routing *routing, uint32_t index)
{
    const struct world *world = routing->world;
    const struct definition_item *item = &world->definition->items[index];
    Bl__ItemChange *change = bl_arena_new(routing->arena, Bl__ItemChange);

    bl__item_change__init(change);
    change->item = index;
    change->state = routing->items[index].state;
    change->held = routing->held[index];
    if (change->state == routing->before[index].state) {
        return change;
    }
    if (change->state == S(ACCEPTED)) {
        accept(routing, item, change);
    } else if (change->state == S(RECEIVED)) {
        change->notify = countdown_new(world->calendar, world->definition->notify, 0,
                                       routing->start, routing->arena);
    } else if (change->state == S(DECIDED)) {
        change->result = routing->items[index].result;
        if (change->result != BL__ITEM__RESULT__DENIED) {
            change->deliver =
                countdown_new(world->calendar, item->deliver, 0, routing->start, routing->arena);
        }
    }
    return change;
}

Bl__ItemChange **routing_changes(struct routing *routing, int except, size_t *count)
{
    Bl__ItemChange **changes = NULL;
    size_t n = 0;

    for (uint32_t i = 0; i < routing->count; i++) {
        if ((int)i == except || (routing->items[i].state == routing->before[i].state &&
                                 routing->held[i] == routing->held_before[i])) {
            continue;
        }
        if (changes == NULL) {
            changes = bl_arena_array(routing->arena, Bl__ItemChange *, routing->count - i);
        }
        changes[n++] = change_new(routing, i);
    }
    *count = n;
    return changes;
}
