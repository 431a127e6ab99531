#include "cli/output.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "schema/json.h"
#include "schema/writer.h"

/* --- values ----------------------------------------------------------------------------------- */

json_t *output_of(const struct cli *cli, const ProtobufCMessage *message)
{
    struct json_options options = { .offset_minutes = cli->offset_minutes };
    struct writer writer;

    writer_init(&writer, WRITER_JSON);
    json_write_message(&writer, message, options);
    json_t *value = json_loadb(writer.at, writer.bytes, JSON_ALLOW_NUL, NULL);
    CHECK(value != NULL);  // what our own writer made
    writer_free(&writer);
    return value;
}

const json_t *output_find(const json_t *value, const char *path)
{
    char key[64];

    while (value != NULL && *path != '\0') {
        size_t length = strcspn(path, ".");

        CHECK(length < sizeof key);
        memcpy(key, path, length);
        key[length] = '\0';
        value = json_object_get(value, key);
        path += length + (path[length] == '.');
    }
    return value;
}

const char *output_text(const json_t *value, const char *path)
{
    const char *text = json_string_value(output_find(value, path));

    return text == NULL ? "" : text;
}

int64_t output_integer(const json_t *value, const char *path)
{
    const json_t *found = output_find(value, path);

    return json_is_string(found) ? strtoll(json_string_value(found), NULL, 10)
                                 : json_integer_value(found);
}

const char *output_title(const struct cli *cli, const json_t *value, const char *path)
{
    const json_t *found = output_find(value, path);
    const char *text = output_text(found, cli->language == LANGUAGE_ZH ? "zh" : "en");

    return text[0] != '\0' ? text : output_text(found, "zh");
}

const char *output_time(struct cli *cli, const char *rfc3339)
{
    char text[BL_TIME_TEXT];
    bl_time at;

    if (bl_time_parse(rfc3339, &at, NULL) != BL_OK) {
        return rfc3339;
    }
    (void)bl_time_format(at - at % SECOND_US, cli->offset_minutes, text);
    return bl_arena_printf(&cli->arena, "%.10s %.5s", text, text + strlen("2026-11-30T"));
}

/* --- lights ----------------------------------------------------------------------------------- */

static const struct {
    const char *name, *shape;
    enum colour colour;
} lights[] = {
    { "green", "●", COLOUR_GREEN }, { "yellow", "▲", COLOUR_YELLOW }, { "red", "■", COLOUR_RED },
    { "blue", "‖", COLOUR_BLUE },   { "grey", "○", COLOUR_GREY },
};

/* What stands behind the colour, so that nobody has to tell red from green. */
static const char *light_words(struct cli *cli, const json_t *value, const char *light)
{
    int64_t days = output_integer(value, "promise.remaining_days");

    if (strcmp(light, "blue") == 0) {
        return cli_say(cli, " 已暂停", " stopped");
    }
    if (strcmp(light, "grey") == 0 || output_find(value, "promise.due_at") == NULL) {
        return "";
    }
    if (json_is_true(output_find(value, "promise.overdue"))) {
        return days < 0
                   ? bl_arena_printf(&cli->arena,
                                     cli_say(cli, " 超期%" PRId64 "天", " %" PRId64 " over"), -days)
                   : cli_say(cli, " 已超期", " over");
    }
    return days == 0
               ? cli_say(cli, " 今日到期", " due today")
               : bl_arena_printf(&cli->arena,
                                 cli_say(cli, " 剩%" PRId64 "个工作日", " %" PRId64 " left"), days);
}

const char *output_light(struct cli *cli, const json_t *value, enum colour *colour)
{
    const char *light = output_text(value, "light");

    for (size_t i = 0; i < BL_COUNT(lights); i++) {
        if (strcmp(lights[i].name, light) == 0) {
            *colour = lights[i].colour;
            return bl_arena_printf(&cli->arena, "%s %s%s", lights[i].shape,
                                   sentence_word(light, cli->language),
                                   light_words(cli, value, light));
        }
    }
    *colour = COLOUR_NONE;
    return "";
}

/* --- JSON and YAML ---------------------------------------------------------------------------- */

static void write_value(struct writer *writer, const json_t *value)
{
    const char *key;
    json_t *child;
    size_t index;

    switch (json_typeof(value)) {
    case JSON_OBJECT:
        writer_open_object(writer);
        json_object_foreach((json_t *)value, key, child)
        {
            writer_key(writer, key);
            write_value(writer, child);
        }
        writer_close(writer);
        return;
    case JSON_ARRAY:
        writer_open_list(writer);
        json_array_foreach(value, index, child)
        {
            write_value(writer, child);
        }
        writer_close(writer);
        return;
    case JSON_STRING:
        writer_text(writer,
                    (struct bl_text){ json_string_value(value), json_string_length(value) });
        return;
    case JSON_INTEGER:
        writer_integer(writer, json_integer_value(value));
        return;
    case JSON_REAL:
        writer_number(writer, json_real_value(value));
        return;
    case JSON_TRUE:
    case JSON_FALSE:
        writer_bool(writer, json_is_true(value));
        return;
    case JSON_NULL:
        writer_null(writer);
        return;
    }
    UNREACHABLE();
}

static void print_value(const json_t *value, enum writer_style style)
{
    struct writer writer;

    writer_init(&writer, style);
    write_value(&writer, value);
    if (style != WRITER_YAML) {
        writer_line(&writer);
    }
    (void)fwrite(writer.at, 1, writer.bytes, stdout);
    writer_free(&writer);
}

/* --- CSV -------------------------------------------------------------------------------------- */

/* RFC 4180. A text that a spreadsheet would take for a formula gets an apostrophe before it. */
static void print_csv_cell(const char *text, bool is_text, bool first)
{
    bool formula = is_text && text[0] != '\0' && strchr("=+-@\t\r", text[0]) != NULL;

    (void)fputs(first ? "" : ",", stdout);
    if (!formula && strpbrk(text, ",\"\r\n") == NULL) {
        (void)fputs(text, stdout);
        return;
    }
    (void)fputs(formula ? "\"'" : "\"", stdout);
    for (const char *at = text; *at != '\0'; at++) {
        (void)fputs(*at == '"' ? "\"\"" : (char[]){ *at, '\0' }, stdout);
    }
    (void)fputc('"', stdout);
}

static void print_csv_value(const json_t *value, bool first)
{
    char *dumped;

    if (value == NULL || json_is_null(value)) {
        print_csv_cell("", false, first);
    } else if (json_is_string(value)) {
        print_csv_cell(json_string_value(value), true, first);
    } else {
        dumped = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY | JSON_REAL_PRECISION(15));
        print_csv_cell(dumped, false, first);
        free(dumped);
    }
}

static void print_csv_row(const struct cli *cli, const struct view *view, const json_t *row)
{
    for (size_t i = 0; i < view->count; i++) {
        const struct column *column = &view->columns[i];

        if (column->kind == COLUMN_TITLE) {
            print_csv_cell(output_title(cli, row, column->path), true, i == 0);
        } else {
            print_csv_value(output_find(row, column->path), i == 0);
        }
    }
    (void)fputs("\r\n", stdout);
}

static void print_csv_header(const struct view *view)
{
    for (size_t i = 0; i < view->count; i++) {
        print_csv_cell(view->columns[i].path, false, i == 0);
    }
    (void)fputs("\r\n", stdout);
}

/* One thing has its own keys as its header. */
static void print_csv_object(const json_t *object)
{
    const char *key;
    json_t *child;
    bool first = true;

    json_object_foreach((json_t *)object, key, child)
    {
        print_csv_cell(key, false, first);
        first = false;
    }
    (void)fputs("\r\n", stdout);
    first = true;
    json_object_foreach((json_t *)object, key, child)
    {
        print_csv_value(child, first);
        first = false;
    }
    (void)fputs("\r\n", stdout);
}

/* --- tables ----------------------------------------------------------------------------------- */

static const char *scalar_text(struct cli *cli, const json_t *value)
{
    const char *text = "";

    if (json_is_string(value)) {
        return bl_arena_string(&cli->arena, json_string_value(value));
    }
    if (json_is_array(value)) {
        for (size_t i = 0; i < json_array_size(value); i++) {
            text = bl_arena_printf(&cli->arena, "%s%s%s", text, i == 0 ? "" : ",",
                                   scalar_text(cli, json_array_get(value, i)));
        }
        return text;
    }
    if (value != NULL && !json_is_null(value)) {
        char *dumped = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY | JSON_REAL_PRECISION(15));

        text = bl_arena_string(&cli->arena, dumped);
        free(dumped);
    }
    return text;
}

static void add_cell(struct cli *cli, struct grid *grid, const struct column *column,
                     const json_t *row)
{
    const json_t *value = output_find(row, column->path);
    enum colour colour = COLOUR_NONE;
    const char *text = "";

    switch (column->kind) {
    case COLUMN_TEXT:
        text = scalar_text(cli, value);
        break;
    case COLUMN_NUMBER:
        text = value == NULL ? "0" : scalar_text(cli, value);  // JSON leaves zeros out
        break;
    case COLUMN_WORD:
        text = sentence_word(scalar_text(cli, value), cli->language);
        break;
    case COLUMN_TITLE:
        text = bl_arena_string(&cli->arena, output_title(cli, row, column->path));
        break;
    case COLUMN_TIME:
        text = output_time(cli, scalar_text(cli, value));
        break;
    case COLUMN_LIGHT:
        text = output_light(cli, row, &colour);
        break;
    case COLUMN_YES:
        text = json_is_true(value)    ? cli_say(cli, "是", "yes")
               : json_is_false(value) ? cli_say(cli, "否", "no")
                                      : "";
        break;
    }
    grid_add(grid, colour, text);
}

static void print_table(struct cli *cli, const struct view *view, const json_t *rows)
{
    struct grid grid;
    size_t index;
    json_t *row;

    if (json_array_size(rows) == 0) {
        cli_note(cli, "%s", words_in(view->nothing, cli->language));
        return;
    }
    grid_init(&grid, &cli->arena, view->count);
    for (size_t i = 0; i < view->count; i++) {
        grid.right[i] = view->columns[i].kind == COLUMN_NUMBER;
        grid_add(&grid, COLOUR_BOLD, words_in(view->columns[i].title, cli->language));
    }
    json_array_foreach(rows, index, row)
    {
        for (size_t i = 0; i < view->count; i++) {
            add_cell(cli, &grid, &view->columns[i], row);
        }
    }
    grid_print(&grid, stdout, cli->color_out);
}

/* --- the five formats ------------------------------------------------------------------------- */

static json_t *page(json_t *rows, const char *next)
{
    json_t *value = json_object();

    json_object_set(value, "items", rows);
    if (next != NULL && next[0] != '\0') {
        json_object_set_new(value, "next", json_string(next));
    }
    return value;
}

static void print_page(const json_t *rows, const char *next, enum writer_style style)
{
    json_t *value = page((json_t *)rows, next);

    print_value(value, style);
    json_decref(value);
}

int output_list(struct cli *cli, const struct view *view, json_t *rows, const char *next)
{
    bool more = next != NULL && next[0] != '\0';
    size_t index;
    json_t *row;

    switch (cli->format) {
    case OUTPUT_TABLE:
        print_table(cli, view, rows);
        break;
    case OUTPUT_JSON:
    case OUTPUT_YAML:
        print_page(rows, next, cli->format == OUTPUT_JSON ? WRITER_PRETTY : WRITER_YAML);
        more = false;
        break;
    case OUTPUT_JSONL:
        json_array_foreach(rows, index, row)
        {
            print_value(row, WRITER_JSON);
        }
        break;
    case OUTPUT_CSV:
        print_csv_header(view);
        json_array_foreach(rows, index, row)
        {
            print_csv_row(cli, view, row);
        }
        break;
    }
    if (more) {
        cli_note(cli, cli_say(cli, "还有更多：--after %s", "there are more: --after %s"), next);
    }
    json_decref(rows);
    return 0;
}

int output_value(struct cli *cli, json_t *value, void (*print)(struct cli *, const json_t *))
{
    switch (cli->format) {
    case OUTPUT_TABLE:
        print(cli, value);
        break;
    case OUTPUT_JSON:
        print_value(value, WRITER_PRETTY);
        break;
    case OUTPUT_JSONL:
        print_value(value, WRITER_JSON);
        break;
    case OUTPUT_YAML:
        print_value(value, WRITER_YAML);
        break;
    case OUTPUT_CSV:
        print_csv_object(value);
        break;
    }
    json_decref(value);
    return 0;
}

void output_line(struct cli *cli, json_t *row)
{
    if (cli->format == OUTPUT_YAML) {
        (void)fputs("---\n", stdout);  // a document each
    }
    print_value(row, cli->format == OUTPUT_YAML ? WRITER_YAML : WRITER_JSON);
    (void)fflush(stdout);
    json_decref(row);
}
