/* log.h — who orders the batches and stamps them.
 * `local` is the embedded order: LMDB's own commit is the sequence, and the time of a batch is the
 * machine's clock, held so that it never runs backwards, restarts included. */
#pragma once

#include "base/time.h"

struct log {
    bl_time last;  // stamp of the newest batch
};

/* `last` is the stamp of the newest batch in the store, 0 for an empty one. */
void log_open(struct log *log, bl_time last);

/* The stamp of the next batch: `now`, or one microsecond after the last if the clock went back. */
bl_time log_stamp(struct log *log, bl_time now);
