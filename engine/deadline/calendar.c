#include "deadline/calendar.h"

#include <string.h>

#include "deadline/calendar_table.h"

/* A week outside the table: Monday to Friday are worked. */
#define WEEK_WORKED 5
#define WEEK_DAYS 7

static int32_t floor_div(int32_t a, int32_t b)
{
    int32_t quotient = a / b;

    return a % b < 0 ? quotient - 1 : quotient;
}

/* Working days among the first `days` days that follow a Monday's midnight, in plain weeks. */
static int32_t plain_worked(int32_t days)
{
    int32_t weeks = floor_div(days, WEEK_DAYS);
    int32_t rest = days - weeks * WEEK_DAYS;

    return weeks * WEEK_WORKED + (rest < WEEK_WORKED ? rest : WEEK_WORKED);
}

int32_t calendar_rank(const struct calendar *calendar, bl_day day)
{
    int32_t index = day - TABLE_FIRST;

    if (__builtin_expect(index >= 0 && index < TABLE_DAYS, 1)) {
        return calendar->days[index].worked;
    }
    return index < 0 ? plain_worked(index + 1)
                     : calendar->total + plain_worked(index - TABLE_DAYS + 1);
}

bl_day calendar_ranked(const struct calendar *calendar, int32_t rank)
{
    if (__builtin_expect(rank >= 1 && rank <= calendar->total, 1)) {
        return TABLE_FIRST + calendar->nth[rank];
    }
    int32_t after = rank <= 0 ? rank - 1 : rank - calendar->total - 1;
    int32_t weeks = floor_div(after, WEEK_WORKED);
    int32_t from = rank <= 0 ? TABLE_FIRST : TABLE_FIRST + TABLE_DAYS;
    return from + weeks * WEEK_DAYS + (after - weeks * WEEK_WORKED);
}

/* The table's nearest index: what holds at its edge holds beyond. */
static inline int32_t nearest(bl_day day)
{
    int32_t index = day - TABLE_FIRST;

    return index < 0 ? 0 : index < TABLE_DAYS ? index : TABLE_DAYS - 1;
}

static inline const struct season *season_of(const struct calendar *calendar, bl_day day)
{
    return &calendar->seasons[calendar->days[nearest(day)].season];
}

bool calendar_is_workday(const struct calendar *calendar, bl_day day)
{
    return calendar_rank(calendar, day) != calendar_rank(calendar, day - 1);
}

bl_day calendar_add(const struct calendar *calendar, bl_day day, int32_t n)
{
    CHECK(n >= -CALENDAR_ADD_MAX && n <= CALENDAR_ADD_MAX);
    if (n > 0) {
        return calendar_ranked(calendar, calendar_rank(calendar, day) + n);
    }
    return n == 0 ? day : calendar_ranked(calendar, calendar_rank(calendar, day - 1) + n + 1);
}

int32_t calendar_between(const struct calendar *calendar, bl_day a, bl_day b)
{
    return b <= a ? 0 : calendar_rank(calendar, b) - calendar_rank(calendar, a);
}

bool calendar_is_provisional(const struct calendar *calendar, bl_day a, bl_day b)
{
    int32_t first = a - TABLE_FIRST, last = b - TABLE_FIRST;

    if (first < 0 || last >= TABLE_DAYS) {
        return true;
    }
    int32_t before = first == 0 ? 0 : calendar->days[first - 1].provisional;
    return first <= last && calendar->days[last].provisional != before;
}

bl_day calendar_day(const struct calendar *calendar, bl_time at)
{
    return bl_time_day(at, calendar->offset);
}

int32_t calendar_offset(const struct calendar *calendar)
{
    return calendar->offset;
}

static bl_time minute_of(const struct calendar *calendar, bl_day day, int32_t minute)
{
    return bl_day_start(day, calendar->offset) + minute * MINUTE_US;
}

bl_time calendar_opening(const struct calendar *calendar, bl_day day)
{
    return minute_of(calendar, day, season_of(calendar, day)->spans[0].from);
}

bl_time calendar_closing(const struct calendar *calendar, bl_day day)
{
    const struct season *season = season_of(calendar, day);

    return minute_of(calendar, day, season->spans[season->span_count - 1].to);
}

bl_span calendar_office(const struct calendar *calendar, bl_day day)
{
    return season_of(calendar, day)->minutes * MINUTE_US;
}

size_t calendar_hours(const struct calendar *calendar, bl_day day,
                      struct calendar_span spans[CALENDAR_SPANS_MAX])
{
    const struct season *season = season_of(calendar, day);

    memcpy(spans, season->spans, season->span_count * sizeof spans[0]);
    return season->span_count;
}

bl_time calendar_effective(const struct calendar *calendar, bl_time at)
{
    bl_day day = calendar_day(calendar, at);

    if (calendar_is_workday(calendar, day)) {
        const struct season *season = season_of(calendar, day);

        for (uint32_t i = 0; i < season->span_count; i++) {
            // 民法典 第二百零三条: the moment at which business stops still belongs to it.
            if (at <= minute_of(calendar, day, season->spans[i].to)) {
                bl_time opening = minute_of(calendar, day, season->spans[i].from);
                return at > opening ? at : opening;
            }
        }
    }
    return calendar_opening(calendar, calendar_add(calendar, day, 1));
}

/* Office minutes of the working days up to and including `day`; those beyond the table are worth
 * what the table's edge is worth. */
static int64_t minutes_through(const struct calendar *calendar, bl_day day)
{
    int32_t index = day - TABLE_FIRST;

    if (index >= 0 && index < TABLE_DAYS) {
        return calendar->minutes[index];
    }
    int64_t minutes = season_of(calendar, day)->minutes;
    int32_t rank = calendar_rank(calendar, day);
    return index < 0 ? rank * minutes
                     : calendar->minutes[TABLE_DAYS - 1] + (rank - calendar->total) * minutes;
}

/* Office time of one day that has passed at an instant of that day. */
static bl_span worked_in_day(const struct season *season, bl_span since_midnight)
{
    bl_span worked = 0;

    for (uint32_t i = 0; i < season->span_count; i++) {
        bl_span from = season->spans[i].from * MINUTE_US, to = season->spans[i].to * MINUTE_US;

        if (since_midnight <= from) {
            break;
        }
        worked += (since_midnight < to ? since_midnight : to) - from;
    }
    return worked;
}

bl_span calendar_worked(const struct calendar *calendar, bl_time at)
{
    bl_day day = calendar_day(calendar, at);
    bl_span before = minutes_through(calendar, day - 1) * MINUTE_US;

    if (!calendar_is_workday(calendar, day)) {
        return before;
    }
    return before +
           worked_in_day(season_of(calendar, day), at - bl_day_start(day, calendar->offset));
}

/* The first day of the table through which at least `minutes` office minutes have passed. */
static int32_t first_through(const struct calendar *calendar, int64_t minutes)
{
    int32_t low = 0, high = TABLE_DAYS - 1;

    while (low < high) {
        int32_t middle = low + (high - low) / 2;

        if (calendar->minutes[middle] < minutes) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

/* The working day within which, or at whose close, that much has been worked. */
static bl_day day_worked(const struct calendar *calendar, bl_span worked)
{
    int64_t minutes = worked / MINUTE_US + (worked % MINUTE_US > 0);
    int64_t through = calendar->minutes[TABLE_DAYS - 1];

    if (minutes <= 0) {
        int64_t a_day = season_of(calendar, TABLE_FIRST - 1)->minutes;
        return calendar_ranked(calendar, (int32_t)(minutes / a_day));
    }
    if (minutes > through) {
        int64_t a_day = season_of(calendar, TABLE_FIRST + TABLE_DAYS)->minutes;
        return calendar_ranked(calendar,
                               calendar->total + (int32_t)((minutes - through - 1) / a_day) + 1);
    }
    return TABLE_FIRST + first_through(calendar, minutes);
}

bl_time calendar_worked_at(const struct calendar *calendar, bl_span worked)
{
    bl_day day = day_worked(calendar, worked);
    const struct season *season = season_of(calendar, day);
    bl_span left = worked - minutes_through(calendar, day - 1) * MINUTE_US;
    uint32_t i = 0;

    for (; i + 1 < season->span_count; i++) {
        bl_span span = (season->spans[i].to - season->spans[i].from) * MINUTE_US;

        if (left <= span) {
            break;
        }
        left -= span;
    }
    return minute_of(calendar, day, season->spans[i].from) + left;
}
