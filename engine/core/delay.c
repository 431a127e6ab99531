#include "core/delay.h"

#include <string.h>

#include "core/application.h"

#define S(state) BL__ITEM__STATE__##state
#define W(what) BL__EVENT__WHAT_##what
#define NOBODY UINT32_MAX

/* Somebody else had an item. */
struct span {
    uint32_t item;
    bl_time from, to;  // `to` BL_NEVER: still
    const char *whose;
};

/* An item's stretch of the critical path. */
struct leg {
    uint32_t item, before;  // the one that it waited for; NOBODY: none
    bl_time from, to;
};

struct search {
    const struct delay_question *question;
    struct bl_arena *arena;
    struct span **spans;
    size_t span_count;
    struct delay **rows;
    size_t row_count;
};

/* --- what is late ------------------------------------------------------------------------------
 */

static bool is_late(const Bl__Clock *clock)
{
    return clock != NULL &&
           (clock->phase == BL__CLOCK__PHASE__OVERDUE || clock->phase == BL__CLOCK__PHASE__LATE);
}

static bool item_is_late(const Bl__Item *item)
{
    return !item->removed && (is_late(item->promise) || is_late(item->legal));
}

static bool whole_is_late(const Bl__Application *application)
{
    return is_late(application->promise) || is_late(application->legal);
}

bool delay_is_late(const Bl__Application *application)
{
    for (size_t i = 0; i < application->n_items; i++) {
        if (item_is_late(application->items[i])) {
            return true;
        }
    }
    return whole_is_late(application);
}

/* --- when an item had its part -----------------------------------------------------------------
 */

static const Bl__Item *item_of(const struct search *search, uint32_t item)
{
    return search->question->application->items[item];
}

/* Did anybody have it: does time of it lie on a path? */
static bool has_begun(const Bl__Item *item)
{
    switch (item->state) {
    case S(RECEIVED):
    case S(CORRECTING):
    case S(ACCEPTED):
    case S(REVIEWING):
    case S(SUSPENDED):
    case S(UPPER_REVIEW):
    case S(DECIDED):
    case S(DELIVERING):
    case S(DELIVERED):
    case S(REVOKED):
    case S(REFUSED):
    case S(RETURNED):
    case S(WITHDRAWN):
    case S(TERMINATED):
        return !item->removed;
    case S(PENDING):
    case S(NOT_NEEDED):
    case S(BLOCKED):
    case S(STATE_UNSPECIFIED):
        return false;
    }
    UNREACHABLE();
}

static bool is_open(const Bl__Item *item)
{
    return has_begun(item) && item->state < S(DECIDED);
}

/* When its part ended: by the decision, whatever became of the outcome since. */
static bl_time end_of(const struct search *search, uint32_t index)
{
    const Bl__Item *item = item_of(search, index);

    if (is_open(item)) {
        return search->question->now;
    }
    return item->decided_at != 0 ? item->decided_at : item->since;
}

/* Its effective acceptance; 0: it never was. */
static bl_time began_at(const struct search *search, const Bl__Item *item)
{
    bool before = item->state == S(RECEIVED) || item->state == S(CORRECTING) ||
                  item->state == S(REFUSED) || item->state == S(RETURNED);

    return before && item->promise == NULL
               ? 0
               : application_item_started(search->question->application, item);
}

/* --- the critical path -------------------------------------------------------------------------
 */

/* The more urgent of two that are open, else the one that ended later. */
static bool goes_further(const struct search *search, uint32_t a, uint32_t b)
{
    const Bl__Item *one = item_of(search, a), *other = item_of(search, b);

    if (is_open(one) != is_open(other)) {
        return is_open(one);
    }
    if (!is_open(one)) {
        return end_of(search, a) > end_of(search, b);
    }
    bl_time due = one->promise == NULL ? BL_NEVER : one->promise->due_at;
    return due < (other->promise == NULL ? BL_NEVER : other->promise->due_at);
}

/* Where the path ends: of the whole, or of what is late of it. */
static uint32_t last_of(const struct search *search)
{
    const Bl__Application *application = search->question->application;
    bool whole = whole_is_late(application);
    uint32_t last = NOBODY;

    for (uint32_t i = 0; i < application->n_items; i++) {
        const Bl__Item *item = application->items[i];

        if (has_begun(item) && (whole || item_is_late(item)) &&
            (last == NOBODY || goes_further(search, i, last))) {
            last = i;
        }
    }
    return last;
}

/* The needed item whose end let this one begin. */
static uint32_t waited_for(const struct search *search, uint32_t item)
{
    const struct definition *definition = search->question->definition;
    const struct definition_join *needs = &definition->items[item].needs;
    bl_time began = began_at(search, item_of(search, item));
    uint32_t before = NOBODY;

    for (uint32_t i = 0; i < needs->branch_count; i++) {
        uint32_t need = needs->branches[i];
        const Bl__Item *of = item_of(search, need);

        if (has_begun(of) && !is_open(of) && (began == 0 || end_of(search, need) <= began) &&
            (before == NOBODY || end_of(search, need) > end_of(search, before))) {
            before = need;
        }
    }
    return before;
}

static size_t find_path(const struct search *search, struct leg *path)
{
    const Bl__Application *application = search->question->application;
    uint32_t item = last_of(search);
    size_t count = 0;

    for (; item != NOBODY && count < application->n_items; count++) {
        uint32_t before = waited_for(search, item);

        path[count] = (struct leg){
            .item = item,
            .before = before,
            .from = before == NOBODY ? application->effective_at : end_of(search, before),
            .to = end_of(search, item),
        };
        item = before;
    }
    return count;
}

/* --- who else had it ---------------------------------------------------------------------------
 */

static void open_span(struct search *search, uint32_t item, bl_time at, const char *whose)
{
    if (item >= search->question->application->n_items) {
        return;
    }
    struct span *span = bl_arena_new(search->arena, struct span);

    *span = (struct span){ item, at, BL_NEVER, whose };
    search->spans = bl_arena_append(search->arena, search->spans, search->span_count, span);
    search->span_count++;
}

static void close_spans(struct search *search, uint32_t item, bl_time at, const char *whose)
{
    for (size_t i = 0; i < search->span_count; i++) {
        struct span *span = search->spans[i];

        if (span->item == item && span->to == BL_NEVER && strcmp(span->whose, whose) == 0) {
            span->to = at;
        }
    }
}

static void close_changed(struct search *search, Bl__ItemChange *const *changes, size_t count,
                          bl_time at)
{
    for (size_t i = 0; i < count; i++) {
        close_spans(search, changes[i]->item, at, "applicant");
    }
}

/* The applicant corrects; a fault of machines is the hall's, never the department's. */
static void follow_event(struct search *search, const Bl__Event *event)
{
    if (event->what_case == W(NOTIFIED)) {
        for (size_t i = 0; i < event->notified->n_items; i++) {
            open_span(search, event->notified->items[i], event->at, "applicant");
        }
    } else if (event->what_case == W(CORRECTED)) {
        close_changed(search, event->corrected->changes, event->corrected->n_changes, event->at);
    } else if (event->what_case == W(ACCEPTED)) {
        close_changed(search, event->accepted->changes, event->accepted->n_changes, event->at);
    } else if (event->what_case == W(FAILED) && event->failed->incident) {
        open_span(search, event->failed->item, event->at, "hall");
    } else if (event->what_case == W(RETRIED) && event->retried->notice == 0) {
        close_spans(search, event->retried->item, event->at, "hall");
    }
}

static void find_spans(struct search *search)
{
    const struct delay_question *question = search->question;
    const Bl__Application *application = question->application;
    size_t migrations = application->n_migrations;
    uint64_t first = migrations == 0 ? 0 : application->migrations[migrations - 1]->event;

    for (size_t i = 0; i < question->event_count; i++) {
        if (question->events[i]->seq >= first) {  // those before count items otherwise
            follow_event(search, question->events[i]);
        }
    }
    for (uint32_t i = 0; i < application->n_items; i++) {
        for (size_t k = 0; k < application->items[i]->n_stops; k++) {
            const Bl__Stop *stop = application->items[i]->stops[k];

            open_span(search, i, stop->from, "special");
            search->spans[search->span_count - 1]->to = stop->to == 0 ? BL_NEVER : stop->to;
        }
    }
}

/* --- day by day --------------------------------------------------------------------------------
 */

/* Does (from, to] hold the day, as law counts: the first day is not counted? */
static bool holds(const struct search *search, bl_time from, bl_time to, bl_day day)
{
    const struct calendar *calendar = search->question->calendar;

    return calendar_day(calendar, from) < day &&
           (to == BL_NEVER || day <= calendar_day(calendar, to));
}

static bool is_by(const struct search *search, bl_time at, bl_day day)
{
    return at != 0 && day <= calendar_day(search->question->calendar, at);
}

/* Before an item was accepted: who had to accept it, or the item that it waited for. */
static const char *whose_before(const struct search *search, const struct leg *leg, bl_day day,
                                uint32_t *item)
{
    const Bl__Item *of = item_of(search, leg->item);
    const struct definition_item *definition = &search->question->definition->items[leg->item];

    if (is_by(search, of->not_before, day)) {
        return "applicant";  // the day that he named in the form
    }
    if (definition->acceptance_by_department) {
        return definition->department;
    }
    if (leg->before != NOBODY) {
        *item = leg->before;  // it ended after office hours: this day began with it
        return item_of(search, leg->before)->department;
    }
    return "hall";
}

static const char *whose_day(const struct search *search, const struct leg *leg, bl_day day,
                             uint32_t *item)
{
    const Bl__Item *of = item_of(search, leg->item);

    for (size_t i = 0; i < search->span_count; i++) {
        const struct span *span = search->spans[i];

        if (span->item == leg->item && holds(search, span->from, span->to, day)) {
            return span->whose;
        }
    }
    bl_time began = began_at(search, of);
    if (began == 0 || is_by(search, began, day)) {
        return whose_before(search, leg, day, item);
    }
    return is_by(search, of->passed_up_at, day)
               ? search->question->definition->items[leg->item].department
               : of->department;
}

static struct delay *row_of(struct search *search, const char *whose, uint32_t item)
{
    const char *id = item_of(search, item)->id;

    for (size_t i = 0; i < search->row_count; i++) {
        struct delay *row = search->rows[i];

        if (strcmp(row->whose, whose) == 0 && strcmp(row->item, id) == 0) {
            return row;
        }
    }
    struct delay *row = bl_arena_new(search->arena, struct delay);

    *row = (struct delay){ .whose = whose, .item = id };
    search->rows = bl_arena_append(search->arena, search->rows, search->row_count, row);
    search->row_count++;
    return row;
}

static void add_leg(struct search *search, const struct leg *leg)
{
    const struct calendar *calendar = search->question->calendar;
    const Bl__Item *of = item_of(search, leg->item);
    bl_day last = calendar_day(calendar, leg->to);

    for (bl_day day = calendar_day(calendar, leg->from) + 1; day <= last; day++) {
        if (calendar_is_workday(calendar, day)) {
            uint32_t item = leg->item;
            const char *whose = whose_day(search, leg, day, &item);

            row_of(search, whose, item)->days++;
        }
    }
    if (is_late(of->promise)) {
        int32_t over =
            calendar_between(calendar, calendar_day(calendar, of->promise->due_at), last);

        row_of(search, of->department, leg->item)->over = over;
    }
}

size_t delay_attribute(const struct delay_question *question, struct bl_arena *arena,
                       struct delay ***rows)
{
    struct search search = { .question = question, .arena = arena };
    const Bl__Application *application = question->application;

    if (!delay_is_late(application)) {
        return 0;
    }
    struct leg *path = bl_arena_array(arena, struct leg, application->n_items + 1);
    find_spans(&search);
    for (size_t i = find_path(&search, path); i-- > 0;) {
        add_leg(&search, &path[i]);
    }
    *rows = search.rows;
    return search.row_count;
}
