/* What may happen to an accepted item: its task is decided, fails, is held or ended. */
#include <string.h>

#include "core/application_state.h"
#include "core/content.h"
#include "core/notice.h"
#include "core/office.h"
#include "core/retry.h"

#define S(state) BL__ITEM__STATE__##state
#define R(result) BL__ITEM__RESULT__##result

static Bl__Refusal *check_reason(const struct question *q, const char *reason)
{
    return question_is_longer(reason, REASON_CHARACTERS_MAX)
               ? refusal_new(q->arena, BL_TOO_LARGE, "reason-long", "reason")
               : NULL;
}

static Bl__Refusal *check_attempt(const struct question *q, const char *attempt)
{
    return question_is_longer(attempt, ATTEMPT_CHARACTERS_MAX)
               ? refusal_new(q->arena, BL_INVALID, "attempt-malformed", "attempt")
               : NULL;
}

static Bl__Refusal *check_decide(const struct question *q, const Bl__Decide *decide)
{
    if (decide->result != R(GRANTED) && decide->result != R(DENIED)) {
        return refusal_new(q->arena, BL_INVALID, "decision-unknown", "decision");
    }
    if (decide->result == R(DENIED) && decide->reason[0] == '\0') {
        return refusal_new(q->arena, BL_INVALID, "reason-required", "reason");
    }
    if (question_is_longer(decide->opinion, OPINION_CHARACTERS_MAX)) {
        return refusal_new(q->arena, BL_TOO_LARGE, "opinion-long", "opinion");
    }
    if (question_is_longer(decide->document, DOCUMENT_CHARACTERS_MAX)) {
        return refusal_new(q->arena, BL_TOO_LARGE, "document-long", "outcome.number");
    }
    if (question_is_longer(decide->basis, REASON_CHARACTERS_MAX)) {
        return refusal_new(q->arena, BL_TOO_LARGE, "reason-long", "basis");
    }
    return check_reason(q, decide->reason);
}

Bl__Event *review_decided(const struct question *q, uint32_t item, Bl__Item__Result result,
                          Bl__Desk *desk)
{
    const Bl__Decide *decide = q->command->decide;
    struct routing routing;
    routing_begin(&routing, q->world, q->application, content_values(q->world, q->arena), q->arena);
    routing.items[item] = (struct join_item){ S(DECIDED), result };
    routing_settle(&routing);

    Bl__Event *event = question_event(q, BL__EVENT__WHAT_DECIDED);
    Bl__Decided *decided = bl_arena_new(q->arena, Bl__Decided);
    bl__decided__init(decided);
    event->decided = decided;
    decided->item = item;
    decided->result = result;
    decided->attempt = decide->attempt;
    decided->opinion = decide->opinion;
    decided->reason = decide->reason;
    decided->basis = decide->basis;
    decided->document = decide->document;
    decided->desk = desk;
    decided->with_gap = q->application->items[item]->gap;
    bool delivers = result == R(GRANTED) && q->world->definition->items[item].deliver.halves > 0;
    decided->changes = routing_changes(&routing, delivers ? -1 : (int)item, &decided->n_changes);
    decided->completed = routing_is_complete(&routing);
    return event;
}

/* Somebody of the department says yes or no: a machine to its task, an officer at his step. */
struct ruling decide_decide(const struct question *q)
{
    const Bl__Decide *decide = q->command->decide;
    uint32_t item;
    Bl__Refusal *refusal = question_item(q, decide->item, &item);

    if (refusal == NULL) {
        refusal = check_decide(q, decide);
    }
    if (refusal != NULL) {
        return (struct ruling){ .refusal = refusal };
    }
    if (q->application->items[item]->desk != NULL) {
        return decide_at_desk(q, item);
    }
    if (!application_item_is_ready(q->application->items[item])) {
        return question_refuse_state(q, item, "item-not-open");
    }
    if (office_actor(q->world).role == BL__KEY__ROLE__OFFICER) {
        return question_refuse_state(q, item, "step-of-machine");
    }
    return ruling_event(decide->result == R(GRANTED) && upward_is_below(q, item)
                            ? upward_pass(q, item, NULL)
                            : review_decided(q, item, decide->result, NULL));
}

struct ruling decide_fail(const struct question *q)
{
    const Bl__Fail *fail = q->command->fail;
    uint32_t index;
    Bl__Refusal *refusal = question_item(q, fail->item, &index);

    if (refusal == NULL) {
        refusal = check_reason(q, fail->reason);
    }
    if (refusal == NULL) {
        refusal = check_attempt(q, fail->attempt);
    }
    if (refusal != NULL) {
        return (struct ruling){ .refusal = refusal };
    }
    const Bl__Item *item = q->application->items[index];
    if (!application_item_is_ready(item)) {
        return question_refuse_state(q, index, "item-not-open");
    }
    Bl__Event *event = question_event(q, BL__EVENT__WHAT_FAILED);
    event->failed = bl_arena_new(q->arena, Bl__Failed);
    bl__failed__init(event->failed);
    event->failed->item = index;
    event->failed->attempt = fail->attempt;
    event->failed->reason = fail->reason;
    event->failed->incident = fail->permanent || item->failures + 1 >= FAILURES_MAX;
    if (!event->failed->incident) {
        event->failed->retry_at = q->world->now + retry_after(item->failures);
    }
    return ruling_event(event);
}

static bool is_department(const Bl__DepartmentsFile *file, const char *id)
{
    for (size_t i = 0; file != NULL && i < file->n_departments; i++) {
        if (strcmp(file->departments[i]->key, id) == 0) {
            return true;
        }
    }
    return false;
}

struct ruling decide_retry(const struct question *q)
{
    uint32_t item, notice = notice_number(q->command->retry->item);
    Bl__Refusal *refusal = check_reason(q, q->command->retry->reason);

    if (refusal == NULL && notice != 0) {
        return decide_retry_notice(q, notice);
    }
    if (refusal == NULL) {
        refusal = question_item(q, q->command->retry->item, &item);
    }
    if (refusal != NULL) {
        return (struct ruling){ .refusal = refusal };
    }
    if (!q->application->items[item]->incident) {
        return question_refuse_state(q, item, "no-incident");
    }
    const char *department = q->command->retry->department;
    if (department[0] != '\0' && !is_department(q->world->departments, department)) {
        return question_refuse(q, BL_NOT_FOUND, "department-unknown", department);
    }
    Bl__Event *event = question_event(q, BL__EVENT__WHAT_RETRIED);
    event->retried = bl_arena_new(q->arena, Bl__Retried);
    bl__retried__init(event->retried);
    event->retried->item = item;
    event->retried->department = q->command->retry->department;
    event->retried->reason = q->command->retry->reason;
    return ruling_event(event);
}

struct ruling decide_release(const struct question *q)
{
    uint32_t item;
    Bl__Refusal *refusal = question_item(q, q->command->release->item, &item);

    if (refusal == NULL) {
        refusal = check_reason(q, q->command->release->reason);
    }
    if (refusal != NULL) {
        return (struct ruling){ .refusal = refusal };
    }
    if (!q->application->items[item]->held) {
        return question_refuse_state(q, item, "not-held");
    }
    Bl__Event *event = question_event(q, BL__EVENT__WHAT_RELEASED);
    event->released = bl_arena_new(q->arena, Bl__Released);
    bl__released__init(event->released);
    event->released->item = item;
    event->released->reason = q->command->release->reason;
    return ruling_event(event);
}
