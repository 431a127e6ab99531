#include "definition/number.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define NUMBER_TEXT_BYTES_MAX 24  // literal text in all
#define NUMBER_DIGITS_MAX 20      // of a 64-bit sequence that has outgrown its width

/* However the parts are repeated, the longest number fits: at most one of each kind is allowed. */
_Static_assert(NUMBER_TEXT_BYTES_MAX + 8 + NUMBER_DIGITS_MAX < DEFINITION_NUMBER_BYTES_MAX,
               "a number fits its buffer");

static const struct {
    const char *name;
    enum definition_number_kind kind;
    enum definition_period period;
} placeholders[] = {
    { "date", NUMBER_DATE, PERIOD_DAY },
    { "month", NUMBER_MONTH, PERIOD_MONTH },
    { "year", NUMBER_YEAR, PERIOD_YEAR },
    { "seq", NUMBER_SEQ, PERIOD_EVER },
};

static bool is_literal(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_';
}

/* Reads "{seq:4}" at `at`, whose `bytes` include the braces. */
static enum bl_err compile_placeholder(const char *at, size_t bytes,
                                       struct definition_number_part *part,
                                       enum definition_period *period, struct bl_error *e)
{
    for (size_t i = 0; i < BL_COUNT(placeholders); i++) {
        size_t length = strlen(placeholders[i].name);
        const char *rest = at + 1 + length;

        if (bytes < length + 2 || memcmp(at + 1, placeholders[i].name, length) != 0) {
            continue;
        }
        *part = (struct definition_number_part){ .kind = placeholders[i].kind };
        if (*rest == ':' && part->kind == NUMBER_SEQ) {
            for (rest++; *rest >= '0' && *rest <= '9' && part->width <= NUMBER_WIDTH_MAX; rest++) {
                part->width = 10 * part->width + (uint32_t)(*rest - '0');
            }
            if (part->width < 1 || part->width > NUMBER_WIDTH_MAX) {
                return bl_error_set(e, BL_DEFINITION,
                                    "\"%.*s\" is no width; write {seq:4}, at most %d", (int)bytes,
                                    at, NUMBER_WIDTH_MAX);
            }
        }
        if (*rest == '}' && rest == at + bytes - 1) {
            *period = placeholders[i].period;
            return BL_OK;
        }
    }
    return bl_error_set(e, BL_DEFINITION,
                        "unknown \"%.*s\" in a number; write {date}, {month}, {year} or {seq:4}",
                        (int)bytes, at);
}

static enum bl_err compile_part(const char **at, struct definition_number_part *part,
                                enum definition_period *period, struct bl_error *e)
{
    const char *start = *at, *end = start;

    *period = PERIOD_EVER;
    if (*start == '{') {
        end = strchr(start, '}');
        if (end == NULL) {
            return bl_error_set(e, BL_DEFINITION, "\"%s\" has no closing \"}\"; write {seq:4}",
                                start);
        }
        *at = end + 1;
        return compile_placeholder(start, (size_t)(*at - start), part, period, e);
    }
    while (is_literal(*end)) {
        end++;
    }
    if (end == start) {
        return bl_error_set(e, BL_DEFINITION,
                            "a number has \"%.*s\" in it; write letters A-Z, digits, \"-\" and "
                            "\"_\" only",
                            (int)strcspn(start, "{"), start);
    }
    *at = end;
    *part = (struct definition_number_part){ .kind = NUMBER_TEXT,
                                             .text = { start, (size_t)(end - start) } };
    return BL_OK;
}

/* One sequence, at most one date, and room for both. */
static enum bl_err check_parts(const struct definition_number_part *parts, size_t count,
                               struct bl_error *e)
{
    size_t sequences = 0, dates = 0, bytes = 0;

    for (size_t i = 0; i < count; i++) {
        sequences += parts[i].kind == NUMBER_SEQ;
        dates += parts[i].kind == NUMBER_DATE || parts[i].kind == NUMBER_MONTH ||
                 parts[i].kind == NUMBER_YEAR;
        bytes += parts[i].text.bytes;
    }
    if (sequences != 1) {
        return bl_error_set(e, BL_DEFINITION,
                            "a number needs {seq} once and has it %zu times; write "
                            "\"AB-{date}-{seq:4}\"",
                            sequences);
    }
    if (dates > 1) {
        return bl_error_set(e, BL_DEFINITION,
                            "a number has more than one date; keep one of {date}, {month}, {year}");
    }
    if (bytes > NUMBER_TEXT_BYTES_MAX) {
        return bl_error_set(e, BL_DEFINITION, "a number has %zu letters of text; keep at most %d",
                            bytes, NUMBER_TEXT_BYTES_MAX);
    }
    return BL_OK;
}

enum bl_err number_compile(const char *format, struct bl_arena *arena,
                           const struct definition_number_part **parts, size_t *count,
                           enum definition_period *period, struct bl_error *e)
{
    struct definition_number_part compiled[NUMBER_PARTS_MAX];
    enum definition_period all = PERIOD_EVER, one;
    const char *at = bl_arena_string(arena, format);
    size_t n = 0;
    enum bl_err err;

    while (*at != '\0') {
        if (n == NUMBER_PARTS_MAX) {
            return bl_error_set(e, BL_DEFINITION, "a number has too many parts; keep at most %d",
                                NUMBER_PARTS_MAX);
        }
        err = compile_part(&at, &compiled[n++], &one, e);
        if (err != BL_OK) {
            return err;
        }
        all = one > all ? one : all;
    }
    err = check_parts(compiled, n, e);
    if (err == BL_OK) {
        *parts = bl_arena_copy(arena, compiled, n * sizeof *compiled);
        *count = n;
        *period = all;
    }
    return err;
}

/* Writes `value` with at least `width` digits; returns how many. */
static size_t write_digits(char *text, uint64_t value, uint32_t width)
{
    char digits[NUMBER_DIGITS_MAX];
    size_t count = 0;

    do {
        digits[count++] = (char)('0' + value % 10);
        value /= 10;
    } while (value > 0 || count < width);
    for (size_t i = 0; i < count; i++) {
        text[i] = digits[count - 1 - i];
    }
    return count;
}

static uint32_t period_value(enum definition_period period, bl_day day)
{
    struct bl_date date = bl_date_of(day);

    switch (period) {
    case PERIOD_EVER:
        return 0;
    case PERIOD_YEAR:
        return (uint32_t)date.year;
    case PERIOD_MONTH:
        return (uint32_t)(date.year * 100 + date.month);
    case PERIOD_DAY:
        return (uint32_t)(date.year * 10000 + date.month * 100 + date.day);
    }
    UNREACHABLE();
}

uint32_t definition_number_period(const struct definition *definition, bl_day day)
{
    return period_value(definition->number_period, day);
}

size_t definition_number(const struct definition *definition, bl_day day, uint64_t seq, char *text,
                         size_t size)
{
    uint32_t period = definition_number_period(definition, day);
    size_t at = 0;

    CHECK(size >= DEFINITION_NUMBER_BYTES_MAX);
    for (size_t i = 0; i < definition->number_count; i++) {
        const struct definition_number_part *part = &definition->number[i];

        switch (part->kind) {
        case NUMBER_TEXT:
            memcpy(text + at, part->text.at, part->text.bytes);
            at += part->text.bytes;
            break;
        case NUMBER_DATE:
        case NUMBER_MONTH:
        case NUMBER_YEAR:
            at += write_digits(text + at, period, 1);
            break;
        case NUMBER_SEQ:
            at += write_digits(text + at, seq, part->width);
            break;
        }
    }
    text[at] = '\0';
    return at;
}
