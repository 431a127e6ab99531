/* The promises about notices (domain.md 9.5): of what the applicant has to be told he is told, once
 * for each channel, and of nothing else; each notice is sent by who had it to send, and written
 * down as sent once. A worker that dies after it has sent sends again, under the same number. */
#include <string.h>

#include "core/notice.h"
#include "model_state.h"

#define K(kind) BL__NOTICE__KIND__##kind
#define W(what) BL__EVENT__WHAT_##what
#define KINDS_MAX 2  // of one event

static bool accepts(Bl__ItemChange *const *changes, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (changes[i]->state == S(ACCEPTED)) {
            return true;
        }
    }
    return false;
}

static bool has_gap(Bl__ItemChange *const *changes, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (changes[i]->gap) {
            return true;
        }
    }
    return false;
}

static bool is_submitted_with_gap(const Bl__Submitted *submitted)
{
    for (size_t i = 0; i < submitted->n_items; i++) {
        if (submitted->items[i]->gap) {
            return true;
        }
    }
    return false;
}

static size_t of_silence(const Bl__Overdue *overdue, Bl__Notice__Kind *kinds)
{
    switch (overdue->follows) {
    case BL__OVERDUE__FOLLOWS__TACIT:
    case BL__OVERDUE__FOLLOWS__REJECTED:
        kinds[0] = K(DECISION);
        return 1;
    case BL__OVERDUE__FOLLOWS__DEEMED:
        kinds[0] = K(ACCEPTANCE);
        return 1;
    case BL__OVERDUE__FOLLOWS__RETURNED:
        kinds[0] = K(RETURN);
        return 1;
    case BL__OVERDUE__FOLLOWS__CONSENT:
    case BL__OVERDUE__FOLLOWS__FOLLOWS_UNSPECIFIED:
        return 0;
    }
    UNREACHABLE();
}

static size_t one_if(bool told, Bl__Notice__Kind kind, Bl__Notice__Kind *kinds)
{
    kinds[0] = kind;
    return told ? 1 : 0;
}

/* A date of the applicant's: when he is decided on, or has to do something himself. */
static bool moves_his_date(const Bl__Recomputed *recomputed)
{
    static const bool his[] = {
        [BL__CLOCK_NAME__KIND__KIND_UNSPECIFIED] = true,
        [BL__CLOCK_NAME__KIND__CORRECTION] = true,
        [BL__CLOCK_NAME__KIND__SUPPLEMENT] = true,
        [BL__CLOCK_NAME__KIND__DELIVER] = true,
        [BL__CLOCK_NAME__KIND__ASK] = true,
    };

    for (size_t i = 0; i < recomputed->n_moves; i++) {
        size_t kind = recomputed->moves[i]->clock->kind;

        if (kind < BL_COUNT(his) && his[kind]) {
            return true;
        }
    }
    return false;
}

/* What the applicant has to be told of an event. */
static size_t expected(const Bl__Event *event, Bl__Notice__Kind *kinds)
{
    static const struct {
        Bl__Event__WhatCase what;
        Bl__Notice__Kind kind;
    } always[] = {
        { W(REFUSED), K(REFUSAL) },    { W(NOTIFIED), K(CORRECTION) },
        { W(RETURNED), K(RETURN) },    { W(SUSPENDED), K(SUSPENSION) },
        { W(RESUMED), K(RESUMPTION) }, { W(EXTENDED), K(EXTENSION) },
        { W(DECIDED), K(DECISION) },   { W(VISIT_SET), K(APPOINTMENT) },
    };
    size_t count;

    for (size_t i = 0; i < BL_COUNT(always); i++) {
        if (event->what_case == always[i].what) {
            return one_if(true, always[i].kind, kinds);
        }
    }
    if (event->what_case == W(SUBMITTED)) {
        count = one_if(event->submitted->accepted, K(ACCEPTANCE), kinds);
        return count +
               one_if(is_submitted_with_gap(event->submitted), K(SUPPLEMENT), kinds + count);
    }
    if (event->what_case == W(ACCEPTED)) {
        kinds[0] = K(ACCEPTANCE);
        return 1 + one_if(has_gap(event->accepted->changes, event->accepted->n_changes),
                          K(SUPPLEMENT), kinds + 1);
    }
    return event->what_case == W(CORRECTED)
               ? one_if(accepts(event->corrected->changes, event->corrected->n_changes),
                        K(ACCEPTANCE), kinds)
           : event->what_case == W(DELIVERED)
               ? one_if(event->delivered->ready, K(COLLECTION), kinds)
           : event->what_case == W(HEARING_ARRANGED)
               ? one_if(event->hearing_arranged->at != 0, K(APPOINTMENT), kinds)
           : event->what_case == W(RECOMPUTED)
               ? one_if(moves_his_date(event->recomputed), K(CHANGED_DATE), kinds)
           : event->what_case == W(OVERDUE) ? of_silence(event->overdue, kinds)
                                            : 0;
}

static void check_told(struct model *model, const struct mirror *mirror, const Bl__Event *event)
{
    const struct definition *definition = mirror->workflow->definition;
    Bl__Notice__Kind kinds[KINDS_MAX];
    size_t count = expected(event, kinds), at = 0;

    for (size_t i = 0; i < count; i++) {
        for (size_t k = 0; k < definition->channel_count; k++, at++) {
            if (at >= event->n_notices || event->notices[at]->kind != kinds[i] ||
                strcmp(event->notices[at]->channel, definition->channels[k]) != 0 ||
                event->notices[at]->number != mirror->state->notice_count + at + 1) {
                FAIL(model, mirror->state->id, "the applicant is not told of event %llu",
                     (unsigned long long)event->seq);
            }
        }
    }
    if (at != event->n_notices) {
        FAIL(model, mirror->state->id, "the applicant is told of event %llu too often",
             (unsigned long long)event->seq);
    }
}

static const struct lease *lease_of(const struct mirror *mirror, uint32_t number)
{
    const struct lease *lease = mirror->notice_leases;

    while (lease != NULL && lease->task != notice_task(number)) {
        lease = lease->next;
    }
    return lease;
}

/* It waited, and whoever says what became of it had it. */
static void check_outcome(struct model *model, const struct mirror *mirror, const Bl__Event *event,
                          uint32_t number)
{
    const struct lease *lease = lease_of(mirror, number);

    if (notice_find(mirror->state, number) == NULL) {
        FAIL(model, mirror->state->id, "notice %u is sent twice", number);
    }
    if (lease == NULL || lease->attempt == 0 || event->actor == NULL ||
        strcmp(event->actor->principal, lease->principal) != 0) {
        FAIL(model, mirror->state->id, "notice %u is sent by who does not have it", number);
    }
}

void notices_check(struct model *model, struct mirror *mirror, const Bl__Event *event)
{
    check_told(model, mirror, event);
    if (event->what_case == W(NOTICE_SENT)) {
        check_outcome(model, mirror, event, event->notice_sent->number);
    } else if (event->what_case == W(NOTICE_FAILED)) {
        check_outcome(model, mirror, event, event->notice_failed->number);
    }
}

uint32_t notices_waiting(const struct mirror *mirror)
{
    return (uint32_t)mirror->state->n_notices;
}
