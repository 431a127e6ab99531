/* The promises about time: every due moment is what the calendar says of where its clock began, its
 * limit, its extension and the union of its stops; nothing else moves it; and what time alone makes
 * comes once, at its exact moment, before all that is later. */
#include "core/countdown.h"
#include "model_state.h"
#include "oracle.h"

#define P(phase) BL__CLOCK__PHASE__##phase
#define W(what) BL__EVENT__WHAT_##what
#define K(kind) BL__CLOCK_NAME__KIND__##kind
#define STOPS_MAX 256  // of one application

static const Bl__Clock *clock_at(const Bl__Application *state, size_t item, enum clock_kind kind)
{
    if (item == WHOLE) {
        return kind == LEGAL ? state->legal : kind == PROMISE ? state->promise : NULL;
    }
    const Bl__Item *is = state->items[item];

    switch (kind) {
    case PROMISE:
        return is->promise;
    case LEGAL:
        return is->legal;
    case NOTIFY:
        return is->notify;
    case CORRECTION:
        return is->correction;
    case SUPPLEMENT:
        return is->supplement;
    case DELIVER:
        return is->deliver;
    case CHECKING:
        return is->check;
    case STEP:
        return is->desk != NULL ? is->desk->limit : NULL;
    case CLOCKS:
        break;
    }
    UNREACHABLE();
}

static bool is_open(const Bl__Clock *clock)
{
    return clock != NULL && clock->due_at != 0 && clock->phase != P(STOPPED) &&
           clock->phase != P(LATE) && clock->phase != P(PHASE_UNSPECIFIED);
}

static bool is_running_state(Bl__Item__State state)
{
    return state == S(ACCEPTED) || state == S(REVIEWING) || state == S(SUSPENDED) ||
           state == S(UPPER_REVIEW);
}

static bool is_settled_state(Bl__Item__State state)
{
    return state != S(PENDING) && state != S(RECEIVED) && state != S(CORRECTING) &&
           !is_running_state(state);
}

/* --- when something comes by itself ------------------------------------------------------------
 */

/* When a clock changes by itself, from what a clock is and not from how the core finds it. */
static bl_time clock_next(const Bl__Clock *clock)
{
    if (clock == NULL || clock->due_at == 0) {
        return BL_NEVER;
    }
    bl_time overdue = clock->due_at + 1;

    return clock->phase == P(WARNED)        ? overdue
           : clock->phase == P(STANDING)    ? (clock->warned ? BL_NEVER : clock->warn_at)
           : clock->phase != P(RUNNING)     ? BL_NEVER
           : clock->warn_at < clock->due_at ? clock->warn_at
                                            : overdue;
}

static bl_time sooner(bl_time a, bl_time b)
{
    return a < b ? a : b;
}

/* An open stop ends at its cap, or with its item. */
static bl_time stop_next(const Bl__Item *item, const Bl__Stop *stop)
{
    if (stop->to != 0) {
        return BL_NEVER;
    }
    bl_time end =
        is_settled_state(item->state) ? sooner(item->since, stop->ends_at) : stop->ends_at;
    bool lapses = stop->ask_by != 0 && stop->asked_at == 0;  // nobody asks for the hearing

    return lapses ? sooner(end, stop->ask_by + 1) : end;
}

static bl_time item_next(const Bl__Application *state, size_t index)
{
    const Bl__Item *item = state->items[index];
    bl_time next = BL_NEVER;

    for (enum clock_kind kind = PROMISE; kind < CLOCKS; kind++) {
        next = sooner(next, clock_next(clock_at(state, index, kind)));
    }
    for (size_t i = 0; i < item->n_consultations; i++) {
        next = sooner(next, clock_next(item->consultations[i]->limit));
    }
    for (size_t i = 0; i < item->n_stops; i++) {
        next = sooner(next, stop_next(item, item->stops[i]));
        next = sooner(next, clock_next(item->stops[i]->hold));
    }
    next = item->not_before != 0 ? sooner(next, item->not_before) : next;
    return item->rung_at != 0 ? sooner(next, item->rung_at) : next;
}

bl_time clocks_next(const Bl__Application *state)
{
    bl_time next = sooner(clock_next(state->promise), clock_next(state->legal));

    for (size_t i = 0; i < state->n_items; i++) {
        next = sooner(next, item_next(state, i));
    }
    next = state->rung_at != 0 ? sooner(next, state->rung_at) : next;
    for (size_t i = 0; i < state->n_urgings; i++) {
        if (!state->urgings[i]->overdue) {
            next = sooner(next, state->urgings[i]->reply_by + 1);
        }
    }
    return next;
}

/* --- yellow, red and the ladder ----------------------------------------------------------------
 */

static const Bl__Clock *clock_named(const Bl__Application *state, const Bl__ClockName *name)
{
    static const enum clock_kind kinds[] = { [K(NOTIFY)] = NOTIFY,   [K(CORRECTION)] = CORRECTION,
                                             [K(DELIVER)] = DELIVER, [K(SUPPLEMENT)] = SUPPLEMENT,
                                             [K(CHECK)] = CHECKING,  [K(STEP)] = STEP };

    if (name->kind == K(OPINION)) {
        return state->items[name->item]->consultations[name->number - 1]->limit;
    }
    if (name->kind == K(HEARING)) {
        const Bl__Item *item = state->items[name->item];

        for (size_t i = 0; i < item->n_stops; i++) {
            if (item->stops[i]->number == name->number) {
                return item->stops[i]->hold;
            }
        }
        return NULL;
    }
    return clock_at(state, name->whole ? WHOLE : name->item,
                    name->kind != K(KIND_UNSPECIFIED) ? kinds[name->kind]
                    : name->legal                     ? LEGAL
                                                      : PROMISE);
}

/* Yellow and red come once. */
static void check_card(struct model *model, const Bl__Application *state, const Bl__Event *event)
{
    bool warns = event->what_case == W(WARNED);
    const Bl__Clock *clock =
        clock_named(state, warns ? event->warned->clock : event->overdue->clock);
    bool by_stop = warns && event->warned->by_stop;

    if (clock == NULL || event->at != (warns ? clock->warn_at : clock->due_at) ||
        (by_stop ? clock->phase != P(STANDING) || clock->warned
                 : clock->phase != P(RUNNING) && (warns || clock->phase != P(WARNED)))) {
        FAIL(model, state->id, "a clock is %s twice, or not at its moment",
             warns ? "yellow" : "red");
    }
}

/* A rung that wants a reply opens an urging to whom it names, answered by the time it gives. */
static void check_reply(struct model *model, const struct mirror *mirror, const Bl__Event *event,
                        const struct definition_rung *rung)
{
    const Bl__Urging *urging = event->escalated->urging;
    struct clock_question question = { .start = calendar_effective(model->calendar, event->at),
                                       .limit = rung->reply };

    if ((urging != NULL) != (rung->reply.halves > 0)) {
        FAIL(model, mirror->state->id, "a rung urges, or does not, against its workflow");
    } else if (urging != NULL &&
               (urging->reply_by != clock_due(model->calendar, &question).due ||
                strcmp(urging->to, rung->to) != 0 || urging->whole != event->escalated->whole ||
                urging->number != mirror->state->urging_count + 1)) {
        FAIL(model, mirror->state->id, "a rung urges the wrong one, or for the wrong moment");
    }
}

static void check_rung(struct model *model, const struct mirror *mirror, const Bl__Event *event)
{
    const Bl__Escalated *escalated = event->escalated;
    const Bl__Application *state = mirror->state;
    const Bl__Item *item = state->items[escalated->item];
    uint32_t reached = escalated->whole ? state->rung : item->rung;
    bl_time at = escalated->whole ? state->rung_at : item->rung_at;
    const struct definition_rung *rung = &mirror->workflow->definition->ladder[reached];

    if (event->at != at || escalated->rung != reached + 1 || strcmp(escalated->to, rung->to) != 0) {
        FAIL(model, state->id, "a rung is climbed twice, or not at its moment");
    }
    check_reply(model, mirror, event, rung);
}

/* What time alone makes comes at the moment that was the next one: nothing overtakes it. */
void clocks_check_moment(struct model *model, const struct mirror *mirror, const Bl__Event *event)
{
    bl_time next = clocks_next(mirror->state);
    uint64_t id = mirror->state->id;

    if (event->what_case == W(RECOMPUTED)) {
        return;  // counted again first, so that nothing is due by a calendar that is out of date
    }
    if (event->actor != NULL) {
        if (next <= event->at) {
            FAIL(model, id, "event %llu overtakes a deadline that was past",
                 (unsigned long long)event->seq);
        }
        return;
    }
    if (event->at != next && event->at + 1 != next) {
        FAIL(model, id, "event %llu comes by itself, and not at its moment",
             (unsigned long long)event->seq);
    }
    if (event->what_case == W(WARNED) || event->what_case == W(OVERDUE)) {
        check_card(model, mirror->state, event);
    } else if (event->what_case == W(ESCALATED)) {
        check_rung(model, mirror, event);
    }
    if (event->recorded_at != 0 && event->recorded_at < event->at) {
        FAIL(model, id, "a moment is recorded before it came");
    }
}

/* When the rung after the one that is reached is climbed, from the clocks as they are: each has its
 * time after the promise was broken, and those up to accountability come with the broken law. */
static bl_time rung_moment(const struct model *model, const struct definition *definition,
                           uint32_t rung, const Bl__Clock *promise, const Bl__Clock *legal)
{
    bl_time at = BL_NEVER;
    bool by_law = false;

    for (size_t i = rung; i < definition->ladder_count; i++) {
        by_law |= definition->ladder[i].on_legal;
    }
    if (rung < definition->ladder_count && promise != NULL && promise->phase == P(OVERDUE)) {
        struct clock_question question = { .start = promise->due_at,
                                           .limit = definition->ladder[rung].after };

        at =
            question.limit.halves == 0 ? question.start : clock_due(model->calendar, &question).due;
    }
    if (by_law && legal != NULL && legal->phase == P(OVERDUE) && legal->due_at < at) {
        at = legal->due_at;
    }
    return at == BL_NEVER ? 0 : at;
}

static void check_next_rung(struct model *model, const struct mirror *mirror,
                            const Bl__Event *event, bl_time is, bl_time moment, const char *of)
{
    if (is != moment && (moment == 0 || is < moment)) {
        FAIL(model, mirror->state->id,
             "%s climbs its next rung at the wrong moment, after event %llu: %lld, not %lld", of,
             (unsigned long long)event->seq, (long long)is, (long long)moment);
    }
}

static void check_rungs(struct model *model, const struct mirror *mirror, const Bl__Event *event)
{
    const struct definition *definition = mirror->workflow->definition;
    const Bl__Application *state = mirror->state;

    for (size_t i = 0; i < state->n_items; i++) {
        const Bl__Item *item = state->items[i];

        check_next_rung(model, mirror, event, item->rung_at,
                        rung_moment(model, definition, item->rung, item->promise, item->legal),
                        item->id);
    }
    check_next_rung(model, mirror, event, state->rung_at,
                    rung_moment(model, definition, state->rung, state->promise, state->legal),
                    "the whole");
}

/* --- due moments -------------------------------------------------------------------------------
 */

static bl_time effective(const struct model *model, const struct mirror *mirror, bl_time at)
{
    return mirror->workflow->definition->after_hours_count
               ? at
               : calendar_effective(model->calendar, at);
}

/* Where a clock begins that an event has set going: at its moment, or where acceptance by silence
 * leads back to (行政许可法 第三十二条). */
static bl_time start_of(const struct model *model, const struct mirror *mirror,
                        const Bl__Event *event, size_t item)
{
    if (event->what_case == W(OVERDUE) && event->overdue->follows == BL__OVERDUE__FOLLOWS__DEEMED &&
        (item == WHOLE || item == event->overdue->clock->item)) {
        return effective(model, mirror, mirror->receipt[event->overdue->clock->item]);
    }
    return effective(model, mirror, event->at);
}

/* Silence that leads back in time starts nothing before its day. */
static bl_time after_wait(const Bl__Item *item, bl_time start)
{
    for (size_t i = 0; i < item->n_stops; i++) {
        if (item->stops[i]->number == 0 && item->stops[i]->to > start) {
            start = item->stops[i]->to;
        }
    }
    return start;
}

/* How long a clock runs. */
struct course {
    bl_time start;
    struct limit limit, extension;
    struct oracle_stop stops[STOPS_MAX];
    size_t stop_count;
};

static void add_stops(struct course *course, const Bl__Item *item, bool legal)
{
    for (size_t i = 0; i < item->n_stops; i++) {
        const Bl__Stop *stop = item->stops[i];

        CHECK(course->stop_count < STOPS_MAX);
        if (!legal || stop->legal) {
            course->stops[course->stop_count++] =
                (struct oracle_stop){ stop->from, stop->to != 0 ? stop->to : stop->ends_at };
        }
    }
}

static struct limit limit_of(const Bl__Limit *limit)
{
    return limit == NULL ? (struct limit){ 0 }
                         : (struct limit){ limit->halves, (enum limit_unit)limit->unit };
}

static void whole_course(const struct mirror *mirror, bool legal, struct course *course)
{
    const struct definition *definition = mirror->workflow->definition;
    const Bl__Application *state = mirror->state;

    course->start = application_started(state);
    course->limit = legal ? definition->legal : definition->promise;
    course->extension =
        (definition->legal.halves > 0) == legal ? limit_of(state->extended) : (struct limit){ 0 };
    for (size_t i = 0; i < state->n_items; i++) {
        add_stops(course, state->items[i], legal);
    }
}

/* An extension is of the law where there is one, and of the leg in which it was granted. */
static void item_course(const struct model *model, const struct mirror *mirror, size_t index,
                        bool legal, struct course *course)
{
    const struct definition_item *definition = &mirror->workflow->definition->items[index];
    const Bl__Item *item = mirror->state->items[index];
    bool above = item->passed_up_at != 0;
    struct limit by_law = above ? definition->upper_legal : definition->legal;

    course->start = above ? effective(model, mirror, item->passed_up_at)
                          : application_item_started(mirror->state, item);
    course->limit = legal ? by_law : above ? definition->upper_promise : definition->promise;
    if ((by_law.halves > 0) == legal && (!above || item->extended_at >= item->passed_up_at)) {
        course->extension = limit_of(item->extended);
    }
    add_stops(course, item, legal);
}

static bool is_plain(enum clock_kind kind)
{
    return kind != PROMISE && kind != LEGAL && kind != STEP;
}

static struct limit plain_limit(const struct definition *definition, size_t index,
                                enum clock_kind kind)
{
    const struct definition_item *item = &definition->items[index];

    return kind == NOTIFY       ? definition->notify
           : kind == CORRECTION ? item->correction
           : kind == SUPPLEMENT ? definition->supplement
           : kind == DELIVER    ? item->deliver
                                : item->post_check;
}

static void course_of(const struct model *model, const struct mirror *mirror, size_t item,
                      enum clock_kind kind, struct course *course)
{
    const struct definition *definition = mirror->workflow->definition;

    *course = (struct course){ .start = item == WHOLE ? 0 : mirror->begun[item][kind] };
    if (item == WHOLE) {
        whole_course(mirror, kind == LEGAL, course);
    } else if (is_plain(kind)) {
        course->start =
            kind == SUPPLEMENT ? course->start : effective(model, mirror, course->start);
        course->limit = plain_limit(definition, item, kind);
    } else if (kind == STEP) {
        const Bl__Desk *desk = mirror->state->items[item]->desk;

        course->start = effective(model, mirror, desk->since);
        course->limit = definition->items[item].steps[desk->step].limit;
        add_stops(course, mirror->state->items[item], false);
    } else {
        item_course(model, mirror, item, kind == LEGAL, course);
    }
}

/* By walking over the days, or where half days or two units meet, by the engine's arithmetic with
 * the stops united. */
static bl_time course_due(const struct model *model, struct course *course)
{
    struct clock_stop stops[STOPS_MAX];
    struct limit limit = course->limit;
    bool same = course->extension.halves == 0 || course->extension.unit == limit.unit;

    if (same) {
        limit.halves += course->extension.halves;
        bl_time due =
            oracle_due(model->calendar, course->start, limit, course->stops, course->stop_count);
        if (due != BL_NEVER) {
            return due;
        }
    }
    course->stop_count = oracle_unite(course->stops, course->stop_count);
    for (size_t i = 0; i < course->stop_count; i++) {
        stops[i] = (struct clock_stop){ .from = course->stops[i].from, .to = course->stops[i].to };
    }
    struct clock_question question = { .start = course->start,
                                       .limit = course->limit,
                                       .extension = course->extension,
                                       .stops = stops,
                                       .stop_count = course->stop_count };
    return clock_due(model->calendar, &question).due;
}

/* Which events may move the due moment of a clock that is open. */
static bool may_move(const Bl__Event *event)
{
    return event->what_case == W(SUSPENDED) || event->what_case == W(RESUMED) ||
           event->what_case == W(EXTENDED) || event->what_case == W(PASSED_UP) ||
           event->what_case == W(RECOMPUTED) || event->what_case == W(MIGRATED) ||
           event->what_case == W(REOPENED) || event->what_case == W(RECALLED);
}

/* A stop only delays, at its cap nothing moves any more, and who resumes before it gains time. The
 * whole waits with its items for the days that the form says. */
static void check_move(struct model *model, const struct mirror *mirror, const Bl__Event *event,
                       size_t item, bl_time was, bl_time is)
{
    bool wrong = event->what_case == W(SUSPENDED)   ? is < was
                 : event->what_case == W(EXTENDED)  ? is < was
                 : event->what_case == W(CORRECTED) ? item != WHOLE
                 : event->what_case != W(RESUMED)   ? !may_move(event)
                 : event->resumed->by_cap           ? true
                                                    : is > was;

    wrong |= event->what_case == W(RECOMPUTED) && !calendar_tells(event, was, is);
    if (wrong) {
        FAIL(model, mirror->state->id, "event %llu moves a deadline by %lld µs",
             (unsigned long long)event->seq, (long long)(is - was));
    }
}

/* The clock of a gap ends with the promise, if that is sooner. */
static bl_time gap_due(const struct model *model, const struct mirror *mirror, size_t item,
                       bl_time due)
{
    struct course promise = { .start = mirror->begun[item][SUPPLEMENT],
                              .limit = mirror->workflow->definition->items[item].promise };
    bl_time other = course_due(model, &promise);

    return other < due ? other : due;
}

/* A step's clock is one of its own in each round. */
static bool is_new_step(struct mirror *mirror, const Bl__Event *event, size_t item)
{
    const Bl__Desk *desk = mirror->state->items[item]->desk;
    uint64_t now = ((uint64_t)desk->round << 32 | desk->step) + 1;
    bool is_new = mirror->steps[item] != now || event->what_case == W(RECALLED);

    mirror->steps[item] = now;
    return is_new;
}

static void check_course(struct model *model, const struct mirror *mirror, uint64_t event,
                         size_t item, enum clock_kind kind)
{
    const Bl__Clock *clock = clock_at(mirror->state, item, kind);
    struct course course;

    course_of(model, mirror, item, kind, &course);
    bl_time due = course_due(model, &course);
    due = kind == SUPPLEMENT ? gap_due(model, mirror, item, due) : due;
    if (clock->due_at != due) {
        FAIL(model, mirror->state->id,
             "a deadline is wrong after event %llu: item %zu, clock %d, by %lld µs",
             (unsigned long long)event, item, (int)kind, (long long)(clock->due_at - due));
    }
}

void clocks_check_stale(struct model *model, struct mirror *mirror, uint64_t event)
{
    for (size_t i = 0; i <= mirror->state->n_items; i++) {
        size_t item = i == mirror->state->n_items ? WHOLE : i;

        for (enum clock_kind kind = PROMISE; kind < CLOCKS; kind++) {
            if (is_open(clock_at(mirror->state, item, kind))) {
                check_course(model, mirror, event, item, kind);
            }
        }
    }
    calendar_check_moments(model, mirror);
}

static void check_due(struct model *model, struct mirror *mirror, const Bl__Event *event,
                      size_t item, enum clock_kind kind)
{
    const Bl__Clock *clock = clock_at(mirror->state, item, kind);
    bl_time *known = &mirror->due[item][kind];

    if (!is_open(clock)) {
        *known = 0;
        return;
    }
    if (kind == STEP && is_new_step(mirror, event, item)) {
        *known = 0;
    }
    if (*known == 0) {
        mirror->begun[item][kind] = kind == NOTIFY       ? mirror->receipt[item]
                                    : kind == SUPPLEMENT ? start_of(model, mirror, event, item)
                                                         : event->at;
    } else if (*known != clock->due_at) {
        check_move(model, mirror, event, item, *known, clock->due_at);
    }
    if (*known == clock->due_at && is_plain(kind) && event->what_case != W(RECOMPUTED)) {
        return;
    }
    *known = clock->due_at;
    check_course(model, mirror, event->seq, item, kind);
}

/* The clocks of an item begin where its work begins, and nowhere else. */
static void check_start(struct model *model, const struct mirror *mirror, const Bl__Event *event,
                        size_t item)
{
    const Bl__Item *is = mirror->state->items[item];
    bool begins = is_running_state(is->state) && !is_running_state(mirror->before[item]);

    if (begins && event->what_case != W(RECALLED) && is->passed_up_at == 0 &&
        application_item_started(mirror->state, is) !=
            effective(model, mirror, after_wait(is, start_of(model, mirror, event, item)))) {
        FAIL(model, mirror->state->id,
             "item %zu begins at the wrong moment after event %llu: %lld µs", item,
             (unsigned long long)event->seq,
             (long long)(application_item_started(mirror->state, is) -
                         start_of(model, mirror, event, item)));
    }
}

/* --- stops -------------------------------------------------------------------------------------
 */

static void check_stops(struct model *model, const struct mirror *mirror, size_t index)
{
    const struct definition_item *definition = &mirror->workflow->definition->items[index];
    const Bl__Item *item = mirror->state->items[index];
    uint32_t count = 0;
    bool open = false;

    for (size_t i = 0; i < item->n_stops; i++) {
        const Bl__Stop *stop = item->stops[i];
        bool by_day = stop->number == 0;  // a wait for its first day

        open |= stop->to == 0 && !by_day;
        count += !by_day;
        if ((!by_day && stop->number != count) || stop->ends_at < stop->from ||
            (stop->to != 0 && (stop->to < stop->from || stop->to > stop->ends_at))) {
            FAIL(model, mirror->state->id, "stop %u of item %zu goes on beyond its cap",
                 stop->number, index);
        }
    }
    if (count > definition->stops_max) {
        FAIL(model, mirror->state->id, "item %zu was stopped too often", index);
    }
    if (is_running_state(item->state) && open != (item->state == S(SUSPENDED))) {
        FAIL(model, mirror->state->id,
             open ? "item %zu goes on while it is stopped" : "item %zu stands and nothing stops it",
             index);
    }
}

/* --- silence -----------------------------------------------------------------------------------
 */

static void check_receipt(struct model *model, struct mirror *mirror, const Bl__Event *event)
{
    const Bl__Application *state = mirror->state;

    for (size_t i = 0; i < state->n_items; i++) {
        if (state->items[i]->state == S(RECEIVED) && mirror->before[i] != S(RECEIVED)) {
            mirror->receipt[i] =
                event->what_case == W(RECALLED) && is_running_state(mirror->before[i])
                    ? after_wait(state->items[i], state->effective_at)
                : event->what_case == W(SUBMITTED) ? effective(model, mirror, event->at)
                                                   : after_wait(state->items[i], event->at);
        }
    }
    if (event->what_case == W(OVERDUE) && event->overdue->clock->kind == K(NOTIFY) &&
        state->items[event->overdue->clock->item]->state == S(RECEIVED)) {
        FAIL(model, state->id, "item %u still waits after its time to be accepted",
             event->overdue->clock->item);
    }
}

/* 超时默认 where the workflow allows it, and never for safety. */
static void check_tacit(struct model *model, const struct mirror *mirror, const Bl__Event *event)
{
    const Bl__Overdue *overdue = event->what_case == W(OVERDUE) ? event->overdue : NULL;

    if (overdue == NULL || overdue->clock->whole || overdue->clock->legal ||
        overdue->clock->kind != K(KIND_UNSPECIFIED)) {
        return;
    }
    const struct definition_item *definition =
        &mirror->workflow->definition->items[overdue->clock->item];
    const Bl__Item *item = mirror->state->items[overdue->clock->item];
    bool granted = overdue->follows == BL__OVERDUE__FOLLOWS__TACIT;
    bool above = definition->upper_department == NULL || item->passed_up_at != 0;
    bool allowed = definition->tacit && !definition->safety && above && !item->held &&
                   (!item->gap || definition->issue_with_gap);

    if (granted != allowed || granted != (item->result == BL__ITEM__RESULT__TACIT)) {
        FAIL(model, mirror->state->id, "item %s is %sgranted by silence", item->id,
             granted ? "" : "not ");
    }
}

void clocks_check(struct model *model, struct mirror *mirror, const Bl__Event *event)
{
    check_receipt(model, mirror, event);
    for (size_t i = 0; i <= mirror->state->n_items; i++) {
        size_t item = i == mirror->state->n_items ? WHOLE : i;

        for (enum clock_kind kind = PROMISE; kind < CLOCKS; kind++) {
            check_due(model, mirror, event, item, kind);
        }
        if (item != WHOLE) {
            check_start(model, mirror, event, item);
            check_stops(model, mirror, item);
        }
    }
    check_rungs(model, mirror, event);
    check_tacit(model, mirror, event);
}
