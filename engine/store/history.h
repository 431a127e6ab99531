/* history.h — the events of one aggregate, walked backwards from its newest, and their fold. */
#pragma once

#include "core/aggregate.h"
#include "store/read.h"

/* The events of an aggregate, oldest first, in the arena.
 *   last    its newest event; 0: none
 *   count   how many there must be
 *   errors  BL_CORRUPT if one is missing, damaged, another's, or there are more or fewer */
MUST_CHECK enum bl_err history_read(struct store_read *read, Bl__Aggregate kind, uint64_t id,
                                    uint64_t last, uint32_t count, struct bl_arena *arena,
                                    Bl__Event ***events, struct bl_error *e);

/* The state that the events make. */
void *history_fold(Bl__Aggregate kind, uint64_t id, Bl__Event *const *events, size_t count,
                   struct bl_arena *arena);
