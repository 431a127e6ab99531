/* countdown.h — a clock of an item or of the whole, as it stands in the state.
 * The arithmetic is deadline/clock.h's; here a limit becomes a due and a yellow moment once, when
 * the clock starts, and from then on only moments are compared. */
#pragma once

#include "base/arena.h"
#include "base/time.h"
#include "binglian/v1/state.pb-c.h"
#include "deadline/calendar.h"
#include "deadline/clock.h"
#include "deadline/limit.h"

/* Starts a clock at the effective moment `start`. A limit of 0 halves starts none. */
void countdown_start(const struct calendar *calendar, struct limit limit, int32_t warn_days,
                     bl_time start, Bl__Clock *clock);
/* The same, new in `arena`; NULL for no limit. */
Bl__Clock *countdown_new(const struct calendar *calendar, struct limit limit, int32_t warn_days,
                         bl_time start, struct bl_arena *arena);
/* The last clock that was made of its kind: items side by side have the same one. Halves 0: none.
 */
struct countdown_memo {
    struct limit limit;
    int32_t warn_days;
    bl_time start;
    Bl__Clock clock;
};
/* countdown_new, for many of one calendar and moment: a clock like the last is a copy of it. */
Bl__Clock *countdown_like(struct countdown_memo *memo, const struct calendar *calendar,
                          struct limit limit, int32_t warn_days, bl_time start,
                          struct bl_arena *arena);
/* The work has ended. A clock that was overdue has stopped late: the record must not look in time.
 */
void countdown_stop(Bl__Clock *clock);
/* Is it running, warned, overdue, or held by a stop: is the work not done? */
bool countdown_is_open(const Bl__Clock *clock);
/* When it changes by itself: its yellow moment, or the first moment after it is due. */
bl_time countdown_next(const Bl__Clock *clock);
/* What clock_light needs of it; NULL is no clock. */
struct clock_face countdown_face(const Bl__Clock *clock);
