/* oracle.h — joins by their rule, found by trying, and limits by walking over the days: what
 * core/join.c and deadline/clock.c compute, another way.
 * The rule (design 15.3): satisfied when `need` branches are granted or tacit; failed once that
 * cannot be, or at a veto's denial; a skipped branch is settled and not counted; every other end
 * counts against; `all` is all that were not skipped; all skipped is satisfied. */
#pragma once

#include "core/join.h"
#include "deadline/calendar.h"

/* What the rule says of these states. The kind is never JOIN_EXPRESSION. */
enum join_outcome oracle_settle(const struct definition_join *join, const Bl__Application *of);

struct oracle_stop {
    bl_time from, to;
};
/* Puts stops in order and makes one of those that touch. Returns how many are left. */
size_t oracle_unite(struct oracle_stop *stops, size_t count);
/* When a limit runs out that stood from time to time; `stops` are put in order and united. BL_NEVER
 * for half days, which it does not know. */
bl_time oracle_due(const struct calendar *calendar, bl_time start, struct limit limit,
                   struct oracle_stop *stops, size_t count);
