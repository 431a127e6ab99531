/* problem.h — what is wrong with a file or a request, collected and shown all at once.
 *   workflows/restaurant.yaml:14:18: error: promise 25WD is longer than legal 20WD; shorten it
 *   [E-PROMISE]
 * Loaders and checkers add to one list; whoever owns it sorts and prints. */
#pragma once

#include <stdint.h>
#include <stdio.h>

#include "base/arena.h"
#include "base/error.h"

#define SCHEMA_PROBLEMS_MAX 100  // nobody reads more; further ones are counted

enum schema_severity { SCHEMA_ERROR, SCHEMA_WARNING };

struct schema_problem {
    enum schema_severity severity;
    uint32_t line, column;  // from 1, in characters; 0: no position
    const char *code;       // "E-KEY"; a literal, or as long-lived as the list
    const char *file;       // NULL: none
    const char *pointer;    // which value: "items.fire_check.limit"; may be empty
    const char *text;       // what is wrong; what to write instead
};

struct schema_problems {
    struct bl_arena *arena;  // of the texts
    struct schema_problem problems[SCHEMA_PROBLEMS_MAX];
    uint32_t count;                       // of `problems`
    uint32_t error_count, warning_count;  // of all
};

void schema_problems_init(struct schema_problems *problems, struct bl_arena *arena);

/* Adds one; `code` and `file` are borrowed, the rest is copied.
 *   file, pointer  may be NULL
 *   line, column   0: no position */
void schema_problem_add(struct schema_problems *problems, enum schema_severity severity,
                        const char *code, const char *file, uint32_t line, uint32_t column,
                        const char *pointer, const char *format, ...)
    __attribute__((format(printf, 8, 9)));

/* Orders by file, errors before warnings, then by position; those of one place stay as added. */
void schema_problems_sort(struct schema_problems *problems);

/* `file:line:column: error: text [CODE]`, without a newline. Without a position the pointer stands
 * in its place: `file: items.fire: error: …`. */
void schema_problem_print(FILE *out, const struct schema_problem *problem);
/* All of them, a line each, and how many were left out. */
void schema_problems_print(FILE *out, const struct schema_problems *problems);

/* The first error as one of ours: `code`, position, and pointer and text as its text. Returns
 * `code`, or BL_OK where there is no error. */
enum bl_err schema_problems_error(const struct schema_problems *problems, enum bl_err code,
                                  struct bl_error *e);
