#include "deadline/clock.h"

#define WARN_PERCENT 20
#define HALF_HOUR_US (HOUR_US / 2)
#define HALF_DAY_US (DAY_US / 2)

/* What a clock measures: a scale on which a limit and its stops are plain sums. A day on a scale of
 * days stands for its close, a point on a scale of time for the moment itself. */
enum scale {
    SCALE_WORKDAYS,  // working days
    SCALE_DAYS,      // calendar days
    SCALE_OFFICE,    // office time in microseconds
    SCALE_TIME,      // time in microseconds
};

/* How one limit ran from its start through the stops. */
struct run {
    enum scale scale;
    int64_t due, shift;  // on the scale
    bl_time end;         // the due moment, or that of the stop which has no known end
    bool stopped, provisional;
};

static enum scale scale_of(struct limit limit)
{
    switch (limit.unit) {
    case LIMIT_WD:
        return limit.halves % 2 == 0 ? SCALE_WORKDAYS : SCALE_OFFICE;
    case LIMIT_ND:
        return limit.halves % 2 == 0 ? SCALE_DAYS : SCALE_TIME;
    case LIMIT_WH:
        return SCALE_OFFICE;
    case LIMIT_NH:
        return SCALE_TIME;
    }
    UNREACHABLE();
}

static bool scale_is_days(enum scale scale)
{
    return scale == SCALE_WORKDAYS || scale == SCALE_DAYS;
}

/* Where an instant lies on a scale. */
static int64_t scale_at(const struct calendar *calendar, enum scale scale, bl_time at)
{
    switch (scale) {
    case SCALE_WORKDAYS:
        return calendar_rank(calendar, calendar_day(calendar, at));
    case SCALE_DAYS:
        return calendar_day(calendar, at);
    case SCALE_OFFICE:
        return calendar_worked(calendar, at);
    case SCALE_TIME:
        return at;
    }
    UNREACHABLE();
}

/* The last moment of a due day. */
static bl_time day_end(const struct calendar *calendar, const struct clock_question *question,
                       bl_day day)
{
    if (question->midnight) {
        return bl_day_start(day + 1, calendar_offset(calendar)) - 1;
    }
    return calendar_closing(calendar, day);
}

/* The due moment that a point on a scale stands for. */
static bl_time due_moment(const struct calendar *calendar, const struct clock_question *question,
                          enum scale scale, int64_t due)
{
    switch (scale) {
    case SCALE_WORKDAYS:
        return day_end(calendar, question, calendar_ranked(calendar, (int32_t)due));
    case SCALE_DAYS: {
        bl_day day = (bl_day)due;
        bool moves = question->roll && !calendar_is_workday(calendar, day);
        return day_end(calendar, question, moves ? calendar_add(calendar, day, 1) : day);
    }
    case SCALE_OFFICE:
        return calendar_worked_at(calendar, due);
    case SCALE_TIME:
        return due;
    }
    UNREACHABLE();
}

/* Where n.5 working days end on the scale of office time. Half a day is half of the office time of
 * the day on which it begins, whatever that office's hours are. */
static int64_t half_day_due(const struct calendar *calendar, bl_time start, int32_t whole_days)
{
    bl_day day = calendar_day(calendar, start);

    if (whole_days == 0) {
        day = calendar_day(calendar, calendar_effective(calendar, start));
    } else {
        day = calendar_add(calendar, day, whole_days + 1);
        start = calendar_opening(calendar, day);
    }
    return calendar_worked(calendar, start) + calendar_office(calendar, day) / 2;
}

/* Where a limit ends on its scale if nothing stops it. */
static int64_t limit_due(const struct calendar *calendar, bl_time start, struct limit limit)
{
    enum scale scale = scale_of(limit);

    if (scale_is_days(scale)) {
        return scale_at(calendar, scale, start) + limit.halves / 2;
    }
    if (limit.unit == LIMIT_WD) {
        return half_day_due(calendar, start, limit.halves / 2);
    }
    bl_span half = limit.unit == LIMIT_ND ? HALF_DAY_US : HALF_HOUR_US;
    return scale_at(calendar, scale, start) + limit.halves * half;
}

/* The next stop in the order of their beginnings, or NULL; the first after NULL. Nothing is sorted
 * because there are few and no memory is taken. */
static const struct clock_stop *stop_next(const struct clock_question *question,
                                          const struct clock_stop *last)
{
    const struct clock_stop *next = NULL;

    for (size_t i = 0; i < question->stop_count; i++) {
        const struct clock_stop *stop = &question->stops[i];
        bool later =
            last == NULL || stop->from > last->from || (stop->from == last->from && stop > last);

        if (later && (next == NULL || stop->from < next->from)) {
            next = stop;
        }
    }
    return next;
}

/* When a stop ends, resumed or not; BL_NEVER if that is not known. */
static bl_time stop_end(const struct calendar *calendar, const struct clock_stop *stop,
                        bool *provisional)
{
    if (stop->cap.halves == 0) {
        return stop->to;
    }
    struct clock_question cap = { .start = stop->from, .limit = stop->cap };
    struct clock_answer answer = clock_due(calendar, &cap);
    if (stop->to <= answer.due) {
        return stop->to;
    }
    *provisional |= answer.provisional;
    return answer.due;
}

/* Moves the due point of a run by the union of the stops that begin before the due moment. */
static void run_stops(const struct calendar *calendar, const struct clock_question *question,
                      bl_time start, struct run *run)
{
    bl_time stood_until = start;
    const struct clock_stop *stop = stop_next(question, NULL);

    for (; stop != NULL && stop->from <= run->end; stop = stop_next(question, stop)) {
        bl_time to = stop_end(calendar, stop, &run->provisional);
        bl_time from = stop->from > stood_until ? stop->from : stood_until;

        if (to == BL_NEVER) {
            run->stopped = true;
            run->end = from;
            return;
        }
        if (to > from) {
            run->shift += scale_at(calendar, run->scale, to) - scale_at(calendar, run->scale, from);
            run->end = due_moment(calendar, question, run->scale, run->due + run->shift);
            stood_until = to;
        }
    }
}

/* Runs one limit from `start`. */
static struct run run_limit(const struct calendar *calendar, const struct clock_question *question,
                            bl_time start, struct limit limit)
{
    struct run run = { .scale = scale_of(limit) };

    run.due = limit_due(calendar, start, limit);
    run.end = due_moment(calendar, question, run.scale, run.due);
    if (question->stop_count != 0) {
        run_stops(calendar, question, start, &run);
    }
    run.due += run.shift;
    if (run.scale == SCALE_WORKDAYS || run.scale == SCALE_OFFICE || question->roll) {
        run.provisional |= calendar_is_provisional(calendar, calendar_day(calendar, start),
                                                   calendar_day(calendar, run.end));
    }
    return run;
}

/* An extension in the limit's own unit makes it longer; one in another unit is a leg of its own. */
static bool extension_is_apart(const struct clock_question *question)
{
    return question->extension.halves != 0 && question->extension.unit != question->limit.unit;
}

static struct limit limit_whole(const struct clock_question *question)
{
    struct limit limit = question->limit;

    if (!extension_is_apart(question)) {
        limit.halves += question->extension.halves;
    }
    return limit;
}

/* Working days that a clock stopped at run->end still has. */
static int32_t days_left(const struct calendar *calendar, const struct clock_question *question,
                         const struct run *run)
{
    bl_time due = due_moment(calendar, question, run->scale, run->due);

    return calendar_between(calendar, calendar_day(calendar, run->end),
                            calendar_day(calendar, due));
}

static struct clock_answer answer_of(const struct calendar *calendar,
                                     const struct clock_question *question, const struct run *run)
{
    int64_t shift = scale_is_days(run->scale) ? run->shift : run->shift / MINUTE_US;

    return (struct clock_answer){
        .due = run->stopped ? BL_NEVER : run->end,
        .stopped = run->stopped,
        .provisional = run->provisional,
        .shift = (int32_t)shift,
        .left = run->stopped ? days_left(calendar, question, run) : 0,
    };
}

struct clock_answer clock_due(const struct calendar *calendar,
                              const struct clock_question *question)
{
    if (question->limit.halves == 0) {
        return (struct clock_answer){ .due = BL_NEVER };
    }
    struct run run = run_limit(calendar, question, question->start, limit_whole(question));
    struct clock_answer answer = answer_of(calendar, question, &run);
    if (!extension_is_apart(question) || run.stopped) {
        return answer;
    }
    struct run more = run_limit(calendar, question, run.end, question->extension);
    struct clock_answer whole = answer_of(calendar, question, &more);
    whole.shift += answer.shift;
    whole.provisional |= answer.provisional;
    return whole;
}

/* How much of [from, to] counted on a scale: its length there without the union of the stops. */
static int64_t counted_within(const struct calendar *calendar,
                              const struct clock_question *question, enum scale scale, bl_time from,
                              bl_time to)
{
    int64_t counted = scale_at(calendar, scale, to) - scale_at(calendar, scale, from);
    const struct clock_stop *stop = stop_next(question, NULL);
    bool provisional = false;

    for (; stop != NULL && stop->from < to; stop = stop_next(question, stop)) {
        bl_time end = stop_end(calendar, stop, &provisional);
        bl_time begin = stop->from > from ? stop->from : from;

        end = end < to ? end : to;
        if (end > begin) {
            counted -= scale_at(calendar, scale, end) - scale_at(calendar, scale, begin);
            from = end;
        }
    }
    return counted;
}

/* The days that were counted, and how many of them are to be written. */
struct day_list {
    bl_day *days;
    size_t count, room;
};

static void day_add(struct day_list *list, bl_day day)
{
    // Two legs may meet on one day.
    if (list->count != 0 && list->count <= list->room && list->days[list->count - 1] == day) {
        return;
    }
    if (list->count < list->room) {
        list->days[list->count] = day;
    }
    list->count++;
}

/* Lists the days that counted in one leg. On a scale of days the step to a day is what counts, so
 * its window is from any moment of the day before to any moment of the day. Where whole days count,
 * day 0 does not, also before half a day at the end. */
static void leg_explain(const struct calendar *calendar, const struct clock_question *question,
                        struct limit limit, bl_time start, bl_time end, struct day_list *list)
{
    enum scale scale = scale_of(limit);
    bool by_day = scale_is_days(scale), whole_days = limit.unit == LIMIT_WD && limit.halves > 1;
    bl_day first = calendar_day(calendar, start), last = calendar_day(calendar, end);

    for (bl_day day = by_day || whole_days ? first + 1 : first; day <= last; day++) {
        bl_time from = bl_day_start(day, calendar_offset(calendar)) - 1;
        bl_time to = from + DAY_US;

        if (!by_day) {
            from = from > start ? from : start;
            to = to < end ? to : end;
        }
        if (counted_within(calendar, question, scale, from, to) > 0) {
            day_add(list, day);
        }
    }
}

size_t clock_explain(const struct calendar *calendar, const struct clock_question *question,
                     bl_day *counted, size_t room)
{
    struct day_list list = { .days = counted, .room = room };

    if (question->limit.halves == 0) {
        return 0;
    }
    struct limit limit = limit_whole(question);
    struct run run = run_limit(calendar, question, question->start, limit);
    leg_explain(calendar, question, limit, question->start, run.end, &list);
    if (extension_is_apart(question) && !run.stopped) {
        struct run more = run_limit(calendar, question, run.end, question->extension);
        leg_explain(calendar, question, question->extension, run.end, more.end, &list);
    }
    return list.count;
}

bool clock_is_stopped(const struct calendar *calendar, const struct clock_question *question,
                      bl_time now)
{
    bool provisional = false;

    for (size_t i = 0; i < question->stop_count; i++) {
        const struct clock_stop *stop = &question->stops[i];

        if (stop->from <= now && now < stop_end(calendar, stop, &provisional)) {
            return true;
        }
    }
    return false;
}

/* Up to one day, or in hours: such a limit warns by its last quarter, not by days. */
static bool warns_by_quarter(struct limit limit)
{
    return limit.unit == LIMIT_WH || limit.unit == LIMIT_NH || limit.halves <= 2;
}

static bl_time quarter_start(const struct calendar *calendar, struct limit limit, bl_time due)
{
    switch (limit.unit) {
    case LIMIT_WD: {
        bl_span office = calendar_office(calendar, calendar_day(calendar, due));
        return calendar_worked_at(calendar,
                                  calendar_worked(calendar, due) - office * limit.halves / 8);
    }
    case LIMIT_WH:
        return calendar_worked_at(calendar,
                                  calendar_worked(calendar, due) - limit.halves * HALF_HOUR_US / 4);
    case LIMIT_ND:
        return due - limit.halves * HALF_DAY_US / 4;
    case LIMIT_NH:
        return due - limit.halves * HALF_HOUR_US / 4;
    }
    UNREACHABLE();
}

/* A fifth of the limit's days, rounded up; one day at least, for a limit longer than one. */
static int32_t warn_default(struct limit limit)
{
    return (limit.halves * WARN_PERCENT + 199) / 200;
}

bl_time clock_warn(const struct calendar *calendar, struct limit limit, bl_time start, bl_time due,
                   int32_t warn_days)
{
    bl_time warn;

    if (due == BL_NEVER) {
        return BL_NEVER;
    }
    if (warns_by_quarter(limit)) {
        warn = quarter_start(calendar, limit, due);
    } else {
        int32_t days = warn_days > 0 ? warn_days : warn_default(limit);
        int32_t rank = calendar_rank(calendar, calendar_day(calendar, due));
        warn = calendar_opening(calendar, calendar_ranked(calendar, rank - days));
    }
    return warn > start ? warn : start;
}

int32_t clock_remaining(const struct calendar *calendar, bl_time now, bl_time due)
{
    if (due == BL_NEVER) {
        return INT32_MAX;
    }
    return calendar_rank(calendar, calendar_day(calendar, due)) -
           calendar_rank(calendar, calendar_day(calendar, now));
}

struct clock_silence clock_deemed(const struct calendar *calendar, bl_time received,
                                  struct limit limit)
{
    struct clock_question question = {
        .start = calendar_effective(calendar, received),
        .limit = limit,
    };

    return (struct clock_silence){
        .start = question.start,
        .last = clock_due(calendar, &question).due,
    };
}

Bl__Light clock_light(struct clock_face promise, struct clock_face legal, bl_time now)
{
    if (now > promise.due || now > legal.due) {
        return BL__LIGHT__RED;
    }
    if ((!promise.stopped && now >= promise.warn) || (!legal.stopped && now >= legal.warn)) {
        return BL__LIGHT__YELLOW;
    }
    return promise.stopped ? BL__LIGHT__BLUE : BL__LIGHT__GREEN;
}

Bl__Light clock_light_worse(Bl__Light a, Bl__Light b)
{
    static const uint8_t badness[] = {
        [BL__LIGHT__LIGHT_UNSPECIFIED] = 0,
        [BL__LIGHT__GREY] = 1,
        [BL__LIGHT__GREEN] = 2,
        [BL__LIGHT__BLUE] = 3,
        [BL__LIGHT__YELLOW] = 4,
        [BL__LIGHT__RED] = 5,
    };

    return badness[a] >= badness[b] ? a : b;
}
