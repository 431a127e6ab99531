#include "schema/writer.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "base/check.h"

#define INDENT 2
#define NUMBER_BYTES_MAX 32
#define FIRST_BYTES 1024

/* --- the buffer ----------------------------------------------------------------------------------
 */

void writer_init(struct writer *writer, enum writer_style style)
{
    *writer = (struct writer){ .style = style };
}

void writer_reset(struct writer *writer)
{
    writer->bytes = 0;
    writer->depth = 0;
    writer->after_key = writer->after_dash = false;
}

void writer_free(struct writer *writer)
{
    free(writer->at);
    writer_init(writer, writer->style);
}

static char *reserve(struct writer *writer, size_t bytes)
{
    if (writer->size - writer->bytes < bytes) {
        size_t size = writer->size == 0 ? FIRST_BYTES : writer->size;

        while (size - writer->bytes < bytes) {
            size *= 2;
        }
        writer->at = realloc(writer->at, size);
        CHECK(writer->at != NULL);
        writer->size = size;
    }
    return writer->at + writer->bytes;
}

static void put(struct writer *writer, const char *text, size_t bytes)
{
    if (bytes > 0) {
        memcpy(reserve(writer, bytes), text, bytes);
        writer->bytes += bytes;
    }
}

static void put_char(struct writer *writer, char c)
{
    *reserve(writer, 1) = c;
    writer->bytes++;
}

static void new_line(struct writer *writer, uint32_t level)
{
    size_t spaces = (size_t)level * INDENT;

    put_char(writer, '\n');
    memset(reserve(writer, spaces + 1), ' ', spaces);
    writer->bytes += spaces;
}

/* --- what stands before a value ------------------------------------------------------------------
 */

/* YAML: a new line at the level of the innermost object or list, unless a dash has begun it. */
static void yaml_begin_line(struct writer *writer)
{
    if (writer->after_dash) {
        writer->after_dash = false;
    } else if (writer->bytes > 0 && writer->at[writer->bytes - 1] != '\n') {
        new_line(writer, writer->depth - 1);
    } else {
        size_t spaces = (size_t)(writer->depth - 1) * INDENT;

        memset(reserve(writer, spaces + 1), ' ', spaces);
        writer->bytes += spaces;
    }
}

static void begin_element(struct writer *writer, struct writer_level *level)
{
    if (writer->style == WRITER_YAML) {
        yaml_begin_line(writer);
    } else {
        if (level->used) {
            put_char(writer, ',');
        }
        if (writer->style == WRITER_PRETTY) {
            new_line(writer, writer->depth);
        }
    }
    level->used = true;
}

/* Before every value; `opens` if it is an object or list, which YAML puts on lines of its own. */
static void begin_value(struct writer *writer, bool opens)
{
    bool yaml = writer->style == WRITER_YAML;

    if (writer->depth == 0) {
        return;
    }
    struct writer_level *level = &writer->levels[writer->depth - 1];
    if (level->list) {
        begin_element(writer, level);
        if (yaml) {
            put(writer, "- ", 2);
            writer->after_dash = opens;
        }
        return;
    }
    CHECK(writer->after_key);
    writer->after_key = false;
    if (yaml && !opens) {
        put_char(writer, ' ');
    }
}

/* After a scalar at the top, YAML ends its line. */
static void end_value(struct writer *writer)
{
    if (writer->depth == 0 && writer->style == WRITER_YAML) {
        put_char(writer, '\n');
    }
}

/* --- objects and lists ---------------------------------------------------------------------------
 */

static void open_level(struct writer *writer, bool list)
{
    begin_value(writer, true);
    CHECK(writer->depth < WRITER_DEPTH_MAX);
    writer->levels[writer->depth++] = (struct writer_level){ .list = list };
    if (writer->style != WRITER_YAML) {
        put_char(writer, list ? '[' : '{');
    }
}

void writer_open_object(struct writer *writer)
{
    open_level(writer, false);
}

void writer_open_list(struct writer *writer)
{
    open_level(writer, true);
}

/* An empty object or list has no lines of its own in YAML: it is written where its key or dash is.
 */
static void yaml_close(struct writer *writer, const struct writer_level *level)
{
    if (!level->used) {
        if (writer->bytes > 0 && writer->at[writer->bytes - 1] == ':') {
            put_char(writer, ' ');
        }
        put(writer, level->list ? "[]" : "{}", 2);
        writer->after_dash = false;
    }
    end_value(writer);
}

void writer_close(struct writer *writer)
{
    CHECK(writer->depth > 0 && !writer->after_key);
    struct writer_level level = writer->levels[--writer->depth];

    if (writer->style == WRITER_YAML) {
        yaml_close(writer, &level);
        return;
    }
    if (writer->style == WRITER_PRETTY && level.used) {
        new_line(writer, writer->depth);
    }
    put_char(writer, level.list ? ']' : '}');
}

/* --- strings -------------------------------------------------------------------------------------
 */

static void put_escape(struct writer *writer, uint32_t character)
{
    char text[8];  // of the basic plane

    (void)snprintf(text, sizeof text, "\\u%04x", character & 0xFFFF);
    put(writer, text, 6);
}

static void put_ascii(struct writer *writer, unsigned char c)
{
    static const char named[] = "btnvfr";  // 8 … 13; \v is not JSON

    if (c == '"' || c == '\\') {
        put_char(writer, '\\');
        put_char(writer, (char)c);
    } else if (c >= '\b' && c <= '\r' && c != '\v') {
        put_char(writer, '\\');
        put_char(writer, named[c - '\b']);
    } else {
        put_escape(writer, c);
    }
}

/* Characters of two and three bytes that YAML does not take as they are: controls, its own line
 * breaks, the byte order mark. 0: none. */
static uint32_t yaml_unprintable(const unsigned char *c, size_t left)
{
    uint32_t character = 0;

    if (c[0] == 0xC2 && left > 1) {
        character = c[1];
        return character < 0xA0 ? character : 0;
    }
    if (left > 2 && (c[0] & 0xF0) == 0xE0) {
        character = (c[0] & 0xFu) << 12 | (c[1] & 0x3Fu) << 6 | (c[2] & 0x3Fu);
    }
    return character == 0x2028 || character == 0x2029 || character == 0xFEFF || character >= 0xFFFE
               ? character
               : 0;
}

static void put_quoted(struct writer *writer, struct bl_text text)
{
    const unsigned char *c = (const unsigned char *)text.at;
    size_t from = 0, i = 0;

    put_char(writer, '"');
    while (i < text.bytes) {
        uint32_t odd = 0;

        if (c[i] >= 0x80 && writer->style == WRITER_YAML) {
            odd = yaml_unprintable(c + i, text.bytes - i);
        }
        if (odd == 0 && c[i] >= 0x20 && c[i] != '"' && c[i] != '\\' && c[i] != 0x7F) {
            i++;
            continue;
        }
        put(writer, text.at + from, i - from);
        if (odd != 0) {
            put_escape(writer, odd);
            i += odd < 0x800 ? 2 : 3;
        } else {
            put_ascii(writer, c[i++]);
        }
        from = i;
    }
    put(writer, text.at + from, text.bytes - from);
    put_char(writer, '"');
}

static bool is_letter(unsigned char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c >= 0x80;
}

/* Is the text the same without quotes to every YAML reader, 1.1 and 1.2? Careful rather than
 * complete: it begins with a letter, is no word that some reader takes for something else, and has
 * only letters, digits and a few signs. */
static bool is_plain(struct bl_text text)
{
    static const char *const words[] = { "y",    "n",     "yes",  "no",  "on", "off",
                                         "true", "false", "null", "nan", "inf" };
    static const char signs[] = " _-./()+=";

    if (text.bytes == 0 || !is_letter((unsigned char)text.at[0]) ||
        text.at[text.bytes - 1] == ' ') {
        return false;
    }
    for (size_t i = 0; i < text.bytes; i++) {
        unsigned char c = (unsigned char)text.at[i];

        if (!is_letter(c) && !(c >= '0' && c <= '9') && (c == 0 || strchr(signs, c) == NULL)) {
            return false;
        }
        if (c >= 0x80 && yaml_unprintable((const unsigned char *)text.at + i, text.bytes - i)) {
            return false;
        }
    }
    for (size_t i = 0; i < BL_COUNT(words); i++) {
        if (strlen(words[i]) == text.bytes && strncasecmp(words[i], text.at, text.bytes) == 0) {
            return false;
        }
    }
    return true;
}

static void put_string(struct writer *writer, struct bl_text text)
{
    if (writer->style == WRITER_YAML && is_plain(text)) {
        put(writer, text.at, text.bytes);
    } else {
        put_quoted(writer, text);
    }
}

void writer_key(struct writer *writer, const char *name)
{
    CHECK(writer->depth > 0 && !writer->levels[writer->depth - 1].list && !writer->after_key);
    begin_element(writer, &writer->levels[writer->depth - 1]);
    put_string(writer, bl_text_of(name));
    put_char(writer, ':');
    if (writer->style == WRITER_PRETTY) {
        put_char(writer, ' ');
    }
    writer->after_key = true;
}

void writer_text(struct writer *writer, struct bl_text text)
{
    begin_value(writer, false);
    put_string(writer, text);
    end_value(writer);
}

void writer_string(struct writer *writer, const char *text)
{
    writer_text(writer, bl_text_of(text));
}

/* --- other scalars -------------------------------------------------------------------------------
 */

static void put_value(struct writer *writer, const char *text)
{
    begin_value(writer, false);
    put(writer, text, strlen(text));
    end_value(writer);
}

void writer_integer(struct writer *writer, int64_t value)
{
    char text[NUMBER_BYTES_MAX];

    (void)snprintf(text, sizeof text, "%" PRId64, value);
    put_value(writer, text);
}

void writer_unsigned(struct writer *writer, uint64_t value)
{
    char text[NUMBER_BYTES_MAX];

    (void)snprintf(text, sizeof text, "%" PRIu64, value);
    put_value(writer, text);
}

void writer_number(struct writer *writer, double value)
{
    char text[NUMBER_BYTES_MAX];

    if (!isfinite(value)) {
        writer_string(writer, isnan(value) ? "NaN" : value > 0 ? "Infinity" : "-Infinity");
        return;
    }
    for (int digits = 15; digits <= 17; digits++) {
        (void)snprintf(text, sizeof text, "%.*g", digits, value);
        if (strtod(text, NULL) == value) {
            break;
        }
    }
    put_value(writer, text);
}

void writer_bool(struct writer *writer, bool value)
{
    put_value(writer, value ? "true" : "false");
}

void writer_null(struct writer *writer)
{
    put_value(writer, "null");
}

void writer_base64(struct writer *writer, const void *bytes, size_t count)
{
    size_t size = sodium_base64_encoded_len(count, sodium_base64_VARIANT_ORIGINAL);

    begin_value(writer, false);
    put_char(writer, '"');
    sodium_bin2base64(reserve(writer, size), size, bytes, count, sodium_base64_VARIANT_ORIGINAL);
    writer->bytes += size - 1;  // without its NUL
    put_char(writer, '"');
    end_value(writer);
}

void writer_line(struct writer *writer)
{
    CHECK(writer->depth == 0);
    if (writer->style == WRITER_YAML) {
        put(writer, "---", 3);
    }
    put_char(writer, '\n');
}
