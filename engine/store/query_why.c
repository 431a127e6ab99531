/* How a due moment came about, day by day (domain.md 4.1): which days counted, and why others did
 * not. */
#include <string.h>

#include "core/application.h"
#include "core/recount.h"
#include "store/query_state.h"
#include "store/sight.h"

#define WHY_DAYS_MAX 1500  // four years: longer than any procedure
#define WEEKEND 5          // Saturday, counted from Monday

/* A clock being explained. */
struct why {
    const struct asking *a;
    const struct calendar *calendar;
    const Bl__Application *application;
    const Bl__ClockName *name;
    struct clock_question question;
    bl_day *counted;
    size_t count;
};

/* The kind of a stop that held the clock on a day. */
static const char *stop_of(const struct why *why, bl_day day)
{
    bl_time from = bl_day_start(day, calendar_offset(why->calendar));

    for (uint32_t i = 0; i < why->application->n_items; i++) {
        const Bl__Item *item = why->application->items[i];

        if (!why->name->whole && i != why->name->item) {
            continue;
        }
        for (size_t k = 0; k < item->n_stops; k++) {
            const Bl__Stop *stop = item->stops[k];
            bl_time to = stop->to != 0 ? stop->to : stop->ends_at;

            if (stop->from < from + DAY_US && to >= from && (!why->name->legal || stop->legal)) {
                return stop->kind;
            }
        }
    }
    return "";
}

static const char *reason_of(const struct why *why, bl_day day, bl_day first, bool counts,
                             bool last)
{
    bool weekend = bl_weekday(day) >= WEEKEND;

    if (counts) {
        return last ? "due" : weekend ? "makeup" : "counted";
    }
    if (day == first) {
        return "day-zero";  // 民法典 第二百零一条
    }
    if (!calendar_is_workday(why->calendar, day)) {
        return weekend ? "weekend" : "holiday";
    }
    return "stopped";
}

static void add_day(const struct why *why, bl_day day, bl_day first, uint32_t count, bool counts)
{
    struct bl_arena *arena = why->a->viewer.arena;
    Bl__WhyView *view = bl_arena_new(arena, Bl__WhyView);

    bl__why_view__init(view);
    view->day = bl_day_start(day, calendar_offset(why->calendar));
    view->count = counts ? count : 0;
    view->reason = reason_of(why, day, first, counts, count == why->count);
    if (strcmp(view->reason, "stopped") == 0) {
        view->detail = bl_arena_string(arena, stop_of(why, day));
    }
    why->a->answer->why[why->a->answer->n_why++] = view;
}

static void explain(struct why *why, bl_day last)
{
    bl_day first = calendar_day(why->calendar, why->question.start);
    size_t at = 0;

    last = last - first < WHY_DAYS_MAX ? last : first + WHY_DAYS_MAX - 1;
    why->a->answer->why =
        bl_arena_array(why->a->viewer.arena, Bl__WhyView *, (size_t)(last - first) + 1);
    for (bl_day day = first; day <= last; day++) {
        bool counts = at < why->count && why->counted[at] == day;

        at += counts;
        add_day(why, day, first, (uint32_t)at, counts);
    }
}

/* The clock that is asked about: its item by its id, or counted as in the application. */
static bool find_name(const struct asking *a, const Bl__Application *application,
                      Bl__ClockName *name)
{
    const Bl__GetWhy *what = a->query->why;

    bl__clock_name__init(name);
    if (what->clock != NULL) {
        *name = *what->clock;
    }
    if (what->item[0] != '\0') {
        int item = application_item_find(application, what->item);

        if (item < 0) {
            return false;
        }
        name->item = (uint32_t)item;
        name->whole = false;
    }
    return name->whole || (name->item < application->n_items &&
                           sight_item(a->viewer.principal, application->items[name->item]));
}

enum bl_err query_why(const struct asking *a)
{
    struct bl_arena *arena = a->viewer.arena;
    struct catalog_version version = { 0 };
    Bl__Application *application;
    Bl__ClockName name;
    enum bl_err err = query_find(a, a->query->why->number, &application);

    if (err != BL_OK || application == NULL) {
        return err;
    }
    if (!find_name(a, application, &name)) {
        return query_refuse(a, BL_NOT_FOUND, "item-unknown", a->query->why->item);
    }
    err = catalog_find(a->viewer.catalog, application->workflow, application->version, &version,
                       a->e);
    if (err != BL_OK) {
        return err;
    }
    const struct world world = { .now = a->viewer.now,
                                 .definition = version.definition,
                                 .calendar = version.calendar };
    struct why why = {
        .a = a, .calendar = version.calendar, .application = application, .name = &name
    };
    if (!recount_question(&world, application, &name, arena, &why.question)) {
        return query_refuse(a, BL_NOT_FOUND, "clock-unknown", a->query->why->number);
    }
    why.counted = bl_arena_array(arena, bl_day, WHY_DAYS_MAX);
    why.count = clock_explain(version.calendar, &why.question, why.counted, WHY_DAYS_MAX);
    why.count = why.count < WHY_DAYS_MAX ? why.count : WHY_DAYS_MAX;
    explain(&why, calendar_day(version.calendar, clock_due(version.calendar, &why.question).due));
    return BL_OK;
}
