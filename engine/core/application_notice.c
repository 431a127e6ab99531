/* 告知: what the applicant is told, and what became of it. */
#include <stdlib.h>
#include <string.h>

#include "core/application_state.h"
#include "core/notice.h"
#include "core/retry.h"

#define K(kind) BL__NOTICE__KIND__##kind
#define W(what) BL__EVENT__WHAT_##what
#define TASK_NOTICE 0x2000  // tasks from here on are notices, below are items

_Static_assert(NOTICE_NUMBER_MAX < TASK_NOTICE, "a notice's number fits behind its mark");

/* --- which events ----------------------------------------------------------------------------- */

// clang-format off
/* Of what the applicant is told. The rest depends on what is in the event: see kind_of. */
static const Bl__Notice__Kind kinds[] = {
    [W(REFUSED)]    = K(REFUSAL),
    [W(NOTIFIED)]   = K(CORRECTION),
    [W(RETURNED)]   = K(RETURN),
    [W(SUSPENDED)]  = K(SUSPENSION),
    [W(RESUMED)]    = K(RESUMPTION),
    [W(EXTENDED)]   = K(EXTENSION),
    [W(DECIDED)]    = K(DECISION),
    [W(VISIT_SET)]  = K(APPOINTMENT),
};
// clang-format on

/* What follows from silence is told like what somebody said. */
static Bl__Notice__Kind kind_of_silence(Bl__Overdue__Follows follows)
{
    switch (follows) {
    case BL__OVERDUE__FOLLOWS__TACIT:
    case BL__OVERDUE__FOLLOWS__REJECTED:
        return K(DECISION);
    case BL__OVERDUE__FOLLOWS__DEEMED:
        return K(ACCEPTANCE);
    case BL__OVERDUE__FOLLOWS__RETURNED:
        return K(RETURN);
    case BL__OVERDUE__FOLLOWS__CONSENT:  // between departments
    case BL__OVERDUE__FOLLOWS__FOLLOWS_UNSPECIFIED:
        return K(KIND_UNSPECIFIED);
    }
    UNREACHABLE();
}

/* With everything that was missing handed in it has to be accepted (行政许可法 第三十二条). */
static bool is_accepted_in(const Bl__Corrected *corrected)
{
    for (size_t i = 0; i < corrected->n_changes; i++) {
        if (corrected->changes[i]->state == BL__ITEM__STATE__ACCEPTED) {
            return true;
        }
    }
    return false;
}

/* Does a date move that is the applicant's own, and not one between offices? */
static bool is_date_moved(const Bl__Recomputed *recomputed)
{
    for (size_t i = 0; i < recomputed->n_moves; i++) {
        Bl__ClockName__Kind kind = recomputed->moves[i]->clock->kind;

        if (kind == BL__CLOCK_NAME__KIND__KIND_UNSPECIFIED ||
            kind == BL__CLOCK_NAME__KIND__CORRECTION || kind == BL__CLOCK_NAME__KIND__SUPPLEMENT ||
            kind == BL__CLOCK_NAME__KIND__DELIVER || kind == BL__CLOCK_NAME__KIND__ASK) {
            return true;
        }
    }
    return false;
}

static Bl__Notice__Kind kind_of(const Bl__Event *event)
{
    if (event->what_case == W(SUBMITTED)) {
        return event->submitted->accepted ? K(ACCEPTANCE) : K(KIND_UNSPECIFIED);
    }
    if (event->what_case == W(ACCEPTED)) {
        return K(ACCEPTANCE);
    }
    if (event->what_case == W(OVERDUE)) {
        return kind_of_silence(event->overdue->follows);
    }
    if (event->what_case == W(CORRECTED)) {
        return is_accepted_in(event->corrected) ? K(ACCEPTANCE) : K(KIND_UNSPECIFIED);
    }
    if (event->what_case == W(RECOMPUTED)) {
        return is_date_moved(event->recomputed) ? K(CHANGED_DATE) : K(KIND_UNSPECIFIED);
    }
    if (event->what_case == W(DELIVERED)) {
        return event->delivered->ready ? K(COLLECTION) : K(KIND_UNSPECIFIED);
    }
    if (event->what_case == W(HEARING_ARRANGED)) {
        return event->hearing_arranged->at != 0 ? K(APPOINTMENT) : K(KIND_UNSPECIFIED);
    }
    return (size_t)event->what_case < BL_COUNT(kinds) ? kinds[event->what_case]
                                                      : K(KIND_UNSPECIFIED);
}

/* Was something accepted although a paper is missing, which the applicant has to hand in? */
static bool leaves_gap(const Bl__Event *event)
{
    if (event->what_case == W(SUBMITTED)) {
        for (size_t i = 0; i < event->submitted->n_items; i++) {
            if (event->submitted->items[i]->gap) {
                return true;
            }
        }
    } else if (event->what_case == W(ACCEPTED)) {
        for (size_t i = 0; i < event->accepted->n_changes; i++) {
            if (event->accepted->changes[i]->gap) {
                return true;
            }
        }
    }
    return false;
}

/* The one item that it is about; -1: several, or the whole. */
static int item_of(const Bl__Event *event)
{
    if (event->what_case == W(NOTIFIED)) {
        return event->notified->n_items == 1 ? (int)event->notified->items[0] : -1;
    }
    if (event->what_case == W(REFUSED)) {
        return event->refused->n_changes == 1 ? (int)event->refused->changes[0]->item : -1;
    }
    if (event->what_case == W(RETURNED)) {
        return event->returned->n_changes == 1 ? (int)event->returned->changes[0]->item : -1;
    }
    return application_event_item(event);
}

/* --- announcing ------------------------------------------------------------------------------- */

static void add(const struct world *world, const Bl__Application *application,
                Bl__Notice__Kind kind, Bl__Event *event, struct bl_arena *arena)
{
    const struct definition *definition = world->definition;
    uint32_t given = application == NULL ? 0 : application->notice_count;
    size_t waiting = application == NULL ? 0 : application->n_notices;
    int item = item_of(event);

    for (size_t i = 0; i < definition->channel_count; i++) {
        uint32_t number = given + (uint32_t)event->n_notices + 1;

        if (number > NOTICE_NUMBER_MAX || waiting + event->n_notices >= NOTICES_MAX) {
            return;  // an incident stands for it: the last that had a place
        }
        Bl__Notice *notice = bl_arena_new(arena, Bl__Notice);
        bl__notice__init(notice);
        notice->number = number;
        notice->kind = kind;
        notice->channel = definition->channels[i];
        notice->whole = item < 0;
        notice->item = item < 0 ? 0 : (uint32_t)item;
        notice->at = event->at;
        // Those after it have no place: an operator has to see to the channel.
        notice->incident =
            number == NOTICE_NUMBER_MAX || waiting + event->n_notices + 1 == NOTICES_MAX;
        event->notices = bl_arena_append(arena, event->notices, event->n_notices, notice);
        event->n_notices++;
    }
}

void notice_announce(const struct world *world, const Bl__Application *application,
                     Bl__Event *event, struct bl_arena *arena)
{
    if (world->definition == NULL || world->definition->channel_count == 0) {
        return;
    }
    Bl__Notice__Kind kind = kind_of(event);

    if (kind != K(KIND_UNSPECIFIED)) {
        add(world, application, kind, event, arena);
    }
    if (leaves_gap(event)) {
        add(world, application, K(SUPPLEMENT), event, arena);
    }
}

void notice_take(Bl__Application *application, const Bl__Event *event, struct bl_arena *arena)
{
    for (size_t i = 0; i < event->n_notices; i++) {
        Bl__Notice *notice = bl_arena_new(arena, Bl__Notice);

        *notice = *event->notices[i];
        notice->channel = bl_arena_string(arena, event->notices[i]->channel);
        application->notices =
            bl_arena_append(arena, application->notices, application->n_notices, notice);
        application->n_notices++;
        application->notice_count = notice->number;
    }
}

/* --- names and numbers ------------------------------------------------------------------------ */

Bl__Notice *notice_find(const Bl__Application *application, uint32_t number)
{
    for (size_t i = 0; i < application->n_notices; i++) {
        if (application->notices[i]->number == number) {
            return application->notices[i];
        }
    }
    return NULL;
}

uint32_t notice_number(const char *name)
{
    const char *digits = name + strlen("notice-");

    if (strncmp(name, "notice-", strlen("notice-")) != 0 ||
        digits[strspn(digits, "0123456789")] != '\0' || strlen(digits) > 4) {
        return 0;
    }
    return (uint32_t)strtoul(digits, NULL, 10);
}

uint32_t notice_task(uint32_t number)
{
    return TASK_NOTICE | number;
}

uint32_t notice_of_task(uint32_t task)
{
    return (task & TASK_NOTICE) != 0 ? task & ~(uint32_t)TASK_NOTICE : 0;
}

bool notice_is_ready(const Bl__Notice *notice)
{
    return !notice->incident;
}

/* --- what became of it ------------------------------------------------------------------------ */

/* Refuses if there is none, or somebody else's channel sends it. */
static Bl__Refusal *check_notice(const struct question *q, uint32_t number,
                                 const Bl__Notice **notice)
{
    const struct principal *principal = q->world->principal;

    *notice = notice_find(q->application, number);
    if (*notice == NULL) {
        return refusal_new(q->arena, BL_NOT_FOUND, "notice-unknown",
                           bl_arena_printf(q->arena, "notice-%u", number));
    }
    if (principal->role == BL__KEY__ROLE__WORKER &&
        strcmp(principal->department, (*notice)->channel) != 0) {
        Bl__Refusal *refusal = refusal_new(q->arena, BL_DENIED, "other-department",
                                           bl_arena_printf(q->arena, "notice-%u", number));

        refusal->who_may = bl_arena_string(q->arena, (*notice)->channel);
        return refusal;
    }
    return NULL;
}

struct ruling decide_send_notice(const struct question *q)
{
    const Bl__SendNotice *send = q->command->send_notice;
    const Bl__Notice *notice;
    Bl__Refusal *refusal = check_notice(q, send->number, &notice);

    if (refusal != NULL) {
        return (struct ruling){ .refusal = refusal };
    }
    if (question_is_longer(send->receipt, DOCUMENT_CHARACTERS_MAX)) {
        return question_refuse(q, BL_TOO_LARGE, "document-long", "receipt");
    }
    Bl__Event *event = question_event(q, W(NOTICE_SENT));
    event->notice_sent = bl_arena_new(q->arena, Bl__NoticeSent);
    bl__notice_sent__init(event->notice_sent);
    event->notice_sent->number = send->number;
    event->notice_sent->receipt = send->receipt;
    return ruling_event(event);
}

struct ruling decide_fail_notice(const struct question *q)
{
    const Bl__FailNotice *fail = q->command->fail_notice;
    const Bl__Notice *notice;
    Bl__Refusal *refusal = check_notice(q, fail->number, &notice);

    if (refusal != NULL) {
        return (struct ruling){ .refusal = refusal };
    }
    if (question_is_longer(fail->reason, REASON_CHARACTERS_MAX)) {
        return question_refuse(q, BL_TOO_LARGE, "reason-long", "reason");
    }
    Bl__Event *event = question_event(q, W(NOTICE_FAILED));
    event->notice_failed = bl_arena_new(q->arena, Bl__NoticeFailed);
    bl__notice_failed__init(event->notice_failed);
    event->notice_failed->number = fail->number;
    event->notice_failed->reason = fail->reason;
    event->notice_failed->incident = fail->permanent || notice->failures + 1 >= FAILURES_MAX;
    if (!event->notice_failed->incident) {
        event->notice_failed->retry_at = q->world->now + retry_after(notice->failures);
    }
    return ruling_event(event);
}

struct ruling decide_retry_notice(const struct question *q, uint32_t number)
{
    const Bl__Notice *notice;
    Bl__Refusal *refusal = check_notice(q, number, &notice);

    if (refusal != NULL) {
        return (struct ruling){ .refusal = refusal };
    }
    if (!notice->incident) {
        return question_refuse(q, BL_REFUSED, "notice-no-incident",
                               bl_arena_printf(q->arena, "notice-%u", number));
    }
    Bl__Event *event = question_event(q, W(RETRIED));
    event->retried = bl_arena_new(q->arena, Bl__Retried);
    bl__retried__init(event->retried);
    event->retried->notice = number;
    event->retried->reason = q->command->retry->reason;
    return ruling_event(event);
}

void evolve_notice_sent(Bl__Application *application, const Bl__Event *event,
                        struct bl_arena *arena)
{
    size_t at = 0;

    (void)arena;
    while (at < application->n_notices &&
           application->notices[at]->number != event->notice_sent->number) {
        at++;
    }
    CHECK(at < application->n_notices);
    application->n_notices--;
    for (; at < application->n_notices; at++) {
        application->notices[at] = application->notices[at + 1];
    }
}

void evolve_notice_failed(Bl__Application *application, const Bl__Event *event,
                          struct bl_arena *arena)
{
    const Bl__NoticeFailed *failed = event->notice_failed;
    Bl__Notice *notice = notice_find(application, failed->number);

    (void)arena;
    CHECK(notice != NULL);
    notice->failures++;
    notice->retry_at = failed->retry_at;
    notice->incident = failed->incident;
}

void evolve_retried_notice(Bl__Application *application, uint32_t number)
{
    Bl__Notice *notice = notice_find(application, number);

    CHECK(notice != NULL);
    notice->failures = 0;
    notice->retry_at = 0;
    notice->incident = false;
}
