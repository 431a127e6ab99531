/* From what calendar files say to the table: each layer is painted over the ones below, then the
 * days are counted. */
#include "deadline/calendar_table.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

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
    struct calendar_faults *faults;
};

/* Says what is read next, so that a fault has a place. */
static void look(struct draft *draft, const void *message, const char *field, size_t element)
{
    draft->at = (struct calendar_fault){
        .layer = draft->layer_number - 1U, .message = message, .field = field, .element = element
    };
}

/* Has what is being read a fault already? A fixed holiday is read for every year. */
static bool is_wrong(const struct draft *draft)
{
    for (size_t i = 0; i < draft->faults->count; i++) {
        const struct calendar_fault *fault = &draft->faults->at[i];

        if (fault->message == draft->at.message && fault->element == draft->at.element &&
            strcmp(fault->field, draft->at.field) == 0) {
            return true;
        }
    }
    return false;
}

/* Notes what is wrong with what is being read, and that is all: the rest is read, too. */
__attribute__((format(printf, 2, 3))) static void wrong(struct draft *draft, const char *format,
                                                        ...)
{
    va_list arguments;

    if (draft->faults->count == CALENDAR_FAULTS_MAX || is_wrong(draft)) {
        return;
    }
    struct calendar_fault *fault = &draft->faults->at[draft->faults->count++];
    *fault = draft->at;
    va_start(arguments, format);
    int length = vsnprintf(fault->text, sizeof fault->text, format, arguments);
    va_end(arguments);
    if (length >= (int)sizeof fault->text) {
        fault->text[bl_text_cut(fault->text, sizeof fault->text - 1)] = '\0';
    }
}

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

/* Reads "01-04" or "02-15..02-23" of a year as the days from *first to *last; false: it is wrong.
 */
static bool days_read(struct draft *draft, const char *key, int32_t year, const char *text,
                      bl_day *first, bl_day *last)
{
    struct month_day from, to;
    const char *rest = month_day_read(text, &from);

    to = from;
    if (rest != NULL && strncmp(rest, "..", 2) == 0) {
        rest = month_day_read(rest + 2, &to);
    }
    if (rest == NULL || *rest != '\0') {
        wrong(draft, "%s: \"%.40s\" is no date of a year; write 01-04 or 02-15..02-23", key, text);
        return false;
    }
    struct bl_date a = { year, from.month, from.day }, b = { year, to.month, to.day };
    if (!bl_date_is_valid(a) || !bl_date_is_valid(b)) {
        wrong(draft, "%s: %d has no 02-29", key, year);
        return false;
    }
    *first = bl_day_of(a);
    *last = bl_day_of(b);
    if (*last < *first) {
        wrong(draft, "%s: \"%s\" ends before it begins; give each year its own part", key, text);
        return false;
    }
    return true;
}

/* Paints days as off or worked. Within one layer a day is listed once. */
static void days_paint(struct draft *draft, const char *key, bl_day first, bl_day last, bool worked)
{
    for (bl_day day = first; day <= last; day++) {
        int32_t index = day - TABLE_FIRST;
        char text[BL_TIME_TEXT];

        if (draft->listed[index] == draft->layer_number) {
            wrong(draft, "%s: %s is listed twice; let it be a holiday or a workday", key,
                  bl_day_format(day, text));
            return;
        }
        // In the first layer nothing but a weekend can be made up for.
        if (worked && draft->layer_number == 1 && bl_weekday(day) < 5) {
            wrong(draft, "%s: %s is no weekend, so it is worked anyway; leave it out", key,
                  bl_day_format(day, text));
            return;
        }
        draft->listed[index] = draft->layer_number;
        draft->worked[index] = worked;
    }
}

/* Paints one of the two lists of a year. */
static void list_paint(struct draft *draft, int32_t year, const Bl__Calendar__Year *message,
                       bool worked)
{
    const char *const *list = worked ? message->workdays : message->holidays;
    size_t count = worked ? message->n_workdays : message->n_holidays;
    char key[32];  // for messages
    bl_day first, last;

    (void)snprintf(key, sizeof key, "years.%d.%s", year, worked ? "workdays" : "holidays");
    for (size_t i = 0; i < count; i++) {
        look(draft, message, worked ? "workdays" : "holidays", i);
        if (days_read(draft, key, year, list[i], &first, &last)) {
            days_paint(draft, key, first, last, worked);
        }
    }
}

/* The holidays that a layer assumes in a year that it does not list. */
static void fixed_paint(struct draft *draft, int32_t year)
{
    const Bl__Calendar *layer = draft->layer;
    bl_day first, last;

    for (size_t i = 0; i < layer->n_fixed; i++) {
        look(draft, layer, "fixed", i);
        if (days_read(draft, "fixed", year, layer->fixed[i], &first, &last)) {
            days_paint(draft, "fixed", first, last, false);
        }
    }
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

static void year_paint(struct draft *draft, int32_t number)
{
    const Bl__Calendar__Year *year = year_find(draft->layer, number);

    if (year == NULL) {
        fixed_paint(draft, number);
        return;
    }
    // The first layer's notice settles a year; a further layer's draft unsettles it again.
    if (draft->layer_number == 1 || !year->reviewed) {
        provisional_set(draft, number, !year->reviewed);
    }
    list_paint(draft, number, year, false);
    list_paint(draft, number, year, true);
}

static bool year_is_listed(const Bl__Calendar *layer, size_t count, int32_t year)
{
    for (size_t i = 0; i < count; i++) {
        if (layer->years[i]->key == year) {
            return true;
        }
    }
    return false;
}

static void years_check(struct draft *draft)
{
    const Bl__Calendar *layer = draft->layer;

    for (size_t i = 0; i < layer->n_years; i++) {
        int32_t year = layer->years[i]->key;

        look(draft, layer, "years", i);
        if (year < CALENDAR_FIRST_YEAR || year > CALENDAR_LAST_YEAR) {
            wrong(draft, "years: %d is not within %d to %d", year, CALENDAR_FIRST_YEAR,
                  CALENDAR_LAST_YEAR);
        } else if (year_is_listed(layer, i, year)) {
            wrong(draft, "years: %d is listed twice", year);
        }
    }
}

static void years_paint(struct draft *draft)
{
    years_check(draft);
    for (int32_t year = CALENDAR_FIRST_YEAR; year <= CALENDAR_LAST_YEAR; year++) {
        year_paint(draft, year);
    }
}

/* Reads the open parts of a day: each after the one before. */
static void spans_read(struct draft *draft, const Bl__Calendar__Hours *hours, struct season *season)
{
    int32_t open_until = -1;

    look(draft, hours, "day", SIZE_MAX);
    if (hours->n_day == 0 || hours->n_day > CALENDAR_SPANS_MAX) {
        wrong(draft, "hours.day: write 1 to %d parts, such as 08:30-12:00", CALENDAR_SPANS_MAX);
        return;
    }
    for (size_t i = 0; i < hours->n_day; i++) {
        struct calendar_span *span = &season->spans[i];
        const char *rest = minute_read(hours->day[i], &span->from);

        look(draft, hours, "day", i);
        rest = rest != NULL && *rest == '-' ? minute_read(rest + 1, &span->to) : NULL;
        if (rest == NULL || *rest != '\0' || span->from >= span->to) {
            wrong(draft, "hours.day: \"%.40s\" is no part of a day; write 08:30-12:00",
                  hours->day[i]);
            continue;
        }
        if (span->from <= open_until) {
            wrong(draft, "hours.day: \"%s\" does not come after the part before it", hours->day[i]);
            continue;
        }
        open_until = span->to;
        season->minutes += span->to - span->from;
    }
    season->span_count = (uint32_t)hours->n_day;
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
static void season_paint(struct draft *draft, const Bl__Calendar__Hours *hours, uint32_t older)
{
    struct month_day from, to;
    const char *from_rest = month_day_read(hours->from, &from);
    const char *to_rest = month_day_read(hours->to, &to);

    look(draft, hours, "from", SIZE_MAX);
    if (from_rest == NULL || *from_rest != '\0' || to_rest == NULL || *to_rest != '\0') {
        wrong(draft, "hours: from \"%.20s\" to \"%.20s\" is no season; write 05-01 and 09-30",
              hours->from, hours->to);
        return;
    }
    for (int32_t month = 1; month <= 12; month++) {
        for (int32_t day = 1; day <= 31; day++) {
            uint8_t *cell = &draft->seasons[month][day];

            if (!season_has(from, to, month, day)) {
                continue;
            }
            if (*cell > older) {
                wrong(draft, "hours: two seasons have %02d-%02d; end one before the other", month,
                      day);
                return;
            }
            *cell = (uint8_t)draft->season_count;
        }
    }
}

static void hours_paint(struct draft *draft)
{
    const Bl__Calendar *layer = draft->layer;
    uint32_t older = draft->season_count;

    for (size_t i = 0; i < layer->n_hours; i++) {
        look(draft, layer, "hours", i);
        if (draft->season_count == SEASONS_MAX) {
            wrong(draft, "hours: more than %d seasons over all layers", SEASONS_MAX);
            return;
        }
        struct season *season = &draft->calendar->seasons[draft->season_count++];
        spans_read(draft, layer->hours[i], season);
        season_paint(draft, layer->hours[i], older);
    }
}

/* Reads "+08:00"; a further layer may leave it out. */
static void offset_read(struct draft *draft)
{
    const char *text = draft->layer->utc_offset;
    int32_t minute = 0;

    look(draft, draft->layer, "utc_offset", SIZE_MAX);
    if (*text == '\0' && draft->layer_number > 1) {
        return;
    }
    const char *rest = *text == '+' || *text == '-' ? minute_read(text + 1, &minute) : NULL;
    if (rest == NULL || *rest != '\0' || minute > 14 * 60) {
        wrong(draft, "utc_offset: \"%.20s\" is no zone; write \"+08:00\"", text);
        return;
    }
    draft->calendar->offset = *text == '-' ? -minute : minute;
}

static void layer_paint(struct draft *draft, const char *below)
{
    look(draft, draft->layer, "calendar", SIZE_MAX);
    if (*draft->layer->calendar == '\0') {
        wrong(draft, "calendar: a calendar needs a name");
    }
    look(draft, draft->layer, "base", SIZE_MAX);
    if (strcmp(draft->layer->base, below) != 0) {
        wrong(draft, "base: it says \"%.40s\" and lies on \"%.40s\"", draft->layer->base, below);
    }
    offset_read(draft);
    hours_paint(draft);
    years_paint(draft);
}

static struct bl_date day_after(struct bl_date date)
{
    if (date.day < 28) {  // so most days need no reckoning
        date.day++;
        return date;
    }
    return bl_date_of(bl_day_of(date) + 1);
}

/* Counts the painted days into the table. */
static void table_count(struct draft *draft)
{
    struct calendar *calendar = draft->calendar;
    struct bl_date date = bl_date_of(TABLE_FIRST);
    int32_t worked = 0, provisional = 0, minutes = 0;

    look(draft, draft->layer, "hours", SIZE_MAX);
    for (int32_t i = 0; i < TABLE_DAYS; i++, date = day_after(date)) {
        uint8_t season = draft->seasons[date.month][date.day];

        if (season == 0) {
            wrong(draft, "hours: no office hours on %02d-%02d; add a season that has it",
                  date.month, date.day);
            return;
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
}

/* Before any layer: Monday to Friday, and nothing is known for certain. */
static void draft_init(struct draft *draft)
{
    for (int32_t i = 0; i < TABLE_DAYS; i++) {
        draft->worked[i] = i % 7 < 5;  // the table begins on a Monday
        draft->provisional[i] = true;
    }
}

static void draft_paint(struct draft *draft, const Bl__Calendar *const *layers, size_t count)
{
    const char *below = "";

    for (size_t i = 0; i < count; i++) {
        draft->layer = layers[i];
        draft->layer_number = (uint8_t)(i + 1);
        layer_paint(draft, below);
        below = layers[i]->calendar;
    }
    if (draft->faults->count == 0) {  // a season that is wrong leaves days without hours
        table_count(draft);
    }
}

enum bl_err calendar_build(const Bl__Calendar *const *layers, size_t count,
                           struct calendar **calendar, struct calendar_faults *faults)
{
    _Static_assert(TABLE_DAYS % 7 == 0, "whole weeks");
    _Static_assert(TABLE_DAYS <= UINT16_MAX, "counts fit");
    CHECK(count > 0 && count <= CALENDAR_LAYERS_MAX);
    struct draft *draft = calloc(1, sizeof *draft);
    struct calendar *made = calloc(1, sizeof *made);
    CHECK(draft != NULL);
    CHECK(made != NULL);
    faults->count = 0;
    draft->calendar = made;
    draft->faults = faults;
    draft_init(draft);
    draft_paint(draft, layers, count);
    free(draft);
    if (faults->count > 0) {
        free(made);
        return BL_DEFINITION;
    }
    *calendar = made;
    return BL_OK;
}

enum bl_err calendar_new(const Bl__Calendar *const *layers, size_t count,
                         struct calendar **calendar, struct bl_error *e)
{
    struct calendar_faults faults;

    if (count == 0 || count > CALENDAR_LAYERS_MAX) {
        return bl_error_set(e, BL_DEFINITION, "a calendar has 1 to %d layers", CALENDAR_LAYERS_MAX);
    }
    enum bl_err err = calendar_build(layers, count, calendar, &faults);
    return err == BL_OK ? BL_OK
                        : bl_error_at(e, err, layers[faults.at[0].layer]->calendar, 0, 0, "%s",
                                      faults.at[0].text);
}

void calendar_free(struct calendar **calendar)
{
    if (calendar != NULL) {
        free(*calendar);
        *calendar = NULL;
    }
}
