/* What time alone makes: yellow and red, each at its exact moment. */
#include "core/application_state.h"
#include "core/countdown.h"

#define K(kind) BL__CLOCK_NAME__KIND__##kind

/* The clock of an application that changes first. */
struct first_clock {
    bl_time at;
    const Bl__Clock *clock;  // NULL: the day comes that a pending item waits for
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
        first->name.kind = K(KIND_UNSPECIFIED);
        first->name.number = 0;
    }
}

static void consider_kind(struct first_clock *first, const Bl__Clock *clock, uint32_t item,
                          Bl__ClockName__Kind kind, uint32_t number)
{
    if (countdown_next(clock) < first->at) {
        consider(first, clock, false, item, false);
        first->name.kind = kind;
        first->name.number = number;
    }
}

static void consider_item(struct first_clock *first, const Bl__Item *item, uint32_t index)
{
    if (item->not_before != 0 && item->not_before < first->at) {
        *first = (struct first_clock){ .at = item->not_before, .name = BL__CLOCK_NAME__INIT };
        first->name.item = index;
    }
    consider_kind(first, item->notify, index, K(NOTIFY), 0);
    consider_kind(first, item->correction, index, K(CORRECTION), 0);
    consider(first, item->promise, false, index, false);
    consider(first, item->legal, false, index, true);
    consider_kind(first, item->supplement, index, K(SUPPLEMENT), 0);
    consider_kind(first, item->deliver, index, K(DELIVER), 0);
    consider_kind(first, item->check, index, K(CHECK), 0);
    if (item->desk != NULL) {
        consider_kind(first, item->desk->limit, index, K(STEP), 0);
    }
    for (size_t i = 0; i < item->n_consultations; i++) {
        const Bl__Consultation *consultation = item->consultations[i];

        consider_kind(first, consultation->limit, index, K(OPINION), consultation->number);
    }
}

static struct first_clock first_clock(const Bl__Application *application)
{
    struct first_clock first = { .at = BL_NEVER, .name = BL__CLOCK_NAME__INIT };

    for (uint32_t i = 0; i < application->n_items; i++) {
        consider_item(&first, application->items[i], i);
    }
    consider(&first, application->promise, true, 0, false);
    consider(&first, application->legal, true, 0, true);
    return first;
}

bl_time application_next(const void *state)
{
    return first_clock(state).at;
}

/* What follows by silence from a clock that has run out; a kind that is not here has only its card.
 * Decided as of the due moment, with the calendar and the definition of now. */
static void follow(const struct world *world, const Bl__Application *application, Bl__Event *event,
                   struct bl_arena *arena)
{
    // clang-format off
    static void (*const consequences[K(OPINION) + 1])(const struct question *, Bl__Overdue *) = {
        [K(NOTIFY)] = follow_notify,
        [K(CORRECTION)] = follow_correction,
        [K(SUPPLEMENT)] = follow_supplement,
    };
    // clang-format on
    struct world then = *world;
    const struct question question = { &then, application, NULL, arena };

    then.now = event->at;
    if (consequences[event->overdue->clock->kind] != NULL) {
        consequences[event->overdue->clock->kind](&question, event->overdue);
    }
}

/* Yellow at its moment, red at the exact due moment, however late the clock is read. */
Bl__Event *application_wake(const struct world *world, const void *state, struct bl_arena *arena)
{
    struct first_clock first = first_clock(state);

    if (first.at > world->now) {
        return NULL;
    }
    if (first.clock == NULL) {
        struct world then = *world;

        then.now = first.at;
        return application_open(&(struct question){ &then, state, NULL, arena }, first.name.item);
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
        follow(world, state, event, arena);
    }
    return event;
}
