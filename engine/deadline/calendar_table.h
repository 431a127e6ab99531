/* calendar_table.h — how a calendar lies in memory: for calendar.c and calendar_build.c only.
 * The table begins on a Monday and has whole weeks, so that the plain weeks before and after it
 * are counted by division. */
#pragma once

#include "deadline/calendar.h"

#define TABLE_FIRST 12415  // Monday 2003-12-29
#define TABLE_DAYS 13524   // to Sunday 2041-01-06

#define SEASONS_MAX 32  // over all layers

struct season {
    int32_t minutes;  // office minutes of a day
    uint32_t span_count;
    struct calendar_span spans[CALENDAR_SPANS_MAX];
};

/* A day of the table. The counts run from the table's first day to this one, this one included. */
struct table_day {
    uint16_t worked;       // working days
    uint16_t provisional;  // days of years without a reviewed notice
    uint8_t season;        // index into seasons
};

struct calendar {
    int32_t offset;  // minutes east of UTC
    int32_t total;   // working days of the table
    struct season seasons[SEASONS_MAX];
    struct table_day days[TABLE_DAYS];
    int32_t minutes[TABLE_DAYS];   // office minutes of working days, as counted in table_day
    uint16_t nth[TABLE_DAYS + 1];  // index of the n-th working day, from 1
};
