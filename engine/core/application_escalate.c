/* What follows by silence from a limit that is over, and the ladder that an overdue item climbs
 * (domain.md 4.3, 5.2). The question's moment is the due moment, and its command NULL. */
#include <string.h>

#include "core/application_state.h"
#include "core/change.h"
#include "core/content.h"
#include "core/countdown.h"

#define S(state) BL__ITEM__STATE__##state
#define F(follows) BL__OVERDUE__FOLLOWS__##follows

static bool is_overdue(const Bl__Clock *clock)
{
    return clock != NULL && clock->phase == BL__CLOCK__PHASE__OVERDUE;
}

/* --- the ladder --------------------------------------------------------------------------------
 */

/* How many rungs a broken limit of the law climbs at once; 0: none. */
static uint32_t legal_rung(const struct definition *definition)
{
    uint32_t rung = 0;

    for (size_t i = 0; i < definition->ladder_count; i++) {
        rung = definition->ladder[i].on_legal ? (uint32_t)i + 1 : rung;
    }
    return rung;
}

static bl_time limit_end(const struct world *world, bl_time start, struct limit limit)
{
    struct clock_question question = { .start = start, .limit = limit };

    return limit.halves == 0 ? start : clock_due(world->calendar, &question).due;
}

/* What climbs: an item, or the whole of an application. */
struct climber {
    const Bl__Clock *promise;
    uint32_t rung;  // that is reached
    bool promise_over, legal_over;
};

static struct climber item_climber(const Bl__Item *item)
{
    return (struct climber){ item->promise, item->rung, is_overdue(item->promise),
                             is_overdue(item->legal) };
}

static struct climber whole_climber(const Bl__Application *application)
{
    return (struct climber){ application->promise, application->rung,
                             is_overdue(application->promise), is_overdue(application->legal) };
}

/* When its next rung is climbed, from `now` on; 0: there is none. Each has its time after the
 * promise was broken; those up to accountability are climbed at once when the law is. */
static bl_time rung_time(const struct world *world, const struct climber *climber)
{
    const struct definition *definition = world->definition;

    if (climber->legal_over && climber->rung < legal_rung(definition)) {
        return world->now;
    }
    if (!climber->promise_over || climber->rung >= definition->ladder_count) {
        return 0;
    }
    bl_time at =
        limit_end(world, climber->promise->due_at, definition->ladder[climber->rung].after);
    return at > world->now ? at : world->now;
}

bl_time escalate_next(const struct world *world, const Bl__Item *item)
{
    const struct climber climber = item_climber(item);

    return rung_time(world, &climber);
}

bl_time escalate_next_whole(const struct world *world, const Bl__Application *application)
{
    const struct climber climber = whole_climber(application);

    return rung_time(world, &climber);
}

/* Whose pressing it is, by whom it is meant for (domain.md 5.2, 5.4): the levels that an unanswered
 * urging rises to have the same addressees. */
static Bl__Urging__Level urging_level(const char *to)
{
    if (strcmp(to, "section_head") == 0) {
        return BL__URGING__LEVEL__REMIND;
    }
    return strcmp(to, "department_head") == 0 ? BL__URGING__LEVEL__URGE : BL__URGING__LEVEL__ORDER;
}

Bl__Event *escalate_wake(const struct question *q, bool whole, uint32_t index)
{
    struct climber climber =
        whole ? whole_climber(q->application) : item_climber(q->application->items[index]);
    const struct definition_rung *rung = &q->world->definition->ladder[climber.rung];
    Bl__Event *event = question_event(q, BL__EVENT__WHAT_ESCALATED);
    Bl__Escalated *escalated = bl_arena_new(q->arena, Bl__Escalated);

    bl__escalated__init(escalated);
    event->escalated = escalated;
    escalated->whole = whole;
    escalated->item = whole ? 0 : index;
    escalated->rung = ++climber.rung;
    escalated->to = rung->to;
    escalated->next_at = rung_time(q->world, &climber);
    if (rung->reply.halves > 0) {
        Bl__Urging *urging = urging_new(q, rung->reply);

        urging->level = urging_level(rung->to);
        urging->item = escalated->item;
        urging->whole = whole;
        urging->to = rung->to;
        escalated->urging = urging;
        escalated->reply_by = urging->reply_by;
    }
    return event;
}

void evolve_escalated(Bl__Application *application, const Bl__Event *event, struct bl_arena *arena)
{
    const Bl__Escalated *escalated = event->escalated;

    if (escalated->whole) {
        application->rung = escalated->rung;
        application->rung_at = escalated->next_at;
    } else {
        CHECK(escalated->item < application->n_items);
        application->items[escalated->item]->rung = escalated->rung;
        application->items[escalated->item]->rung_at = escalated->next_at;
    }
    if (escalated->urging != NULL) {
        urge_open(application, escalated->urging, arena);
    }
}

/* --- what silence means ------------------------------------------------------------------------
 */

/* 超时默认: the department's silence grants, where the workflow says so. Not for safety; not while
 * a paper is missing, an officer holds it, or only the first of two organs was silent. */
static bool is_tacit(const struct question *q, uint32_t index)
{
    const struct definition_item *definition = &q->world->definition->items[index];
    const Bl__Item *item = q->application->items[index];
    bool first_leg = definition->upper_department != NULL && item->passed_up_at == 0;

    return definition->tacit && !definition->safety && application_item_is_running(item) &&
           !item->held && !first_leg && application_item_may_issue(item, definition);
}

static void grant(const struct question *q, uint32_t index, Bl__Overdue *overdue)
{
    struct routing routing;

    routing_begin(&routing, q->world, q->application, content_values(q->world, q->arena), q->arena);
    routing.items[index] = (struct join_item){ S(DECIDED), BL__ITEM__RESULT__TACIT };
    routing_settle(&routing);
    overdue->follows = F(TACIT);
    overdue->changes = routing_changes(&routing, -1, &overdue->n_changes);
    overdue->completed = routing_is_complete(&routing);
}

void follow_limit(const struct question *q, Bl__Overdue *overdue)
{
    const Bl__ClockName *clock = overdue->clock;

    if (!clock->whole && !clock->legal && is_tacit(q, clock->item)) {
        grant(q, clock->item, overdue);
        return;
    }
    struct climber climber = clock->whole ? whole_climber(q->application)
                                          : item_climber(q->application->items[clock->item]);
    climber.promise_over |= !clock->legal;
    climber.legal_over |= clock->legal;
    overdue->rung_at = rung_time(q->world, &climber);
}

/* The department that was asked has said nothing: it consents. */
void follow_opinion(const struct question *q, Bl__Overdue *overdue)
{
    (void)q;
    overdue->follows = F(CONSENT);
}

void escalate_consent(Bl__Item *item, uint32_t number, bl_time at)
{
    for (size_t i = 0; i < item->n_consultations; i++) {
        Bl__Consultation *consultation = item->consultations[i];

        if (consultation->number == number) {
            consultation->answered_at = at;
            consultation->consents = true;
            consultation->tacit = true;
            countdown_stop(consultation->limit);
        }
    }
}
