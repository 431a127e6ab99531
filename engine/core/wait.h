/* wait.h — an item that waits for a day (`not_before`): nobody is late before it comes, so the wait
 * is a stop of the item, numbered 0, and the clocks of the whole leave it out like any other. It
 * ends by itself when the day opens, or with the item. */
#pragma once

#include "base/arena.h"
#include "base/time.h"
#include "binglian/v1/state.pb-c.h"

/* The item waits from `from` until `until`.
 *   field  the date field that says so; borrowed */
void wait_begin(Bl__Item *item, const char *field, bl_time from, bl_time until,
                struct bl_arena *arena);
/* Not before the wait was over: `start`, or its end. Silence may lead back to before it. */
bl_time wait_after(const Bl__Item *item, bl_time start);
/* The day has moved to `until`. Nothing where there is no wait. */
void wait_move(Bl__Item *item, bl_time until);
