/* routing.h — what one change means for the other items: who may start, who is blocked or not
 * needed, what becomes of late branches, and whether the whole is done.
 * It works on a copy of the items' states; what came out is put into one event. */
#pragma once

#include "core/aggregate.h"
#include "core/join.h"

struct routing {
    const struct world *world;
    struct bl_arena *arena;  // of the batch
    size_t count;
    bool accepted;        // has anybody accepted the application?
    bl_time start;        // where clocks that start now begin: effective receipt of this moment
    bl_time whole_start;  // of the clocks of the whole; 0: nobody has accepted yet
    struct join_item *items, *before;  // `count` of each, in the arena
    bool *held, *held_before;
    struct form_scope scope;
    enum join_outcome whole_before;
};

/* Begins with the items as they are; `application` NULL: all are pending. `values` are the form's
 * views, NULL where no condition can ask for them. */
void routing_begin(struct routing *routing, const struct world *world,
                   const Bl__Application *application, const struct form_value *values,
                   struct bl_arena *arena);

/* Settles everything that follows: call it after items[] was changed. */
void routing_settle(struct routing *routing);

/* 收件 and 受理 outside office hours take effect at the next opening, unless the workflow says
 * otherwise (domain.md 4.2). */
bl_time routing_effective(const struct world *world, bl_time at);

bool routing_is_complete(const struct routing *routing);

/* What changed, but for item `except` (-1: none), with the clocks that start; in the arena. */
Bl__ItemChange **routing_changes(struct routing *routing, int except, size_t *count);
