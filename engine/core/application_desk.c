/* Inside a department: who has the step (认领, 移交), who has to sign it (加签, 减签), and back to
 * an earlier one (退回). */
#include <string.h>

#include "core/application_state.h"
#include "core/change.h"
#include "core/desk.h"

#define ROUNDS_MAX 1000  // of one item: more is no work but a quarrel

static const struct definition_item *definition_of(const struct question *q, uint32_t item)
{
    return &q->world->definition->items[item];
}

/* Finds the item of a command about a step of people that somebody may work on. */
static Bl__Refusal *find_desk(const struct question *q, const char *id, uint32_t *index)
{
    Bl__Refusal *refusal = question_item(q, id, index);

    if (refusal != NULL) {
        return refusal;
    }
    const Bl__Item *item = q->application->items[*index];
    if (!application_item_is_worked_on(item)) {
        return question_refuse_state(q, *index, "item-not-open").refusal;
    }
    return item->desk != NULL && item->desk->personal
               ? NULL
               : question_refuse_state(q, *index, "step-of-machine").refusal;
}

static Bl__Refusal *find_seat(const struct question *q, const char *id, uint32_t *index,
                              struct office_seat *seat)
{
    Bl__Refusal *refusal = find_desk(q, id, index);
    const Bl__Item *item = refusal == NULL ? q->application->items[*index] : NULL;

    return refusal != NULL ? refusal
                           : desk_seat(q->world, definition_of(q, *index), item->department,
                                       item->desk, seat, q->arena);
}

/* Who has claimed it, or stands in for him, or heads the section. */
static Bl__Refusal *check_claimant(const struct question *q, uint32_t index)
{
    const Bl__Item *item = q->application->items[index];

    if (item->desk->post[0] == '\0') {
        return question_refuse_state(q, index, "not-claimed").refusal;
    }
    if (office_may_as(q->world, item->department, item->desk->post) ||
        office_may(q->world, item->department, "section_head", NULL)) {
        return NULL;
    }
    Bl__Refusal *refusal = question_refuse(q, BL_DENIED, "claimed", item->id).refusal;
    refusal->pointer = bl_arena_string(q->arena, item->id);
    refusal->who_may = bl_arena_string(q->arena, item->desk->post);
    return refusal;
}

/* --- claim, unclaim, transfer ------------------------------------------------------------------
 */

struct ruling decide_claim(const struct question *q)
{
    const Bl__Claim *claim = q->command->claim;
    struct office_seat seat;
    uint32_t index;
    Bl__Refusal *refusal = find_seat(q, claim->item, &index, &seat);

    if (refusal != NULL) {
        return (struct ruling){ .refusal = refusal };
    }
    const Bl__Item *item = q->application->items[index];
    if (claim->post[0] != '\0' && strcmp(claim->post, seat.post) != 0) {
        return (struct ruling){ .refusal = office_refuse(
                                    q->world, item->department,
                                    definition_of(q, index)->steps[item->desk->step].role,
                                    "post-may-not", item->id, q->arena) };
    }
    if (item->desk->post[0] != '\0' && strcmp(item->desk->officer, seat.person) == 0) {
        return question_refuse_state(q, index, "claimed-already");
    }
    Bl__Event *event = question_event(q, BL__EVENT__WHAT_CLAIMED);
    event->claimed = bl_arena_new(q->arena, Bl__Claimed);
    bl__claimed__init(event->claimed);
    event->claimed->item = index;
    event->claimed->post = bl_arena_string(q->arena, seat.post);
    event->claimed->officer = bl_arena_string(q->arena, seat.person);
    return ruling_event(event);
}

struct ruling decide_unclaim(const struct question *q)
{
    const Bl__Unclaim *unclaim = q->command->unclaim;
    uint32_t index;
    Bl__Refusal *refusal = find_desk(q, unclaim->item, &index);

    if (refusal == NULL) {
        refusal = check_claimant(q, index);
    }
    if (refusal == NULL) {
        refusal = question_reason(q, unclaim->reason, false);
    }
    if (refusal != NULL) {
        return (struct ruling){ .refusal = refusal };
    }
    Bl__Event *event = question_event(q, BL__EVENT__WHAT_UNCLAIMED);
    event->unclaimed = bl_arena_new(q->arena, Bl__Unclaimed);
    bl__unclaimed__init(event->unclaimed);
    event->unclaimed->item = index;
    event->unclaimed->reason = unclaim->reason;
    return ruling_event(event);
}

static bool is_signer(const struct desk_signers *signers, const char *post)
{
    for (uint32_t i = 0; i < signers->count; i++) {
        if (strcmp(signers->posts[i], post) == 0) {
            return true;
        }
    }
    return false;
}

/* From whoever has claimed it, or from whoever may sign it while nobody has. */
static Bl__Refusal *check_transfer(const struct question *q, uint32_t index)
{
    const Bl__Item *item = q->application->items[index];
    const char *to = q->command->transfer->to_post;
    struct desk_signers signers =
        desk_signers(q->world, definition_of(q, index), item->department, item->desk);
    struct office_seat seat;
    Bl__Refusal *refusal = NULL;

    if (item->desk->post[0] != '\0') {
        refusal = check_claimant(q, index);
    } else if (!office_may(q->world, item->department, "section_head", NULL)) {
        refusal = desk_seat(q->world, definition_of(q, index), item->department, item->desk, &seat,
                            q->arena);
    }
    if (refusal == NULL && (!is_signer(&signers, to) || desk_has_signed(item->desk, to))) {
        refusal = office_refuse(q->world, item->department,
                                definition_of(q, index)->steps[item->desk->step].role,
                                "post-cannot-sign", to, q->arena);
    }
    if (refusal == NULL && signers.in_order &&
        strcmp(desk_next_in_order(item->desk, &signers), to) != 0) {
        refusal = refusal_new(q->arena, BL_DENIED, "signers-in-order",
                              bl_arena_string(q->arena, item->id));
        refusal->who_may = bl_arena_string(q->arena, desk_next_in_order(item->desk, &signers));
    }
    return refusal != NULL ? refusal : question_reason(q, q->command->transfer->reason, false);
}

struct ruling decide_transfer(const struct question *q)
{
    const Bl__Transfer *transfer = q->command->transfer;
    uint32_t index;
    Bl__Refusal *refusal = find_desk(q, transfer->item, &index);

    if (refusal == NULL) {
        refusal = check_transfer(q, index);
    }
    if (refusal != NULL) {
        return (struct ruling){ .refusal = refusal };
    }
    Bl__Event *event = question_event(q, BL__EVENT__WHAT_TRANSFERRED);
    event->transferred = bl_arena_new(q->arena, Bl__Transferred);
    bl__transferred__init(event->transferred);
    event->transferred->item = index;
    event->transferred->from_post =
        bl_arena_string(q->arena, q->application->items[index]->desk->post);
    event->transferred->to_post = transfer->to_post;
    event->transferred->reason = transfer->reason;
    return ruling_event(event);
}

/* --- signers -----------------------------------------------------------------------------------
 */

static void remove_post(Bl__Desk *desk, const char *post)
{
    size_t kept = 0;

    for (size_t i = 0; i < desk->n_signers; i++) {
        if (strcmp(desk->signers[i], post) != 0) {
            desk->signers[kept++] = desk->signers[i];
        }
    }
    desk->n_signers = kept;
}

/* The step as it is, with those who may sign it named one by one. */
static Bl__Desk *named(const struct question *q, uint32_t index)
{
    const Bl__Item *item = q->application->items[index];
    Bl__Desk *desk = desk_copy(item->desk, q->arena);
    struct desk_signers signers =
        desk_signers(q->world, definition_of(q, index), item->department, item->desk);

    desk->before = NULL;
    if (desk->n_signers == 0) {
        desk->n_signers = signers.count;
        desk->signers = bl_arena_array(q->arena, const char *, signers.count);
        for (uint32_t i = 0; i < signers.count; i++) {
            desk->signers[i] = bl_arena_string(q->arena, signers.posts[i]);
        }
        desk->needed = definition_of(q, index)->steps[desk->step].signers;
    }
    return desk;
}

/* Each one that is added is one signature more; where all have to sign, all still have to. Taking
 * one away takes nothing from how many have to. */
static Bl__Refusal *add_posts(const struct question *q, uint32_t index, Bl__Desk *desk)
{
    const Bl__ChangeSigners *change = q->command->change_signers;
    const char *department = q->application->items[index]->department;

    for (size_t i = 0; i < change->n_add; i++) {
        if (office_post(q->world, department, change->add[i]) == NULL) {
            return question_refuse(q, BL_INVALID, "post-unknown", change->add[i]).refusal;
        }
        size_t before = desk->n_signers;
        remove_post(desk, change->add[i]);
        desk->needed += desk->needed > 0 && desk->n_signers == before ? 1 : 0;
        desk->signers =
            bl_arena_append(q->arena, desk->signers, desk->n_signers, (void *)change->add[i]);
        desk->n_signers++;
    }
    return desk->n_signers > DESK_SIGNERS_MAX
               ? question_refuse(q, BL_TOO_LARGE, "signers-many", "add").refusal
               : NULL;
}

static Bl__Refusal *remove_posts(const struct question *q, Bl__Desk *desk)
{
    const Bl__ChangeSigners *change = q->command->change_signers;

    for (size_t i = 0; i < change->n_remove; i++) {
        if (desk_has_signed(desk, change->remove[i])) {
            return question_refuse(q, BL_REFUSED, "signed-already", change->remove[i]).refusal;
        }
        remove_post(desk, change->remove[i]);
    }
    return desk->n_signers == 0 || desk->n_signers < desk->needed
               ? question_refuse(q, BL_REFUSED, "signers-few", "remove").refusal
               : NULL;
}

static Bl__Refusal *check_signers(const struct question *q, uint32_t index)
{
    const Bl__Item *item = q->application->items[index];
    const Bl__ChangeSigners *change = q->command->change_signers;
    struct office_seat seat;

    if (!office_may(q->world, item->department, "section_head", NULL)) {
        Bl__Refusal *refusal = desk_seat(q->world, definition_of(q, index), item->department,
                                         item->desk, &seat, q->arena);

        if (refusal != NULL) {
            return refusal;
        }
    }
    if (change->n_add + change->n_remove == 0) {
        return question_refuse(q, BL_INVALID, "signers-none", "add").refusal;
    }
    return question_reason(q, change->reason, false);
}

/* A claim of a post that may not sign any more, or not now, would stand in everybody's way. */
static void drop_idle_claim(Bl__Desk *desk, const struct desk_signers *signers)
{
    if (desk->post[0] != '\0' &&
        (!is_signer(signers, desk->post) ||
         (signers->in_order && strcmp(desk_next_in_order(desk, signers), desk->post) != 0))) {
        desk->post = "";
        desk->officer = "";
    }
}

/* The signatures that are there are counted again. A change that would settle the step is refused:
 * a verdict is somebody's signature, never somebody's absence. */
struct ruling decide_change_signers(const struct question *q)
{
    const Bl__ChangeSigners *change = q->command->change_signers;
    uint32_t index;
    Bl__Refusal *refusal = find_desk(q, change->item, &index);

    if (refusal == NULL) {
        refusal = check_signers(q, index);
    }
    Bl__Desk *desk = refusal == NULL ? named(q, index) : NULL;
    if (refusal == NULL) {
        refusal = add_posts(q, index, desk);
    }
    if (refusal == NULL) {
        refusal = remove_posts(q, desk);
    }
    if (refusal != NULL) {
        return (struct ruling){ .refusal = refusal };
    }
    struct desk_signers signers = desk_signers(q->world, definition_of(q, index),
                                               q->application->items[index]->department, desk);
    if (desk_outcome(desk, &signers) != JOIN_OPEN) {
        return question_refuse_state(q, index, "signers-settle");
    }
    drop_idle_claim(desk, &signers);
    Bl__Event *event = question_event(q, BL__EVENT__WHAT_SIGNERS_CHANGED);
    event->signers_changed = bl_arena_new(q->arena, Bl__SignersChanged);
    bl__signers_changed__init(event->signers_changed);
    event->signers_changed->item = index;
    event->signers_changed->added = change->add;
    event->signers_changed->n_added = change->n_add;
    event->signers_changed->removed = change->remove;
    event->signers_changed->n_removed = change->n_remove;
    event->signers_changed->reason = change->reason;
    event->signers_changed->desk = desk;
    return ruling_event(event);
}

/* --- back to an earlier step -------------------------------------------------------------------
 */

/* The step that is meant: an earlier one of the same department. */
static Bl__Refusal *find_step(const struct question *q, uint32_t index, uint32_t *step)
{
    const struct definition_item *item = definition_of(q, index);
    const Bl__Item *is = q->application->items[index];
    const char *meant = q->command->send_back->step;

    *step = is->desk->step - 1;
    if (is->desk->step == 0 || is->state == BL__ITEM__STATE__UPPER_REVIEW) {
        return question_refuse_state(q, index, "no-earlier-step").refusal;
    }
    if (meant[0] == '\0') {
        return NULL;
    }
    for (uint32_t i = 0; i < is->desk->step; i++) {
        if (strcmp(item->steps[i].id, meant) == 0) {
            *step = i;
            return NULL;
        }
    }
    return question_refuse(q, BL_INVALID, "no-earlier-step", meant).refusal;
}

/* The earlier step, in a new round; until somebody acts there, whoever sent it back may recall it.
 */
static Bl__Desk *desk_back(const struct question *q, uint32_t index, uint32_t step,
                           const struct office_seat *seat)
{
    const Bl__Desk *desk = q->application->items[index]->desk;
    Bl__Desk *back = desk_begin(q->world, definition_of(q, index), step, desk->round + 1,
                                routing_effective(q->world, q->world->now), q->arena);

    back->passed_at = q->world->now;
    back->before = desk_copy(desk, q->arena);
    back->before->before = NULL;
    back->before->post = bl_arena_string(q->arena, seat->post);
    back->before->officer = bl_arena_string(q->arena, seat->person);
    return back;
}

struct ruling decide_send_back(const struct question *q)
{
    const Bl__SendBack *back = q->command->send_back;
    struct office_seat seat;
    uint32_t index, step = 0;
    Bl__Refusal *refusal = find_seat(q, back->item, &index, &seat);

    if (refusal == NULL) {
        refusal = find_step(q, index, &step);
    }
    if (refusal == NULL) {
        refusal = question_reason(q, back->reason, true);
    }
    if (refusal != NULL) {
        return (struct ruling){ .refusal = refusal };
    }
    const Bl__Desk *desk = q->application->items[index]->desk;
    if (desk->round >= ROUNDS_MAX) {
        return question_refuse_state(q, index, "rounds-many");
    }
    Bl__Event *event = question_event(q, BL__EVENT__WHAT_SENT_BACK);
    event->sent_back = bl_arena_new(q->arena, Bl__SentBack);
    bl__sent_back__init(event->sent_back);
    event->sent_back->item = index;
    event->sent_back->reason = back->reason;
    event->sent_back->desk = desk_back(q, index, step, &seat);
    return ruling_event(event);
}

/* --- it has happened --------------------------------------------------------------------------
 */

static Bl__Item *at_desk(Bl__Application *application, uint32_t index, bl_time at)
{
    CHECK(index < application->n_items && application->items[index]->desk != NULL);
    desk_first_act(application->items[index], at);
    return application->items[index];
}

void evolve_claimed(Bl__Application *application, const Bl__Event *event, struct bl_arena *arena)
{
    Bl__Item *item = at_desk(application, event->claimed->item, event->at);

    item->desk->post = bl_arena_string(arena, event->claimed->post);
    item->desk->officer = bl_arena_string(arena, event->claimed->officer);
    item->desk->before = NULL;
}

void evolve_unclaimed(Bl__Application *application, const Bl__Event *event, struct bl_arena *arena)
{
    Bl__Item *item = at_desk(application, event->unclaimed->item, event->at);

    (void)arena;
    item->desk->post = "";
    item->desk->officer = "";
}

void evolve_transferred(Bl__Application *application, const Bl__Event *event,
                        struct bl_arena *arena)
{
    Bl__Item *item = at_desk(application, event->transferred->item, event->at);

    item->desk->post = bl_arena_string(arena, event->transferred->to_post);
    item->desk->officer = "";
    item->desk->before = NULL;
}

void evolve_signers_changed(Bl__Application *application, const Bl__Event *event,
                            struct bl_arena *arena)
{
    Bl__Item *item = at_desk(application, event->signers_changed->item, event->at);

    item->desk = desk_copy(event->signers_changed->desk, arena);
}

void evolve_sent_back(Bl__Application *application, const Bl__Event *event, struct bl_arena *arena)
{
    Bl__Item *item = at_desk(application, event->sent_back->item, event->at);

    item->desk = desk_copy(event->sent_back->desk, arena);
    item->n_changed = 0;  // begun anew
}
