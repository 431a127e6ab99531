/* 审签: what is said at one step of an item's internal circulation, and where it leads. */
#include <string.h>

#include "core/application_state.h"
#include "core/change.h"
#include "core/countdown.h"
#include "core/desk.h"

#define S(state) BL__ITEM__STATE__##state
#define R(result) BL__ITEM__RESULT__##result

static const struct definition_item *definition_of(const struct question *q, uint32_t item)
{
    return &q->world->definition->items[item];
}

/* May anybody decide anything here now, and is it still the step that he means? */
static Bl__Refusal *check_step(const struct question *q, uint32_t index)
{
    const Bl__Item *item = q->application->items[index];
    const char *meant = q->command->decide->step;
    const char *step = definition_of(q, index)->steps[item->desk->step].id;

    if (!application_item_is_worked_on(item)) {
        return question_refuse_state(q, index, "item-not-open").refusal;
    }
    if (meant[0] != '\0' && strcmp(meant, step) != 0) {
        Bl__Refusal *refusal =
            refusal_new(q->arena, BL_STALE, "step-over", bl_arena_string(q->arena, item->id));

        return refusal_argument(q->arena, refusal, "step", step);
    }
    return NULL;
}

/* Who says it: an officer with a seat at a step of people, or the department's machine. */
static Bl__Refusal *take_seat(const struct question *q, uint32_t index, struct office_seat *seat)
{
    const Bl__Item *item = q->application->items[index];
    const struct office_actor actor = office_actor(q->world);

    if (item->desk->personal) {
        return desk_seat(q->world, definition_of(q, index), item->department, item->desk, seat,
                         q->arena);
    }
    *seat = (struct office_seat){ .post = "", .by = "", .person = actor.person };
    return actor.role == BL__KEY__ROLE__OFFICER
               ? question_refuse_state(q, index, "step-of-machine").refusal
               : NULL;
}

/* A machine's verdict is its step's; officers' are counted. */
static enum join_outcome outcome_of(const struct question *q, uint32_t index, const Bl__Desk *after)
{
    const Bl__Item *item = q->application->items[index];

    if (!after->personal) {
        return q->command->decide->result == R(GRANTED) ? JOIN_SATISFIED : JOIN_FAILED;
    }
    struct desk_signers signers =
        desk_signers(q->world, definition_of(q, index), item->department, after);
    return desk_outcome(after, &signers);
}

static Bl__Event *signed_event(const struct question *q, uint32_t index,
                               const struct office_seat *seat, Bl__Desk *desk, bool passed)
{
    const Bl__Decide *decide = q->command->decide;
    Bl__Event *event = question_event(q, BL__EVENT__WHAT_STEP_SIGNED);
    Bl__StepSigned *step = bl_arena_new(q->arena, Bl__StepSigned);

    bl__step_signed__init(step);
    step->item = index;
    step->post = seat->post;
    step->officer = seat->person;
    step->approves = decide->result == R(GRANTED);
    step->opinion = decide->opinion;
    step->reason = decide->reason;
    step->attempt = decide->attempt;
    step->desk = desk;
    step->passed = passed;
    event->step_signed = step;
    return event;
}

/* Where the step's outcome leads: on to the next step, whatever it was, with a rejection on record;
 * or to the decision. */
static Bl__Event *conclude(const struct question *q, uint32_t index, const struct office_seat *seat,
                           Bl__Desk *after, enum join_outcome outcome)
{
    const struct definition_item *item = definition_of(q, index);

    if (after->step + 1 == item->step_count) {
        return outcome == JOIN_SATISFIED && upward_is_below(q, index)
                   ? upward_pass(q, index, after)
                   : review_decided(q, index, outcome == JOIN_SATISFIED ? R(GRANTED) : R(DENIED),
                                    after);
    }
    Bl__Desk *next = desk_pass(q->world, item, after, q->arena);
    next->forwarded |= outcome == JOIN_FAILED;
    return signed_event(q, index, seat, next, true);
}

/* Too many hands of one person in it: those of the role who had none in it may decide it. */
static Bl__Refusal *refuse_hand(const struct question *q, uint32_t index)
{
    const struct definition_item *definition = definition_of(q, index);
    const Bl__Item *item = q->application->items[index];
    const char *role = definition->steps[item->desk->step].role;
    struct desk_signers signers = desk_signers(q->world, definition, item->department, item->desk);
    const char *who = bl_arena_printf(q->arena, "%s/%s", item->department, role), *gap = ": ";
    Bl__Refusal *refusal =
        office_refuse(q->world, item->department, role, "four-eyes", item->id, q->arena);

    for (uint32_t i = 0; i < signers.count; i++) {
        const Bl__Post *post = office_post(q->world, item->department, signers.posts[i]);
        struct office_seat seat = { signers.posts[i], signers.posts[i],
                                    post == NULL ? "" : post->officer };

        if (!desk_has_hand(item->desk, &seat)) {
            who = bl_arena_printf(q->arena, "%s%s%s", who, gap, signers.posts[i]);
            gap = ", ";
        }
    }
    refusal->who_may = who;
    return refusal;
}

/* Whoever decides has not worked on it before, where the item wants four eyes; and he hears first
 * whom the department has asked. */
static Bl__Refusal *check_last(const struct question *q, uint32_t index,
                               const struct office_seat *seat)
{
    const struct definition_item *definition = definition_of(q, index);
    const Bl__Item *item = q->application->items[index];

    if (definition->four_eyes && desk_has_hand(item->desk, seat)) {
        return refuse_hand(q, index);
    }
    for (size_t i = 0; i < item->n_consultations; i++) {
        if (countdown_is_open(item->consultations[i]->limit)) {  // else it ended with the item
            Bl__Refusal *refusal = question_refuse_state(q, index, "consultation-open").refusal;

            refusal->who_may = bl_arena_string(q->arena, item->consultations[i]->department);
            return refusal;
        }
    }
    return NULL;
}

struct ruling decide_at_desk(const struct question *q, uint32_t index)
{
    const struct definition_item *item = definition_of(q, index);
    const Bl__Desk *desk = q->application->items[index]->desk;
    struct office_seat seat;
    Bl__Refusal *refusal = check_step(q, index);

    if (refusal == NULL) {
        refusal = take_seat(q, index, &seat);
    }
    if (refusal != NULL) {
        return (struct ruling){ .refusal = refusal };
    }
    if (desk->personal && desk->step + 1 == item->step_count) {
        refusal = check_last(q, index, &seat);
    }
    if (refusal != NULL) {
        return (struct ruling){ .refusal = refusal };
    }
    bool approves = q->command->decide->result == R(GRANTED);
    Bl__Desk *after = desk_sign(desk, &seat, approves, q->world->now, q->arena);
    enum join_outcome outcome = outcome_of(q, index, after);
    return ruling_event(outcome == JOIN_OPEN ? signed_event(q, index, &seat, after, false)
                                             : conclude(q, index, &seat, after, outcome));
}

/* --- it has happened --------------------------------------------------------------------------
 */

void desk_first_act(Bl__Item *item, bl_time at)
{
    if (item->state == S(ACCEPTED)) {
        change_item_state(item, S(REVIEWING), at);
    }
}

void evolve_step_signed(Bl__Application *application, const Bl__Event *event,
                        struct bl_arena *arena)
{
    const Bl__StepSigned *step = event->step_signed;

    CHECK(step->item < application->n_items);
    Bl__Item *item = application->items[step->item];
    item->desk = desk_copy(step->desk, arena);
    item->n_changed = 0;  // he has seen it
    item->failures = 0;
    item->retry_at = 0;
    desk_first_act(item, event->at);
}
