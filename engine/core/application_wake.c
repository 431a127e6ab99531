/* What time alone makes: yellow, red and what follows from it, the end of a stop, the rungs of the
 * ladder; each at its exact moment. */
#include "core/application_state.h"
#include "core/countdown.h"

#define K(kind) BL__CLOCK_NAME__KIND__##kind

/* What changes an application first: a clock, the day that a pending item waits for, a stop that
 * ends, a rung of the ladder, or an urging that is unanswered. */
struct first_clock {
    bl_time at;
    enum { FIRST_CLOCK, FIRST_DAY, FIRST_STOP, FIRST_RUNG, FIRST_URGING } what;
    const Bl__Clock *clock;
    Bl__ClockName name;
    uint32_t stop;  // its number
};

static void consider(struct first_clock *first, const Bl__Clock *clock, bool whole, uint32_t item,
                     bool legal)
{
    bl_time at = countdown_next(clock);

    if (at < first->at) {
        first->at = at;
        first->what = FIRST_CLOCK;
        first->clock = clock;
        first->name.whole = whole;
        first->name.item = item;
        first->name.legal = legal;
        first->name.kind = K(KIND_UNSPECIFIED);
        first->name.number = 0;
    }
}

/* A stop that ends at the moment of something else ends before it: it sets the clocks going. */
static void consider_stops(struct first_clock *first, const Bl__Item *item, uint32_t index)
{
    uint32_t number;
    bl_time at = item->n_stops == 0 ? BL_NEVER : suspend_next(item, &number);

    if (at < first->at || (at == first->at && at != BL_NEVER && first->what != FIRST_STOP)) {
        first->at = at;
        first->what = FIRST_STOP;
        first->name.item = index;
        first->stop = number;
    }
}

static void consider_rung(struct first_clock *first, bl_time at, bool whole, uint32_t index)
{
    if (at != 0 && at < first->at) {
        first->at = at;
        first->what = FIRST_RUNG;
        first->name.whole = whole;
        first->name.item = index;
    }
}

static void consider_kind(struct first_clock *first, const Bl__Clock *clock, uint32_t item,
                          Bl__ClockName__Kind kind, uint32_t number)
{
    if (clock != NULL && countdown_next(clock) < first->at) {
        consider(first, clock, false, item, false);
        first->name.kind = kind;
        first->name.number = number;
    }
}

static void consider_item(struct first_clock *first, const Bl__Item *item, uint32_t index)
{
    if (item->not_before != 0 && item->not_before < first->at) {
        first->at = item->not_before;
        first->what = FIRST_DAY;
        first->name.item = index;
    }
    consider_stops(first, item, index);
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
    for (size_t i = 0; i < item->n_stops; i++) {
        const Bl__Stop *stop = item->stops[i];

        consider_kind(first, stop->hold, index, K(HEARING), stop->number);
    }
    consider_rung(first, item->rung_at, false, index);
}

static struct first_clock first_clock(const Bl__Application *application)
{
    struct first_clock first = { .at = BL_NEVER, .name = BL__CLOCK_NAME__INIT };

    for (uint32_t i = 0; i < application->n_items; i++) {
        consider_item(&first, application->items[i], i);
    }
    consider(&first, application->promise, true, 0, false);
    consider(&first, application->legal, true, 0, true);
    consider_rung(&first, application->rung_at, true, 0);
    if (urge_next(application) < first.at) {
        first.at = urge_next(application);
        first.what = FIRST_URGING;
    }
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
    static void (*const consequences[K(RUNG) + 1])(const struct question *, Bl__Overdue *) = {
        [K(KIND_UNSPECIFIED)] = follow_limit,
        [K(NOTIFY)] = follow_notify,
        [K(CORRECTION)] = follow_correction,
        [K(SUPPLEMENT)] = follow_supplement,
        [K(OPINION)] = follow_opinion,
    };
    // clang-format on
    struct world then = *world;
    const struct question question = { &then, application, NULL, arena };

    then.now = event->at;
    if (consequences[event->overdue->clock->kind] != NULL) {
        consequences[event->overdue->clock->kind](&question, event->overdue);
    }
}

/* Yellow at its moment, red at the exact due moment, however late the clock is read. A clock that
 * stands warns of nothing but the stop itself. */
static Bl__Event *clock_event(const struct world *world, const Bl__Application *application,
                              const struct first_clock *first, struct bl_arena *arena)
{
    const Bl__Clock *clock = first->clock;
    bool by_stop = clock->phase == BL__CLOCK__PHASE__STANDING;
    bool warns =
        by_stop || (clock->phase == BL__CLOCK__PHASE__RUNNING && first->at == clock->warn_at);
    struct world engine = { .now = warns ? clock->warn_at : clock->due_at };
    Bl__Event *event =
        event_new(arena, &engine, warns ? BL__EVENT__WHAT_WARNED : BL__EVENT__WHAT_OVERDUE);
    Bl__ClockName *name = bl_arena_copy(arena, &first->name, sizeof first->name);

    if (warns) {
        event->warned = bl_arena_new(arena, Bl__Warned);
        bl__warned__init(event->warned);
        event->warned->clock = name;
        event->warned->by_stop = by_stop;
    } else {
        event->overdue = bl_arena_new(arena, Bl__Overdue);
        bl__overdue__init(event->overdue);
        event->overdue->clock = name;
        follow(world, application, event, arena);
    }
    return event;
}

Bl__Event *application_wake(const struct world *world, const void *state, struct bl_arena *arena)
{
    struct first_clock first = first_clock(state);
    struct world then = *world;
    const struct question question = { &then, state, NULL, arena };

    if (first.at > world->now) {
        return NULL;
    }
    then.now = first.at;
    switch (first.what) {
    case FIRST_CLOCK:
        return clock_event(world, state, &first, arena);
    case FIRST_DAY:
        return application_open(&question, first.name.item);
    case FIRST_STOP:
        return suspend_wake(&question, first.name.item, first.stop);
    case FIRST_RUNG:
        return escalate_wake(&question, first.name.whole, first.name.item);
    case FIRST_URGING:
        return urge_wake(world, state, arena);
    }
    UNREACHABLE();
}
