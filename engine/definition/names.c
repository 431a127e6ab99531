#include "definition/names.h"

#include <string.h>

#include "base/check.h"

/* FNV-1a: names are short, and their authors are not our enemies. */
static uint32_t hash(struct bl_text name)
{
    uint32_t value = 2166136261u;

    for (size_t i = 0; i < name.bytes; i++) {
        value = (value ^ (unsigned char)name.at[i]) * 16777619u;
    }
    return value;
}

struct names names_new(struct bl_arena *arena, size_t count)
{
    uint32_t size = 8;

    while (size < 2 * count) {
        size *= 2;
    }
    return (struct names){ bl_arena_array(arena, struct name_slot, size), size - 1 };
}

/* The slot of the name, or the empty one where it belongs. Half of the slots stay empty. */
static struct name_slot *slot_of(const struct names *names, struct bl_text name)
{
    for (uint32_t at = hash(name) & names->mask;; at = (at + 1) & names->mask) {
        struct name_slot *slot = &names->slots[at];

        if (slot->name == NULL ||
            (slot->bytes == name.bytes && memcmp(slot->name, name.at, name.bytes) == 0)) {
            return slot;
        }
    }
}

int names_add(struct names *names, const char *name, uint32_t index)
{
    struct bl_text text = bl_text_of(name);
    struct name_slot *slot = slot_of(names, text);

    if (slot->name != NULL) {
        return (int)slot->index;
    }
    *slot = (struct name_slot){ name, (uint32_t)text.bytes, index };
    return -1;
}

int names_find(const struct names *names, struct bl_text name)
{
    const struct name_slot *slot = slot_of(names, name);

    return slot->name == NULL ? -1 : (int)slot->index;
}
