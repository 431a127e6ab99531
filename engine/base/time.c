#include "base/time.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/text.h"

/* 0001-01-02 and 9999-12-30, so that every offset stays within four digits: what is stored may be
 * damaged, and what a peer says may be anything. */
#define FIRST_SHOWN (INT64_C(-719161) * DAY_US)
#define LAST_SHOWN (INT64_C(2932896) * DAY_US - 1)

/* Days from civil: the era of 400 years is exact in 146,097 days; the year begins in March so that
 * the leap day is its last. */
bl_day bl_day_of(struct bl_date date)
{
    int32_t year = date.year - (date.month <= 2);
    int32_t era = (year >= 0 ? year : year - 399) / 400;
    int32_t of_era = year - era * 400;
    int32_t of_year = (153 * (date.month + (date.month > 2 ? -3 : 9)) + 2) / 5 + date.day - 1;

    return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

struct bl_date bl_date_of(bl_day day)
{
    int32_t shifted = day + 719468;
    int32_t era = (shifted >= 0 ? shifted : shifted - 146096) / 146097;
    int32_t in_era = shifted - era * 146097;
    int32_t year = (in_era - in_era / 1460 + in_era / 36524 - in_era / 146096) / 365;
    int32_t in_year = in_era - (365 * year + year / 4 - year / 100);
    int32_t month = (5 * in_year + 2) / 153;

    return (struct bl_date){
        .year = year + era * 400 + (month >= 10),
        .month = month < 10 ? month + 3 : month - 9,
        .day = in_year - (153 * month + 2) / 5 + 1,
    };
}

int32_t bl_weekday(bl_day day)
{
    int32_t weekday = (day + 3) % 7;  // 1970-01-01 was a Thursday

    return weekday < 0 ? weekday + 7 : weekday;
}

bool bl_date_is_valid(struct bl_date date)
{
    if (date.year < 1 || date.year > 9999 || date.month < 1 || date.month > 12 || date.day < 1) {
        return false;
    }
    struct bl_date back = bl_date_of(bl_day_of(date));
    return back.month == date.month && back.day == date.day;
}

static bl_time within(bl_time at, bl_time first, bl_time last)
{
    return at < first ? first : at > last ? last : at;
}

bl_day bl_time_day(bl_time at, int32_t offset_minutes)
{
    bl_time local = within(at, INT64_MIN + DAY_US, BL_NEVER - DAY_US) + offset_minutes * MINUTE_US;

    return (bl_day)(local / DAY_US - (local % DAY_US < 0));
}

bl_time bl_day_start(bl_day day, int32_t offset_minutes)
{
    return day * DAY_US - offset_minutes * MINUTE_US;
}

char *bl_day_format(bl_day day, char *text)
{
    struct bl_date date = bl_date_of(day);

    (void)snprintf(text, BL_TIME_TEXT, "%04d-%02d-%02d", date.year, date.month, date.day);
    return text;
}

char *bl_time_format(bl_time at, int32_t offset_minutes, char *text)
{
    if (at == BL_NEVER) {
        bl_text_copy(text, BL_TIME_TEXT, "never");
        return text;
    }
    at = within(at, FIRST_SHOWN, LAST_SHOWN);
    bl_day day = bl_time_day(at, offset_minutes);
    int64_t in_day = at - bl_day_start(day, offset_minutes);
    int64_t second = in_day / SECOND_US, micro = in_day % SECOND_US;
    int32_t offset = offset_minutes < 0 ? -offset_minutes : offset_minutes;
    char fraction[16] = "";

    if (micro != 0) {
        (void)snprintf(fraction, sizeof fraction, ".%06d", (int)micro);
    }
    bl_day_format(day, text);
    (void)snprintf(text + strlen(text), BL_TIME_TEXT - strlen(text), "T%02d:%02d:%02d%s%c%02d:%02d",
                   (int)(second / 3600), (int)(second / 60 % 60), (int)(second % 60), fraction,
                   offset_minutes < 0 ? '-' : '+', (int)(offset / 60), (int)(offset % 60));
    return text;
}

/* Reads exactly `count` digits; returns NULL if there are fewer. */
static const char *digits(const char *text, int count, int32_t *value)
{
    int32_t sum = 0;

    for (int i = 0; i < count; i++, text++) {
        if (*text < '0' || *text > '9') {
            return NULL;
        }
        sum = sum * 10 + (*text - '0');
    }
    *value = sum;
    return text;
}

static const char *date_part(const char *text, struct bl_date *date)
{
    text = digits(text, 4, &date->year);
    if (text == NULL || *text++ != '-') {
        return NULL;
    }
    text = digits(text, 2, &date->month);
    if (text == NULL || *text++ != '-') {
        return NULL;
    }
    text = digits(text, 2, &date->day);
    return text != NULL && bl_date_is_valid(*date) ? text : NULL;
}

enum bl_err bl_day_parse(const char *text, bl_day *day, struct bl_error *e)
{
    struct bl_date date;
    const char *rest = date_part(text, &date);

    if (rest == NULL || *rest != '\0') {
        return bl_error_set(e, BL_INVALID, "\"%s\" is not a date; write 2026-11-30", text);
    }
    *day = bl_day_of(date);
    return BL_OK;
}

static const char *clock_part(const char *text, int64_t *micros)
{
    int32_t hour, minute, second;
    int64_t fraction = 0;

    text = digits(text, 2, &hour);
    if (text == NULL || *text++ != ':') {
        return NULL;
    }
    text = digits(text, 2, &minute);
    if (text == NULL || *text++ != ':') {
        return NULL;
    }
    text = digits(text, 2, &second);
    if (text == NULL || hour > 23 || minute > 59 || second > 59) {
        return NULL;
    }
    if (*text == '.') {
        int64_t unit = SECOND_US;

        for (text++; *text >= '0' && *text <= '9'; text++) {
            if (unit == 1) {
                return NULL;
            }
            unit /= 10;
            fraction += (*text - '0') * unit;
        }
        if (unit == SECOND_US) {
            return NULL;
        }
    }
    *micros = (hour * 60 + minute) * MINUTE_US + second * SECOND_US + fraction;
    return text;
}

static const char *offset_part(const char *text, int32_t *minutes)
{
    int32_t hour, minute;

    if (*text == 'Z' || *text == 'z') {
        *minutes = 0;
        return text + 1;
    }
    int32_t sign = *text == '-' ? -1 : 1;
    if (*text != '+' && *text != '-') {
        return NULL;
    }
    text = digits(text + 1, 2, &hour);
    if (text == NULL || *text++ != ':') {
        return NULL;
    }
    text = digits(text, 2, &minute);
    if (text == NULL || hour > 23 || minute > 59) {
        return NULL;
    }
    *minutes = sign * (hour * 60 + minute);
    return text;
}

enum bl_err bl_time_parse(const char *text, bl_time *at, struct bl_error *e)
{
    struct bl_date date;
    int64_t micros = 0;
    int32_t offset = 0;
    const char *rest = date_part(text, &date);

    if (rest != NULL) {
        rest = *rest == 'T' || *rest == 't' || *rest == ' ' ? clock_part(rest + 1, &micros) : NULL;
    }
    if (rest != NULL) {
        rest = offset_part(rest, &offset);
    }
    if (rest == NULL || *rest != '\0') {
        return bl_error_set(e, BL_INVALID,
                            "\"%s\" is not an instant; write 2026-11-30T17:30:00+08:00", text);
    }
    *at = bl_day_start(bl_day_of(date), offset) + micros;
    return BL_OK;
}

static int64_t clock_us(clockid_t clock)
{
    struct timespec t;

    CHECK(clock_gettime(clock, &t) == 0);
    return t.tv_sec * SECOND_US + t.tv_nsec / 1000;
}

bl_time bl_time_now(void)
{
    return clock_us(CLOCK_REALTIME);
}

bl_span bl_time_monotonic(void)
{
    return clock_us(CLOCK_MONOTONIC);
}
