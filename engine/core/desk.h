/* desk.h — where an item is in its department's internal circulation (内部流转): the step, its
 * round, who has it and who has signed. */
#pragma once

#include "core/aggregate.h"

/* A step of people, or one for the department's workers? */
bool desk_step_is_personal(const struct definition_step *step);

/* The item comes to a step in a round, with the step's limit running from `start`. */
Bl__Desk *desk_begin(const struct world *world, const struct definition_item *item, uint32_t step,
                     uint32_t round, bl_time start, struct bl_arena *arena);
