/* output.h — one answer in five formats.
 * What is shown is JSON first: a message by its descriptor (schema/json.h), a computed answer as a
 * jansson value. From that come JSON, JSON lines, YAML, CSV and, by a view's columns, the table
 * that people read; so no format can say what another does not. */
#pragma once

#include <jansson.h>
#include <protobuf-c/protobuf-c.h>

#include "base/time.h"
#include "cli/cli.h"
#include "cli/grid.h"

enum column_kind {
    COLUMN_TEXT,
    COLUMN_NUMBER,  // aligned to the right
    COLUMN_WORD,    // a name that sentence.h has a word for
    COLUMN_TITLE,   // {zh, en}
    COLUMN_TIME,    // an instant, to the minute
    COLUMN_LIGHT,   // colour, shape and words; the view's value has `light` and perhaps `promise`
    COLUMN_YES,     // a mark where it is true
};

/* A column of a table; of CSV its header is the path. */
struct column {
    const char *path;  // "promise.due_at"
    struct words title;
    enum column_kind kind;
};

struct view {
    const struct column *columns;
    size_t count;
    struct words nothing;  // what people read where there is no row
};

/* The message as JSON: a new reference. */
json_t *output_of(const struct cli *cli, const ProtobufCMessage *message);

/* Shows a list; steals `rows`. As JSON it is {"items": […], "next": "…"}, as over HTTP.
 *   next  the cursor of the next page; NULL or "": there is none. */
int output_list(struct cli *cli, const struct view *view, json_t *rows, const char *next);
/* Shows one thing; steals `value`. `print` shows it to people. */
int output_value(struct cli *cli, json_t *value, void (*print)(struct cli *, const json_t *));
/* A row of an endless list, at once: in formats that can be read line by line. Steals `row`. */
void output_line(struct cli *cli, json_t *row);

/* The value at "promise.due_at", or NULL. */
const json_t *output_find(const json_t *value, const char *path);
/* The text there, or "". */
const char *output_text(const json_t *value, const char *path);
int64_t output_integer(const json_t *value, const char *path);
/* The text of a {zh, en} in the reader's language, Chinese where there is no English. */
const char *output_title(const struct cli *cli, const json_t *value, const char *path);

/* An instant as people read it, from RFC 3339: "2026-11-30 17:30"; in the arena. */
const char *output_time(struct cli *cli, const char *rfc3339);
/* "● 绿 剩2个工作日" of a value with `light` and `promise`; in the arena. */
const char *output_light(struct cli *cli, const json_t *value, enum colour *colour);
