/* Ends without a decision: papers returned, withdrawn by the applicant, terminated. Three different
 * ends, and none of them a denial (domain.md 3). */
#include "core/application_intake.h"
#include "core/change.h"
#include "core/countdown.h"

#define S(state) BL__ITEM__STATE__##state
#define CONSENT_CHARACTERS_MAX 100

/* --- 退件 ------------------------------------------------------------------------------------- */

static bool may_return(const Bl__Item *item)
{
    return item_is_correcting(item) || (item->gap && item_is_open(item));
}

/* A gap has its time; only a late one is a reason. */
static Bl__Refusal *check_late(const struct question *q, const struct chosen *chosen)
{
    for (size_t i = 0; i < chosen->count; i++) {
        const Bl__Item *item = q->application->items[chosen->items[i]];

        if (!item_is_correcting(item) &&
            (item->supplement == NULL || item->supplement->phase != BL__CLOCK__PHASE__OVERDUE)) {
            return question_refuse_state(q, chosen->items[i], "gap-in-time").refusal;
        }
    }
    return NULL;
}

struct ruling decide_return_papers(const struct question *q)
{
    const Bl__ReturnPapers *what = q->command->return_papers;
    struct chosen chosen;
    Bl__Refusal *refusal =
        chosen_for_intake(q, what->item, may_return, "nothing-to-return", &chosen);

    if (refusal == NULL) {
        refusal = intake_check_text(q, what->reason, true, "reason-required", "reason");
    }
    if (refusal == NULL) {
        refusal = check_late(q, &chosen);
    }
    if (refusal != NULL) {
        return (struct ruling){ .refusal = refusal };
    }
    Bl__Event *event = question_event(q, BL__EVENT__WHAT_RETURNED);
    Bl__Returned *returned = bl_arena_new(q->arena, Bl__Returned);
    bl__returned__init(returned);
    event->returned = returned;
    returned->reason = what->reason;
    returned->completed =
        intake_end(q, &chosen, S(RETURNED), &returned->changes, &returned->n_changes);
    return ruling_event(event);
}

void evolve_returned(Bl__Application *application, const Bl__Event *event, struct bl_arena *arena)
{
    change_items(application, event->returned->changes, event->returned->n_changes, event, arena);
    change_completed(application, event->returned->completed, event->at);
}

static void give_back(const struct question *q, Bl__Overdue *overdue)
{
    struct chosen chosen = { &overdue->clock->item, 1 };

    overdue->follows = BL__OVERDUE__FOLLOWS__RETURNED;
    overdue->completed =
        intake_end(q, &chosen, S(RETURNED), &overdue->changes, &overdue->n_changes);
}

/* The applicant has let his time to correct pass. */
void follow_correction(const struct question *q, Bl__Overdue *overdue)
{
    if (item_is_correcting(q->application->items[overdue->clock->item])) {
        give_back(q, overdue);
    }
}

static void deny(const struct question *q, Bl__Overdue *overdue)
{
    uint32_t index = overdue->clock->item;
    struct routing routing;

    routing_begin(&routing, q->world, q->application, content_values(q->world, q->arena), q->arena);
    routing.items[index] = (struct join_item){ S(DECIDED), BL__ITEM__RESULT__DENIED };
    routing_settle(&routing);
    overdue->follows = BL__OVERDUE__FOLLOWS__REJECTED;
    overdue->changes = routing_changes(&routing, -1, &overdue->n_changes);
    overdue->completed = routing_is_complete(&routing);
}

/* The gap was not closed in time. What was granted meanwhile stands and is not issued before it is;
 * else it is as the workflow says. */
void follow_supplement(const struct question *q, Bl__Overdue *overdue)
{
    if (!item_is_open(q->application->items[overdue->clock->item])) {
        return;
    }
    switch (q->world->definition->on_late) {
    case BL__TOLERANCE__ON_LATE__RETURN:
        give_back(q, overdue);
        return;
    case BL__TOLERANCE__ON_LATE__DENY:
        deny(q, overdue);
        return;
    case BL__TOLERANCE__ON_LATE__WAIT:
        return;
    case BL__TOLERANCE__ON_LATE__ON_LATE_UNSPECIFIED:
        break;
    }
    UNREACHABLE();
}

/* --- 撤回 ------------------------------------------------------------------------------------- */

static Bl__Refusal *check_withdraw(const struct question *q)
{
    const Bl__Withdraw *withdraw = q->command->withdraw;

    if (withdraw->consent[0] == '\0') {
        return refusal_new(q->arena, BL_INVALID, "consent-required", "consent");
    }
    if (question_is_longer(withdraw->consent, CONSENT_CHARACTERS_MAX)) {
        return refusal_new(q->arena, BL_TOO_LARGE, "reason-long", "consent");
    }
    return intake_check_text(q, withdraw->reason, false, "", "reason");
}

/* The applicant takes back one item or all that is not decided; what needs it is blocked. */
struct ruling decide_withdraw(const struct question *q)
{
    const Bl__Withdraw *withdraw = q->command->withdraw;
    struct chosen chosen;
    Bl__Refusal *refusal =
        chosen_find(q, withdraw->item, item_is_open, "nothing-to-withdraw", &chosen);

    if (refusal == NULL) {
        refusal = check_withdraw(q);
    }
    if (refusal != NULL) {
        return (struct ruling){ .refusal = refusal };
    }
    Bl__Event *event = question_event(q, BL__EVENT__WHAT_WITHDRAWN);
    Bl__Withdrawn *withdrawn = bl_arena_new(q->arena, Bl__Withdrawn);
    bl__withdrawn__init(withdrawn);
    event->withdrawn = withdrawn;
    withdrawn->reason = withdraw->reason;
    withdrawn->consent = withdraw->consent;
    withdrawn->completed =
        intake_end(q, &chosen, S(WITHDRAWN), &withdrawn->changes, &withdrawn->n_changes);
    return ruling_event(event);
}

void evolve_withdrawn(Bl__Application *application, const Bl__Event *event, struct bl_arena *arena)
{
    change_items(application, event->withdrawn->changes, event->withdrawn->n_changes, event, arena);
    change_completed(application, event->withdrawn->completed, event->at);
}

/* --- 终止 ------------------------------------------------------------------------------------- */

struct ruling decide_terminate(const struct question *q)
{
    const Bl__Terminate *terminate = q->command->terminate;
    struct routing routing;
    uint32_t item;
    Bl__Refusal *refusal = question_item(q, terminate->item, &item);

    if (refusal == NULL) {
        refusal = intake_check_text(q, terminate->reason, true, "reason-required", "reason");
    }
    if (refusal != NULL) {
        return (struct ruling){ .refusal = refusal };
    }
    if (!item_is_open(q->application->items[item])) {
        return question_refuse_state(q, item, "item-not-open");
    }
    routing_begin(&routing, q->world, q->application, content_values(q->world, q->arena), q->arena);
    routing.items[item].state = S(TERMINATED);
    routing_settle(&routing);
    Bl__Event *event = question_event(q, BL__EVENT__WHAT_TERMINATED);
    event->terminated = bl_arena_new(q->arena, Bl__Terminated);
    bl__terminated__init(event->terminated);
    event->terminated->item = item;
    event->terminated->reason = terminate->reason;
    event->terminated->changes =
        routing_changes(&routing, (int)item, &event->terminated->n_changes);
    event->terminated->completed = routing_is_complete(&routing);
    return ruling_event(event);
}

void evolve_terminated(Bl__Application *application, const Bl__Event *event, struct bl_arena *arena)
{
    const Bl__Terminated *terminated = event->terminated;

    CHECK(terminated->item < application->n_items);
    change_item_state(application->items[terminated->item], S(TERMINATED), event->at);
    change_items(application, terminated->changes, terminated->n_changes, event, arena);
    change_completed(application, terminated->completed, event->at);
}
