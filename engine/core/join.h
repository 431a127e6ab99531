/* join.h — a counted rule over branches: satisfied, failed, or still open (design: rule 3).
 * A branch that was granted, or by tacit consent, counts for it; one that was skipped is settled
 * and not counted; every other end counts against. */
#pragma once

#include <stdbool.h>

#include "binglian/v1/state.pb-c.h"
#include "definition/definition.h"
#include "definition/form.h"

enum join_outcome { JOIN_OPEN, JOIN_SATISFIED, JOIN_FAILED };

/* What a join needs to know of the items, by index. */
struct join_item {
    Bl__Item__State state;
    Bl__Item__Result result;
};

enum join_outcome join_settle(const struct definition_join *join, const struct join_item *items,
                              struct form_scope *scope, struct bl_arena *scratch);

/* Is the item settled, however it ended? */
bool join_item_is_settled(struct join_item item);
/* What conditions read as item.ID.result: "granted", "denied", "tacit", "not_needed", "blocked",
 * "terminated", or "" while it is open. */
struct bl_text join_item_result(struct join_item item);
