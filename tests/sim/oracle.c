#include "oracle.h"

#include "base/check.h"

#define S(state) BL__ITEM__STATE__##state
#define R(result) BL__ITEM__RESULT__##result

static bool is_open(const Bl__Item *item)
{
    return item->state == S(PENDING) || item->state == S(RECEIVED) || item->state == S(ACCEPTED) ||
           item->state == S(REVIEWING) || item->state == S(CORRECTING) ||
           item->state == S(SUSPENDED) || item->state == S(UPPER_REVIEW);
}

static bool is_for(const Bl__Item *item)
{
    return (item->state == S(DECIDED) || item->state == S(DELIVERING) ||
            item->state == S(DELIVERED)) &&
           item->result != R(DENIED);
}

/* Has the rule's number been reached, if open branches end so? */
static bool is_met(const struct definition_join *join, const Bl__Application *of,
                   bool open_ends_for)
{
    uint32_t counted = 0, in_favour = 0;

    for (size_t i = 0; i < join->branch_count; i++) {
        const Bl__Item *branch = of->items[join->branches[i]];

        if (branch->state == S(NOT_NEEDED)) {
            continue;
        }
        counted++;
        in_favour += is_open(branch) ? open_ends_for : is_for(branch);
    }
    if (counted == 0) {
        return true;
    }
    return in_favour >= (join->kind == JOIN_ALL   ? counted
                         : join->kind == JOIN_ANY ? 1
                                                  : join->need);
}

enum join_outcome oracle_settle(const struct definition_join *join, const Bl__Application *of)
{
    CHECK(join->kind != JOIN_EXPRESSION);
    for (size_t i = 0; i < join->veto_count; i++) {
        const Bl__Item *item = of->items[join->veto[i]];

        if (item->state == S(DECIDED) && item->result == R(DENIED)) {
            return JOIN_FAILED;
        }
    }
    if (is_met(join, of, false)) {
        return JOIN_SATISFIED;
    }
    return is_met(join, of, true) ? JOIN_OPEN : JOIN_FAILED;
}

/* --- time --------------------------------------------------------------------------------------
 */

size_t oracle_unite(struct oracle_stop *stops, size_t count)
{
    size_t kept = 0;

    for (size_t i = 1; i < count; i++) {
        for (size_t k = i; k > 0 && stops[k].from < stops[k - 1].from; k--) {
            struct oracle_stop later = stops[k - 1];

            stops[k - 1] = stops[k];
            stops[k] = later;
        }
    }
    for (size_t i = 0; i < count; i++) {
        if (kept > 0 && stops[i].from <= stops[kept - 1].to) {
            stops[kept - 1].to =
                stops[i].to > stops[kept - 1].to ? stops[i].to : stops[kept - 1].to;
        } else {
            stops[kept++] = stops[i];
        }
    }
    return kept;
}

/* The day on which a stop begins is used already, the day on which it ends is left out. */
static bool is_left_out(const struct calendar *calendar, const struct oracle_stop *stops,
                        size_t count, bl_day day)
{
    for (size_t i = 0; i < count; i++) {
        if (day > calendar_day(calendar, stops[i].from) &&
            day <= calendar_day(calendar, stops[i].to)) {
            return true;
        }
    }
    return false;
}

static bl_time walk_days(const struct calendar *calendar, bl_time start, int32_t days, bool working,
                         const struct oracle_stop *stops, size_t count)
{
    bl_day day = calendar_day(calendar, start);

    while (days > 0) {
        day++;
        days -= (!working || calendar_is_workday(calendar, day)) &&
                !is_left_out(calendar, stops, count, day);
    }
    for (size_t i = 0; i < count; i++) {  // one that begins on the last day keeps it open
        if (calendar_day(calendar, stops[i].from) == day &&
            stops[i].from <= calendar_closing(calendar, day)) {
            bl_day last = day;

            for (day = calendar_day(calendar, stops[i].to);
                 day > last && working && !calendar_is_workday(calendar, day);) {
                day--;
            }
        }
    }
    return calendar_closing(calendar, day);
}

/* Time as it passes, from stop to stop. */
static bl_time walk_hours(bl_time start, bl_span left, const struct oracle_stop *stops,
                          size_t count)
{
    for (size_t i = 0; i < count && stops[i].from < start + left; i++) {
        if (stops[i].to > start) {
            left -= stops[i].from > start ? stops[i].from - start : 0;
            start = stops[i].to;
        }
    }
    return start + left;
}

/* Office time, from stop to stop. */
static bl_time walk_office(const struct calendar *calendar, bl_time start, bl_span left,
                           const struct oracle_stop *stops, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        bl_span before =
            calendar_worked(calendar, stops[i].from) - calendar_worked(calendar, start);

        if (stops[i].from > start && before >= left) {
            break;
        }
        if (stops[i].to > start) {
            left -= before > 0 ? before : 0;
            start = stops[i].to;
        }
    }
    return calendar_worked_at(calendar, calendar_worked(calendar, start) + left);
}

bl_time oracle_due(const struct calendar *calendar, bl_time start, struct limit limit,
                   struct oracle_stop *stops, size_t count)
{
    bool whole_days = limit.halves % 2 == 0;

    count = oracle_unite(stops, count);
    switch (limit.unit) {
    case LIMIT_WD:
    case LIMIT_ND:
        if (whole_days) {
            return walk_days(calendar, start, limit.halves / 2, limit.unit == LIMIT_WD, stops,
                             count);
        }
        return BL_NEVER;
    case LIMIT_WH:
        return walk_office(calendar, start, limit.halves * HOUR_US / 2, stops, count);
    case LIMIT_NH:
        return walk_hours(start, limit.halves * HOUR_US / 2, stops, count);
    }
    return BL_NEVER;
}
