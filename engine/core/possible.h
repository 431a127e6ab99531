/* possible.h — what somebody may do with an item as it stands: what a refusal offers instead, and
 * what the view of a task lists. Each act is put to the same rules that will decide it, with words
 * in place of those that he has yet to find; so no second table says what is allowed. */
#pragma once

#include "core/question.h"

/* Names of acts, as fields of Command: "accept", "suspend"…
 *   index    an item of the application that is not removed
 *   names    become the list, in `arena`
 *   returns  how many there are; 0 where the world knows no principal or no definition */
size_t possible_acts(const struct world *world, const Bl__Application *application, uint32_t index,
                     struct bl_arena *arena, const char ***names);

/* Completes a refusal of the question's command: who could do it, and what is possible instead with
 * the item that the command names. */
void possible_offer(const struct question *q, Bl__Refusal *refusal);
