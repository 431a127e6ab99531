/* diff.h — what changed between two versions of a workflow, in words.
 * It compares what the files say, field by field of the language, so that no key can be forgotten;
 * how a limit is spelt, and the order in which things stand, are no changes. The sums are the
 * ledger of process re-engineering (流程再造台账): what an applicant has to bring and to wait for,
 * before and after. */
#pragma once

#include <stdio.h>

#include "base/arena.h"
#include "base/language.h"
#include "definition/definition.h"

enum diff_action { DIFF_ADDED, DIFF_REMOVED, DIFF_CHANGED };

struct diff_change {
    enum diff_action action;
    const char *path;            // "items.fire_check.promise"; of an element of a list: the list
    struct words before, after;  // "" where there is none; of a whole item: its title
    struct words text;           // the sentence
};

/* What one version asks for. */
struct diff_sums {
    size_t items, steps, fields, materials;  // an item without steps is one step
    double days;           // all items' promises one after another, in working days, other units
                           // as they usually fall
    struct limit promise;  // of the whole
};

struct diff {
    const struct definition *before_definition, *after_definition;
    struct diff_change *changes;  // in the order of the language, then of the newer file
    size_t count;
    struct diff_sums before, after;
};

/* Compares two definitions; the result borrows from both and lives in the arena. */
struct diff diff_make(const struct definition *before, const struct definition *after,
                      struct bl_arena *arena);

/* People's words for a key of the language; a key that has none is its own word. */
struct words diff_label(const char *key);

/* Prints a line for each change, and the sums. */
void diff_print(FILE *out, const struct diff *diff, enum language language);
