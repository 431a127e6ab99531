/* Regular expressions of CEL's `matches`: RE2's syntax and meaning, on PCRE2.
 * The pattern is read once before PCRE2 sees it. What RE2 does not know (look-around, references
 * back, atomic groups, verbs…) is refused, and what the two read differently (\s, \v) is written
 * out, so a condition means the same as in every other implementation of CEL. PCRE2 backtracks and
 * RE2 does not; bounds on the work stand in for that. */
#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <string.h>

#include "definition/cel_node.h"

#define REPEAT_MAX 1000          // RE2's own bound on {n,m}
#define MATCH_WORK_MAX 20000     // PCRE2's count of steps back: some milliseconds at the worst
#define MATCH_HEAP_KIB_MAX 1024  // of frames to go back to
#define TRANSLATED_BYTES_MAX (CEL_PATTERN_BYTES_MAX / 2 * 11)  // "\s" becomes 11 bytes
#define WHITE "\\t\\n\\f\\r "                                  // RE2's \s, which is without VT

struct cel_pattern {
    pcre2_code *code;
};

/* Where the reading of a pattern stands. */
struct reader {
    struct bl_text text;
    size_t at;
    char *to;  // the translation
    size_t length;
    bool in_class;
    bool repeated;  // what came last is a repetition, "?" behind it included
    struct bl_error *e;
};

static enum bl_err refuse(const struct reader *reader, const char *what)
{
    return bl_error_set(reader->e, BL_DEFINITION, "the pattern has %s at its character %zu", what,
                        bl_text_characters(reader->text.at, reader->at) + 1);
}

static char peek(const struct reader *reader, size_t ahead)
{
    return reader->at + ahead < reader->text.bytes ? reader->text.at[reader->at + ahead] : '\0';
}

static void put(struct reader *reader, const char *text, size_t bytes)
{
    memcpy(reader->to + reader->length, text, bytes);
    reader->length += bytes;
}

/* Takes the next `bytes` bytes over as they are. */
static void take(struct reader *reader, size_t bytes)
{
    put(reader, reader->text.at + reader->at, bytes);
    reader->at += bytes;
}

/* Puts `text` for the escape of two characters that comes next. */
static enum bl_err translate(struct reader *reader, const char *text)
{
    put(reader, text, strlen(text));
    reader->at += 2;
    return BL_OK;
}

static bool is_hex(char c)
{
    return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'f');
}

/* \x7F, \x{10FFFF}, \pN, \p{Greek}: the letter and what belongs to it. */
static enum bl_err read_long_escape(struct reader *reader)
{
    char letter = peek(reader, 1);
    size_t bytes = letter == 'x' ? 4 : 3;

    if (peek(reader, 2) == '{') {
        const char *open = reader->text.at + reader->at + 2;
        const char *close = memchr(open, '}', reader->text.bytes - reader->at - 2);
        if (close == NULL) {
            return refuse(reader, "an open \"{\"");
        }
        bytes = (size_t)(close - open) + 3;
    } else if (letter == 'x' && !(is_hex(peek(reader, 2)) && is_hex(peek(reader, 3)))) {
        return refuse(reader, "\"\\x\" without two hexadecimal digits");
    }
    if (bytes > reader->text.bytes - reader->at) {
        return refuse(reader, "an unfinished escape");
    }
    take(reader, bytes);
    return BL_OK;
}

static enum bl_err read_escape(struct reader *reader)
{
    char letter = peek(reader, 1);

    switch (letter) {
    case 's':
        return translate(reader, reader->in_class ? WHITE : "[" WHITE "]");
    case 'S':
        return translate(reader, reader->in_class ? "\\S\\x0B" : "[\\S\\x0B]");
    case 'v':
        return translate(reader, "\\x0B");
    case 'x':
    case 'p':
    case 'P':
        return read_long_escape(reader);
    case '\0':
        return refuse(reader, "a backslash without a character behind it");
    default:
        break;
    }
    if (letter >= '1' && letter <= '9') {
        return refuse(reader, "a reference back, which RE2 does not know,");
    }
    bool letter_or_digit =
        letter == '0' || ((letter | 0x20) >= 'a' && (letter | 0x20) <= 'z') || (letter & 0x80) != 0;
    if (letter_or_digit &&
        strchr(reader->in_class ? "0aftnrdDwW" : "0aftnrdDwWbBAz", letter) == NULL) {
        return refuse(reader, "an escape that RE2 does not know");
    }
    take(reader, 2);
    return BL_OK;
}

/* (?:…), (?i), (?ims-U:…), (?P<name>…) are RE2's; nothing else behind "(?" is. */
static enum bl_err read_group(struct reader *reader)
{
    if (peek(reader, 1) == '*') {
        return refuse(reader, "a repetition of nothing");
    }
    if (peek(reader, 1) != '?') {
        take(reader, 1);
        return BL_OK;
    }
    if (peek(reader, 2) == 'P' && peek(reader, 3) == '<') {
        take(reader, 4);
        return BL_OK;
    }
    size_t flags = 2;
    while (peek(reader, flags) != '\0' && strchr("imsU-", peek(reader, flags)) != NULL) {
        flags++;
    }
    if (peek(reader, flags) != ':' && (peek(reader, flags) != ')' || flags == 2)) {
        return refuse(reader, "a group of a kind that RE2 does not know");
    }
    take(reader, flags + 1);
    return BL_OK;
}

/* The bytes of {n}, {n,} or {n,m}, or 0: then the brace is itself. */
static size_t counted_bytes(const struct reader *reader, uint32_t *count_max)
{
    uint32_t counts[2] = { 0, 0 };
    size_t i = 1, part = 0;

    for (;; i++) {
        char c = peek(reader, i);
        if (c >= '0' && c <= '9') {
            counts[part] =
                counts[part] > REPEAT_MAX ? counts[part] : counts[part] * 10 + (uint32_t)(c - '0');
        } else if (c == ',' && part == 0 && i > 1) {
            part = 1;
        } else {
            *count_max = counts[0] > counts[1] ? counts[0] : counts[1];
            return c == '}' && i > 1 ? i + 1 : 0;
        }
    }
}

/* Takes over a repetition with its "?", if one comes next; sets *found. */
static enum bl_err read_repetition(struct reader *reader, bool *found)
{
    uint32_t count = 0;
    char c = peek(reader, 0);
    size_t bytes = c == '*' || c == '+' || c == '?' ? 1 : 0;

    if (c == '{') {
        bytes = counted_bytes(reader, &count);
    }
    *found = bytes > 0;
    if (bytes == 0) {
        return BL_OK;
    }
    if (reader->repeated) {
        return refuse(reader, "a repetition of a repetition");
    }
    if (count > REPEAT_MAX) {
        return refuse(reader, "a repetition of more than 1000 times");
    }
    take(reader, bytes);
    if (peek(reader, 0) == '?') {
        take(reader, 1);
    }
    reader->repeated = true;
    return BL_OK;
}

/* The bytes of a [:name:] that comes next, or 0. */
static size_t class_name_bytes(const struct reader *reader)
{
    size_t i = 2;

    if (peek(reader, 1) != ':') {
        return 0;
    }
    while (peek(reader, i) == '^' || (peek(reader, i) >= 'a' && peek(reader, i) <= 'z')) {
        i++;
    }
    return peek(reader, i) == ':' && peek(reader, i + 1) == ']' ? i + 2 : 0;
}

/* One element inside […]. */
static enum bl_err read_in_class(struct reader *reader)
{
    char c = peek(reader, 0);

    if (c == '\\') {
        return read_escape(reader);
    }
    if (c == '[' && class_name_bytes(reader) > 0) {
        take(reader, class_name_bytes(reader));
        return BL_OK;
    }
    if (c == '[') {
        put(reader, "\\", 1);  // PCRE2 reads more into [. and [= than RE2 does
    }
    reader->in_class = c != ']';
    take(reader, 1);
    return BL_OK;
}

static void open_class(struct reader *reader)
{
    take(reader, peek(reader, 1) == '^' ? 2 : 1);
    if (peek(reader, 0) == ']') {  // the first one is itself
        take(reader, 1);
    }
    reader->in_class = true;
}

static enum bl_err read_element(struct reader *reader)
{
    bool repetition = false;

    if (reader->in_class) {
        return read_in_class(reader);
    }
    enum bl_err err = read_repetition(reader, &repetition);
    if (err != BL_OK || repetition) {
        return err;
    }
    reader->repeated = false;
    switch (peek(reader, 0)) {
    case '\\':
        return read_escape(reader);
    case '(':
        return read_group(reader);
    case '[':
        open_class(reader);
        return BL_OK;
    default:
        take(reader, 1);
        return BL_OK;
    }
}

/* ---- PCRE2 ---- */

/* What PCRE2's allocator hands out: a bounded part of an arena. */
struct allowance {
    struct bl_arena *arena;
    size_t *bytes_left;
};

static void *allowance_alloc(size_t bytes, void *context)
{
    struct allowance *allowance = context;

    if (bytes > *allowance->bytes_left) {
        return NULL;
    }
    *allowance->bytes_left -= bytes;
    return bl_arena_try(allowance->arena, bytes);
}

static void allowance_free(void *memory, void *context)
{
    (void)memory;
    (void)context;
}

static enum bl_err pattern_error(int code, size_t at, struct bl_error *e)
{
    char text[128];

    if (code == PCRE2_ERROR_HEAP_FAILED || code == PCRE2_ERROR_NOMEMORY) {
        return bl_error_set(e, BL_TOO_LARGE, "the patterns of the expression are too large");
    }
    (void)pcre2_get_error_message(code, (PCRE2_UCHAR *)text, sizeof text);
    return bl_error_set(e, BL_DEFINITION, "the pattern is not a regular expression: %s (byte %zu)",
                        text, at);
}

/* Compiles the translation. The allocator's context is needed during the call only: what it made
 * is never freed by PCRE2, it goes with the arena. */
static enum bl_err compile(const struct reader *reader, struct allowance *allowance,
                           pcre2_code **code, struct bl_error *e)
{
    int error = PCRE2_ERROR_NOMEMORY;
    size_t at = 0;
    pcre2_general_context *general =
        pcre2_general_context_create(allowance_alloc, allowance_free, allowance);
    pcre2_compile_context *context = general == NULL ? NULL : pcre2_compile_context_create(general);

    *code = NULL;
    if (context != NULL) {
        (void)pcre2_set_newline(context, PCRE2_NEWLINE_LF);
        *code = pcre2_compile((PCRE2_SPTR)reader->to, reader->length,
                              PCRE2_UTF | PCRE2_DOLLAR_ENDONLY | PCRE2_ALT_CIRCUMFLEX |
                                  PCRE2_NO_AUTO_CAPTURE,
                              &error, &at, context);
    }
    return *code == NULL ? pattern_error(error, at, e) : BL_OK;
}

enum bl_err cel_pattern_compile(struct bl_text text, struct bl_arena *arena, size_t *bytes_left,
                                const struct cel_pattern **pattern, struct bl_error *e)
{
    char translated[TRANSLATED_BYTES_MAX];
    struct reader reader = { .text = text, .to = translated, .e = e };
    struct allowance allowance = { arena, bytes_left };
    pcre2_code *code;

    if (text.bytes > CEL_PATTERN_BYTES_MAX) {
        return bl_error_set(e, BL_TOO_LARGE, "a pattern may have %d bytes", CEL_PATTERN_BYTES_MAX);
    }
    while (reader.at < text.bytes) {
        enum bl_err err = read_element(&reader);
        if (err != BL_OK) {
            return err;
        }
    }
    enum bl_err err = compile(&reader, &allowance, &code, e);
    if (err != BL_OK) {
        return err;
    }
    struct cel_pattern *made = allowance_alloc(sizeof *made, &allowance);
    if (made == NULL) {
        return pattern_error(PCRE2_ERROR_NOMEMORY, 0, e);
    }
    made->code = code;
    *pattern = made;
    return BL_OK;
}

enum cel_match cel_pattern_match(const struct cel_pattern *pattern, struct bl_text text)
{
    enum cel_match match = CEL_MATCH_LIMIT;
    pcre2_match_data *data = pcre2_match_data_create(1, NULL);
    pcre2_match_context *context = pcre2_match_context_create(NULL);

    CHECK(data != NULL);
    CHECK(context != NULL);
    (void)pcre2_set_match_limit(context, MATCH_WORK_MAX);
    (void)pcre2_set_heap_limit(context, MATCH_HEAP_KIB_MAX);
    int rc = pcre2_match(pattern->code, (PCRE2_SPTR)text.at, text.bytes, 0, 0, data, context);
    if (rc >= 0) {
        match = CEL_MATCH_YES;
    } else if (rc == PCRE2_ERROR_NOMATCH) {
        match = CEL_MATCH_NO;
    }
    pcre2_match_context_free(context);
    pcre2_match_data_free(data);
    return match;
}
