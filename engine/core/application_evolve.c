/* It has happened: how each event changes the state. */
#include "core/application_state.h"
#include "core/countdown.h"

#define S(state) BL__ITEM__STATE__##state

static Bl__Clock *clock_copy(const Bl__Clock *clock, struct bl_arena *arena)
{
    return clock == NULL ? NULL : bl_arena_copy(arena, clock, sizeof *clock);
}

static void item_end(Bl__Item *item)
{
    countdown_stop(item->promise);
    countdown_stop(item->legal);
    item->held = false;
    item->incident = false;
    item->retry_at = 0;
}

static void item_move(Bl__Item *item, Bl__Item__State state, bl_time at)
{
    if (item->state != state) {
        item->state = state;
        item->since = at;
    }
    if (join_item_is_settled((struct join_item){ state, item->result })) {
        item_end(item);
    }
}

static void evolve_changes(Bl__Application *application, Bl__ItemChange **changes, size_t count,
                           bl_time at, struct bl_arena *arena)
{
    for (size_t i = 0; i < count; i++) {
        const Bl__ItemChange *change = changes[i];

        CHECK(change->item < application->n_items);
        Bl__Item *item = application->items[change->item];
        item->held = change->held;
        if (change->promise != NULL) {
            item->promise = clock_copy(change->promise, arena);
        }
        if (change->legal != NULL) {
            item->legal = clock_copy(change->legal, arena);
        }
        item_move(item, change->state, at);
    }
}

static void evolve_completed(Bl__Application *application, bool completed, bl_time at)
{
    if (completed) {
        application->ended_at = at;
        countdown_stop(application->promise);
        countdown_stop(application->legal);
    }
}

void evolve_submitted(Bl__Application *application, const Bl__Event *event, struct bl_arena *arena)
{
    const Bl__Submitted *submitted = event->submitted;

    application->number = bl_arena_string(arena, submitted->number);
    application->workflow = bl_arena_string(arena, submitted->workflow);
    application->version = submitted->version;
    application->window = bl_arena_string(arena, submitted->window);
    application->submitted_at = event->at;
    application->effective_at = submitted->effective_at;
    application->accepted_at = submitted->accepted ? event->at : 0;
    application->promise = clock_copy(submitted->promise, arena);
    application->legal = clock_copy(submitted->legal, arena);
    application->contents = 1;
    application->n_items = submitted->n_items;
    application->items = bl_arena_array(arena, Bl__Item *, submitted->n_items);
    for (size_t i = 0; i < submitted->n_items; i++) {
        const Bl__Item *from = submitted->items[i];
        Bl__Item *item = bl_arena_copy(arena, from, sizeof *from);

        item->id = bl_arena_string(arena, from->id);
        item->department = bl_arena_string(arena, from->department);
        item->promise = clock_copy(from->promise, arena);
        item->legal = clock_copy(from->legal, arena);
        application->items[i] = item;
    }
    evolve_completed(application, submitted->completed, event->at);
}

void evolve_accepted(Bl__Application *application, const Bl__Event *event, struct bl_arena *arena)
{
    const Bl__Accepted *accepted = event->accepted;

    if (accepted->promise != NULL) {
        application->accepted_at = event->at;
        application->promise = clock_copy(accepted->promise, arena);
        application->legal = clock_copy(accepted->legal, arena);
    }
    evolve_changes(application, accepted->changes, accepted->n_changes, event->at, arena);
    evolve_completed(application, accepted->completed, event->at);
}

static Bl__Item *item_at(Bl__Application *application, uint32_t index)
{
    CHECK(index < application->n_items);
    return application->items[index];
}

void evolve_decided(Bl__Application *application, const Bl__Event *event, struct bl_arena *arena)
{
    const Bl__Decided *decided = event->decided;
    Bl__Item *item = item_at(application, decided->item);

    CHECK(item->state == S(ACCEPTED));
    item->result = decided->result;
    if (decided->document[0] != '\0') {
        item->document = bl_arena_string(arena, decided->document);
    }
    item_move(item, S(DECIDED), event->at);
    evolve_changes(application, decided->changes, decided->n_changes, event->at, arena);
    evolve_completed(application, decided->completed, event->at);
}

static Bl__Clock *clock_named(Bl__Application *application, const Bl__ClockName *name)
{
    Bl__Clock *clock;

    if (name->whole) {
        clock = name->legal ? application->legal : application->promise;
    } else {
        const Bl__Item *item = item_at(application, name->item);

        clock = name->legal ? item->legal : item->promise;
    }
    CHECK(clock != NULL);
    return clock;
}

void evolve_warned(Bl__Application *application, const Bl__Event *event, struct bl_arena *arena)
{
    (void)arena;
    clock_named(application, event->warned->clock)->phase = BL__CLOCK__PHASE__WARNED;
}

void evolve_overdue(Bl__Application *application, const Bl__Event *event, struct bl_arena *arena)
{
    (void)arena;
    clock_named(application, event->overdue->clock)->phase = BL__CLOCK__PHASE__OVERDUE;
}

void evolve_failed(Bl__Application *application, const Bl__Event *event, struct bl_arena *arena)
{
    Bl__Item *item = item_at(application, event->failed->item);

    (void)arena;
    item->failures++;
    item->retry_at = event->failed->retry_at;
    item->incident = event->failed->incident;
}

void evolve_retried(Bl__Application *application, const Bl__Event *event, struct bl_arena *arena)
{
    Bl__Item *item = item_at(application, event->retried->item);

    (void)arena;
    item->failures = 0;
    item->retry_at = 0;
    item->incident = false;
}

void evolve_released(Bl__Application *application, const Bl__Event *event, struct bl_arena *arena)
{
    (void)arena;
    item_at(application, event->released->item)->held = false;
}

void evolve_terminated(Bl__Application *application, const Bl__Event *event, struct bl_arena *arena)
{
    const Bl__Terminated *terminated = event->terminated;

    item_move(item_at(application, terminated->item), S(TERMINATED), event->at);
    evolve_changes(application, terminated->changes, terminated->n_changes, event->at, arena);
    evolve_completed(application, terminated->completed, event->at);
}
