#include "core/recount.h"

#include "core/application.h"
#include "core/countdown.h"
#include "core/routing.h"

#define P(phase) BL__CLOCK__PHASE__##phase

/* One clock to be counted again. */
struct course {
    const Bl__Clock *before;
    bl_time ended_at;  // when the work had ended, of a clock that a counter-event sets going
    struct clock_question question;
    int32_t warn_days;
};

static struct limit limit_of(const Bl__Limit *limit)
{
    return limit == NULL ? (struct limit){ 0 }
                         : (struct limit){ limit->halves, (enum limit_unit)limit->unit };
}

static bl_time stop_end(const Bl__Stop *stop)
{
    bl_time end = stop->to != 0 ? stop->to : stop->ends_at;

    CHECK(end != 0);  // every kind has a cap
    return end;
}

/* Adds the stops of one item that hold the clock. */
static size_t take_stops(const Bl__Item *item, bool legal, struct clock_stop *stops)
{
    size_t count = 0;

    for (size_t i = 0; i < item->n_stops; i++) {
        if (!legal || item->stops[i]->legal) {
            stops[count++] =
                (struct clock_stop){ .from = item->stops[i]->from, .to = stop_end(item->stops[i]) };
        }
    }
    return count;
}

/* Until when a moment is held by the union of stops that begin by `latest`; 0: it is not. */
static bl_time held_until(const struct clock_stop *stops, size_t count, bl_time now, bl_time latest)
{
    bl_time until = now;
    bool grew = true;

    while (grew) {
        grew = false;
        for (size_t i = 0; i < count; i++) {
            if (stops[i].from <= until && stops[i].from <= latest && stops[i].to > until) {
                until = stops[i].to;
                grew = true;
            }
        }
    }
    return until == now ? 0 : until;
}

bl_time recount_stands_until(const Bl__Item *item, bl_time now, bool legal, struct bl_arena *arena)
{
    struct clock_stop *stops = bl_arena_array(arena, struct clock_stop, item->n_stops);
    size_t count = take_stops(item, legal, stops);

    return held_until(stops, count, now, BL_NEVER);
}

static bool was_overdue(const Bl__Clock *clock)
{
    return clock != NULL && (clock->phase == P(OVERDUE) || clock->phase == P(LATE));
}

/* Is its yellow on record? */
static bool was_warned(const struct course *course)
{
    const Bl__Clock *clock = course->before;

    if (clock == NULL) {
        return false;
    }
    return clock->warned || clock->phase == P(WARNED) || was_overdue(clock) ||
           (clock->phase == P(STOPPED) && clock->warn_at < clock->due_at &&
            clock->warn_at <= course->ended_at);
}

static void set_phase(Bl__Clock *clock, const struct course *course, bl_time now)
{
    const struct clock_question *question = &course->question;
    bl_time until = held_until(question->stops, question->stop_count, now, clock->due_at);
    bl_time earliest = until != 0 ? until : now;
    bool warned = was_warned(course);

    if (clock->due_at < now && was_overdue(course->before)) {
        clock->phase = P(OVERDUE);
        return;
    }
    clock->phase = until != 0 ? P(STANDING) : P(RUNNING);
    if (warned && clock->warn_at <= earliest) {
        clock->warned = until != 0;
        clock->phase = until != 0 ? P(STANDING) : P(WARNED);
    } else if (clock->warn_at < earliest) {
        clock->warn_at = earliest;
    }
}

static Bl__Clock *recount(const struct world *world, const struct course *course,
                          struct bl_arena *arena)
{
    const struct clock_question *question = &course->question;
    struct limit limit = question->limit;

    if (limit.halves == 0) {
        return NULL;
    }
    struct clock_answer answer = clock_due(world->calendar, question);
    Bl__Clock *clock = bl_arena_new(arena, Bl__Clock);
    bl__clock__init(clock);
    if (question->extension.unit == limit.unit) {
        limit.halves += question->extension.halves;
    }
    clock->due_at = answer.due;
    clock->provisional = answer.provisional;
    clock->warn_at =
        clock_warn(world->calendar, limit, question->start, answer.due, course->warn_days);
    set_phase(clock, course, world->now);
    return clock;
}

/* --- an item -----------------------------------------------------------------------------------
 */

/* An extension counts for the clock of the law, and for the leg in which it was granted. */
static struct limit extension_of(const Bl__Item *draft, struct limit legal_limit, bool legal)
{
    bool here = draft->passed_up_at == 0 || draft->extended_at >= draft->passed_up_at;

    return here && legal == (legal_limit.halves > 0) ? limit_of(draft->extended)
                                                     : (struct limit){ 0 };
}

static Bl__Clock *recount_leg(const struct world *world, const Bl__Application *application,
                              const Bl__Item *draft, uint32_t index, bool legal,
                              struct bl_arena *arena)
{
    const struct definition_item *definition = &world->definition->items[index];
    const Bl__Item *before = application->items[index];
    bool upper = draft->passed_up_at != 0;
    struct limit legal_limit = upper ? definition->upper_legal : definition->legal;
    struct clock_stop *stops = bl_arena_array(arena, struct clock_stop, draft->n_stops);
    struct course course = {
        .before = legal ? before->legal : before->promise,
        .ended_at = before->since,
        .question = {
            .start = upper ? routing_effective(world, draft->passed_up_at)
                           : application_item_started(application, draft),
            .limit = legal   ? legal_limit
                     : upper ? definition->upper_promise
                             : definition->promise,
            .extension = extension_of(draft, legal_limit, legal),
            .stops = stops,
            .stop_count = take_stops(draft, legal, stops),
        },
        .warn_days = definition->warn_days,
    };

    if (upper && before->passed_up_at == 0) {
        course.before = NULL;  // the second leg is a clock of its own
    }
    return recount(world, &course, arena);
}

static Bl__Clock *recount_step(const struct world *world, const Bl__Application *application,
                               const Bl__Item *draft, uint32_t index, struct bl_arena *arena)
{
    const struct definition_item *definition = &world->definition->items[index];
    const Bl__Desk *desk = application->items[index]->desk;
    struct clock_stop *stops = bl_arena_array(arena, struct clock_stop, draft->n_stops);

    if (draft->desk == NULL || desk == NULL || desk->limit == NULL ||
        draft->desk->step >= definition->step_count) {
        return NULL;
    }
    struct course course = {
        .before = desk->limit,
        .ended_at = application->items[index]->since,
        .question = {
            .start = routing_effective(world, draft->desk->since),
            .limit = definition->steps[draft->desk->step].limit,
            .stops = stops,
            .stop_count = take_stops(draft, false, stops),
        },
    };
    return recount(world, &course, arena);
}

Bl__ItemChange *recount_item(const struct world *world, const Bl__Application *application,
                             const Bl__Item *draft, uint32_t index, struct bl_arena *arena)
{
    Bl__ItemChange *change = bl_arena_new(arena, Bl__ItemChange);

    bl__item_change__init(change);
    change->item = index;
    change->state = draft->state;
    change->held = draft->held;
    if (draft->started_at != application->items[index]->started_at) {
        change->started_at = draft->started_at;
    }
    change->promise = recount_leg(world, application, draft, index, false, arena);
    change->legal = recount_leg(world, application, draft, index, true, arena);
    change->step = recount_step(world, application, draft, index, arena);
    return change;
}

/* --- the whole ---------------------------------------------------------------------------------
 */

static bool is_same(const Bl__Clock *a, const Bl__Clock *b)
{
    return a != NULL && b != NULL && a->phase == b->phase && a->due_at == b->due_at &&
           a->warn_at == b->warn_at && a->provisional == b->provisional && a->warned == b->warned;
}

static size_t take_all_stops(const Bl__Application *application, const Bl__Item *draft,
                             uint32_t index, bool legal, struct clock_stop *stops)
{
    size_t count = 0;

    for (uint32_t i = 0; i < application->n_items; i++) {
        const Bl__Item *item = draft != NULL && i == index ? draft : application->items[i];

        count += take_stops(item, legal, stops + count);
    }
    return count;
}

static size_t count_stops(const Bl__Application *application, const Bl__Item *draft)
{
    size_t count = draft == NULL ? 0 : draft->n_stops;

    for (size_t i = 0; i < application->n_items; i++) {
        count += application->items[i]->n_stops;
    }
    return count;
}

Bl__WholeChange *recount_whole(const struct world *world, const Bl__Application *application,
                               const Bl__Item *draft, uint32_t index, const Bl__Limit *extended,
                               struct bl_arena *arena)
{
    const struct definition *definition = world->definition;
    struct clock_stop *stops =
        bl_arena_array(arena, struct clock_stop, count_stops(application, draft));
    Bl__Clock *clocks[2];

    if (application->accepted_at == 0) {
        return NULL;
    }
    for (int legal = 0; legal < 2; legal++) {
        struct course course = {
            .before = legal ? application->legal : application->promise,
            .ended_at = application->ended_at,
            .question = {
                .start = application_started(application),
                .limit = legal ? definition->legal : definition->promise,
                .stops = stops,
                .stop_count = take_all_stops(application, draft, index, legal, stops),
            },
        };

        if ((definition->legal.halves > 0) == legal) {
            course.question.extension =
                limit_of(extended != NULL ? extended : application->extended);
        }
        clocks[legal] = recount(world, &course, arena);
        if (is_same(clocks[legal], course.before)) {
            clocks[legal] = NULL;
        }
    }
    if (clocks[0] == NULL && clocks[1] == NULL) {
        return NULL;
    }
    Bl__WholeChange *change = bl_arena_new(arena, Bl__WholeChange);
    bl__whole_change__init(change);
    change->promise = clocks[0];
    change->legal = clocks[1];
    return change;
}
