#include "schema/problem.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

void schema_problems_init(struct schema_problems *problems, struct bl_arena *arena)
{
    problems->arena = arena;
    problems->count = problems->error_count = problems->warning_count = 0;
}

__attribute__((format(printf, 2, 0))) static const char *
format_text(struct bl_arena *arena, const char *format, va_list arguments)
{
    char *text = NULL;
    int length = vasprintf(&text, format, arguments);

    CHECK(length >= 0);
    char *copy = bl_arena_string(arena, text);
    free(text);
    return copy;
}

void schema_problem_add(struct schema_problems *problems, enum schema_severity severity,
                        const char *code, const char *file, uint32_t line, uint32_t column,
                        const char *pointer, const char *format, ...)
{
    va_list arguments;

    if (severity == SCHEMA_ERROR) {
        problems->error_count++;
    } else {
        problems->warning_count++;
    }
    if (problems->count == SCHEMA_PROBLEMS_MAX) {
        return;
    }
    va_start(arguments, format);
    problems->problems[problems->count++] = (struct schema_problem){
        .severity = severity,
        .line = line,
        .column = column,
        .code = code,
        .file = file,
        .pointer = bl_arena_string(problems->arena, pointer == NULL ? "" : pointer),
        .text = format_text(problems->arena, format, arguments),
    };
    va_end(arguments);
}

static bool is_after(const struct schema_problem *a, const struct schema_problem *b)
{
    int files = strcmp(a->file == NULL ? "" : a->file, b->file == NULL ? "" : b->file);

    if (files != 0) {
        return files > 0;
    }
    if (a->severity != b->severity) {
        return a->severity == SCHEMA_WARNING;
    }
    return a->line != b->line ? a->line > b->line : a->column > b->column;
}

void schema_problems_sort(struct schema_problems *problems)
{
    /* Insertion keeps the order of equals, and there are few. */
    for (uint32_t i = 1; i < problems->count; i++) {
        struct schema_problem problem = problems->problems[i];
        uint32_t to = i;

        for (; to > 0 && is_after(&problems->problems[to - 1], &problem); to--) {
            problems->problems[to] = problems->problems[to - 1];
        }
        problems->problems[to] = problem;
    }
}

void schema_problem_print(FILE *out, const struct schema_problem *problem)
{
    if (problem->file != NULL) {
        fprintf(out, "%s:", problem->file);
    }
    if (problem->line > 0) {
        fprintf(out, "%" PRIu32 ":%" PRIu32 ":", problem->line, problem->column);
    } else if (problem->pointer[0] != '\0') {
        fprintf(out, "%s%s:", problem->file != NULL ? " " : "", problem->pointer);
    }
    fprintf(out, " %s: %s [%s]", problem->severity == SCHEMA_ERROR ? "error" : "warning",
            problem->text, problem->code);
}

void schema_problems_print(FILE *out, const struct schema_problems *problems)
{
    uint32_t left_out = problems->error_count + problems->warning_count - problems->count;

    for (uint32_t i = 0; i < problems->count; i++) {
        schema_problem_print(out, &problems->problems[i]);
        fputc('\n', out);
    }
    if (left_out > 0) {
        fprintf(out, "… and %" PRIu32 " more\n", left_out);
    }
}

enum bl_err schema_problems_error(const struct schema_problems *problems, enum bl_err code,
                                  struct bl_error *e)
{
    for (uint32_t i = 0; i < problems->count; i++) {
        const struct schema_problem *problem = &problems->problems[i];

        if (problem->severity == SCHEMA_ERROR) {
            const char *pointer = problem->pointer;

            return bl_error_at(e, code, problem->file, problem->line, problem->column, "%s%s%s",
                               pointer, pointer[0] == '\0' ? "" : ": ", problem->text);
        }
    }
    return problems->error_count == 0 ? BL_OK : bl_error_set(e, code, "too many problems");
}
