/* A mistake is put right by a counter-event, never by an edit: the wrong button in time by whoever
 * pressed it (撤回), an end that does not hold and a grant that must not stand by the head of the
 * organ (行政许可法 第六十九条, reconsideration). */
#include <string.h>

#include "core/application_state.h"
#include "core/change.h"
#include "core/content.h"
#include "core/countdown.h"
#include "core/desk.h"
#include "core/recount.h"
#include "core/wait.h"

#define S(state) BL__ITEM__STATE__##state
#define R(result) BL__ITEM__RESULT__##result

static const struct definition_item *definition_of(const struct question *q, uint32_t item)
{
    return &q->world->definition->items[item];
}

static struct join_item branch(const Bl__Item *item)
{
    return (struct join_item){ item->state, item->result };
}

/* --- what a counter-event takes back elsewhere --------------------------------------------------
 */

/* Has nobody done anything about it since it was accepted? */
static bool is_untouched(const Bl__Item *item)
{
    const Bl__Desk *desk = item->desk;
    // The wait for a day comes first, and is nobody's act.
    bool was_stopped = item->n_stops > 0 && item->stops[item->n_stops - 1]->number != 0;

    return (item->state == S(ACCEPTED) || item->state == S(RECEIVED)) && !item->incident &&
           item->failures == 0 && !was_stopped && item->n_consultations == 0 &&
           item->extended == NULL && !item->notified &&
           (desk == NULL || (desk->post[0] == '\0' && desk->n_signatures == 0 && desk->step == 0 &&
                             desk->round == 1));
}

static bool is_affected(const struct routing *routing, const struct definition_item *item)
{
    for (size_t i = 0; i < item->needs.branch_count; i++) {
        uint32_t of = item->needs.branches[i];

        if (routing->items[of].state != routing->before[of].state ||
            routing->items[of].result != routing->before[of].result) {
            return true;
        }
    }
    return false;
}

/* One that came of what is taken back waits again; one that somebody works on stands in the way. */
static Bl__Refusal *take_back_one(const struct question *q, struct routing *routing,
                                  const struct definition_item *item)
{
    const Bl__Item *is = q->application->items[item->index];
    Bl__Item__State *state = &routing->items[item->index].state;
    enum join_outcome outcome =
        join_settle(&item->needs, routing->items, &routing->scope, routing->arena);

    if (*state == S(PENDING) || *state == S(TERMINATED) || *state == S(WITHDRAWN) ||
        (*state == S(BLOCKED) && outcome == JOIN_FAILED) ||
        (*state != S(BLOCKED) && outcome == JOIN_SATISFIED)) {
        return NULL;
    }
    if (*state == S(NOT_NEEDED) && !item->when_needs_items) {
        return NULL;  // by the form
    }
    if (*state != S(BLOCKED) && *state != S(NOT_NEEDED) && !is_untouched(is)) {
        return question_refuse_state(q, item->index, "downstream-acted").refusal;
    }
    routing->items[item->index] = (struct join_item){ S(PENDING), R(RESULT_UNSPECIFIED) };
    return NULL;
}

static Bl__Refusal *take_back(const struct question *q, struct routing *routing)
{
    const struct definition *definition = q->world->definition;

    for (size_t i = 0; i < definition->item_count; i++) {  // each after what it needs
        const struct definition_item *item = &definition->items[definition->order[i]];
        Bl__Refusal *refusal = is_affected(routing, item) ? take_back_one(q, routing, item) : NULL;

        if (refusal != NULL) {
            return refusal;
        }
    }
    routing_settle(routing);
    return NULL;
}

/* The changes of the others, and the item's own one after them. */
static Bl__ItemChange **with_own(struct routing *routing, Bl__ItemChange *own, size_t *count)
{
    Bl__ItemChange **changes = routing_changes(routing, (int)own->item, count);

    for (size_t i = 0; i < *count; i++) {
        changes[i]->reopens = changes[i]->state == S(PENDING);
    }
    changes = bl_arena_append(routing->arena, changes, *count, own);
    (*count)++;
    return changes;
}

/* The clocks of the whole with the item as drafted.
 *   waits  as it is, with other days that items wait for; NULL: they are the same */
static Bl__WholeChange *whole_again(const struct question *q, const Bl__Application *waits,
                                    const Bl__Item *draft, uint32_t index)
{
    Bl__WholeChange *whole =
        waits != NULL ? recount_whole(q->world, waits, NULL, 0, NULL, q->arena)
                      : recount_whole(q->world, q->application, draft, index, NULL, q->arena);

    if (application_is_open(q->application)) {
        return waits != NULL ? whole : NULL;
    }
    if (whole == NULL) {
        whole = bl_arena_new(q->arena, Bl__WholeChange);
        bl__whole_change__init(whole);
    }
    Bl__Application again = *q->application;
    again.promise = whole->promise != NULL ? whole->promise : again.promise;
    again.legal = whole->legal != NULL ? whole->legal : again.legal;
    again.ended_at = 0;
    whole->reopens = true;
    whole->climbs = true;  // a whole that is late goes on up its ladder
    whole->rung_at = escalate_next_whole(q->world, &again);
    return whole;
}

static void begin(const struct question *q, struct routing *routing)
{
    routing_begin(routing, q->world, q->application, content_values(q->world, q->arena), q->arena);
}

/* --- recall ------------------------------------------------------------------------------------
 */

/* Is there still time, since `at`? */
static Bl__Refusal *check_time(const struct question *q, uint32_t index, bl_time at)
{
    struct clock_question question = { .start = routing_effective(q->world, at),
                                       .limit = q->world->definition->recall };

    return q->world->now > clock_due(q->world->calendar, &question).due
               ? question_refuse_state(q, index, "recall-late").refusal
               : NULL;
}

/* Was it whoever asks now that did it? */
static Bl__Refusal *check_post(const struct question *q, uint32_t index, const char *post)
{
    if (office_may_as(q->world, q->application->items[index]->department, post)) {
        return NULL;
    }
    Bl__Refusal *refusal = question_refuse_state(q, index, "recall-not-yours").refusal;
    refusal->who_may = bl_arena_string(q->arena, post);
    return refusal;
}

/* That signed last? */
static Bl__Refusal *check_hand(const struct question *q, uint32_t index, const Bl__Desk *desk)
{
    return check_post(q, index, desk->signatures[desk->n_signatures - 1]->post);
}

/* The step as it was before the last signature; its time has gone on. */
static Bl__Desk *unsigned_(const struct question *q, const Bl__Desk *desk)
{
    Bl__Desk *before = desk_copy(desk, q->arena);

    before->n_signatures--;
    before->post = "";
    before->officer = "";
    before->before = NULL;
    before->forwarded = false;
    return before;
}

static struct ruling recalled(const struct question *q, uint32_t index, Bl__Desk *desk,
                              Bl__ItemChange **changes, size_t count, Bl__WholeChange *whole)
{
    Bl__Event *event = question_event(q, BL__EVENT__WHAT_RECALLED);

    event->recalled = bl_arena_new(q->arena, Bl__Recalled);
    bl__recalled__init(event->recalled);
    event->recalled->item = index;
    event->recalled->reason = q->command->recall->reason;
    event->recalled->desk = desk;
    event->recalled->changes = changes;
    event->recalled->n_changes = count;
    event->recalled->whole = whole;
    return ruling_event(event);
}

/* The step's time has gone on, but for the stops since, and by the calendar of today. */
static Bl__Desk *counted_again(const struct question *q, uint32_t index, Bl__Desk *desk)
{
    Bl__Application draft = *q->application;
    Bl__Item *item = item_copy(draft.items[index], q->arena);

    item->desk = desk;
    draft.items = bl_arena_copy(q->arena, draft.items, draft.n_items * sizeof(struct Bl__Item *));
    draft.items[index] = item;
    if (desk->limit != NULL) {
        desk->limit = recount_item(q->world, &draft, item, index, q->arena)->step;
    }
    return desk;
}

/* A step that was handed on, or sent back, while nobody at the other one has acted. */
static struct ruling recall_step(const struct question *q, uint32_t index)
{
    const Bl__Item *item = q->application->items[index];
    const Bl__Desk *before = item->desk->before;
    bool sent_back = before->step > item->desk->step;
    Bl__Refusal *refusal =
        sent_back ? check_post(q, index, before->post) : check_hand(q, index, before);

    if (refusal == NULL && !application_item_is_worked_on(item)) {
        refusal = question_refuse_state(q, index, "item-not-open").refusal;
    }
    if (refusal == NULL) {
        refusal = check_time(q, index, item->desk->passed_at);
    }
    return refusal != NULL ? (struct ruling){ .refusal = refusal }
                           : recalled(q, index,
                                      counted_again(q, index,
                                                    sent_back ? desk_copy(before, q->arena)
                                                              : unsigned_(q, before)),
                                      NULL, 0, NULL);
}

/* The item as it goes on when its end does not stand. */
static Bl__Item *draft_of(const struct question *q, uint32_t index, Bl__Item__State state)
{
    Bl__Item *draft = item_copy(q->application->items[index], q->arena);

    draft->state = state;
    draft->result = R(RESULT_UNSPECIFIED);
    return draft;
}

/* Counts its clocks again, and what is overdue climbs on; what ran since the decision runs no more.
 */
static Bl__ItemChange *go_on(const struct question *q, const Bl__Item *draft, uint32_t index)
{
    Bl__ItemChange *change = recount_item(q->world, q->application, draft, index, q->arena);
    Bl__Item late = *draft;

    late.promise = change->promise;
    late.legal = change->legal;
    change->rung_at = escalate_next(q->world, &late);
    change->reopens = true;
    if (draft->deliver != NULL) {
        change->deliver = bl_arena_new(q->arena, Bl__Clock);
        bl__clock__init(change->deliver);
    }
    if (draft->check != NULL) {
        change->check = bl_arena_new(q->arena, Bl__Clock);
        bl__clock__init(change->check);
    }
    return change;
}

/* Where an item goes on: with the organ above, with an officer, or with its workers. */
static Bl__Item__State going_on(const Bl__Item *item)
{
    return item->passed_up_at != 0 ? S(UPPER_REVIEW)
           : item->desk != NULL    ? S(REVIEWING)
                                   : S(ACCEPTED);
}

static struct ruling recall_decision(const struct question *q, uint32_t index)
{
    const Bl__Item *item = q->application->items[index];
    struct routing routing;
    size_t count;

    if (item->result == R(TACIT) || item->desk == NULL || item->desk->n_signatures == 0 ||
        !item->desk->personal) {
        return question_refuse_state(q, index, "nothing-to-recall");
    }
    Bl__Refusal *refusal = check_hand(q, index, item->desk);
    if (refusal == NULL) {
        refusal = check_time(q, index, item->since);
    }
    Bl__Item *draft = draft_of(q, index, going_on(item));
    begin(q, &routing);
    routing.items[index] = branch(draft);
    if (refusal == NULL) {
        refusal = take_back(q, &routing);
    }
    if (refusal != NULL) {
        return (struct ruling){ .refusal = refusal };
    }
    draft->desk = unsigned_(q, item->desk);
    Bl__ItemChange *own = go_on(q, draft, index);
    own->desk = draft->desk;
    Bl__ItemChange **changes = with_own(&routing, own, &count);
    return recalled(q, index, NULL, changes, count, whole_again(q, NULL, draft, index));
}

/* --- acceptance by mistake ---------------------------------------------------------------------
 */

static Bl__ItemChange *unaccepted(const struct question *q, uint32_t index)
{
    const Bl__Item *item = q->application->items[index];
    Bl__ItemChange *change = bl_arena_new(q->arena, Bl__ItemChange);

    bl__item_change__init(change);
    change->item = index;
    change->state = S(RECEIVED);
    change->held = item->held;
    change->reopens = true;
    change->started_at = wait_after(item, q->application->effective_at);
    change->notify = countdown_new(q->world->calendar, q->world->definition->notify, 0,
                                   change->started_at, q->arena);
    return change;
}

/* Nobody has accepted the application any more: its own clocks have not begun. */
static Bl__WholeChange *whole_unaccepted(const struct question *q, size_t count)
{
    size_t accepted = 0;

    for (size_t i = 0; i < q->application->n_items; i++) {
        const Bl__Item *item = q->application->items[i];

        accepted += item->state != S(PENDING) && item->state != S(RECEIVED) &&
                    item->state != S(CORRECTING) && item->state != S(NOT_NEEDED);
    }
    if (accepted > count) {
        return NULL;
    }
    Bl__WholeChange *whole = bl_arena_new(q->arena, Bl__WholeChange);
    bl__whole_change__init(whole);
    whole->unaccepts = true;
    return whole;
}

/* An item that somebody accepted, not the engine when its needs were met. */
static bool was_accepted(const struct question *q, uint32_t index)
{
    return q->application->items[index]->state == S(ACCEPTED) &&
           definition_of(q, index)->needs.branch_count == 0;
}

/* Whoever accepted it takes it back; a manager may for anybody. */
static Bl__Refusal *check_author(const struct question *q, uint32_t index)
{
    const Bl__Item *item = q->application->items[index];
    const char *by = item->accepted_by[0] != '\0' ? item->accepted_by : q->application->accepted_by;

    if (office_actor(q->world).role == BL__KEY__ROLE__MANAGER || by[0] == '\0' ||
        strcmp(by, office_author_now(q->world)) == 0) {
        return NULL;
    }
    Bl__Refusal *refusal = question_refuse_state(q, index, "recall-not-yours").refusal;
    refusal->who_may = bl_arena_printf(q->arena, "%s, manager", by);
    return refusal;
}

static Bl__Refusal *check_unaccept(const struct question *q, uint32_t index)
{
    Bl__Refusal *refusal = check_author(q, index);

    if (refusal != NULL) {
        return refusal;
    }
    return is_untouched(q->application->items[index])
               ? check_time(q, index, q->application->items[index]->since)
               : question_refuse_state(q, index, "downstream-acted").refusal;
}

/* Back to 收件: one item, or with an empty id all that the window accepted. */
static struct ruling recall_acceptance(const struct question *q, int only)
{
    const Bl__Application *application = q->application;
    Bl__ItemChange **changes = bl_arena_array(q->arena, Bl__ItemChange *, application->n_items);
    size_t count = 0;

    for (uint32_t i = 0; i < application->n_items; i++) {
        if ((only >= 0 && (uint32_t)only != i) || !was_accepted(q, i)) {
            continue;
        }
        Bl__Refusal *refusal = check_unaccept(q, i);

        if (refusal != NULL) {
            return (struct ruling){ .refusal = refusal };
        }
        changes[count++] = unaccepted(q, i);
    }
    if (count == 0) {
        return only >= 0 ? question_refuse_state(q, (uint32_t)only, "nothing-to-recall")
                         : question_refuse(q, BL_REFUSED, "nothing-to-recall", "application");
    }
    return recalled(q, changes[0]->item, NULL, changes, count, whole_unaccepted(q, count));
}

/* --- which of them -----------------------------------------------------------------------------
 */

static bool is_window(Bl__Key__Role role)
{
    return role == BL__KEY__ROLE__CLERK || role == BL__KEY__ROLE__MANAGER;
}

struct ruling decide_recall(const struct question *q)
{
    const Bl__Recall *recall = q->command->recall;
    Bl__Key__Role role = office_actor(q->world).role;
    uint32_t index = 0;
    Bl__Refusal *refusal = question_reason(q, recall->reason, true);

    if (refusal == NULL && recall->item[0] != '\0') {
        refusal = question_item(q, recall->item, &index);
    }
    if (refusal != NULL) {
        return (struct ruling){ .refusal = refusal };
    }
    if (is_window(role)) {
        return recall_acceptance(q, recall->item[0] == '\0' ? -1 : (int)index);
    }
    const Bl__Item *item = q->application->items[index];
    if (recall->item[0] == '\0') {
        return question_refuse(q, BL_INVALID, "nothing-to-recall", "item");
    }
    if (item->state == S(DECIDED)) {
        return recall_decision(q, index);
    }
    if (item->desk != NULL && item->desk->before != NULL) {
        return recall_step(q, index);
    }
    return definition_of(q, index)->acceptance_by_department
               ? recall_acceptance(q, (int)index)
               : question_refuse_state(q, index, "nothing-to-recall");
}

/* --- reopen ------------------------------------------------------------------------------------
 */

static Bl__Refusal *check_head(const struct question *q, const char *id, const char *reason,
                               uint32_t *index)
{
    Bl__Refusal *refusal = question_item(q, id, index);

    if (refusal != NULL) {
        return refusal;
    }
    const char *department = q->application->items[*index]->department;
    return office_may(q->world, department, "organ_head", NULL)
               ? question_reason(q, reason, true)
               : office_refuse(q->world, department, "organ_head", "post-may-not", id, q->arena);
}

/* Where an item that had ended goes on; unspecified: it cannot. */
static Bl__Item__State reopened_state(const Bl__Item *item)
{
    bool decided =
        item->state == S(DECIDED) || item->state == S(DELIVERING) || item->state == S(DELIVERED);

    if (decided) {
        return item->result == R(DENIED) ? going_on(item) : S(STATE_UNSPECIFIED);
    }
    if (item->state != S(REFUSED) && item->state != S(RETURNED) && item->state != S(TERMINATED)) {
        return S(STATE_UNSPECIFIED);
    }
    return item->before == S(PENDING) ? S(PENDING)
           : item->before == S(ACCEPTED) || item->before == S(REVIEWING) ||
                   item->before == S(SUSPENDED) || item->before == S(UPPER_REVIEW)
               ? going_on(item)
               : S(RECEIVED);
}

/* It begins its last step anew, as a new round, and its limits anew: what was undone is done again.
 */
static Bl__ItemChange *reopened_change(const struct question *q, Bl__Item *draft, uint32_t index)
{
    bl_time start = routing_effective(q->world, q->world->now);

    if (draft->state == S(RECEIVED)) {
        Bl__ItemChange *change = unaccepted(q, index);

        change->started_at = 0;
        change->notify =
            countdown_new(q->world->calendar, q->world->definition->notify, 0, start, q->arena);
        return change;
    }
    if (draft->passed_up_at == 0) {
        draft->started_at = start;
    }
    Bl__ItemChange *change = go_on(q, draft, index);
    if (draft->desk != NULL) {
        change->step = NULL;
        change->desk = desk_begin(q->world, definition_of(q, index), draft->desk->step,
                                  draft->desk->round + 1, start, q->arena);
    }
    return change;
}

/* One that had not begun waits again, for its needs and its day, or starts now if they have come.
 */
static Bl__ItemChange *pending_change(struct routing *routing, uint32_t index)
{
    Bl__ItemChange *change = routing_change(routing, index, routing->start);

    change->reopens = true;
    return change;
}

struct ruling decide_reopen(const struct question *q)
{
    const Bl__Reopen *reopen = q->command->reopen;
    struct routing routing;
    uint32_t index;
    Bl__Refusal *refusal = check_head(q, reopen->item, reopen->reason, &index);

    if (refusal != NULL) {
        return (struct ruling){ .refusal = refusal };
    }
    Bl__Item__State state = reopened_state(q->application->items[index]);
    if (state == S(STATE_UNSPECIFIED)) {
        return question_refuse_state(q, index, "nothing-to-reopen");
    }
    Bl__Item *draft = draft_of(q, index, state);
    begin(q, &routing);
    routing.items[index] = branch(draft);
    if (state == S(PENDING) &&
        routing.scope.values != NULL) {  // else its day is not known any more
        application_wait_for_days(&routing, q->application, routing.scope.values);
    }
    refusal = take_back(q, &routing);
    if (refusal != NULL) {
        return (struct ruling){ .refusal = refusal };
    }
    if (join_item_is_settled(routing.items[index])) {
        return question_refuse_state(q, index, "nothing-to-reopen");  // it would end at once
    }
    Bl__ItemChange *own =
        state == S(PENDING) ? pending_change(&routing, index) : reopened_change(q, draft, index);
    draft->state = own->state;
    Bl__Event *event = question_event(q, BL__EVENT__WHAT_REOPENED);
    event->reopened = bl_arena_new(q->arena, Bl__Reopened);
    bl__reopened__init(event->reopened);
    event->reopened->item = index;
    event->reopened->reason = reopen->reason;
    event->reopened->changes = with_own(&routing, own, &event->reopened->n_changes);
    const Bl__Application *waits =
        routing.moved == NULL
            ? NULL
            : application_waiting(&routing, event->reopened->changes, event->reopened->n_changes);
    event->reopened->whole = whole_again(q, waits, draft, index);
    return ruling_event(event);
}

/* --- revoke ------------------------------------------------------------------------------------
 */

static bool is_granted(const Bl__Item *item)
{
    return (item->state == S(DECIDED) || item->state == S(DELIVERING) ||
            item->state == S(DELIVERED)) &&
           item->result != R(DENIED);
}

struct ruling decide_revoke(const struct question *q)
{
    const Bl__Revoke *revoke = q->command->revoke;
    struct routing routing;
    uint32_t index;
    Bl__Refusal *refusal = check_head(q, revoke->item, revoke->reason, &index);

    if (refusal == NULL &&
        (revoke->basis[0] == '\0' || question_is_longer(revoke->basis, REASON_CHARACTERS_MAX))) {
        refusal = question_refuse(q, BL_INVALID, "basis-required", "basis").refusal;
    }
    if (refusal != NULL) {
        return (struct ruling){ .refusal = refusal };
    }
    if (!is_granted(q->application->items[index])) {
        return question_refuse_state(q, index, "nothing-to-revoke");
    }
    begin(q, &routing);
    routing.items[index].state = S(REVOKED);
    routing_settle(&routing);
    Bl__Event *event = question_event(q, BL__EVENT__WHAT_REVOKED);
    event->revoked = bl_arena_new(q->arena, Bl__Revoked);
    bl__revoked__init(event->revoked);
    event->revoked->item = index;
    event->revoked->reason = revoke->reason;
    event->revoked->basis = revoke->basis;
    event->revoked->changes = routing_changes(&routing, (int)index, &event->revoked->n_changes);
    event->revoked->completed =
        application_is_open(q->application) && routing_is_complete(&routing);
    return ruling_event(event);
}

/* --- it has happened --------------------------------------------------------------------------
 */

void evolve_recalled(Bl__Application *application, const Bl__Event *event, struct bl_arena *arena)
{
    const Bl__Recalled *is = event->recalled;

    CHECK(is->item < application->n_items);
    if (is->desk != NULL) {
        application->items[is->item]->desk = desk_copy(is->desk, arena);
    }
    change_items(application, is->changes, is->n_changes, event, arena);
    change_whole(application, is->whole, arena);
}

void evolve_reopened(Bl__Application *application, const Bl__Event *event, struct bl_arena *arena)
{
    CHECK(event->reopened->item < application->n_items);
    application->items[event->reopened->item]->rung = 0;  // its limits begin anew, and its ladder
    change_items(application, event->reopened->changes, event->reopened->n_changes, event, arena);
    change_whole(application, event->reopened->whole, arena);
}

void evolve_revoked(Bl__Application *application, const Bl__Event *event, struct bl_arena *arena)
{
    const Bl__Revoked *revoked = event->revoked;

    CHECK(revoked->item < application->n_items);
    change_item_state(application->items[revoked->item], S(REVOKED), event->at);
    change_items(application, revoked->changes, revoked->n_changes, event, arena);
    change_completed(application, revoked->completed, event->at);
}
