/* 挂起 and 解挂: time that does not count (行政许可法 第四十五条; domain.md 4.3, 4.7).
 * Only the kinds that the workflow gives an item, each with a written notice to the applicant and
 * an announced length, beyond which the clocks run again by themselves. */
#include <string.h>

#include "core/application_state.h"
#include "core/change.h"
#include "core/countdown.h"
#include "core/office.h"
#include "core/recount.h"

#define S(state) BL__ITEM__STATE__##state

/* --- the stops of an item ----------------------------------------------------------------------
 */

static bool is_open(const Bl__Stop *stop)
{
    return stop->to == 0;
}

static Bl__Stop *stop_find(const Bl__Item *item, uint32_t number)
{
    for (size_t i = 0; i < item->n_stops; i++) {
        if (item->stops[i]->number == number) {
            return item->stops[i];
        }
    }
    return NULL;
}

static size_t count_open(const Bl__Item *item, const char *kind)
{
    size_t count = 0;

    for (size_t i = 0; i < item->n_stops; i++) {
        count +=
            is_open(item->stops[i]) && (kind == NULL || strcmp(item->stops[i]->kind, kind) == 0);
    }
    return count;
}

static void add_stop(Bl__Item *item, Bl__Stop *stop, struct bl_arena *arena)
{
    Bl__Stop **stops = bl_arena_array(arena, Bl__Stop *, item->n_stops + 1);

    if (item->n_stops > 0) {
        memcpy(stops, item->stops, item->n_stops * sizeof *stops);
    }
    stops[item->n_stops++] = stop;
    item->stops = stops;
    item->stop_count = stop->number;
}

/* --- 挂起 --------------------------------------------------------------------------------------
 */

static const struct definition_special *special_find(const struct definition *definition,
                                                     const struct definition_item *item,
                                                     const char *kind)
{
    for (size_t i = 0; i < item->special_count; i++) {
        const struct definition_special *special = &definition->special[item->special[i]];

        if (strcmp(special->id, kind) == 0) {
            return special;
        }
    }
    return NULL;
}

/* The kinds that may stop this item, as words. */
static const char *special_words(const struct question *q, const struct definition_item *item)
{
    const char *words = "";

    for (size_t i = 0; i < item->special_count; i++) {
        words = bl_arena_printf(q->arena, "%s%s%s", words, i == 0 ? "" : ", ",
                                q->world->definition->special[item->special[i]].id);
    }
    return words;
}

static Bl__Refusal *check_papers(const struct question *q, const Bl__Suspend *suspend)
{
    if (suspend->notice[0] == '\0') {
        return refusal_new(q->arena, BL_INVALID, "notice-required", "notice");
    }
    if (question_is_longer(suspend->notice, DOCUMENT_CHARACTERS_MAX) ||
        question_is_longer(suspend->approver, DOCUMENT_CHARACTERS_MAX)) {
        return refusal_new(q->arena, BL_TOO_LARGE, "document-long", "notice");
    }
    return question_is_longer(suspend->reason, REASON_CHARACTERS_MAX)
               ? refusal_new(q->arena, BL_TOO_LARGE, "reason-long", "reason")
               : NULL;
}

/* Approved by the head of the item's section (domain.md 9.2), wherever its department has one. */
static Bl__Refusal *check_approver(const struct question *q, const Bl__Item *item,
                                   const char **approver)
{
    const char *named = q->command->suspend->approver;

    if (named[0] == '\0' ||
        office_holders(q->world, item->department, "section_head", NULL, 0) > 0) {
        return office_approve(q->world, item->department, "section_head", named, approver,
                              q->arena);
    }
    *approver = named;
    return NULL;
}

static Bl__Refusal *check_kind(const struct question *q, uint32_t index,
                               const struct definition_special *special)
{
    const struct definition_item *definition = &q->world->definition->items[index];
    const Bl__Item *item = q->application->items[index];
    const char *id = bl_arena_string(q->arena, item->id);

    if (special == NULL) {
        Bl__Refusal *refusal = refusal_new(q->arena, BL_REFUSED, "stop-kind", id);

        return refusal_argument(q->arena, refusal, "options", special_words(q, definition));
    }
    if (count_open(item, special->id) > 0) {
        return refusal_new(q->arena, BL_REFUSED, "stop-open", id);
    }
    if (item->stop_count >= definition->stops_max) {
        return refusal_argument(q->arena, refusal_new(q->arena, BL_REFUSED, "stops-used", id),
                                "limit", bl_arena_printf(q->arena, "%u", definition->stops_max));
    }
    return NULL;
}

static bl_time limit_end(const struct question *q, struct limit limit)
{
    struct clock_question question = { .start = q->world->now, .limit = limit };

    return clock_due(q->world->calendar, &question).due;
}

/* The announced length: as the workflow allows, or shorter. */
static Bl__Refusal *read_cap(const struct question *q, const struct definition_special *special,
                             struct limit *cap)
{
    const char *text = q->command->suspend->at_most;
    struct bl_error e = { 0 };

    *cap = special->at_most;
    if (text[0] == '\0') {
        return NULL;
    }
    if (limit_parse(text, cap, &e) != BL_OK || cap->halves <= 0) {
        return refusal_new(q->arena, BL_INVALID, "limit-malformed", "at_most");
    }
    if (limit_end(q, *cap) > limit_end(q, special->at_most)) {
        Bl__Refusal *refusal = refusal_new(q->arena, BL_REFUSED, "stop-long", special->id);

        return refusal_argument(
            q->arena, refusal, "limit",
            limit_format(special->at_most, bl_arena_alloc(q->arena, LIMIT_TEXT)));
    }
    return NULL;
}

static const char *asking_post(const struct question *q)
{
    const Bl__Actor *actor = q->world->actor;

    return actor != NULL && actor->post[0] != '\0' ? actor->post : q->world->principal->name;
}

static Bl__Stop *stop_new(const struct question *q, const Bl__Item *item,
                          const struct definition_special *special, struct limit cap)
{
    Bl__Stop *stop = bl_arena_new(q->arena, Bl__Stop);

    bl__stop__init(stop);
    stop->number = item->stop_count + 1;
    stop->kind = special->id;
    stop->from = q->world->now;
    stop->ends_at = limit_end(q, cap);
    stop->cap = bl_arena_new(q->arena, Bl__Limit);
    bl__limit__init(stop->cap);
    stop->cap->halves = cap.halves;
    stop->cap->unit = (Bl__Limit__Unit)cap.unit;
    stop->legal = special->stops_legal;
    stop->notice = q->command->suspend->notice;
    stop->asked_by = asking_post(q);
    stop->from_state = item->state;
    hearing_tell(q, stop);
    for (size_t i = 0; i < item->n_stops; i++) {
        if (is_open(item->stops[i])) {
            stop->from_state = item->stops[i]->from_state;
        }
    }
    return stop;
}

/* A stop that is opened on the last day is the known way to hide delay: it raises yellow at once
 * (domain.md 4.3). The clock stands with a yellow moment that is now, and wake says so. */
static void warn_last_day(const struct question *q, const Bl__Clock *before, Bl__Clock *after)
{
    if (after != NULL && after->phase == BL__CLOCK__PHASE__STANDING && before->due_at != 0 &&
        q->world->now >= before->warn_at &&
        clock_remaining(q->world->calendar, q->world->now, before->due_at) <= 0) {
        after->warned = false;
        after->warn_at = q->world->now;
    }
}

struct ruling decide_suspend(const struct question *q)
{
    const Bl__Suspend *suspend = q->command->suspend;
    uint32_t index;
    struct limit cap;
    const char *approver;
    Bl__Refusal *refusal = question_item(q, suspend->item, &index);

    if (refusal != NULL) {
        return (struct ruling){ .refusal = refusal };
    }
    const Bl__Item *item = q->application->items[index];
    if (!application_item_is_running(item)) {
        return question_refuse_state(q, index, "item-not-open");
    }
    const struct definition *definition = q->world->definition;
    const struct definition_special *special =
        special_find(definition, &definition->items[index], suspend->kind);
    refusal = check_kind(q, index, special);
    refusal = refusal == NULL ? check_papers(q, suspend) : refusal;
    refusal = refusal == NULL ? check_approver(q, item, &approver) : refusal;
    refusal = refusal == NULL ? read_cap(q, special, &cap) : refusal;
    if (refusal != NULL) {
        return (struct ruling){ .refusal = refusal };
    }
    Bl__Event *event = question_event(q, BL__EVENT__WHAT_SUSPENDED);
    Bl__Suspended *suspended = bl_arena_new(q->arena, Bl__Suspended);
    Bl__Item *draft = item_copy(item, q->arena);
    bl__suspended__init(suspended);
    event->suspended = suspended;
    suspended->item = index;
    suspended->stop = stop_new(q, item, special, cap);
    suspended->approver = approver;
    suspended->reason = suspend->reason;
    add_stop(draft, suspended->stop, q->arena);
    draft->state = S(SUSPENDED);
    Bl__ItemChange *change = recount_item(q->world, q->application, draft, index, q->arena);
    warn_last_day(q, item->promise, change->promise);
    warn_last_day(q, item->legal, change->legal);
    suspended->n_changes = 1;
    suspended->changes = bl_arena_copy(q->arena, &change, sizeof change);
    suspended->whole = recount_whole(q->world, q->application, draft, index, NULL, q->arena);
    return ruling_event(event);
}

void evolve_suspended(Bl__Application *application, const Bl__Event *event, struct bl_arena *arena)
{
    const Bl__Suspended *suspended = event->suspended;

    CHECK(suspended->item < application->n_items);
    add_stop(application->items[suspended->item], stop_copy(suspended->stop, arena), arena);
    change_items(application, suspended->changes, suspended->n_changes, event, arena);
    change_whole(application, suspended->whole, arena);
}

/* --- 解挂 --------------------------------------------------------------------------------------
 */

/* A wait for a day may end before the hour from which it would have counted. */
static bl_time end_of(const Bl__Stop *stop, bl_time at, bool annulled)
{
    return annulled || at < stop->from ? stop->from : at;
}

/* The event that ends a stop at the question's moment. */
static Bl__Event *resumed_event(const struct question *q, uint32_t index, uint32_t number,
                                bool annulled)
{
    const Bl__Item *item = q->application->items[index];
    Bl__Event *event = question_event(q, BL__EVENT__WHAT_RESUMED);
    Bl__Resumed *resumed = bl_arena_new(q->arena, Bl__Resumed);
    Bl__Item *draft = item_copy(item, q->arena);
    Bl__Stop *stop = stop_find(draft, number);

    bl__resumed__init(resumed);
    event->resumed = resumed;
    resumed->item = index;
    resumed->number = number;
    resumed->annulled = annulled;
    stop->to = end_of(stop, q->world->now, annulled);
    if (draft->state == S(SUSPENDED) && count_open(draft, NULL) == 0) {
        draft->state = stop->from_state;
    }
    if (application_item_is_running(draft)) {
        Bl__ItemChange *change = recount_item(q->world, q->application, draft, index, q->arena);

        resumed->n_changes = 1;
        resumed->changes = bl_arena_copy(q->arena, &change, sizeof change);
    }
    if (application_is_open(q->application)) {
        resumed->whole = recount_whole(q->world, q->application, draft, index, NULL, q->arena);
    }
    return event;
}

/* Which stop a command means: the one that it numbers, or the only open one. */
static Bl__Refusal *find_stop(const struct question *q, uint32_t index, uint32_t *number)
{
    const Bl__Resume *resume = q->command->resume;
    const Bl__Item *item = q->application->items[index];
    const char *id = bl_arena_string(q->arena, item->id);
    size_t open = count_open(item, NULL);

    *number = resume->number;
    if (resume->number == 0 && open > 1) {
        return refusal_new(q->arena, BL_INVALID, "stop-ambiguous", id);
    }
    for (size_t i = 0; i < item->n_stops && resume->number == 0; i++) {
        *number = is_open(item->stops[i]) ? item->stops[i]->number : *number;
    }
    const Bl__Stop *stop = stop_find(item, *number);
    bool goes = stop != NULL && (is_open(stop) || (resume->annul && stop->to != stop->from));
    return goes ? NULL : refusal_new(q->arena, BL_REFUSED, "not-suspended", id);
}

struct ruling decide_resume(const struct question *q)
{
    const Bl__Resume *resume = q->command->resume;
    uint32_t index, number;
    Bl__Refusal *refusal = question_item(q, resume->item, &index);

    if (refusal == NULL && question_is_longer(resume->reason, REASON_CHARACTERS_MAX)) {
        refusal = refusal_new(q->arena, BL_TOO_LARGE, "reason-long", "reason");
    }
    if (refusal == NULL && resume->annul && resume->reason[0] == '\0') {
        refusal = refusal_new(q->arena, BL_INVALID, "reason-required", "reason");
    }
    if (refusal != NULL) {
        return (struct ruling){ .refusal = refusal };
    }
    if (!application_item_is_running(q->application->items[index])) {
        return question_refuse_state(q, index, "not-suspended");
    }
    refusal = find_stop(q, index, &number);
    if (refusal != NULL) {
        return (struct ruling){ .refusal = refusal };
    }
    Bl__Event *event = resumed_event(q, index, number, resume->annul);
    event->resumed->reason = resume->reason;
    return ruling_event(event);
}

/* When a stop ends by itself: at its cap, with its item, or because nobody asked for the hearing.
 */
bl_time suspend_next(const Bl__Item *item, uint32_t *number)
{
    bool settled = join_item_is_settled((struct join_item){ item->state, item->result });
    bl_time next = BL_NEVER;

    for (size_t i = 0; i < item->n_stops; i++) {
        const Bl__Stop *stop = item->stops[i];
        bl_time end = settled && item->since < stop->ends_at ? item->since : stop->ends_at;

        end = hearing_lapses(stop) < end ? hearing_lapses(stop) : end;
        if (is_open(stop) && end < next) {
            next = end;
            *number = stop->number;
        }
    }
    return next;
}

Bl__Event *suspend_wake(const struct question *q, uint32_t index, uint32_t number)
{
    const Bl__Stop *stop = stop_find(q->application->items[index], number);
    struct world then = *q->world;
    const struct question lapsed = { &then, q->application, NULL, q->arena };

    if (q->world->now == hearing_lapses(stop)) {
        then.now = stop->ask_by;
        return resumed_event(&lapsed, index, number, true);
    }
    Bl__Event *event = resumed_event(q, index, number, false);
    event->resumed->by_cap = q->world->now == stop->ends_at;
    return event;
}

void evolve_resumed(Bl__Application *application, const Bl__Event *event, struct bl_arena *arena)
{
    const Bl__Resumed *resumed = event->resumed;

    CHECK(resumed->item < application->n_items);
    Bl__Stop *stop = stop_find(application->items[resumed->item], resumed->number);
    CHECK(stop != NULL);
    stop->to = end_of(stop, event->at, resumed->annulled);
    if (!resumed->by_cap) {
        countdown_stop(stop->hold);  // the record is closed; a cap closes none
    }
    change_items(application, resumed->changes, resumed->n_changes, event, arena);
    change_whole(application, resumed->whole, arena);
}
