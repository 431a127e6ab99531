/* task_name.h — NUMBER.item.step as people type it. */
#pragma once

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"

struct task_name {
    const char *number;
    const char *item;  // "" where there is none; the same of the step
    const char *step;  // of an opinion that is asked for: opinion-2
};

/* Has every part that a dot announces? "NUMBER." is an item that somebody left out, never the whole
 * application. */
static inline bool task_name_is_whole(const char *text)
{
    size_t bytes = strlen(text);

    return bytes > 0 && text[0] != '.' && text[bytes - 1] != '.' && strstr(text, "..") == NULL;
}

/* Splits at the dots: a number has none. */
static inline struct task_name task_name_of(struct bl_arena *arena, const char *text)
{
    char *number = bl_arena_string(arena, text);
    char *item = strchr(number, '.');
    char *step = item == NULL ? NULL : strchr(item + 1, '.');

    if (item != NULL) {
        *item++ = '\0';
    }
    if (step != NULL) {
        *step++ = '\0';
    }
    return (struct task_name){ number, item == NULL ? "" : item, step == NULL ? "" : step };
}

/* The number at the end of "opinion-2"; 0 where there is none. */
static inline uint32_t task_name_number(const char *part)
{
    const char *dash = strrchr(part, '-');

    return dash == NULL ? 0 : (uint32_t)strtoul(dash + 1, NULL, 10);
}
