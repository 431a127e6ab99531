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

Bl__Clock *recount_plain(const struct world *world, const Bl__Clock *before, bl_time start,
                         struct limit limit, struct bl_arena *arena)
{
    const struct course course = { .before = before,
                                   .question = { .start = start, .limit = limit } };

    return recount(world, &course, arena);
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

static struct course leg_course(const struct world *world, const Bl__Application *application,
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
    return course;
}

static struct course step_course(const struct world *world, const Bl__Application *application,
                                 const Bl__Item *draft, uint32_t index, struct bl_arena *arena)
{
    const struct definition_item *definition = &world->definition->items[index];
    const Bl__Desk *desk = application->items[index]->desk;
    struct clock_stop *stops = bl_arena_array(arena, struct clock_stop, draft->n_stops);

    if (draft->desk == NULL || desk == NULL || desk->limit == NULL ||
        draft->desk->step >= definition->step_count) {
        return (struct course){ 0 };
    }
    return (struct course){
        .before = desk->limit,
        .ended_at = application->items[index]->since,
        .question = {
            .start = routing_effective(world, draft->desk->since),
            .limit = definition->steps[draft->desk->step].limit,
            .stops = stops,
            .stop_count = take_stops(draft, false, stops),
        },
    };
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
    const struct course promise = leg_course(world, application, draft, index, false, arena);
    const struct course legal = leg_course(world, application, draft, index, true, arena);
    const struct course step = step_course(world, application, draft, index, arena);
    change->promise = recount(world, &promise, arena);
    change->legal = recount(world, &legal, arena);
    change->step = recount(world, &step, arena);
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

static struct course whole_course(const struct world *world, const Bl__Application *application,
                                  const Bl__Item *draft, uint32_t index, const Bl__Limit *extended,
                                  bool legal, struct bl_arena *arena)
{
    const struct definition *definition = world->definition;
    struct clock_stop *stops =
        bl_arena_array(arena, struct clock_stop, count_stops(application, draft));
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
        course.question.extension = limit_of(extended != NULL ? extended : application->extended);
    }
    return course;
}

Bl__WholeChange *recount_whole(const struct world *world, const Bl__Application *application,
                               const Bl__Item *draft, uint32_t index, const Bl__Limit *extended,
                               struct bl_arena *arena)
{
    Bl__Clock *clocks[2];

    if (application->accepted_at == 0) {
        return NULL;
    }
    for (int legal = 0; legal < 2; legal++) {
        const struct course course =
            whole_course(world, application, draft, index, extended, legal, arena);

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

void recount_whole_begin(const struct world *world, const Bl__Application *application,
                         bl_time start, Bl__WholeChange *whole, struct bl_arena *arena)
{
    Bl__Application begun = *application;

    begun.accepted_at = world->now;
    begun.started_at = start;
    begun.promise = NULL;
    begun.legal = NULL;
    const Bl__WholeChange *clocks = recount_whole(world, &begun, NULL, 0, NULL, arena);
    if (clocks != NULL) {
        whole->promise = clocks->promise;
        whole->legal = clocks->legal;
    }
}

/* --- how it came about -------------------------------------------------------------------------
 */

/* A gap is to be closed within its time, but never later than the promise. */
static struct limit supplement_limit(const struct world *world, uint32_t index, bl_time start)
{
    const struct definition *definition = world->definition;
    struct clock_question gap = { .start = start, .limit = definition->supplement };
    struct clock_question promise = { .start = start, .limit = definition->items[index].promise };

    return clock_due(world->calendar, &promise).due < clock_due(world->calendar, &gap).due
               ? promise.limit
               : gap.limit;
}

/* A clock that no stop holds: before acceptance, or from the decision on. */
static bool plain_question(const struct world *world, const Bl__Application *application,
                           const Bl__ClockName *name, struct clock_question *question)
{
    const struct definition_item *definition = &world->definition->items[name->item];
    const Bl__Item *item = application->items[name->item];
    bl_time decided = item->decided_at != 0 ? item->decided_at : item->since;

    switch (name->kind) {
    case BL__CLOCK_NAME__KIND__NOTIFY:
        question->start = item->state != BL__ITEM__STATE__RECEIVED
                              ? 0
                              : application_item_receipt(application, item);
        question->limit = world->definition->notify;
        break;
    case BL__CLOCK_NAME__KIND__CORRECTION:
        question->start = item->state == BL__ITEM__STATE__CORRECTING ? item->since : 0;
        question->limit = definition->correction;
        break;
    case BL__CLOCK_NAME__KIND__SUPPLEMENT:
        question->start = application_item_started(application, item);
        question->limit = supplement_limit(world, name->item, question->start);
        return item->supplement != NULL;
    case BL__CLOCK_NAME__KIND__DELIVER:
        question->start = item->deliver != NULL ? decided : 0;
        question->limit = definition->deliver;
        break;
    case BL__CLOCK_NAME__KIND__CHECK:
        question->start = item->check != NULL ? decided : 0;
        question->limit = definition->post_check;
        break;
    case BL__CLOCK_NAME__KIND__STEP:
    case BL__CLOCK_NAME__KIND__OPINION:
    case BL__CLOCK_NAME__KIND__HEARING:
    case BL__CLOCK_NAME__KIND__ASK:
    case BL__CLOCK_NAME__KIND__REPLY:
    case BL__CLOCK_NAME__KIND__RUNG:
    case BL__CLOCK_NAME__KIND__KIND_UNSPECIFIED:
        return false;
    }
    if (question->start != 0) {
        question->start = routing_effective(world, question->start);
    }
    return question->start != 0 && question->limit.halves > 0;
}

bool recount_question(const struct world *world, const Bl__Application *application,
                      const Bl__ClockName *name, struct bl_arena *arena,
                      struct clock_question *question)
{
    *question = (struct clock_question){ 0 };
    if (name->whole) {
        *question = whole_course(world, application, NULL, 0, NULL, name->legal, arena).question;
        return application->accepted_at != 0 && question->limit.halves > 0;
    }
    if (name->item >= application->n_items || application->items[name->item]->removed) {
        return false;  // by no limit of this version
    }
    const Bl__Item *item = application->items[name->item];
    if (name->kind == BL__CLOCK_NAME__KIND__STEP) {
        *question = step_course(world, application, item, name->item, arena).question;
        return question->limit.halves > 0;
    }
    if (name->kind != BL__CLOCK_NAME__KIND__KIND_UNSPECIFIED) {
        return plain_question(world, application, name, question);
    }
    *question = leg_course(world, application, item, name->item, name->legal, arena).question;
    return (name->legal ? item->legal : item->promise) != NULL && question->limit.halves > 0;
}
