/* log.h — one line on stderr for each event that an operator may want to know.
 * 2026-10-12T01:03:07.412913Z warn lease.lapsed app=17 item=3 dept=dnr worker=41
 * Only the stage that acts logs; core and helpers return. No identity numbers, phones or form
 * contents, ever. Under systemd (JOURNAL_STREAM set) lines carry a <N> priority instead of a time. */
#pragma once

enum bl_log_level { BL_LOG_ERROR, BL_LOG_WARN, BL_LOG_INFO, BL_LOG_DEBUG };

void bl_log_level_set(enum bl_log_level level);

/* `event` is a stable dotted name, `format` makes key=value pairs. Each call is one write(2). */
void bl_log(enum bl_log_level level, const char *event, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
