/* names.h — from a name to its index: one open-addressed table for each kind of thing. */
#pragma once

#include "base/arena.h"
#include "base/text.h"

struct name_slot {
    const char *name;
    uint32_t bytes;
    uint32_t index;
};

struct names {
    struct name_slot *slots;
    uint32_t mask;
};

/* Makes room for `count` names. */
struct names names_new(struct bl_arena *arena, size_t count);
/* Adds a name, which is kept by pointer. Returns -1, or the index of the same name before it. */
int names_add(struct names *names, const char *name, uint32_t index);
/* Its index, or -1. */
int names_find(const struct names *names, struct bl_text name);
