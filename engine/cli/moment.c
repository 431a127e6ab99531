#include "cli/moment.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LAST_YEAR 9000  // leaves room: what follows is to be a date of four digits, too

static enum bl_err not_a_moment(const char *text, struct bl_error *e)
{
    return bl_error_set(e, BL_INVALID,
                        "\"%s\" is no date; write 2026-11-30, or 2026-11-30T09:00 of a receipt",
                        text);
}

/* The instant of "2026-11-30T09:00", with or without seconds and a zone. */
static enum bl_err read_instant(const struct calendar *calendar, const char *text, bl_time *at,
                                struct bl_error *e)
{
    int32_t offset = calendar_offset(calendar);
    bool zoned = strlen(text) > strlen("2026-11-30T17:30:00");
    bool seconds = strlen(text) > strlen("2026-11-30T17:30");
    char rfc[48];

    (void)snprintf(rfc, sizeof rfc,
                   zoned     ? "%s"
                   : seconds ? "%s%c%02d:%02d"
                             : "%s:00%c%02d:%02d",
                   text, offset < 0 ? '-' : '+', abs(offset) / 60, abs(offset) % 60);
    return bl_time_parse(rfc, at, NULL) == BL_OK ? BL_OK : not_a_moment(text, e);
}

enum bl_err moment_read(const struct calendar *calendar, const char *text, bl_time *at,
                        struct bl_error *e)
{
    bool is_day = strlen(text) == strlen("2026-11-30");
    bl_time moment = 0;
    bl_day day = 0;
    enum bl_err err;

    if (is_day) {
        err = bl_day_parse(text, &day, NULL) == BL_OK ? BL_OK : not_a_moment(text, e);
    } else {
        err = read_instant(calendar, text, &moment, e);
        day = calendar_day(calendar, moment);
    }
    if (err == BL_OK && bl_date_of(day).year > LAST_YEAR) {
        err = bl_error_set(e, BL_INVALID, "%s is too late: write a date up to the year %d", text,
                           LAST_YEAR);
    }
    if (err == BL_OK) {
        *at = is_day ? calendar_opening(calendar, day) : calendar_effective(calendar, moment);
    }
    return err;
}
