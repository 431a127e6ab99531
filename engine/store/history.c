#include "store/history.h"

#include <inttypes.h>

enum bl_err history_read(struct store_read *read, Bl__Aggregate kind, uint64_t id, uint64_t last,
                         uint32_t count, struct bl_arena *arena, Bl__Event ***events,
                         struct bl_error *e)
{
    Bl__Event **found;
    uint64_t seq = last;

    if (count > last) {
        return bl_error_set(e, BL_CORRUPT,
                            "%" PRIu64 " has fewer events than its revision %" PRIu32, id, count);
    }
    found = bl_arena_array(arena, Bl__Event *, (size_t)count + 1);
    for (uint32_t i = count; i-- > 0;) {
        struct bl_error cause = { 0 };
        enum bl_err err = read_event(read, seq, arena, &found[i], &cause);

        if (err == BL_NOT_FOUND) {
            return bl_error_set(e, BL_CORRUPT, "event %" PRIu64 " of %" PRIu64 " is missing", seq,
                                id);
        }
        if (err != BL_OK) {
            return bl_error_set(e, err, "event %" PRIu64 ": %s", seq, cause.text);
        }
        if (found[i]->aggregate != kind || found[i]->id != id || found[i]->seq != seq ||
            found[i]->previous >= seq) {
            return bl_error_set(e, BL_CORRUPT, "event %" PRIu64 " is not one of %" PRIu64, seq, id);
        }
        seq = found[i]->previous;
    }
    if (seq != 0) {
        return bl_error_set(e, BL_CORRUPT, "%" PRIu64 " has more events than its revision %" PRIu32,
                            id, count);
    }
    *events = found;
    return BL_OK;
}

void *history_fold(Bl__Aggregate kind, uint64_t id, Bl__Event *const *events, size_t count,
                   struct bl_arena *arena)
{
    const struct aggregate *aggregate = aggregate_find(kind);
    void *state = aggregate->create(arena, id);

    for (size_t i = 0; i < count; i++) {
        aggregate->evolve(state, events[i], arena);
    }
    return state;
}
