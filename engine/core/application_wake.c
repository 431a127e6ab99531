/* What time alone makes: yellow and red, each at its exact moment. */
#include "core/application_state.h"
#include "core/countdown.h"

/* The clock of an application that changes first. */
struct first_clock {
    bl_time at;
    const Bl__Clock *clock;
    Bl__ClockName name;
};

static void consider(struct first_clock *first, const Bl__Clock *clock, bool whole, uint32_t item,
                     bool legal)
{
    bl_time at = countdown_next(clock);

    if (at < first->at) {
        first->at = at;
        first->clock = clock;
        first->name.whole = whole;
        first->name.item = item;
        first->name.legal = legal;
    }
}

static struct first_clock first_clock(const Bl__Application *application)
{
    struct first_clock first = { .at = BL_NEVER, .name = BL__CLOCK_NAME__INIT };

    for (uint32_t i = 0; i < application->n_items; i++) {
        consider(&first, application->items[i]->promise, false, i, false);
        consider(&first, application->items[i]->legal, false, i, true);
    }
    consider(&first, application->promise, true, 0, false);
    consider(&first, application->legal, true, 0, true);
    return first;
}

bl_time application_next(const void *state)
{
    return first_clock(state).at;
}

/* Yellow at its moment, red at the exact due moment, however late the clock is read. */
Bl__Event *application_wake(const void *state, bl_time now, struct bl_arena *arena)
{
    struct first_clock first = first_clock(state);

    if (first.at > now) {
        return NULL;
    }
    bool warns =
        first.clock->phase == BL__CLOCK__PHASE__RUNNING && first.at == first.clock->warn_at;
    struct world engine = { .now = warns ? first.clock->warn_at : first.clock->due_at };
    Bl__Event *event =
        event_new(arena, &engine, warns ? BL__EVENT__WHAT_WARNED : BL__EVENT__WHAT_OVERDUE);
    Bl__ClockName *name = bl_arena_copy(arena, &first.name, sizeof first.name);
    if (warns) {
        event->warned = bl_arena_new(arena, Bl__Warned);
        bl__warned__init(event->warned);
        event->warned->clock = name;
    } else {
        event->overdue = bl_arena_new(arena, Bl__Overdue);
        bl__overdue__init(event->overdue);
        event->overdue->clock = name;
    }
    return event;
}
