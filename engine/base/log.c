#include "base/log.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "base/time.h"

static _Atomic int log_level = BL_LOG_INFO;

static const struct {
    const char *name;
    int priority;  // of syslog(3), which journald reads
} levels[] = {
    [BL_LOG_ERROR] = { "error", 3 },
    [BL_LOG_WARN] = { "warn", 4 },
    [BL_LOG_INFO] = { "info", 6 },
    [BL_LOG_DEBUG] = { "debug", 7 },
};

void bl_log_level_set(enum bl_log_level level)
{
    atomic_store(&log_level, (int)level);
}

void bl_log(enum bl_log_level level, const char *event, const char *format, ...)
{
    char line[1024], stamp[BL_TIME_TEXT];
    int length;
    va_list arguments;

    if ((int)level > atomic_load(&log_level)) {
        return;
    }
    if (getenv("JOURNAL_STREAM") != NULL) {
        length = snprintf(line, sizeof line, "<%d>%s ", levels[level].priority, event);
    } else {
        bl_time_format(bl_time_now(), 0, stamp);
        stamp[strcspn(stamp, "+")] = '\0';
        length = snprintf(line, sizeof line, "%sZ %s %s ", stamp, levels[level].name, event);
    }
    va_start(arguments, format);
    length += vsnprintf(line + length, sizeof line - (size_t)length, format, arguments);
    va_end(arguments);
    size_t bytes = (size_t)length < sizeof line ? (size_t)length
                                                : bl_text_cut(line, sizeof line - 1);
    for (size_t i = 0; i < bytes; i++) {
        line[i] = (unsigned char)line[i] < 0x20 ? ' ' : line[i];  // one event stays one line
    }
    line[bytes < sizeof line - 1 ? bytes : sizeof line - 2] = '\n';
    bytes = bytes < sizeof line - 1 ? bytes + 1 : sizeof line - 1;
    (void)!write(STDERR_FILENO, line, bytes);
}
