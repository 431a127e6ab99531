#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

static const struct {
    const char *name;
    int http, exit;
} errors[] = {
#define X(code, name, http, exit) [code] = { name, http, exit },
    BL_ERRORS(X)
#undef X
};

void bl_check_failed(const char *file, int line, const char *condition)
{
    fprintf(stderr, "%s:%d: check failed: %s\n", file, line, condition);
    abort();
}

const char *bl_err_name(enum bl_err code)
{
    CHECK((size_t)code < BL_COUNT(errors));
    return errors[code].name;
}

int bl_err_http(enum bl_err code)
{
    CHECK((size_t)code < BL_COUNT(errors));
    return errors[code].http;
}

int bl_err_exit(enum bl_err code)
{
    CHECK((size_t)code < BL_COUNT(errors));
    return errors[code].exit;
}

enum bl_err bl_err_from_name(const char *name)
{
    for (size_t i = 0; i < BL_COUNT(errors); i++) {
        if (strcmp(errors[i].name, name) == 0) {
            return (enum bl_err)i;
        }
    }
    return BL_FAILED;
}

__attribute__((format(printf, 6, 0))) static void record(struct bl_error *e, enum bl_err code,
                                                         const char *source, uint32_t line,
                                                         uint32_t column, const char *format,
                                                         va_list arguments)
{
    if (e == NULL || e->code != BL_OK) {
        return;
    }
    e->code = code;
    e->line = line;
    e->column = column;
    bl_text_copy(e->source, sizeof e->source, source == NULL ? "" : source);
    int length = vsnprintf(e->text, sizeof e->text, format, arguments);
    if (length >= (int)sizeof e->text) {
        e->text[bl_text_cut(e->text, sizeof e->text - 1)] = '\0';
    }
}

enum bl_err bl_error_set(struct bl_error *e, enum bl_err code, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    record(e, code, NULL, 0, 0, format, arguments);
    va_end(arguments);
    return code;
}

enum bl_err bl_error_at(struct bl_error *e, enum bl_err code, const char *source, uint32_t line,
                        uint32_t column, const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    record(e, code, source, line, column, format, arguments);
    va_end(arguments);
    return code;
}
