/* A year of a calendar, day by day, as pages draw it. */
#include "deadline/calendar.h"

#include <stdlib.h>
#include <string.h>

#include "gateway/gateway.h"
#include "gateway/handlers.h"
#include "gateway/problem.h"

#define YEAR_DAYS_MAX 366
#define SATURDAY 5

/* What a day is, by the same names as in the account of a due moment. */
static const char *kind_of(bool worked, bool weekend)
{
    if (worked) {
        return weekend ? "makeup" : "workday";
    }
    return weekend ? "weekend" : "holiday";
}

static Bl__Title *title_of(struct request *request, bool worked, bool weekend)
{
    Bl__Title *title = bl_arena_new(&request->arena, Bl__Title);

    bl__title__init(title);
    if (worked) {
        title->zh = weekend ? "调休上班" : "工作日";
        title->en = weekend ? "make-up working day" : "working day";
    } else {
        title->zh = weekend ? "周末休息" : "节假日";
        title->en = weekend ? "weekend" : "holiday";
    }
    return title;
}

static void add_hours(struct request *request, const struct calendar *calendar, bl_day day,
                      Bl__CalendarDay *made)
{
    struct calendar_span spans[CALENDAR_SPANS_MAX];
    size_t count = calendar_hours(calendar, day, spans);

    made->hours = bl_arena_array(&request->arena, const char *, CALENDAR_SPANS_MAX);
    for (size_t i = 0; i < count; i++) {
        made->hours[made->n_hours++] =
            bl_arena_printf(&request->arena, "%02d:%02d-%02d:%02d", spans[i].from / 60,
                            spans[i].from % 60, spans[i].to / 60, spans[i].to % 60);
    }
}

static Bl__CalendarDay *day_of(struct request *request, const struct calendar *calendar, bl_day day)
{
    Bl__CalendarDay *made = bl_arena_new(&request->arena, Bl__CalendarDay);
    char *date = bl_arena_alloc(&request->arena, BL_TIME_TEXT);
    bool weekend = bl_weekday(day) >= SATURDAY;

    bl__calendar_day__init(made);
    made->date = bl_day_format(day, date);
    made->worked = calendar_is_workday(calendar, day);
    made->kind = kind_of(made->worked, weekend);
    made->title = title_of(request, made->worked, weekend);
    if (made->worked) {
        add_hours(request, calendar, day, made);
    }
    return made;
}

static void add_source(const Bl__Calendar *layer, int32_t number, Bl__CalendarYear *year)
{
    for (size_t i = 0; i < layer->n_years; i++) {
        const Bl__Calendar__Year *listed = layer->years[i]->value;

        if (layer->years[i]->key == number && listed != NULL && listed->source[0] != '\0') {
            year->sources[year->n_sources++] = listed->source;
        }
    }
}

/* The notices that fix the year, of this calendar and of those that it stands on. */
static void add_sources(struct request *request, const char *id, int32_t number,
                        Bl__CalendarYear *year)
{
    struct publication_context context = catalog_context(request->gateway->catalog);

    year->sources = bl_arena_array(&request->arena, const char *, CALENDAR_LAYERS_MAX);
    for (size_t i = 0; i < CALENDAR_LAYERS_MAX && id[0] != '\0'; i++) {
        const Bl__Calendar *layer = context.calendar(context.context, id);

        if (layer == NULL) {
            return;
        }
        if (year->n_sources < CALENDAR_LAYERS_MAX) {
            add_source(layer, number, year);
        }
        id = layer->base;
    }
}

/* Within the table that calendars hold; 0: none. */
static int32_t year_of(const char *text)
{
    size_t bytes = strlen(text);
    int32_t year = bytes == 4 && strspn(text, "0123456789") == bytes ? atoi(text) : 0;

    return year >= CALENDAR_FIRST_YEAR && year <= CALENDAR_LAST_YEAR ? year : 0;
}

static void show(struct request *request, const char *id, const struct calendar *calendar,
                 int32_t number)
{
    Bl__CalendarYear year = BL__CALENDAR_YEAR__INIT;
    bl_day first = bl_day_of((struct bl_date){ number, 1, 1 });
    bl_day last = bl_day_of((struct bl_date){ number, 12, 31 });

    year.calendar = id;
    year.year = number;
    year.provisional = calendar_is_provisional(calendar, first, last);
    year.workdays = calendar_between(calendar, first - 1, last);
    add_sources(request, id, number, &year);
    year.days = bl_arena_array(&request->arena, Bl__CalendarDay *, YEAR_DAYS_MAX);
    for (bl_day day = first; day <= last; day++) {
        year.days[year.n_days++] = day_of(request, calendar, day);
    }
    response_message(request, 200, &year.base, 0);
}

void calendar_year(struct request *request)
{
    const char *id = request_parameter(request, "id");
    const char *text = request_parameter(request, "year");
    const struct calendar *calendar = NULL;
    struct bl_error e = { 0 };
    enum bl_err err = catalog_calendar(request->gateway->catalog, id, &calendar, &e);

    if (err == BL_NOT_FOUND) {
        problem(request, BL_NOT_FOUND, "not-found", id);
    } else if (err != BL_OK) {
        problem_error(request, &e);
    } else if (year_of(text) == 0) {
        problem(request, BL_NOT_FOUND, "not-found", text);
    } else {
        show(request, id, calendar, year_of(text));
    }
}
