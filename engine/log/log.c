#include "log/log.h"

void log_open(struct log *log, bl_time last)
{
    log->last = last;
}

bl_time log_stamp(struct log *log, bl_time now)
{
    if (now <= log->last) {
        now = log->last + 1;
    }
    log->last = now;
    return now;
}
