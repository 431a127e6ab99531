/* moment.h — a moment as people write it on a command line. */
#pragma once

#include "deadline/calendar.h"

/* Reads a date, which is that day itself from its opening, or a date with a time, which is a moment
 * of receipt: effective within office hours (民法典 第二百零三条). The zone is the calendar's where
 * the text names none. BL_INVALID for what is no date, or so late that a limit from there on could
 * end after the year 9999. */
MUST_CHECK enum bl_err moment_read(const struct calendar *calendar, const char *text, bl_time *at,
                                   struct bl_error *e);
