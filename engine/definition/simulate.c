/* The play itself: forward through the items in an order in which each comes after what it needs.
 * Slack and the critical items come from playing it again with one item later, which stays right
 * for every kind of join and unit, where a backward pass would have to invert each of them. */
#include "definition/simulate.h"

#include <stdlib.h>
#include <string.h>

#include "deadline/clock.h"

/* One pass. */
struct play {
    const struct simulate_question *question;
    const struct definition *definition;
    struct simulate_item *items;
    struct clock_stop *stops;  // of all items, when they are wanted
    bool *stops_legal;         // of each stop
    size_t stop_count;
    bool collects;  // stops and legal limits are wanted
    struct bl_arena *scratch;
    bool *settled;      // items that the pass has reached
    bl_time now;        // of the condition that is being asked
    uint32_t late;      // this item ends `late_days` later than it would
    int32_t late_days;  // 0: none
};

#define NOBODY UINT32_MAX

/* --- results of items, as conditions read them ----------------------------------------------- */

/* Whether the item is decided by `play->now`, so that a join sees what stood then. */
static struct bl_text result(const void *context, uint32_t index)
{
    const struct play *play = context;
    const struct simulate_item *item = &play->items[index];

    if (!play->settled[index] || item->due > play->now) {
        return bl_text_of("");
    }
    switch (item->state) {
    case SIMULATE_RUNS:
        return bl_text_of("granted");
    case SIMULATE_NOT_NEEDED:
        return bl_text_of("not_needed");
    case SIMULATE_BLOCKED:
        return bl_text_of("blocked");
    }
    UNREACHABLE();
}

static enum bl_err holds(struct play *play, const struct cel *when, bl_time now, bool *yes,
                         struct bl_error *e)
{
    struct form_scope scope = { .definition = play->definition,
                                .values = play->question->values,
                                .result = result,
                                .context = play };

    play->now = now;
    return form_holds(when, &scope, play->scratch, yes, e);
}

/* --- joins ----------------------------------------------------------------------------------- */

static int compare_times(const void *a, const void *b)
{
    bl_time x = *(const bl_time *)a, y = *(const bl_time *)b;

    return (x > y) - (x < y);
}

/* When a join is settled, and whether it is met then. */
struct meeting {
    bl_time at;
    bool met;
};

/* The moments at which branches of a kind are settled, ascending. */
struct moments {
    bl_time *at;
    size_t count;
};

static struct moments moments_of(struct play *play, const struct definition_join *join,
                                 bool granted_only)
{
    struct moments moments = { bl_arena_array(play->scratch, bl_time, join->branch_count), 0 };

    for (size_t i = 0; i < join->branch_count; i++) {
        const struct simulate_item *item = &play->items[join->branches[i]];

        if (!granted_only || item->state == SIMULATE_RUNS) {
            moments.at[moments.count++] = item->due;
        }
    }
    if (moments.count > 0) {
        qsort(moments.at, moments.count, sizeof *moments.at, compare_times);
    }
    return moments;
}

static size_t count_blocked(const struct play *play, const struct definition_join *join)
{
    size_t count = 0;

    for (size_t i = 0; i < join->branch_count; i++) {
        count += play->items[join->branches[i]].state == SIMULATE_BLOCKED;
    }
    return count;
}

/* The first moment at which the expression is true. */
static enum bl_err meet_expression(struct play *play, const struct definition_join *join,
                                   const struct moments *all, struct meeting *meeting,
                                   struct bl_error *e)
{
    for (size_t i = 0; i < all->count && !meeting->met; i++) {
        enum bl_err err = holds(play, join->expression, all->at[i], &meeting->met, e);

        if (err != BL_OK) {
            return err;
        }
        meeting->at = all->at[i];
    }
    return BL_OK;
}

static enum bl_err meet(struct play *play, const struct definition_join *join,
                        struct meeting *meeting, struct bl_error *e)
{
    struct moments all = moments_of(play, join, false);
    struct moments granted = moments_of(play, join, true);
    size_t blocked = count_blocked(play, join);
    size_t need = join->kind == JOIN_ANY     ? 1
                  : join->kind == JOIN_COUNT ? join->need
                                             : granted.count + blocked;

    *meeting = (struct meeting){ .at = play->question->accepted };
    if (all.count == 0) {
        meeting->met = true;
        return BL_OK;
    }
    if (join->kind == JOIN_EXPRESSION) {  // the form alone may settle it
        enum bl_err err = holds(play, join->expression, meeting->at, &meeting->met, e);

        if (err != BL_OK || meeting->met) {
            return err;
        }
    }
    meeting->at = all.at[all.count - 1];
    if (granted.count + blocked == 0) {  // all skipped: nothing to wait for
        meeting->met = true;
    } else if (join->kind == JOIN_EXPRESSION) {
        return meet_expression(play, join, &all, meeting, e);
    } else if (join->kind == JOIN_ALL) {
        meeting->met = blocked == 0;
    } else if (granted.count >= need) {
        meeting->met = true;
        meeting->at = granted.at[need - 1];
    }
    return BL_OK;
}

/* --- one item -------------------------------------------------------------------------------- */

/* The same time of day, so many working days later. */
static bl_time later(const struct play *play, bl_time at, int32_t days)
{
    const struct calendar *calendar = play->question->calendar;
    bl_day day = calendar_day(calendar, at);

    return days == 0 ? at : at + (calendar_add(calendar, day, days) - day) * DAY_US;
}

static struct limit limit_of(const struct play *play, const struct definition_item *item)
{
    const struct simulate_question *question = play->question;
    struct limit limit = item->promise;

    for (size_t i = 0; i < question->assumption_count; i++) {
        const struct simulate_assumption *assumption = &question->assumptions[i];

        if (assumption->kind == ASSUME_ITEM_TAKES && assumption->index == item->index) {
            limit = assumption->limit;
        }
    }
    return limit;
}

/* Does the applicant promise in writing to meet its conditions? */
static bool is_committed(const struct play *play, const struct definition_item *item)
{
    const struct simulate_question *question = play->question;

    for (size_t i = 0; i < question->assumption_count; i++) {
        if (question->assumptions[i].kind == ASSUME_COMMITTED &&
            question->assumptions[i].index == item->index) {
            return true;
        }
    }
    return false;
}

/* Working days by which the item ends late. */
static int32_t lateness(const struct play *play, const struct definition_item *item)
{
    const struct simulate_question *question = play->question;
    int32_t days = item->index == play->late ? play->late_days : 0;

    for (size_t i = 0; i < question->assumption_count; i++) {
        const struct simulate_assumption *assumption = &question->assumptions[i];

        if (assumption->kind == ASSUME_DEPARTMENT_LATE &&
            strcmp(assumption->department, item->department) == 0) {
            days += assumption->days;
        }
    }
    return days;
}

static bool may_use(const struct definition_item *item, uint32_t special)
{
    for (size_t i = 0; i < item->special_count; i++) {
        if (item->special[i] == special) {
            return true;
        }
    }
    return false;
}

/* What of the item's stops concerns the legal clock too. */
struct pauses {
    struct clock_stop *stops, *legal;
    size_t count, legal_count;
};

/* The item's special procedures that are assumed: one after another, from its start. */
static struct pauses pauses_of(struct play *play, const struct definition_item *item, bl_time start)
{
    const struct simulate_question *question = play->question;
    struct pauses pauses = {
        .stops = bl_arena_array(play->scratch, struct clock_stop, question->assumption_count),
        .legal = bl_arena_array(play->scratch, struct clock_stop, question->assumption_count),
    };

    for (size_t i = 0; i < question->assumption_count; i++) {
        const struct simulate_assumption *assumption = &question->assumptions[i];

        if (assumption->kind == ASSUME_SPECIAL_USED && may_use(item, assumption->index)) {
            const struct definition_special *special =
                &play->definition->special[assumption->index];
            struct clock_question cap = { .start = start, .limit = special->at_most };
            struct clock_stop stop = { .from = start,
                                       .to = clock_due(question->calendar, &cap).due };

            pauses.stops[pauses.count++] = stop;
            if (special->stops_legal) {
                pauses.legal[pauses.legal_count++] = stop;
            }
            start = stop.to;
        }
    }
    return pauses;
}

/* Keeps the stops for the clocks of the whole. */
static void collect(struct play *play, const struct pauses *pauses)
{
    for (size_t i = 0; i < pauses->count; i++) {
        play->stops[play->stop_count] = pauses->stops[i];
        play->stops_legal[play->stop_count] = false;
        for (size_t j = 0; j < pauses->legal_count; j++) {
            play->stops_legal[play->stop_count] |= pauses->legal[j].from == pauses->stops[i].from;
        }
        play->stop_count++;
    }
}

/* The end of a limit; BL_NEVER where there is none. */
static bl_time limit_end(const struct play *play, struct limit limit, bl_time start,
                         const struct clock_stop *stops, size_t stop_count)
{
    struct clock_question question = {
        .start = start, .limit = limit, .stops = stops, .stop_count = stop_count
    };

    return limit.halves == 0 ? BL_NEVER : clock_due(play->question->calendar, &question).due;
}

/* 行政许可法 第四十三条: the legal limit of the second leg counts from the first one's end. */
static bl_time legal_end(const struct play *play, const struct definition_item *item,
                         const struct simulate_item *played, const struct pauses *pauses)
{
    return played->passed_up != 0
               ? limit_end(play, item->upper_legal, played->passed_up, NULL, 0)
               : limit_end(play, item->legal, played->start, pauses->legal, pauses->legal_count);
}

static void run(struct play *play, const struct definition_item *item, bl_time start)
{
    struct simulate_item *to = &play->items[item->index];
    struct pauses pauses = pauses_of(play, item, start);
    bl_time end = is_committed(play, item)
                      ? start
                      : limit_end(play, limit_of(play, item), start, pauses.stops, pauses.count);

    to->state = SIMULATE_RUNS;
    to->start = start;
    to->due = later(play, end, lateness(play, item));
    to->passed_up = item->upper_department == NULL ? 0 : to->due;
    if (to->passed_up != 0) {
        to->due = limit_end(play, item->upper_promise, to->passed_up, NULL, 0);
    }
    if (play->collects) {
        to->legal = legal_end(play, item, to, &pauses);
        to->paused = 0;
        for (size_t i = 0; i < pauses.count; i++) {
            to->paused +=
                calendar_between(play->question->calendar,
                                 calendar_day(play->question->calendar, pauses.stops[i].from),
                                 calendar_day(play->question->calendar, pauses.stops[i].to));
        }
        collect(play, &pauses);
    }
}

/* An item that may be filed for before its day waits for the day's opening. */
static bl_time not_before(const struct play *play, const struct definition_item *item, bl_time at)
{
    const struct calendar *calendar = play->question->calendar;
    const struct form_value *value;
    struct bl_text text;
    bl_day day;

    if (item->not_before < 0) {
        return at;
    }
    value = &play->question->values[item->not_before];
    text = value->value.string;
    if (!value->present || bl_day_parse(bl_arena_text(play->scratch, text), &day, NULL) != BL_OK ||
        day <= calendar_day(calendar, at)) {
        return at;
    }
    return calendar_effective(calendar, calendar_opening(calendar, day));
}

static enum bl_err settle(struct play *play, const struct definition_item *item, struct bl_error *e)
{
    struct simulate_item *to = &play->items[item->index];
    bl_time accepted = play->question->accepted;
    struct meeting needs;
    bool needed = true;
    enum bl_err err = meet(play, &item->needs, &needs, e);
    bl_time asked = item->when_needs_items ? needs.at : accepted;

    if (err == BL_OK && (needs.met || !item->when_needs_items)) {
        err = holds(play, item->when, asked, &needed, e);
    }
    if (err != BL_OK) {
        return err;
    }
    if (!needed) {
        *to = (struct simulate_item){
            .state = SIMULATE_NOT_NEEDED, .start = asked, .due = asked, .legal = BL_NEVER
        };
    } else if (!needs.met) {
        *to = (struct simulate_item){
            .state = SIMULATE_BLOCKED, .start = needs.at, .due = needs.at, .legal = BL_NEVER
        };
    } else {
        run(play, item, not_before(play, item, needs.at));
    }
    play->settled[item->index] = true;
    return BL_OK;
}

/* --- the whole ------------------------------------------------------------------------------- */

/* The end: of the join where later branches end with it or wait for an officer, else of the last
 * item. BL_NEVER if the join cannot be met. */
static enum bl_err finish(struct play *play, bl_time *end, struct bl_error *e)
{
    const struct definition_join *join = &play->definition->join;
    struct meeting meeting;
    enum bl_err err = meet(play, join, &meeting, e);

    if (err != BL_OK) {
        return err;
    }
    *end = meeting.met ? meeting.at : BL_NEVER;
    for (size_t i = 0; meeting.met && join->late == LATE_RECORD && i < play->definition->item_count;
         i++) {
        *end = play->items[i].due > *end ? play->items[i].due : *end;
    }
    return BL_OK;
}

static enum bl_err play_once(struct play *play, bl_time *end, struct bl_error *e)
{
    const struct definition *definition = play->definition;

    memset(play->settled, 0, definition->item_count * sizeof *play->settled);
    for (size_t i = 0; i < definition->item_count; i++) {
        const struct definition_item *item = &definition->items[definition->order[i]];
        enum bl_err err = settle(play, item, e);

        if (err != BL_OK) {
            if (e != NULL) {
                bl_text_copy(e->source, sizeof e->source, item->id);
            }
            return err;
        }
    }
    return finish(play, end, e);
}

/* The end if one item were so many days later. */
static enum bl_err end_if_late(struct play *play, uint32_t item, int32_t days, bl_time *end,
                               struct bl_error *e)
{
    enum bl_err err;

    bl_arena_reset(play->scratch);
    play->late = item;
    play->late_days = days;
    err = play_once(play, end, e);
    play->late = NOBODY;
    return err;
}

/* The most days by which the item may be later and the end stays at or before `bound`: by halving,
 * for a later item never makes an earlier end. */
static enum bl_err find_slack(struct play *play, uint32_t item, bl_time bound, int32_t *slack,
                              struct bl_error *e)
{
    int32_t fits = 0, too_late = SIMULATE_SLACK_MAX + 1;

    while (too_late - fits > 1) {
        int32_t middle = fits + (too_late - fits) / 2;
        bl_time end;
        enum bl_err err = end_if_late(play, item, middle, &end, e);

        if (err != BL_OK) {
            return err;
        }
        if (end <= bound) {
            fits = middle;
        } else {
            too_late = middle;
        }
    }
    *slack = fits;
    return BL_OK;
}

static enum bl_err weigh(struct play *play, struct simulation *simulation, struct bl_error *e)
{
    bl_time bound =
        simulation->finish > simulation->promise ? simulation->finish : simulation->promise;
    int32_t overdue = simulation->margin < 0 ? simulation->margin : 0;

    for (uint32_t i = 0; i < play->definition->item_count; i++) {
        struct simulate_item *item = &simulation->items[i];
        bl_time end;
        enum bl_err err;

        if (item->state != SIMULATE_RUNS) {
            continue;
        }
        err = find_slack(play, i, bound, &item->slack, e);
        if (err == BL_OK) {
            err = end_if_late(play, i, 1, &end, e);
        }
        if (err != BL_OK) {
            return err;
        }
        item->slack += overdue;
        item->critical = end > simulation->finish;
    }
    return BL_OK;
}

/* The clocks of the whole leave out the union of its items' special procedures. */
static void clocks(struct play *play, struct simulation *simulation)
{
    const struct simulate_question *question = play->question;
    struct clock_question promise = { .start = question->accepted,
                                      .limit = play->definition->promise,
                                      .stops = play->stops,
                                      .stop_count = play->stop_count };
    struct clock_answer answer = clock_due(question->calendar, &promise);
    bool counts_days = promise.limit.unit == LIMIT_WD && promise.limit.halves % 2 == 0;

    simulation->promise = answer.due;
    simulation->provisional = answer.provisional;
    simulation->paused = counts_days ? answer.shift : 0;
    simulation->legal = BL_NEVER;
    if (play->definition->legal.halves > 0) {
        struct clock_question legal = promise;

        legal.limit = play->definition->legal;
        legal.stop_count = 0;
        for (size_t i = 0; i < play->stop_count; i++) {
            if (play->stops_legal[i]) {
                play->stops[legal.stop_count++] = play->stops[i];
            }
        }
        answer = clock_due(question->calendar, &legal);
        simulation->legal = answer.due;
        simulation->provisional |= answer.provisional;
    }
}

static void judge(struct simulation *simulation)
{
    const struct calendar *calendar = simulation->question.calendar;

    simulation->margin = simulation->finish == BL_NEVER
                             ? 0
                             : clock_remaining(calendar, simulation->finish, simulation->promise);
    if (simulation->finish != BL_NEVER) {
        simulation->provisional |=
            calendar_is_provisional(calendar, calendar_day(calendar, simulation->question.accepted),
                                    calendar_day(calendar, simulation->finish));
    }
}

/* A pass whose items are not those of the result, for asking "and if it were later". */
static struct play try_again(const struct play *play, struct bl_arena *arena)
{
    struct play again = *play;

    again.items = bl_arena_array(arena, struct simulate_item, play->definition->item_count);
    again.collects = false;
    return again;
}

enum bl_err simulate(const struct simulate_question *question, struct bl_arena *arena,
                     struct simulation *simulation, struct bl_error *e)
{
    const struct definition *definition = question->definition;
    size_t stops_max = definition->item_count * question->assumption_count;
    struct bl_arena scratch;
    struct play play = { .question = &simulation->question,
                         .definition = definition,
                         .items =
                             bl_arena_array(arena, struct simulate_item, definition->item_count),
                         .stops = bl_arena_array(arena, struct clock_stop, stops_max),
                         .stops_legal = bl_arena_array(arena, bool, stops_max),
                         .settled = bl_arena_array(arena, bool, definition->item_count),
                         .collects = true,
                         .scratch = &scratch,
                         .late = NOBODY };
    enum bl_err err;

    bl_arena_init(&scratch, 1 << 14, arena->bound_bytes);
    *simulation = (struct simulation){ .question = *question, .items = play.items };
    if (!definition->after_hours_count) {
        simulation->question.accepted = calendar_effective(question->calendar, question->accepted);
    }
    err = play_once(&play, &simulation->finish, e);
    if (err == BL_OK) {
        clocks(&play, simulation);
        judge(simulation);
        if (simulation->finish != BL_NEVER && !question->dates_only) {
            struct play again = try_again(&play, arena);

            err = weigh(&again, simulation, e);
        }
    }
    bl_arena_free(&scratch);
    return err;
}
