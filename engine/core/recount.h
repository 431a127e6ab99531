/* recount.h — the clocks of an item and of the whole as they run from now on.
 * Stops, an extension, a second leg, a counter-event and a notice of holidays change what is due
 * without changing where a clock began. Whoever decides one of them makes a draft of the item as it
 * would be, and what comes out of it here stands in the event.
 *
 * The rules (domain.md 4.1 to 4.8, design.md 15.2):
 *   - every stop holds the promise and the step; the legal limit only those of the law
 *     (行政许可法 第四十五条), which say so themselves; the whole is held by the union of them all;
 *   - an extension belongs to the legal limit (行政许可法 第四十二条), or to the promise where the
 *     item has no legal limit, and to the leg in which it was granted;
 *   - the second leg of an upward item begins when the first has ended (行政许可法 第四十三条);
 *   - a clock that is held is STANDING, with the due moment that it has if the stop runs to its
 *     cap; one that was overdue, and whose due moment now lies ahead, runs again; yellow is never
 *     said twice. */
#pragma once

#include "core/aggregate.h"
#include "deadline/clock.h"

/* A change of item `index` into what `draft` is: its state, its hold, and the clocks of promise,
 * law and step. What else the caller changes, he adds.
 *   application  as it is, before the event
 *   draft        accepted and not settled; often an item_copy with the one thing changed
 *   returns      new, in `arena`, borrowing nothing of `draft` */
Bl__ItemChange *recount_item(const struct world *world, const Bl__Application *application,
                             const Bl__Item *draft, uint32_t index, struct bl_arena *arena);

/* What the clocks of the whole become.
 *   draft    of item `index`, as above; NULL: the items are as they are
 *   extended of the whole; NULL: as it is
 *   returns  NULL where nothing changes */
Bl__WholeChange *recount_whole(const struct world *world, const Bl__Application *application,
                               const Bl__Item *draft, uint32_t index, const Bl__Limit *extended,
                               struct bl_arena *arena);
/* The clocks of the whole as they begin at `start`, put into `whole`, of an application whose items
 * wait for days. */
void recount_whole_begin(const struct world *world, const Bl__Application *application,
                         bl_time start, Bl__WholeChange *whole, struct bl_arena *arena);

/* A clock that no stop holds, counted again from its start; NULL for no limit.
 *   before  as it is */
Bl__Clock *recount_plain(const struct world *world, const Bl__Clock *before, bl_time start,
                         struct limit limit, struct bl_arena *arena);

/* How a clock came about: where it began, its limit, its stops.
 *   returns  false where there is no such clock, or its beginning is not known any more */
bool recount_question(const struct world *world, const Bl__Application *application,
                      const Bl__ClockName *name, struct bl_arena *arena,
                      struct clock_question *question);

/* Until when the stops of an item hold it, if they hold it at `now`; 0 where they do not.
 *   legal  only those that hold the legal limit */
bl_time recount_stands_until(const Bl__Item *item, bl_time now, bool legal, struct bl_arena *arena);
