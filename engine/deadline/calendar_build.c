/* From what calendar files say to the table: each layer is painted over the ones below, then the
 * days are counted. */
#include "deadline/calendar_table.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LAYERS_MAX 8
#define MINUTES_A_DAY (24 * 60)
#define LEAP_YEAR 2000  // dates without a year are checked as its dates, so 02-29 is one

/* A date of every year. */
struct month_day {
    int32_t month, day;
};

/* A calendar in the making. */
struct draft {
    struct calendar *calendar;
    uint32_t season_count;
    uint8_t seasons[12 + 1][31 + 1];  // by month and day from 1: 0 = none yet, else index + 1
    bool worked[TABLE_DAYS];
    bool provisional[TABLE_DAYS];
    uint8_t listed[TABLE_DAYS];  // number of the layer, from 1, that listed this day last
    const Bl__Calendar *layer;   // the one being painted, and its number from 1
    uint8_t layer_number;
    struct calendar_fault at;  // what is being read
    struct bl_error *e;
};

/* Says what is read next, so that an error has a place. */
static void look(struct draft *draft, const void *message, const char *field, size_t element)
{
    draft->at = (struct calendar_fault){ draft->layer_number - 1U, message, field, element };
}

#define WRONG(draft, ...)                                                                          \
    bl_error_at((draft)->e, BL_DEFINITION, (draft)->layer->calendar, 0, 0, __VA_ARGS__)

/* Reads two digits; -1 if there are none. */
static int32_t two_digits(const char *text)
{
    if (text[0] < '0' || text[0] > '9' || text[1] < '0' || text[1] > '9') {
        return -1;
    }
    return (text[0] - '0') * 10 + (text[1] - '0');
}

/* Reads "02-15" and returns what follows, or NULL. */
static const char *month_day_read(const char *text, struct month_day *date)
{
    int32_t month = two_digits(text);

    if (month < 0 || text[2] != '-') {
        return NULL;
    }
    int32_t day = two_digits(text + 3);
    if (day < 0 || !bl_date_is_valid((struct bl_date){ LEAP_YEAR, month, day })) {
        return NULL;
    }
    *date = (struct month_day){ month, day };
    return text + 5;
}

/* Reads "08:30" up to "24:00" as minutes after midnight and returns what follows, or NULL. */
static const char *minute_read(const char *text, int32_t *minute)
{
    int32_t hour = two_digits(text);

    if (hour < 0 || text[2] != ':') {
        return NULL;
    }
    int32_t rest = two_digits(text + 3);
    if (rest < 0 || rest > 59 || hour * 60 + rest > MINUTES_A_DAY) {
        return NULL;
    }
    *minute = hour * 60 + rest;
    return text + 5;
}

/* Reads "01-04" or "02-15..02-23" of a year as the days from *first to *last. */
static enum bl_err days_read(struct draft *draft, const char *key, int32_t year, const char *text,
                             bl_day *first, bl_day *last)
{
    struct month_day from, to;
    const char *rest = month_day_read(text, &from);

    to = from;
    if (rest != NULL && strncmp(rest, "..", 2) == 0) {
        rest = month_day_read(rest + 2, &to);
    }
    if (rest == NULL || *rest != '\0') {
        return WRONG(draft, "%s: \"%.40s\" is no date of a year; write 01-04 or 02-15..02-23", key,
                     text);
    }
    struct bl_date a = { year, from.month, from.day }, b = { year, to.month, to.day };
    if (!bl_date_is_valid(a) || !bl_date_is_valid(b)) {
        return WRONG(draft, "%s: %d has no 02-29", key, year);
    }
    *first = bl_day_of(a);
    *last = bl_day_of(b);
    if (*last < *first) {
        return WRONG(draft, "%s: \"%s\" ends before it begins; give each year its own part", key,
                     text);
    }
    return BL_OK;
}

/* Paints days as off or worked. Within one layer a day is listed once. */
static enum bl_err days_paint(struct draft *draft, const char *key, bl_day first, bl_day last,
                              bool worked)
{
    for (bl_day day = first; day <= last; day++) {
        int32_t index = day - TABLE_FIRST;
        char text[BL_TIME_TEXT];

        if (draft->listed[index] == draft->layer_number) {
            return WRONG(draft, "%s: %s is listed twice; let it be a holiday or a workday", key,
                         bl_day_format(day, text));
        }
        // In the first layer nothing but a weekend can be made up for.
        if (worked && draft->layer_number == 1 && bl_weekday(day) < 5) {
            return WRONG(draft, "%s: %s is no weekend, so it is worked anyway; leave it out", key,
                         bl_day_format(day, text));
        }
        draft->listed[index] = draft->layer_number;
        draft->worked[index] = worked;
    }
    return BL_OK;
}

/* Paints one of the two lists of a year. */
static enum bl_err list_paint(struct draft *draft, int32_t year, const Bl__Calendar__Year *message,
                              bool worked)
{
    const char *const *list = worked ? message->workdays : message->holidays;
    size_t count = worked ? message->n_workdays : message->n_holidays;
    char key[32];  // for messages
    bl_day first, last;

    (void)snprintf(key, sizeof key, "years.%d.%s", year, worked ? "workdays" : "holidays");
    for (size_t i = 0; i < count; i++) {
        look(draft, message, worked ? "workdays" : "holidays", i);
        enum bl_err err = days_read(draft, key, year, list[i], &first, &last);

        if (err == BL_OK) {
            err = days_paint(draft, key, first, last, worked);
        }
        if (err != BL_OK) {
            return err;
        }
    }
    return BL_OK;
}

/* The holidays that a layer assumes in a year that it does not list. */
static enum bl_err fixed_paint(struct draft *draft, int32_t year)
{
    const Bl__Calendar *layer = draft->layer;
    bl_day first, last;

    for (size_t i = 0; i < layer->n_fixed; i++) {
        look(draft, layer, "fixed", i);
        enum bl_err err = days_read(draft, "fixed", year, layer->fixed[i], &first, &last);

        if (err == BL_OK) {
            err = days_paint(draft, "fixed", first, last, false);
        }
        if (err != BL_OK) {
            return err;
        }
    }
    return BL_OK;
}

static void provisional_set(struct draft *draft, int32_t year, bool provisional)
{
    bl_day first = bl_day_of((struct bl_date){ year, 1, 1 });
    bl_day last = bl_day_of((struct bl_date){ year, 12, 31 });

    for (bl_day day = first; day <= last; day++) {
        draft->provisional[day - TABLE_FIRST] = provisional;
    }
}

static const Bl__Calendar__Year *year_find(const Bl__Calendar *layer, int32_t year)
{
    for (size_t i = 0; i < layer->n_years; i++) {
        if (layer->years[i]->key == year) {
            return layer->years[i]->value;
        }
    }
    return NULL;
}

static enum bl_err year_paint(struct draft *draft, int32_t number)
{
    const Bl__Calendar__Year *year = year_find(draft->layer, number);

    if (year == NULL) {
        return fixed_paint(draft, number);
    }
    // The first layer's notice settles a year; a further layer's draft unsettles it again.
    if (draft->layer_number == 1 || !year->reviewed) {
        provisional_set(draft, number, !year->reviewed);
    }
    enum bl_err err = list_paint(draft, number, year, false);
    if (err == BL_OK) {
        err = list_paint(draft, number, year, true);
    }
    return err;
}

static enum bl_err years_check(struct draft *draft)
{
    const Bl__Calendar *layer = draft->layer;

    for (size_t i = 0; i < layer->n_years; i++) {
        int32_t year = layer->years[i]->key;

        look(draft, layer, "years", i);
        if (year < CALENDAR_FIRST_YEAR || year > CALENDAR_LAST_YEAR) {
            return WRONG(draft, "years: %d is not within %d to %d", year, CALENDAR_FIRST_YEAR,
                         CALENDAR_LAST_YEAR);
        }
        for (size_t k = 0; k < i; k++) {
            if (layer->years[k]->key == year) {
                return WRONG(draft, "years: %d is listed twice", year);
            }
        }
    }
    return BL_OK;
}

static enum bl_err years_paint(struct draft *draft)
{
    enum bl_err err = years_check(draft);

    for (int32_t year = CALENDAR_FIRST_YEAR; err == BL_OK && year <= CALENDAR_LAST_YEAR; year++) {
        err = year_paint(draft, year);
    }
    return err;
}

/* Reads the open parts of a day: each after the one before. */
static enum bl_err spans_read(struct draft *draft, const Bl__Calendar__Hours *hours,
                              struct season *season)
{
    int32_t open_until = -1;

    look(draft, hours, "day", SIZE_MAX);
    if (hours->n_day == 0 || hours->n_day > SPANS_MAX) {
        return WRONG(draft, "hours.day: write 1 to %d parts, such as 08:30-12:00", SPANS_MAX);
    }
    for (size_t i = 0; i < hours->n_day; i++) {
        struct office_span *span = &season->spans[i];
        const char *rest = minute_read(hours->day[i], &span->from);

        look(draft, hours, "day", i);
        rest = rest != NULL && *rest == '-' ? minute_read(rest + 1, &span->to) : NULL;
        if (rest == NULL || *rest != '\0' || span->from >= span->to) {
            return WRONG(draft, "hours.day: \"%.40s\" is no part of a day; write 08:30-12:00",
                         hours->day[i]);
        }
        if (span->from <= open_until) {
            return WRONG(draft, "hours.day: \"%s\" does not come after the part before it",
                         hours->day[i]);
        }
        open_until = span->to;
        season->minutes += span->to - span->from;
    }
    season->span_count = (uint32_t)hours->n_day;
    return BL_OK;
}

/* Is this date of the year in the season, which may run over the new year? */
static bool season_has(struct month_day from, struct month_day to, int32_t month, int32_t day)
{
    int32_t first = from.month * 100 + from.day, last = to.month * 100 + to.day;
    int32_t date = month * 100 + day;

    return first <= last ? date >= first && date <= last : date >= first || date <= last;
}

/* Gives the season its dates. `older` is how many seasons the layers below have: theirs may be
 * painted over, those of the same layer may not. */
static enum bl_err season_paint(struct draft *draft, const Bl__Calendar__Hours *hours,
                                uint32_t older)
{
    struct month_day from, to;
    const char *from_rest = month_day_read(hours->from, &from);
    const char *to_rest = month_day_read(hours->to, &to);

    look(draft, hours, "from", SIZE_MAX);
    if (from_rest == NULL || *from_rest != '\0' || to_rest == NULL || *to_rest != '\0') {
        return WRONG(draft,
                     "hours: from \"%.20s\" to \"%.20s\" is no season; write 05-01 and 09-30",
                     hours->from, hours->to);
    }
    for (int32_t month = 1; month <= 12; month++) {
        for (int32_t day = 1; day <= 31; day++) {
            uint8_t *cell = &draft->seasons[month][day];

            if (!season_has(from, to, month, day)) {
                continue;
            }
            if (*cell > older) {
                return WRONG(draft, "hours: two seasons have %02d-%02d; end one before the other",
                             month, day);
            }
            *cell = (uint8_t)draft->season_count;
        }
    }
    return BL_OK;
}

static enum bl_err hours_paint(struct draft *draft)
{
    const Bl__Calendar *layer = draft->layer;
    uint32_t older = draft->season_count;

    for (size_t i = 0; i < layer->n_hours; i++) {
        look(draft, layer, "hours", i);
        if (draft->season_count == SEASONS_MAX) {
            return WRONG(draft, "hours: more than %d seasons over all layers", SEASONS_MAX);
        }
        struct season *season = &draft->calendar->seasons[draft->season_count++];
        enum bl_err err = spans_read(draft, layer->hours[i], season);
        if (err == BL_OK) {
            err = season_paint(draft, layer->hours[i], older);
        }
        if (err != BL_OK) {
            return err;
        }
    }
    return BL_OK;
}

/* Reads "+08:00"; a further layer may leave it out. */
static enum bl_err offset_read(struct draft *draft)
{
    const char *text = draft->layer->utc_offset;
    int32_t minute = 0;

    look(draft, draft->layer, "utc_offset", SIZE_MAX);
    if (*text == '\0' && draft->layer_number > 1) {
        return BL_OK;
    }
    const char *rest = *text == '+' || *text == '-' ? minute_read(text + 1, &minute) : NULL;
    if (rest == NULL || *rest != '\0' || minute > 14 * 60) {
        return WRONG(draft, "utc_offset: \"%.20s\" is no zone; write \"+08:00\"", text);
    }
    draft->calendar->offset = *text == '-' ? -minute : minute;
    return BL_OK;
}

static enum bl_err layer_paint(struct draft *draft, const char *below)
{
    enum bl_err err;

    look(draft, draft->layer, "calendar", SIZE_MAX);
    if (*draft->layer->calendar == '\0') {
        return WRONG(draft, "calendar: a calendar needs a name");
    }
    look(draft, draft->layer, "base", SIZE_MAX);
    if (strcmp(draft->layer->base, below) != 0) {
        return WRONG(draft, "base: it says \"%.40s\" and lies on \"%.40s\"", draft->layer->base,
                     below);
    }
    err = offset_read(draft);
    if (err == BL_OK) {
        err = hours_paint(draft);
    }
    return err == BL_OK ? years_paint(draft) : err;
}

/* Counts the painted days into the table. */
static enum bl_err table_count(struct draft *draft)
{
    struct calendar *calendar = draft->calendar;
    int32_t worked = 0, provisional = 0, minutes = 0;

    look(draft, draft->layer, "hours", SIZE_MAX);
    for (int32_t i = 0; i < TABLE_DAYS; i++) {
        struct bl_date date = bl_date_of(TABLE_FIRST + i);
        uint8_t season = draft->seasons[date.month][date.day];

        if (season == 0) {
            return WRONG(draft, "hours: no office hours on %02d-%02d; add a season that has it",
                         date.month, date.day);
        }
        if (draft->worked[i]) {
            calendar->nth[++worked] = (uint16_t)i;
            minutes += calendar->seasons[season - 1].minutes;
        }
        provisional += draft->provisional[i];
        calendar->minutes[i] = minutes;
        calendar->days[i] =
            (struct table_day){ (uint16_t)worked, (uint16_t)provisional, (uint8_t)(season - 1) };
    }
    calendar->total = worked;
    return BL_OK;
}

/* Before any layer: Monday to Friday, and nothing is known for certain. */
static void draft_init(struct draft *draft)
{
    for (int32_t i = 0; i < TABLE_DAYS; i++) {
        draft->worked[i] = bl_weekday(TABLE_FIRST + i) < 5;
        draft->provisional[i] = true;
    }
}

static enum bl_err draft_paint(struct draft *draft, const Bl__Calendar *const *layers, size_t count)
{
    const char *below = "";
    enum bl_err err = BL_OK;

    for (size_t i = 0; i < count && err == BL_OK; i++) {
        draft->layer = layers[i];
        draft->layer_number = (uint8_t)(i + 1);
        err = layer_paint(draft, below);
        below = layers[i]->calendar;
    }
    return err == BL_OK ? table_count(draft) : err;
}

enum bl_err calendar_build(const Bl__Calendar *const *layers, size_t count,
                           struct calendar **calendar, struct calendar_fault *fault,
                           struct bl_error *e)
{
    _Static_assert(TABLE_DAYS % 7 == 0, "whole weeks");
    _Static_assert(TABLE_DAYS <= UINT16_MAX, "counts fit");
    *fault = (struct calendar_fault){ .element = SIZE_MAX };
    if (count == 0 || count > LAYERS_MAX) {
        return bl_error_set(e, BL_DEFINITION, "a calendar has 1 to %d layers", LAYERS_MAX);
    }
    struct draft *draft = calloc(1, sizeof *draft);
    struct calendar *made = calloc(1, sizeof *made);
    CHECK(draft != NULL);
    CHECK(made != NULL);
    draft->calendar = made;
    draft->e = e;
    draft_init(draft);
    enum bl_err err = draft_paint(draft, layers, count);
    *fault = draft->at;
    free(draft);
    if (err != BL_OK) {
        free(made);
        return err;
    }
    *calendar = made;
    return BL_OK;
}

enum bl_err calendar_new(const Bl__Calendar *const *layers, size_t count,
                         struct calendar **calendar, struct bl_error *e)
{
    struct calendar_fault fault;

    return calendar_build(layers, count, calendar, &fault, e);
}

void calendar_free(struct calendar **calendar)
{
    if (calendar != NULL) {
        free(*calendar);
        *calendar = NULL;
    }
}
