/* oracle.h — joins by their rule, found by trying: what core/join.c computes, another way.
 * The rule (design 15.3): satisfied when `need` branches are granted or tacit; failed once that
 * cannot be, or at a veto's denial; a skipped branch is settled and not counted; every other end
 * counts against; `all` is all that were not skipped; all skipped is satisfied. */
#pragma once

#include "core/join.h"

/* What the rule says of these states. The kind is never JOIN_EXPRESSION. */
enum join_outcome oracle_settle(const struct definition_join *join, const Bl__Application *of);
