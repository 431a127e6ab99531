#include "core/application.h"

#include <string.h>

#include "core/application_state.h"
#include "core/countdown.h"
#include "core/notice.h"
#include "core/possible.h"
#include "core/wait.h"

#define S(state) BL__ITEM__STATE__##state

// clang-format off
static struct ruling (*const decisions[])(const struct question *) = {
    [BL__COMMAND__WHAT_SUBMIT]    = decide_submit,
    [BL__COMMAND__WHAT_ACCEPT]    = decide_accept,
    [BL__COMMAND__WHAT_DECIDE]    = decide_decide,
    [BL__COMMAND__WHAT_FAIL]      = decide_fail,
    [BL__COMMAND__WHAT_RETRY]     = decide_retry,
    [BL__COMMAND__WHAT_RELEASE]   = decide_release,
    [BL__COMMAND__WHAT_TERMINATE] = decide_terminate,
    [BL__COMMAND__WHAT_REFUSE] = decide_refuse,
    [BL__COMMAND__WHAT_NOTIFY] = decide_notify,
    [BL__COMMAND__WHAT_CORRECT] = decide_correct,
    [BL__COMMAND__WHAT_RETURN_PAPERS] = decide_return_papers,
    [BL__COMMAND__WHAT_WITHDRAW] = decide_withdraw,
    [BL__COMMAND__WHAT_SUPPLEMENT] = decide_supplement,
    [BL__COMMAND__WHAT_CHECK] = decide_check,
    [BL__COMMAND__WHAT_CLAIM] = decide_claim,
    [BL__COMMAND__WHAT_UNCLAIM] = decide_unclaim,
    [BL__COMMAND__WHAT_TRANSFER] = decide_transfer,
    [BL__COMMAND__WHAT_CHANGE_SIGNERS] = decide_change_signers,
    [BL__COMMAND__WHAT_SEND_BACK] = decide_send_back,
    [BL__COMMAND__WHAT_RECALL] = decide_recall,
    [BL__COMMAND__WHAT_CONSULT] = decide_consult,
    [BL__COMMAND__WHAT_OPINE] = decide_opine,
    [BL__COMMAND__WHAT_SET_VISIT] = decide_set_visit,
    [BL__COMMAND__WHAT_END_VISIT] = decide_end_visit,
    [BL__COMMAND__WHAT_REVOKE] = decide_revoke,
    [BL__COMMAND__WHAT_REOPEN] = decide_reopen,
    [BL__COMMAND__WHAT_COMMENT] = decide_comment,
    [BL__COMMAND__WHAT_SUSPEND]   = decide_suspend,
    [BL__COMMAND__WHAT_RESUME]    = decide_resume,
    [BL__COMMAND__WHAT_ARRANGE_HEARING] = decide_arrange_hearing,
    [BL__COMMAND__WHAT_EXTEND]    = decide_extend,
    [BL__COMMAND__WHAT_DELIVER]   = decide_deliver,
    [BL__COMMAND__WHAT_URGE]      = decide_urge,
    [BL__COMMAND__WHAT_MIGRATE]   = decide_migrate,
    [BL__COMMAND__WHAT_REPLY]     = decide_reply,
    [BL__COMMAND__WHAT_SEND_NOTICE] = decide_send_notice,
    [BL__COMMAND__WHAT_FAIL_NOTICE] = decide_fail_notice,
};
// clang-format on

static bool takes(Bl__Command__WhatCase what)
{
    return (size_t)what < BL_COUNT(decisions) && decisions[what] != NULL;
}

struct ruling application_try(const struct question *q)
{
    return decisions[q->command->what_case](q);
}

static struct ruling decide(const struct world *world, const void *state,
                            const Bl__Command *command, struct bl_arena *arena)
{
    const struct question question = { world, state, command, arena };

    CHECK(takes(command->what_case));
    struct ruling ruling = application_try(&question);
    if (ruling.event != NULL) {
        notice_announce(world, state, ruling.event, arena);
    } else if (ruling.refusal != NULL) {
        possible_offer(&question, ruling.refusal);
    }
    return ruling;
}

/* What time alone makes is told like everything else. */
static Bl__Event *wake(const struct world *world, const void *state, struct bl_arena *arena)
{
    Bl__Event *event = application_wake(world, state, arena);

    if (event != NULL) {
        notice_announce(world, state, event, arena);
    }
    return event;
}

static void evolve(void *state, const Bl__Event *event, struct bl_arena *arena)
{
    // clang-format off
    static void (*const evolutions[])(Bl__Application *, const Bl__Event *, struct bl_arena *) = {
        [BL__EVENT__WHAT_SUBMITTED]  = evolve_submitted,
        [BL__EVENT__WHAT_ACCEPTED]   = evolve_accepted,
        [BL__EVENT__WHAT_DECIDED]    = evolve_decided,
        [BL__EVENT__WHAT_WARNED]     = evolve_warned,
        [BL__EVENT__WHAT_OVERDUE]    = evolve_overdue,
        [BL__EVENT__WHAT_FAILED]     = evolve_failed,
        [BL__EVENT__WHAT_RETRIED]    = evolve_retried,
        [BL__EVENT__WHAT_RELEASED]   = evolve_released,
        [BL__EVENT__WHAT_TERMINATED] = evolve_terminated,
        [BL__EVENT__WHAT_URGED]      = evolve_urged,
        [BL__EVENT__WHAT_MIGRATED]   = evolve_migrated,
        [BL__EVENT__WHAT_REPLIED]    = evolve_replied,
        [BL__EVENT__WHAT_NOTICE_SENT]   = evolve_notice_sent,
        [BL__EVENT__WHAT_NOTICE_FAILED] = evolve_notice_failed,
        [BL__EVENT__WHAT_STEP_SIGNED] = evolve_step_signed,
        [BL__EVENT__WHAT_REFUSED] = evolve_refused,
        [BL__EVENT__WHAT_NOTIFIED] = evolve_notified,
        [BL__EVENT__WHAT_CORRECTED] = evolve_corrected,
        [BL__EVENT__WHAT_RETURNED] = evolve_returned,
        [BL__EVENT__WHAT_WITHDRAWN] = evolve_withdrawn,
        [BL__EVENT__WHAT_SUPPLEMENTED] = evolve_supplemented,
        [BL__EVENT__WHAT_CHECKED] = evolve_checked,
        [BL__EVENT__WHAT_OPENED] = evolve_opened,
        [BL__EVENT__WHAT_CLAIMED] = evolve_claimed,
        [BL__EVENT__WHAT_UNCLAIMED] = evolve_unclaimed,
        [BL__EVENT__WHAT_TRANSFERRED] = evolve_transferred,
        [BL__EVENT__WHAT_SIGNERS_CHANGED] = evolve_signers_changed,
        [BL__EVENT__WHAT_SENT_BACK] = evolve_sent_back,
        [BL__EVENT__WHAT_RECALLED] = evolve_recalled,
        [BL__EVENT__WHAT_CONSULTED] = evolve_consulted,
        [BL__EVENT__WHAT_OPINED] = evolve_opined,
        [BL__EVENT__WHAT_PASSED_UP] = evolve_passed_up,
        [BL__EVENT__WHAT_VISIT_SET] = evolve_visit_set,
        [BL__EVENT__WHAT_VISIT_ENDED] = evolve_visit_ended,
        [BL__EVENT__WHAT_REVOKED] = evolve_revoked,
        [BL__EVENT__WHAT_REOPENED] = evolve_reopened,
        [BL__EVENT__WHAT_COMMENTED] = evolve_commented,
        [BL__EVENT__WHAT_SUSPENDED]  = evolve_suspended,
        [BL__EVENT__WHAT_RESUMED]    = evolve_resumed,
        [BL__EVENT__WHAT_HEARING_ARRANGED] = evolve_hearing_arranged,
        [BL__EVENT__WHAT_EXTENDED]   = evolve_extended,
        [BL__EVENT__WHAT_DELIVERED]  = evolve_delivered,
        [BL__EVENT__WHAT_ESCALATED]  = evolve_escalated,
        [BL__EVENT__WHAT_RECOMPUTED] = evolve_recomputed,
    };
    // clang-format on
    Bl__Application *application = state;

    CHECK((size_t)event->what_case < BL_COUNT(evolutions) && evolutions[event->what_case] != NULL);
    CHECK(event->previous == application->last_event);
    evolutions[event->what_case](application, event, arena);
    if (application->n_urgings > 0) {
        urge_settle(application);
    }
    if (application->ended_at != 0 && application->delivered_at == 0) {
        deliver_settle(application, event->at);
    }
    notice_take(application, event, arena);
    application->last_event = event->seq;
    application->revision++;
}

static void *create(struct bl_arena *arena, uint64_t id)
{
    Bl__Application *application = bl_arena_new(arena, Bl__Application);

    bl__application__init(application);
    application->id = id;
    return application;
}

const struct aggregate application_aggregate = {
    .kind = BL__AGGREGATE__APPLICATION,
    .state = &bl__application__descriptor,
    .create = create,
    .takes = takes,
    .decide = decide,
    .evolve = evolve,
    .next = application_next,
    .wake = wake,
    .last_event_at = offsetof(Bl__Application, last_event),
    .revision_at = offsetof(Bl__Application, revision),
};

/* --- lengths ------------------------------------------------------------------------------------
 */

/* Ids are ASCII, other characters take four bytes at most; tags, numbers, moments and the clocks of
 * promise, law and notice take less than the rest. */
#define ITEM_BYTES_MAX (2 * DEFINITION_ID_CHARACTERS_MAX + 4 * DOCUMENT_CHARACTERS_MAX + 200)
#define CHANGE_BYTES_MAX 150
#define HEAD_BYTES_MAX 1024  // all that is neither an item nor a text without a bound of its own
#define TAG_BYTES_MAX 12     // of a message within another, with its length

/* Most items have no more than their promise; the others are measured. */
static size_t item_bytes_max(const Bl__Item *item)
{
    bool plain = item->desk == NULL && item->correction == NULL && item->supplement == NULL &&
                 item->deliver == NULL && item->check == NULL && item->extended == NULL &&
                 item->n_stops == 0 && item->n_consultations == 0 && item->n_missing == 0 &&
                 item->accepted_by[0] == '\0' && item->lower[0] == '\0' && item->n_changed == 0;

    return plain ? ITEM_BYTES_MAX : TAG_BYTES_MAX + protobuf_c_message_get_packed_size(&item->base);
}

static size_t items_bytes_max(Bl__Item *const *items, size_t count)
{
    size_t bytes = 0;

    for (size_t i = 0; i < count; i++) {
        bytes += item_bytes_max(items[i]);
    }
    return bytes;
}

static size_t changes_bytes_max(Bl__ItemChange *const *changes, size_t count)
{
    size_t bytes = 0;

    for (size_t i = 0; i < count; i++) {
        const Bl__ItemChange *change = changes[i];
        bool plain = change->desk == NULL && change->correction == NULL &&
                     change->supplement == NULL && change->check == NULL && change->step == NULL &&
                     change->department[0] == '\0' && change->n_missing == 0 &&
                     change->n_changed == 0;

        bytes += plain ? CHANGE_BYTES_MAX
                       : TAG_BYTES_MAX + protobuf_c_message_get_packed_size(&change->base);
    }
    return bytes;
}

size_t application_bytes_max(const Bl__Application *application)
{
    if (application->n_urgings > 0 || application->n_notices > 0 || application->n_visits > 0) {
        return protobuf_c_message_get_packed_size(&application->base);
    }
    return HEAD_BYTES_MAX + 4 * WINDOW_CHARACTERS_MAX + strlen(application->accepted_by) +
           items_bytes_max(application->items, application->n_items);
}

size_t application_event_bytes_max(const Bl__Event *event)
{
    if (event->n_notices > 0) {
        return 0;
    }
    if (event->what_case == BL__EVENT__WHAT_SUBMITTED) {
        return HEAD_BYTES_MAX + 4 * WINDOW_CHARACTERS_MAX + strlen(event->submitted->request_id) +
               items_bytes_max(event->submitted->items, event->submitted->n_items);
    }
    if (event->what_case == BL__EVENT__WHAT_DECIDED && event->decided->desk == NULL) {
        const Bl__Decided *decided = event->decided;

        return HEAD_BYTES_MAX + strlen(decided->opinion) + strlen(decided->reason) +
               strlen(decided->document) + strlen(decided->attempt) + strlen(decided->basis) +
               changes_bytes_max(decided->changes, decided->n_changes);
    }
    return 0;
}

/* --- questions ---------------------------------------------------------------------------------
 */

bool application_is_open(const Bl__Application *application)
{
    return application->ended_at == 0;
}

/* Which items stand where. */
struct tally {
    size_t correcting, accepted, begun, done;
    size_t ended, refused, returned, withdrawn;  // `ended`: by somebody's act
};

static void tally_item(struct tally *tally, const Bl__Item *item)
{
    switch (item->state) {
    case S(CORRECTING):
        tally->correcting++;
        return;
    case S(ACCEPTED):
        tally->accepted++;
        return;
    case S(REVIEWING):
    case S(SUSPENDED):
    case S(UPPER_REVIEW):
        tally->begun++;
        return;
    case S(DECIDED):
    case S(DELIVERING):
    case S(DELIVERED):
        tally->done++;
        tally->ended++;
        return;
    case S(REFUSED):
        tally->refused++;
        tally->ended++;
        return;
    case S(RETURNED):
        tally->returned++;
        tally->ended++;
        return;
    case S(WITHDRAWN):
        tally->withdrawn++;
        tally->ended++;
        return;
    case S(TERMINATED):
    case S(REVOKED):
        tally->ended++;
        return;
    case S(PENDING):
    case S(RECEIVED):
    case S(NOT_NEEDED):
    case S(BLOCKED):
        return;
    case S(STATE_UNSPECIFIED):
        break;
    }
    UNREACHABLE();
}

/* All ended so: what they blocked, and what was not needed, does not count. */
static Bl__Application__State ended_state(const Bl__Application *application,
                                          const struct tally *tally)
{
    if (application->delivered_at != 0) {
        return BL__APPLICATION__STATE__CLOSED;
    }
    if (tally->ended == 0) {
        return BL__APPLICATION__STATE__COMPLETED;
    }
    return tally->refused == tally->ended     ? BL__APPLICATION__STATE__REFUSED
           : tally->returned == tally->ended  ? BL__APPLICATION__STATE__RETURNED
           : tally->withdrawn == tally->ended ? BL__APPLICATION__STATE__WITHDRAWN
                                              : BL__APPLICATION__STATE__COMPLETED;
}

Bl__Application__State application_state(const Bl__Application *application)
{
    struct tally tally = { 0 };

    for (size_t i = 0; i < application->n_items; i++) {
        tally_item(&tally, application->items[i]);
    }
    if (!application_is_open(application)) {
        return ended_state(application, &tally);
    }
    if (tally.correcting > 0) {
        return BL__APPLICATION__STATE__CORRECTING;  // the applicant has to act: that comes first
    }
    if (tally.done > 0) {
        return BL__APPLICATION__STATE__PARTLY_DONE;
    }
    if (application->accepted_at == 0) {
        return BL__APPLICATION__STATE__SUBMITTED;
    }
    return tally.begun > 0 || tally.ended > 0 ? BL__APPLICATION__STATE__IN_PROGRESS
                                              : BL__APPLICATION__STATE__ACCEPTED;
}

bool application_item_may_issue(const Bl__Item *item, const struct definition_item *definition)
{
    return !item->gap || definition->issue_with_gap;
}

int application_item_find(const Bl__Application *application, const char *id)
{
    for (size_t i = 0; i < application->n_items; i++) {
        if (strcmp(application->items[i]->id, id) == 0) {
            return (int)i;
        }
    }
    return -1;
}

bool application_item_is_running(const Bl__Item *item)
{
    return item->state == S(ACCEPTED) || item->state == S(REVIEWING) ||
           item->state == S(SUSPENDED) || item->state == S(UPPER_REVIEW);
}

bl_time application_started(const Bl__Application *application)
{
    return application->started_at != 0 ? application->started_at : application->accepted_at;
}

bl_time application_item_started(const Bl__Application *application, const Bl__Item *item)
{
    return item->started_at != 0 ? item->started_at : application_started(application);
}

bl_time application_item_receipt(const Bl__Application *application, const Bl__Item *item)
{
    if (item->started_at != 0) {
        return item->started_at;  // its acceptance was recalled
    }
    return wait_after(item, item->since == application->submitted_at ? application->effective_at
                                                                     : item->since);
}

bool application_item_is_worked_on(const Bl__Item *item)
{
    return (item->state == S(ACCEPTED) || item->state == S(REVIEWING) ||
            item->state == S(UPPER_REVIEW)) &&
           !item->held && !item->incident;
}

bool application_item_is_ready(const Bl__Item *item)
{
    return application_item_is_worked_on(item) && (item->desk == NULL || !item->desk->personal);
}

bl_time application_item_due(const Bl__Item *item)
{
    if (item->promise != NULL && item->promise->due_at != 0) {
        return item->promise->due_at;
    }
    return item->legal != NULL && item->legal->due_at != 0 ? item->legal->due_at : BL_NEVER;
}

int application_event_item(const Bl__Event *event)
{
    switch ((int)event->what_case) {  // the rest is about several items, or the whole
    case BL__EVENT__WHAT_DECIDED:
        return (int)event->decided->item;
    case BL__EVENT__WHAT_WARNED:
        return event->warned->clock->whole ? -1 : (int)event->warned->clock->item;
    case BL__EVENT__WHAT_OVERDUE:
        return event->overdue->clock->whole ? -1 : (int)event->overdue->clock->item;
    case BL__EVENT__WHAT_FAILED:
        return (int)event->failed->item;
    case BL__EVENT__WHAT_RETRIED:
        return event->retried->notice != 0 ? -1 : (int)event->retried->item;
    case BL__EVENT__WHAT_RELEASED:
        return (int)event->released->item;
    case BL__EVENT__WHAT_TERMINATED:
        return (int)event->terminated->item;
    case BL__EVENT__WHAT_CHECKED:
        return (int)event->checked->item;
    case BL__EVENT__WHAT_OPENED:
        return (int)event->opened->item;
    case BL__EVENT__WHAT_CLAIMED:
        return (int)event->claimed->item;
    case BL__EVENT__WHAT_UNCLAIMED:
        return (int)event->unclaimed->item;
    case BL__EVENT__WHAT_TRANSFERRED:
        return (int)event->transferred->item;
    case BL__EVENT__WHAT_STEP_SIGNED:
        return (int)event->step_signed->item;
    case BL__EVENT__WHAT_SIGNERS_CHANGED:
        return (int)event->signers_changed->item;
    case BL__EVENT__WHAT_SENT_BACK:
        return (int)event->sent_back->item;
    case BL__EVENT__WHAT_RECALLED:
        return (int)event->recalled->item;
    case BL__EVENT__WHAT_CONSULTED:
        return (int)event->consulted->item;
    case BL__EVENT__WHAT_OPINED:
        return (int)event->opined->item;
    case BL__EVENT__WHAT_PASSED_UP:
        return (int)event->passed_up->item;
    case BL__EVENT__WHAT_SUSPENDED:
        return (int)event->suspended->item;
    case BL__EVENT__WHAT_RESUMED:
        return (int)event->resumed->item;
    case BL__EVENT__WHAT_HEARING_ARRANGED:
        return (int)event->hearing_arranged->item;
    case BL__EVENT__WHAT_EXTENDED:
        return event->extended->whole_bundle ? -1 : (int)event->extended->item;
    case BL__EVENT__WHAT_DELIVERED:
        return (int)event->delivered->item;
    case BL__EVENT__WHAT_REVOKED:
        return (int)event->revoked->item;
    case BL__EVENT__WHAT_REOPENED:
        return (int)event->reopened->item;
    case BL__EVENT__WHAT_ESCALATED:
        return event->escalated->whole ? -1 : (int)event->escalated->item;
    case BL__EVENT__WHAT_URGED:
        return event->urged->urging->whole ? -1 : (int)event->urged->urging->item;
    case BL__EVENT__WHAT_COMMENTED:
        return event->commented->item;
    default:
        return -1;
    }
}

bool application_event_completes(const Bl__Event *event)
{
    switch ((int)event->what_case) {  // the rest never does
    case BL__EVENT__WHAT_SUBMITTED:
        return event->submitted->completed;
    case BL__EVENT__WHAT_ACCEPTED:
        return event->accepted->completed;
    case BL__EVENT__WHAT_DECIDED:
        return event->decided->completed;
    case BL__EVENT__WHAT_OVERDUE:
        return event->overdue->completed;
    case BL__EVENT__WHAT_TERMINATED:
        return event->terminated->completed;
    case BL__EVENT__WHAT_REFUSED:
        return event->refused->completed;
    case BL__EVENT__WHAT_CORRECTED:
        return event->corrected->completed;
    case BL__EVENT__WHAT_RETURNED:
        return event->returned->completed;
    case BL__EVENT__WHAT_WITHDRAWN:
        return event->withdrawn->completed;
    case BL__EVENT__WHAT_CHECKED:
        return event->checked->completed;
    case BL__EVENT__WHAT_OPENED:
        return event->opened->completed;
    case BL__EVENT__WHAT_MIGRATED:
        return event->migrated->completed;
    default:
        return false;
    }
}

Bl__Light application_item_light(const Bl__Item *item, bl_time now)
{
    if (join_item_is_settled((struct join_item){ item->state, item->result })) {
        return BL__LIGHT__GREY;
    }
    return clock_light(countdown_face(item->promise), countdown_face(item->legal), now);
}

Bl__Light application_light(const Bl__Application *application, bl_time now)
{
    if (!application_is_open(application)) {
        return BL__LIGHT__GREY;
    }
    Bl__Light worst =
        clock_light(countdown_face(application->promise), countdown_face(application->legal), now);
    for (size_t i = 0; i < application->n_items; i++) {
        Bl__Light light = application_item_light(application->items[i], now);

        worst = clock_light_worse(light, worst);
    }
    return worst;
}

static bl_time earlier_due(bl_time due, const Bl__Clock *clock)
{
    return countdown_is_open(clock) && clock->due_at < due ? clock->due_at : due;
}

bl_time application_urgency(const Bl__Application *application)
{
    bl_time due = earlier_due(earlier_due(BL_NEVER, application->promise), application->legal);

    for (size_t i = 0; i < application->n_items; i++) {
        due = earlier_due(due, application->items[i]->promise);
        due = earlier_due(due, application->items[i]->legal);
    }
    return due;
}
