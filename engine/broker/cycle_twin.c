/* Has the applicant an open application of the same workflow already? He is warned, not refused:
 * somebody may open two shops. */
#include "broker/cycle_state.h"
#include "core/application.h"
#include "store/read.h"

struct twin {
    uint64_t hash, id;  // id 0: there is none
};

static bool visit_twin(void *context, struct bl_text key, struct bl_text value)
{
    struct twin *twin = context;

    (void)value;
    if (key_read_u64(key.at) == twin->hash) {
        twin->id = key_read_u64(key.at + 8);
    }
    return false;
}

/* The number of the other one; NULL if there is none, or this batch has seen its end. */
static const char *find_twin(struct cycle *cycle, uint64_t hash)
{
    const char *number = bl_map_get(&cycle->twins, hash);
    struct key key = key_of_id(hash);
    struct twin twin = { .hash = hash };
    struct cached *cached;

    if (number != NULL) {
        return number;
    }
    if (read_scan(store_write_read(cycle->write), TABLE_TWINS, key_text(&key), visit_twin, &twin,
                  NULL) != BL_OK ||
        twin.id == 0 || cycle_load(cycle, twin.id, &cached, NULL) != BL_OK ||
        !application_is_open(cached->state)) {
        return NULL;
    }
    return bl_arena_string(cycle->arena, cached->state->number);
}

void cycle_warn_of_twin(struct cycle *cycle, struct batch_command *command, uint64_t hash)
{
    const char *number = hash == 0 ? NULL : find_twin(cycle, hash);

    if (number != NULL) {
        Bl__Refusal *warning =
            refusal_new(cycle->arena, BL_EXISTS, "duplicate-open", "applicant.id");

        refusal_argument(cycle->arena, warning, "number", number);
        command->answer.warnings = bl_arena_append(cycle->arena, command->answer.warnings,
                                                   command->answer.n_warnings, warning);
        command->answer.n_warnings++;
    }
}

void cycle_note_twin(struct cycle *cycle, uint64_t hash, const char *number)
{
    if (hash != 0) {
        bl_map_put(&cycle->twins, hash, (void *)number);
    }
}
