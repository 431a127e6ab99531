/* 听证: the applicant is told of his right, may ask for five working days, and is heard within
 * twenty of his asking, told of place and time seven before (行政许可法 第四十六条 to 第四十八条;
 * domain.md 4.7). The stop of kind `hearing` begins with the telling and ends when the record is
 * closed; where nobody has asked in time it is void from its start. Limits of the law are working
 * days (第八十二条). */
#include <string.h>

#include "core/application_state.h"
#include "core/change.h"
#include "core/countdown.h"

#define KIND "hearing"
#define PLACE_CHARACTERS_MAX 100

const struct limit hearing_ask = { 2 * 5, LIMIT_WD };
const struct limit hearing_hold = { 2 * 20, LIMIT_WD };
static const int32_t told_before = 7;  // working days

void hearing_tell(const struct question *q, Bl__Stop *stop)
{
    struct clock_question question = { .start = stop->from, .limit = hearing_ask };

    if (strcmp(stop->kind, KIND) == 0) {
        stop->ask_by = clock_due(q->world->calendar, &question).due;
    }
}

bl_time hearing_lapses(const Bl__Stop *stop)
{
    return stop->ask_by == 0 || stop->asked_at != 0 ? BL_NEVER : stop->ask_by + 1;
}

/* One whose record is not closed: the stop may have come to its cap before that. */
static const Bl__Stop *open_hearing(const Bl__Item *item)
{
    for (size_t i = 0; i < item->n_stops; i++) {
        const Bl__Stop *stop = item->stops[i];

        if ((stop->to == 0 || countdown_is_open(stop->hold)) && strcmp(stop->kind, KIND) == 0) {
            return stop;
        }
    }
    return NULL;
}

static Bl__Refusal *check_asked(const struct question *q, const Bl__Stop *stop, const char *id)
{
    const Bl__ArrangeHearing *what = q->command->arrange_hearing;

    if (what->at == 0) {
        return stop->asked_at != 0 ? refusal_new(q->arena, BL_REFUSED, "hearing-asked", id) : NULL;
    }
    if (stop->asked_at == 0) {
        return refusal_new(q->arena, BL_REFUSED, "hearing-unasked", id);
    }
    if (clock_remaining(q->world->calendar, q->world->now, what->at) < told_before) {
        return refusal_argument(q->arena, refusal_new(q->arena, BL_REFUSED, "hearing-notice", "at"),
                                "limit", bl_arena_printf(q->arena, "%d", told_before));
    }
    if (what->place[0] == '\0') {
        return refusal_new(q->arena, BL_INVALID, "hearing-place", "place");
    }
    return question_is_longer(what->place, PLACE_CHARACTERS_MAX)
               ? refusal_new(q->arena, BL_TOO_LARGE, "document-long", "place")
               : NULL;
}

/* A day in time stops the clock until which it has to be held; one that comes too late, in place of
 * one that did not, sets it going again. */
static Bl__Clock *hold_clock(const struct question *q, const Bl__Stop *stop, bl_time at)
{
    Bl__Clock *clock = stop->hold == NULL ? countdown_new(q->world->calendar, hearing_hold, 0,
                                                          q->world->now, q->arena)
                                          : clock_copy(stop->hold, q->arena);

    if (at != 0 && at <= clock->due_at) {
        countdown_stop(clock);
    } else if (clock->phase == BL__CLOCK__PHASE__STOPPED) {
        clock->phase = BL__CLOCK__PHASE__RUNNING;
    }
    return clock;
}

struct ruling decide_arrange_hearing(const struct question *q)
{
    const Bl__ArrangeHearing *what = q->command->arrange_hearing;
    uint32_t index;
    Bl__Refusal *refusal = question_item(q, what->item, &index);

    if (refusal != NULL) {
        return (struct ruling){ .refusal = refusal };
    }
    const Bl__Item *item = q->application->items[index];
    const Bl__Stop *stop = open_hearing(item);
    if (stop == NULL || !application_item_is_running(item)) {
        return question_refuse_state(q, index, "hearing-none");
    }
    refusal = check_asked(q, stop, bl_arena_string(q->arena, item->id));
    if (refusal != NULL) {
        return (struct ruling){ .refusal = refusal };
    }
    Bl__Event *event = question_event(q, BL__EVENT__WHAT_HEARING_ARRANGED);
    Bl__HearingArranged *arranged = bl_arena_new(q->arena, Bl__HearingArranged);
    bl__hearing_arranged__init(arranged);
    event->hearing_arranged = arranged;
    arranged->item = index;
    arranged->number = stop->number;
    arranged->asked = what->at == 0;
    arranged->at = what->at;
    arranged->place = what->place;
    arranged->hold = hold_clock(q, stop, what->at);
    return ruling_event(event);
}

void evolve_hearing_arranged(Bl__Application *application, const Bl__Event *event,
                             struct bl_arena *arena)
{
    const Bl__HearingArranged *arranged = event->hearing_arranged;

    CHECK(arranged->item < application->n_items);
    const Bl__Item *item = application->items[arranged->item];
    for (size_t i = 0; i < item->n_stops; i++) {
        Bl__Stop *stop = item->stops[i];

        if (stop->number == arranged->number) {
            stop->asked_at = arranged->asked ? event->at : stop->asked_at;
            stop->held_at = arranged->at;
            stop->hold = clock_copy(arranged->hold, arena);
        }
    }
}
