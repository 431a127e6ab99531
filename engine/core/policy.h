/* policy.h — where one aggregate's event must cause something elsewhere: a policy maps it to a
 * further command in the same batch. The command is the engine's own; that it will be taken was
 * checked before the event was written. */
#pragma once

#include "core/aggregate.h"

/* What follows elsewhere from an event of an application; NULL: nothing. In `arena`. */
const Bl__Command *policy_command(const Bl__Application *application, const Bl__Event *event,
                                  struct bl_arena *arena);
