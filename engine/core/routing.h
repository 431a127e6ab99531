/* routing.h — what one change means for the other items: who may start, who is blocked or not
 * needed, what becomes of late branches, and whether the whole is done.
 * It works on a copy of the items' states; what came out is put into one event. */
#pragma once

#include "core/aggregate.h"
#include "core/countdown.h"
#include "core/join.h"

struct routing {
    const struct world *world;
    struct bl_arena *arena;              // of the batch
    const Bl__Application *application;  // as it is; NULL of a submission
    size_t count;
    bool accepted;        // has anybody accepted the application?
    bl_time start;        // where clocks that start now begin: effective receipt of this moment
    bl_time whole_start;  // of the clocks of the whole; 0: nobody has accepted yet
    struct join_item *items, *before;  // `count` of each, in the arena
    bool *held, *held_before;
    /* One for each item, in the arena; NULL where no item has such a thing: */
    bool *committed;      // promised in writing: granted as soon as accepted
    bool *gap;            // a deferrable material is still to come
    bl_time *not_before;  // 0, or the day that the item waits for
    bool *moved;          // it waits for another day than before
    struct routing_missing {
        const char **at;
        size_t count;
    } * missing;                           // what this change asks for
    struct countdown_memo promise, legal;  // of items that are accepted now
    struct form_scope scope;
    enum join_outcome whole_before;
};

/* Begins with the items as they are; `application` NULL: all are pending. `values` are the form's
 * views, NULL where no condition can ask for them. */
void routing_begin(struct routing *routing, const struct world *world,
                   const Bl__Application *application, const struct form_value *values,
                   struct bl_arena *arena);

/* `committed` or `gap`, made if they are not there. */
bool *routing_mark(struct routing *routing, bool **marks);
/* The item waits for this: a material, or "form.area". The text is borrowed. */
void routing_miss(struct routing *routing, uint32_t index, const char *what);

/* Settles everything that follows: call it after items[] was changed. */
void routing_settle(struct routing *routing);

/* 收件 and 受理 outside office hours take effect at the next opening, unless the workflow says
 * otherwise (domain.md 4.2). */
bl_time routing_effective(const struct world *world, bl_time at);

bool routing_is_complete(const struct routing *routing);

/* Accepts an item; one whose conditions the applicant has promised to keep is granted at once. */
void routing_accept(struct routing *routing, uint32_t index);
/* The clocks of the whole, which start with the first acceptance; NULL if that has been. */
Bl__WholeChange *routing_whole(const struct routing *routing, const Bl__Application *application,
                               bl_time start);

/* What changed, but for item `except` (-1: none), with the clocks that start; in the arena. */
Bl__ItemChange **routing_changes(struct routing *routing, int except, size_t *count);
/* What changed of one item, with clocks that begin at `start`. */
Bl__ItemChange *routing_change(struct routing *routing, uint32_t index, bl_time start);
