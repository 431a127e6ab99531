/* report.h — what is wrong with a file of workflows, with the place where it stands.
 * Checks name a value by its path, "items.fire_check.needs.of[1]", and never think of lines. */
#pragma once

#include <stdbool.h>

#include "base/arena.h"
#include "base/text.h"
#include "schema/problem.h"
#include "schema/yaml.h"

struct report {
    struct schema_problems *problems;
    uint32_t errors_before;    // of other files in the same list
    struct bl_arena *scratch;  // paths and texts on their way
    const char *file;
    struct bl_text source;  // the whole file
    const ProtobufCMessage *root;
    const struct yaml_document *document;
};

/* Makes a path of parts: path(report, "items.%s.when", id). It lives as long as the scratch. */
const char *report_path(struct report *report, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Adds a problem at the value that the path names; where there is no such value, at the key of the
 * nearest one around it. */
void report_add(struct report *report, enum schema_severity severity, const char *code,
                const char *path, const char *format, ...) __attribute__((format(printf, 5, 6)));
/* The same for an error inside a text, such as a condition: `e` has its line and column in it, and
 * what is wrong. */
void report_add_inside(struct report *report, const char *code, const char *path, const char *text,
                       const struct bl_error *e);

/* A name that is not there: says which one was perhaps meant. `kind` is "item", "field"…; `names`
 * are those that are there. */
void report_unknown(struct report *report, const char *path, const char *kind, const char *name,
                    const char *const *names, size_t count);
