/* calendar.h — which days are worked, and when the office is open.
 * `deadline/` is the arithmetic of legal time limits, pure: no clock, no files, no memory taken per
 * question. A calendar answers about days, a clock (clock.h) about one limit with its stops.
 *
 * A calendar is made of layers (nation, region, unit), each over the one before, and holds a table
 * of the days of CALENDAR_FIRST_YEAR to CALENDAR_LAST_YEAR, so questions take constant time, or
 * that of one binary search where office minutes are counted. A year that the first layer does not
 * list as reviewed is provisional: its weekends and fixed holidays are known, its notice is not.
 * Before and after the table every Monday to Friday is worked, and all is provisional.
 * It never changes after calendar_new; threads share it. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/time.h"
#include "binglian/v1/calendar.pb-c.h"
#include "deadline/limit.h"

#define CALENDAR_FIRST_YEAR 2004
#define CALENDAR_LAST_YEAR 2040
#define CALENDAR_LAYERS_MAX 8     // nation, province, prefecture, county, unit, and some room
#define CALENDAR_FAULTS_MAX 50    // of one calendar; nobody corrects more in one go
#define CALENDAR_SPANS_MAX 8      // open parts of one day
#define CALENDAR_ADD_MAX 1000000  // working days forth or back in one question

struct calendar;

/* An open part of a day, in minutes after midnight. */
struct calendar_span {
    int32_t from, to;
};

/* Makes a calendar from its layers, the national one first; the messages are not kept.
 *   errors   BL_DEFINITION: `source` names the layer, the text the key and what to write
 *   returns  on success *calendar is the caller's, to be released by calendar_free */
MUST_CHECK enum bl_err calendar_new(const Bl__Calendar *const *layers, size_t count,
                                    struct calendar **calendar, struct bl_error *e);

/* What is wrong with a layer, and where, in the terms of yaml_position: the message and field, and
 * which element of it (SIZE_MAX: all). */
struct calendar_fault {
    size_t layer;
    const void *message;
    const char *field;
    size_t element;
    char text[192];  // the key, what is wrong, what to write
};
struct calendar_faults {
    struct calendar_fault at[CALENDAR_FAULTS_MAX];  // in the order of the layers and their keys
    size_t count;
};
/* calendar_new for those who know where the layers were written: 1 to CALENDAR_LAYERS_MAX of them.
 * Every value that is wrong is a fault. */
MUST_CHECK enum bl_err calendar_build(const Bl__Calendar *const *layers, size_t count,
                                      struct calendar **calendar, struct calendar_faults *faults);
/* Takes NULL, leaves NULL. */
void calendar_free(struct calendar **calendar);

/* A make-up day beats its weekend, a holiday beats its weekday, a later layer an earlier one. */
bool calendar_is_workday(const struct calendar *calendar, bl_day day);
/* The n-th working day strictly after `day`; strictly before it for a negative n; `day` itself for
 * 0. |n| is at most CALENDAR_ADD_MAX. */
bl_day calendar_add(const struct calendar *calendar, bl_day day, int32_t n);
/* The number of working days in (a, b]; 0 if b ≤ a. */
int32_t calendar_between(const struct calendar *calendar, bl_day a, bl_day b);
/* May a notice still change a day of [a, b]? */
bool calendar_is_provisional(const struct calendar *calendar, bl_day a, bl_day b);

/* Working days from the beginning of the table through `day`, this one included; negative before
 * it. The difference of two is calendar_between. */
int32_t calendar_rank(const struct calendar *calendar, bl_day day);
/* The working day of that rank. */
bl_day calendar_ranked(const struct calendar *calendar, int32_t rank);

/* The date of an instant in the calendar's zone; never asked of BL_NEVER. */
bl_day calendar_day(const struct calendar *calendar, bl_time at);
/* The zone: minutes east of UTC. */
int32_t calendar_offset(const struct calendar *calendar);

/* When the office opens and closes on a date in its season, whether or not the day is worked. */
bl_time calendar_opening(const struct calendar *calendar, bl_day day);
bl_time calendar_closing(const struct calendar *calendar, bl_day day);
/* Office time of a date in its season, lunch left out, whether or not the day is worked. */
bl_span calendar_office(const struct calendar *calendar, bl_day day);
/* The open parts of a date in its season, whether or not the day is worked; returns how many. */
size_t calendar_hours(const struct calendar *calendar, bl_day day,
                      struct calendar_span spans[CALENDAR_SPANS_MAX]);
/* Effective receipt: `at` itself within office hours (the closing moment included), else the next
 * moment of opening. */
bl_time calendar_effective(const struct calendar *calendar, bl_time at);

/* Office time from the beginning of the table to `at`, on working days only; negative before it.
 * The difference of two is the office time between two instants. */
bl_span calendar_worked(const struct calendar *calendar, bl_time at);
/* The first instant at which calendar_worked reaches `worked`. */
bl_time calendar_worked_at(const struct calendar *calendar, bl_span worked);
