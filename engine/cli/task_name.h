/* task_name.h — NUMBER.item as people type it. */
#pragma once

#include <string.h>

#include "base/arena.h"

struct task_name {
    const char *number;
    const char *item;  // "" where there is none
};

/* Splits at the first dot: a number has none. */
static inline struct task_name task_name_of(struct bl_arena *arena, const char *text)
{
    char *number = bl_arena_string(arena, text);
    char *dot = strchr(number, '.');

    if (dot != NULL) {
        *dot++ = '\0';
    }
    return (struct task_name){ number, dot == NULL ? "" : dot };
}
