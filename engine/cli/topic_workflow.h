/* topic_workflow.h — texts of help that are made from tables: every key of a definition with its
 * default and the law behind it, and the manual of control flow. */
#pragma once

#include "base/arena.h"
#include "base/language.h"

/* One key of workflows or of departments.yaml. */
struct key_help {
    const char *key;    // NULL: a heading
    struct words text;  // what it says; what holds without it; the law
};

const struct key_help *key_helps(size_t *count);

/* The texts, in the arena. */
const char *topic_workflow(struct bl_arena *arena, enum language language);
const char *topic_patterns(struct bl_arena *arena, enum language language);
