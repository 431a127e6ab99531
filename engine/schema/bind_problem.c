#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "schema/bind_parts.h"

#define SHOWN_BYTES_MAX 40  // of a value or key in a message
#define POINTER_BYTES_MAX 512

static size_t put_pointer(char *to, size_t size, const struct bind_frame *frame)
{
    size_t n = frame->up == NULL ? 0 : put_pointer(to, size, frame->up);
    int more = 0;

    if (frame->up == NULL) {
        to[0] = '\0';
    } else if (frame->element) {
        more = snprintf(to + n, size - n, "[%" PRIu32 "]", frame->index);
    } else {
        more = snprintf(to + n, size - n, "%s%.*s", n > 0 ? "." : "", (int)frame->name.bytes,
                        frame->name.at);
    }
    n += (size_t)more;
    return n < size ? n : size - 1;
}

void bind_problem(struct bind *bind, const struct bind_frame *frame, bool at_key, const char *code,
                  const char *format, ...)
{
    const struct tree *node = frame->node;
    char pointer[POINTER_BYTES_MAX], *text = NULL;
    va_list arguments;

    /* A value that is not there has no place; its key has. */
    if (node->kind == TREE_PLAIN && node->text.bytes == 0) {
        at_key = true;
    }
    at_key = at_key && node->key_line > 0;
    size_t bytes = put_pointer(pointer, sizeof pointer, frame);
    while (!bl_text_is_valid(pointer, bytes)) {
        bytes = bl_text_cut(pointer, bytes - 1);
    }
    pointer[bytes] = '\0';
    va_start(arguments, format);
    int length = vasprintf(&text, format, arguments);
    va_end(arguments);
    CHECK(length >= 0);
    schema_problem_add(bind->problems, SCHEMA_ERROR, code, bind->file,
                       at_key ? node->key_line : node->line,
                       at_key ? node->key_column : node->column, pointer, "%s", text);
    free(text);
}

/* A peer chooses how long a key is, and may have it shown a hundred times. */
static int shown_bytes(struct bl_text name)
{
    return (int)(name.bytes > SHOWN_BYTES_MAX ? bl_text_cut(name.at, SHOWN_BYTES_MAX) : name.bytes);
}

const char *bind_holder(struct bind *bind, const struct bind_frame *frame)
{
    const struct bind_frame *up = frame->up;
    int name = shown_bytes(frame->name);

    if (up == NULL) {
        return "";
    }
    if (!frame->key && !frame->element) {
        return bl_arena_printf(bind->arena, " in %.*s", name, frame->name.at);
    }
    int noun = shown_bytes(up->name);
    if (noun > 1 && up->name.at[noun - 1] == 's') {
        noun--;  // items → item
    }
    if (frame->element) {
        return bl_arena_printf(bind->arena, " in %.*s %" PRIu32, noun, up->name.at,
                               frame->index + 1);
    }
    return bl_arena_printf(bind->arena, " in %.*s %.*s", noun, up->name.at, name, frame->name.at);
}

const char *bind_found(struct bind *bind, const struct tree *node)
{
    size_t bytes = node->text.bytes;
    const char *more = "";

    if (node->kind == TREE_LIST) {
        return "a list";
    }
    if (node->kind == TREE_MAP) {
        return "a mapping";
    }
    if (bytes == 0) {
        return "nothing";
    }
    if (bytes > SHOWN_BYTES_MAX) {
        bytes = bl_text_cut(node->text.at, SHOWN_BYTES_MAX);
        more = "…";
    }
    return bl_arena_printf(bind->arena, "\"%.*s%s\"", (int)bytes, node->text.at, more);
}

void bind_wrong_type(struct bind *bind, const struct bind_frame *frame, const char *expected)
{
    if (frame->node->kind == TREE_PLAIN && frame->node->text.bytes == 0) {
        bind_problem(bind, frame, true, "E-TYPE", "no value; write %s, or remove the key",
                     expected);
        return;
    }
    bind_problem(bind, frame, false, "E-TYPE", "expected %s, found %s", expected,
                 bind_found(bind, frame->node));
}

uint32_t bind_near(const char *name)
{
    size_t bytes = strlen(name);

    return bytes < 4 ? 1 : bytes < 9 ? 2 : 3;
}
