/* desk.h — where an item is in its department's internal circulation (内部流转): the step, its
 * round, who has it and who has signed. A step's signatures are a counted join: it is settled as
 * soon as its outcome is certain. */
#pragma once

#include "core/aggregate.h"
#include "core/join.h"
#include "core/office.h"

#define DESK_SIGNERS_MAX 64  // of one step
#define DESK_HANDS_MAX 400   // persons and posts of one round

/* A step of people, or one for the department's workers? */
bool desk_step_is_personal(const struct definition_step *step);

/* The item comes to a step in a round, with the step's limit running from `start`. */
Bl__Desk *desk_begin(const struct world *world, const struct definition_item *item, uint32_t step,
                     uint32_t round, bl_time start, struct bl_arena *arena);
/* The next step of the same round, after `desk` was done; its hands are carried on. */
Bl__Desk *desk_pass(const struct world *world, const struct definition_item *item,
                    const Bl__Desk *desk, struct bl_arena *arena);

/* Who may sign a step, and how many have to. */
struct desk_signers {
    const char *posts[DESK_SIGNERS_MAX];
    uint32_t count;  // of the posts
    uint32_t of;     // branches of the join
    uint32_t need;   // of them
    bool in_order;
};
struct desk_signers desk_signers(const struct world *world, const struct definition_item *item,
                                 const char *department, const Bl__Desk *desk);
/* The first of the signers who has not signed; "" if all have. Where they sign in order, nobody
 * else may now. */
const char *desk_next_in_order(const Bl__Desk *desk, const struct desk_signers *signers);

/* Has the post signed this step in this round? */
bool desk_has_signed(const Bl__Desk *desk, const char *post);
/* What the signatures come to. */
enum join_outcome desk_outcome(const Bl__Desk *desk, const struct desk_signers *signers);

/* May whoever acts sign this step now?
 *   seat     gets in whose name
 *   returns  why not, or NULL */
Bl__Refusal *desk_seat(const struct world *world, const struct definition_item *item,
                       const char *department, const Bl__Desk *desk, struct office_seat *seat,
                       struct bl_arena *arena);
/* Has whoever sits there worked on an earlier step of this round? */
bool desk_has_hand(const Bl__Desk *desk, const struct office_seat *seat);

/* A copy of the desk with one more signature, and nobody's claim. */
Bl__Desk *desk_sign(const Bl__Desk *desk, const struct office_seat *seat, bool approves, bl_time at,
                    struct bl_arena *arena);
