/* writer.h — writes JSON, or the same as YAML, into a growing buffer.
 *   struct writer writer;
 *   writer_init(&writer, WRITER_PRETTY);
 *   writer_open_object(&writer);
 *   writer_key(&writer, "due");
 *   writer_string(&writer, "2026-11-30T17:30:00+08:00");
 *   writer_close(&writer);
 *   fwrite(writer.at, 1, writer.bytes, stdout);
 *   writer_free(&writer);
 * Commas, newlines, indentation and quotes are its own business. It CHECKs that calls nest and that
 * each value in an object follows its key. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text.h"

#define WRITER_DEPTH_MAX 128  // more than WIRE_DEPTH_MAX and what a message adds to what it holds

enum writer_style {
    WRITER_JSON,    // one line, no spaces, no newline at the end
    WRITER_PRETTY,  // two spaces a level, no newline at the end
    WRITER_YAML,    // block YAML, with a newline at the end
};

struct writer {
    char *at;  // what was written; not NUL-terminated, may be NULL while `bytes` is 0
    size_t bytes;
    size_t size;  // allocated
    enum writer_style style;
    uint32_t depth;
    struct writer_level {
        bool list;
        bool used;  // has an element
    } levels[WRITER_DEPTH_MAX];
    bool after_key;   // the next value belongs to a key
    bool after_dash;  // YAML: the next value stands on a line with its dash
};

void writer_init(struct writer *writer, enum writer_style style);
/* Forgets what was written and keeps the memory: for the next line of a dump. */
void writer_reset(struct writer *writer);
void writer_free(struct writer *writer);

void writer_open_object(struct writer *writer);
void writer_open_list(struct writer *writer);
void writer_close(struct writer *writer);  // the innermost object or list
void writer_key(struct writer *writer, const char *name);

/* `text` is valid UTF-8. */
void writer_string(struct writer *writer, const char *text);
void writer_text(struct writer *writer, struct bl_text text);
void writer_integer(struct writer *writer, int64_t value);
void writer_unsigned(struct writer *writer, uint64_t value);
/* The shortest text that reads as the same double; "NaN", "Infinity" and "-Infinity" are strings.
 */
void writer_number(struct writer *writer, double value);
void writer_bool(struct writer *writer, bool value);
void writer_null(struct writer *writer);
/* Bytes as a string in base64. */
void writer_base64(struct writer *writer, const void *bytes, size_t count);
/* A newline between values at the top: JSON lines, YAML documents. Only at depth 0. */
void writer_line(struct writer *writer);
