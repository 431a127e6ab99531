/* change.h — what events say of several items at once, folded into the state.
 * Nearly every event of an application carries ItemChanges: of the item that it is about, and of
 * those that follow from it. They are absolute: a state, and the clocks as they are from now on. */
#pragma once

#include "base/arena.h"
#include "base/time.h"
#include "binglian/v1/event.pb-c.h"
#include "deadline/limit.h"

/* Folds the changes of `event` into the items. */
void change_items(Bl__Application *application, Bl__ItemChange **changes, size_t count,
                  const Bl__Event *event, struct bl_arena *arena);
/* The same for the whole; NULL changes nothing. */
void change_whole(Bl__Application *application, const Bl__WholeChange *change,
                  struct bl_arena *arena);
/* The last item is settled: the application ends. */
void change_completed(Bl__Application *application, bool completed, bl_time at);

/* Moves an item into a state; one that ends stops its clocks and what else runs. */
void change_item_state(Bl__Item *item, Bl__Item__State state, bl_time at);

/* Copies that live in `arena`; NULL of NULL. */
Bl__Clock *clock_copy(const Bl__Clock *clock, struct bl_arena *arena);
/* As it stands in a message. */
Bl__Limit *limit_new(struct limit limit, struct bl_arena *arena);
Bl__Limit *limit_copy(const Bl__Limit *limit, struct bl_arena *arena);
Bl__Desk *desk_copy(const Bl__Desk *desk, struct bl_arena *arena);
Bl__Stop *stop_copy(const Bl__Stop *stop, struct bl_arena *arena);
/* All of an item, with what hangs from it. */
Bl__Item *item_copy(const Bl__Item *item, struct bl_arena *arena);
