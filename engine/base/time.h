/* time.h — instants, spans and days, and how they are written.
 * Stored and sent instants are microseconds UTC; law and people count days in the hall's zone,
 * whose offset belongs to the calendar (deadline/calendar.h). Nothing here reads a clock but
 * bl_time_now and bl_time_monotonic, which only the shells of programs call. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

typedef int64_t bl_time;  // an instant: microseconds since 1970-01-01T00:00:00Z
typedef int64_t bl_span;  // a length of physical time in microseconds, never negative
typedef int32_t bl_day;   // a date in the hall's zone: days since 1970-01-01

#define BL_NEVER INT64_MAX  // "no instant set"; sorts after every real one

#define MILLISECOND_US INT64_C(1000)
#define SECOND_US INT64_C(1000000)
#define MINUTE_US (60 * SECOND_US)
#define HOUR_US (60 * MINUTE_US)
#define DAY_US (24 * HOUR_US)

#define BL_TIME_TEXT 40  // bytes that any instant or date needs as text

/* A date of the proleptic Gregorian calendar; month and day from 1. */
struct bl_date {
    int32_t year;
    int32_t month, day;
};

bl_day bl_day_of(struct bl_date date);
struct bl_date bl_date_of(bl_day day);
/* 0 = Monday … 6 = Sunday. */
int32_t bl_weekday(bl_day day);
/* Does this date exist (2026-02-30 does not)? */
bool bl_date_is_valid(struct bl_date date);

/* The date on which an instant falls, and the first instant of a date, in a zone `offset_minutes`
 * east of UTC. */
bl_day bl_time_day(bl_time at, int32_t offset_minutes);
bl_time bl_day_start(bl_day day, int32_t offset_minutes);

/* "2026-11-30"; `text` holds BL_TIME_TEXT bytes. Returns `text`. */
char *bl_day_format(bl_day day, char *text);
/* RFC 3339 with the zone's offset: "2026-11-30T17:30:00+08:00", fractions only where there are
 * any. BL_NEVER gives "never"; what lies outside the years 1 to 9999 the nearest day inside.
 * Returns `text`. */
char *bl_time_format(bl_time at, int32_t offset_minutes, char *text);

/* Reads "2026-11-30", all of it. BL_INVALID if it is no date. */
MUST_CHECK enum bl_err bl_day_parse(const char *text, bl_day *day, struct bl_error *e);
/* Reads RFC 3339 with any offset or Z, fraction up to six digits. BL_INVALID if it is none. */
MUST_CHECK enum bl_err bl_time_parse(const char *text, bl_time *at, struct bl_error *e);

/* The wall clock, and the clock that never jumps (for heartbeats and timeouts within a process). */
bl_time bl_time_now(void);
bl_span bl_time_monotonic(void);
