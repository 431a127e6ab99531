/* said.h — what a worker says of its task, as the command that it stands for: a decision, a
 * failure, an act beside them, or what became of a notice. What it is about and who asks for it
 * come from the task and the worker's key, never from what is said. */
#pragma once

#include "base/arena.h"
#include "binglian/v1/transport.pb-c.h"
#include "broker/tasks.h"
#include "core/principal.h"

/* The command, in `arena`; it borrows from `decision`, `task` and `principal`.
 *   decision  with a verdict, or an act that may stand beside decisions */
Bl__Command *said_command(struct bl_arena *arena, const Bl__Decision *decision,
                          const struct task *task, const struct principal *principal);
