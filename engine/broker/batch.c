#include "broker/batch.h"

#include <stdlib.h>
#include <string.h>

#define ARENA_BYTES_FIRST ((size_t)1 << 20)
/* What a full batch of commands grows to: decoded, decided, packed. */
#define ARENA_BYTES_MAX (8 * BATCH_BYTES_MAX)

void batch_init(struct batch *batch)
{
    *batch = (struct batch){ .next_timer = BL_NEVER };
    bl_arena_init(&batch->arena, ARENA_BYTES_FIRST, ARENA_BYTES_MAX);
}

void batch_reset(struct batch *batch)
{
    bl_arena_reset(&batch->arena);
    batch->command_count = 0;
    batch->effect_count = 0;
    batch->timers_due = 0;
}

void batch_free(struct batch *batch)
{
    bl_arena_free(&batch->arena);
    free(batch->commands);
    free(batch->effects);
    *batch = (struct batch){ 0 };
}

bool batch_is_full(const struct batch *batch)
{
    return batch->command_count >= BATCH_COMMANDS_MAX || batch->arena.used_bytes >= BATCH_BYTES_MAX;
}

/* Grows an array whose elements are kept between batches. */
static void *grow(void *array, size_t *capacity, size_t bytes)
{
    *capacity = *capacity == 0 ? 256 : *capacity * 2;
    array = realloc(array, *capacity * bytes);
    CHECK(array != NULL);
    return array;
}

struct batch_command *batch_add(struct batch *batch, const Bl__Command *command,
                                const struct principal *principal)
{
    CHECK(!batch_is_full(batch));
    if (batch->command_count == batch->command_capacity) {
        batch->commands = grow(batch->commands, &batch->command_capacity, sizeof *batch->commands);
    }
    struct batch_command *added = &batch->commands[batch->command_count++];
    *added = (struct batch_command){ .command = command, .principal = principal };
    bl__answer__init(&added->answer);
    added->answer.tag = command->tag;
    return added;
}

struct effect *batch_effect(struct batch *batch, enum effect_kind kind)
{
    if (batch->effect_count == batch->effect_capacity) {
        batch->effects = grow(batch->effects, &batch->effect_capacity, sizeof *batch->effects);
    }
    struct effect *effect = &batch->effects[batch->effect_count++];
    *effect = (struct effect){ .kind = kind };
    return effect;
}
