/* load_journal.h — what the load generator was told, for checkers that trust nobody: one flushed
 * JSON line for each act as its caller saw it (binglian help journal). */
#pragma once

#include <stdio.h>

#include "base/error.h"
#include "schema/writer.h"

struct load_journal {
    FILE *file;  // NULL: nobody wants it
    char process[32];
    struct writer line;
};

/* One act. What is not known of it is 0 or NULL, and left out. */
struct load_act {
    uint64_t id;
    const char *op, *phase, *key, *app;
    uint64_t items;             // of the workflow
    uint64_t seq;               // of the acknowledgement
    uint64_t revision, newest;  // of a query
};

/* Appends to a file, made if it is not there. NULL for no journal. */
MUST_CHECK enum bl_err load_journal_open(const char *path, struct load_journal *journal,
                                         struct bl_error *e);
void load_journal_close(struct load_journal *journal);
void load_journal_write(struct load_journal *journal, const struct load_act *act);
