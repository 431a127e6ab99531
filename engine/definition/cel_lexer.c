#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "definition/cel_node.h"

#define NUMBER_BYTES_MAX 64  // no decimal needs more to say what a double can hold

// clang-format off
static const struct {
    char text[3];
    enum cel_token_kind kind;
} punctuation[] = {  // the longer ones first
    { "||", TOKEN_OR },           { "&&", TOKEN_AND },        { "==", TOKEN_EQUAL },
    { "!=", TOKEN_NOT_EQUAL },    { "<=", TOKEN_LESS_EQUAL }, { ">=", TOKEN_GREATER_EQUAL },
    { "<", TOKEN_LESS },          { ">", TOKEN_GREATER },     { "+", TOKEN_PLUS },
    { "-", TOKEN_MINUS },         { "*", TOKEN_STAR },        { "/", TOKEN_SLASH },
    { "%", TOKEN_PERCENT },       { "!", TOKEN_NOT },         { "?", TOKEN_QUESTION },
    { ":", TOKEN_COLON },         { ".", TOKEN_DOT },         { ",", TOKEN_COMMA },
    { "(", TOKEN_PAREN_OPEN },    { ")", TOKEN_PAREN_CLOSE }, { "[", TOKEN_BRACKET_OPEN },
    { "]", TOKEN_BRACKET_CLOSE }, { "{", TOKEN_BRACE_OPEN },  { "}", TOKEN_BRACE_CLOSE },
};

static const struct {
    const char *text;
    enum cel_token_kind kind;
} keywords[] = {
    { "true", TOKEN_TRUE }, { "false", TOKEN_FALSE }, { "null", TOKEN_NULL }, { "in", TOKEN_IN },
};

/* What single characters are mistaken for operators, and what to write. */
static const struct {
    const char *text, *instead;
} mistakes[] = {
    { "=", "==" }, { "&", "&&" }, { "|", "||" }, { "“", "'" }, { "”", "'" }, { "‘", "'" },
    { "’", "'" },  { "，", "," }, { "（", "(" }, { "）", ")" }, { "。", "." }, { "＞", ">" },
    { "＜", "<" }, { "＝", "==" }, { "！", "!" }, { "≥", ">=" }, { "≤", "<=" }, { "≠", "!=" },
};
// clang-format on

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_name_start(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static int hex_digit(char c)
{
    if (is_digit(c)) {
        return c - '0';
    }
    char lower = (char)(c | 0x20);
    return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

/* The character at `at`, or NUL past the end: the source has no NUL of its own. */
static char peek(const struct cel_source *source, size_t at)
{
    return at < source->bytes ? source->at[at] : '\0';
}

static bool starts_with(const struct cel_source *source, size_t at, const char *text)
{
    size_t bytes = strlen(text);

    return source->bytes - at >= bytes && memcmp(source->at + at, text, bytes) == 0;
}

static size_t skip_space(const struct cel_source *source, size_t at)
{
    for (;;) {
        char c = peek(source, at);
        if (c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f') {
            at++;
        } else if (c == '/' && peek(source, at + 1) == '/') {
            while (at < source->bytes && source->at[at] != '\n') {
                at++;
            }
        } else {
            return at;
        }
    }
}

/* ---- numbers ---- */

static enum bl_err lex_hex(const struct cel_source *source, size_t *at, struct cel_token *token)
{
    size_t start = *at;
    int digit;

    for (*at += 2; (digit = hex_digit(peek(source, *at))) >= 0; ++*at) {
        if (token->magnitude >> 60 != 0) {
            return cel_error(source->e, BL_DEFINITION, source->at, start,
                             "the number does not fit in 64 bits");
        }
        token->magnitude = token->magnitude << 4 | (uint64_t)digit;
    }
    token->kind = TOKEN_INT;
    return *at > start + 2 ? BL_OK
                           : cel_error(source->e, BL_DEFINITION, source->at, start,
                                       "\"0x\" needs hexadecimal digits behind it");
}

/* How many bytes at `at` are a fraction or an exponent: 0, or what makes the number a double. */
static size_t fraction_bytes(const struct cel_source *source, size_t at)
{
    size_t end = at;

    if (peek(source, end) == '.' && is_digit(peek(source, end + 1))) {
        end++;
        while (is_digit(peek(source, end))) {
            end++;
        }
    }
    if ((peek(source, end) | 0x20) == 'e') {
        size_t sign = peek(source, end + 1) == '+' || peek(source, end + 1) == '-' ? 2 : 1;
        if (is_digit(peek(source, end + sign))) {
            end += sign;
            while (is_digit(peek(source, end))) {
                end++;
            }
        }
    }
    return end - at;
}

static enum bl_err read_double(const struct cel_source *source, size_t at, size_t bytes,
                               struct cel_token *token)
{
    char digits[NUMBER_BYTES_MAX];

    if (bytes >= sizeof digits) {
        return cel_error(source->e, BL_TOO_LARGE, source->at, at, "a number may have %d characters",
                         NUMBER_BYTES_MAX - 1);
    }
    memcpy(digits, source->at + at, bytes);
    digits[bytes] = '\0';
    token->kind = TOKEN_DOUBLE;
    token->number = strtod(digits, NULL);  // LC_NUMERIC is C: nothing of ours sets it
    return isfinite(token->number) ? BL_OK
                                   : cel_error(source->e, BL_DEFINITION, source->at, at,
                                               "the number is too large for a double");
}

static enum bl_err read_int(const struct cel_source *source, size_t at, size_t end,
                            struct cel_token *token)
{
    token->kind = TOKEN_INT;
    for (size_t i = at; i < end; i++) {
        uint64_t digit = (uint64_t)(source->at[i] - '0');
        if (__builtin_mul_overflow(token->magnitude, 10, &token->magnitude) ||
            __builtin_add_overflow(token->magnitude, digit, &token->magnitude)) {
            return cel_error(source->e, BL_DEFINITION, source->at, at,
                             "the number does not fit in 64 bits");
        }
    }
    return BL_OK;
}

static enum bl_err lex_number(const struct cel_source *source, size_t *at, struct cel_token *token)
{
    size_t start = *at;
    enum bl_err err;

    if (peek(source, start) == '0' && (peek(source, start + 1) | 0x20) == 'x') {
        err = lex_hex(source, at, token);
    } else {
        while (is_digit(peek(source, *at))) {
            ++*at;
        }
        size_t fraction = fraction_bytes(source, *at);
        err = fraction == 0 ? read_int(source, start, *at, token)
                            : read_double(source, start, *at + fraction - start, token);
        *at += fraction;
    }
    if (err == BL_OK && (peek(source, *at) | 0x20) == 'u') {
        return cel_error(source->e, BL_DEFINITION, source->at, *at,
                         "there are no unsigned numbers here; leave out the \"u\"");
    }
    if (err == BL_OK && is_name_start(peek(source, *at))) {
        return cel_error(source->e, BL_DEFINITION, source->at, *at,
                         "a number ends where a name begins; write an operator between them");
    }
    return err;
}

/* ---- strings ---- */

struct quote {
    char mark;
    size_t count;  // 1 or 3
    bool raw;
};

static bool at_quote(const struct cel_source *source, size_t at, const struct quote *quote)
{
    for (size_t i = 0; i < quote->count; i++) {
        if (peek(source, at + i) != quote->mark) {
            return false;
        }
    }
    return true;
}

static size_t put_character(char *to, uint32_t c)
{
    if (c < 0x80) {
        to[0] = (char)c;
        return 1;
    }
    if (c < 0x800) {
        to[0] = (char)(0xC0 | c >> 6);
        to[1] = (char)(0x80 | (c & 0x3F));
        return 2;
    }
    if (c < 0x10000) {
        to[0] = (char)(0xE0 | c >> 12);
        to[1] = (char)(0x80 | (c >> 6 & 0x3F));
        to[2] = (char)(0x80 | (c & 0x3F));
        return 3;
    }
    to[0] = (char)(0xF0 | c >> 18);
    to[1] = (char)(0x80 | (c >> 12 & 0x3F));
    to[2] = (char)(0x80 | (c >> 6 & 0x3F));
    to[3] = (char)(0x80 | (c & 0x3F));
    return 4;
}

/* Reads `digits` digits of the base; false when there are not as many. */
static bool read_digits(const struct cel_source *source, size_t at, size_t digits, uint32_t base,
                        uint32_t *c)
{
    *c = 0;
    for (size_t i = 0; i < digits; i++) {
        int digit = hex_digit(peek(source, at + i));
        if (digit < 0 || (uint32_t)digit >= base) {
            return false;
        }
        *c = *c * base + (uint32_t)digit;
    }
    return true;
}

/* The character that an escape without digits stands for, or NUL. */
static char plain_escape(char letter)
{
    static const char from[] = "abfnrtv\\?\"'`", to[] = "\a\b\f\n\r\t\v\\?\"'`";
    const char *found = letter == '\0' ? NULL : strchr(from, letter);

    return found == NULL ? '\0' : to[found - from];
}

/* Decodes the escape whose backslash stands at *at. */
static enum bl_err lex_escape(const struct cel_source *source, size_t *at, uint32_t *c)
{
    size_t start = *at, digits = 0, skip = 2;
    uint32_t base = 16;
    char letter = peek(source, start + 1);

    *c = (unsigned char)plain_escape(letter);
    if (*c != 0) {
        *at += 2;
        return BL_OK;
    }
    if (letter == 'x' || letter == 'X') {
        digits = 2;
    } else if (letter == 'u') {
        digits = 4;
    } else if (letter == 'U') {
        digits = 8;
    } else if (letter >= '0' && letter <= '3') {
        digits = 3;
        base = 8;
        skip = 1;
    }
    if (digits == 0 || !read_digits(source, start + skip, digits, base, c)) {
        return cel_error(source->e, BL_DEFINITION, source->at, start,
                         "unknown escape; write \"\\\\\" for a backslash, or r'…' for text as is");
    }
    if (*c > 0x10FFFF || (*c >= 0xD800 && *c <= 0xDFFF)) {
        return cel_error(source->e, BL_DEFINITION, source->at, start,
                         "the escape stands for no Unicode character");
    }
    *at += skip + digits;
    return BL_OK;
}

static enum bl_err lex_string_body(const struct cel_source *source, size_t *at,
                                   const struct quote *quote, struct cel_token *token)
{
    size_t length = 0;
    char text[CEL_SOURCE_BYTES_MAX];  // decoded text is never longer than what is written

    while (!at_quote(source, *at, quote)) {
        char c = peek(source, *at);
        if (*at >= source->bytes || (c == '\n' && quote->count == 1)) {
            return cel_error(source->e, BL_DEFINITION, source->at, token->at,
                             "the text does not end; it needs a closing %c", quote->mark);
        }
        if (c == '\\' && !quote->raw) {
            uint32_t character;
            enum bl_err err = lex_escape(source, at, &character);
            if (err != BL_OK) {
                return err;
            }
            length += put_character(text + length, character);
        } else {
            text[length++] = c;
            ++*at;
        }
    }
    *at += quote->count;
    token->kind = TOKEN_STRING;
    token->text = (struct bl_text){ bl_arena_copy(source->arena, text, length), length };
    return BL_OK;
}

static enum bl_err lex_string(const struct cel_source *source, size_t *at, bool raw,
                              struct cel_token *token)
{
    struct quote quote = { .mark = peek(source, *at), .count = 3, .raw = raw };

    if (!at_quote(source, *at, &quote)) {
        quote.count = 1;
    }
    *at += quote.count;
    return lex_string_body(source, at, &quote, token);
}

/* ---- the rest ---- */

/* The length of r, b, rb or br before a quote, else 0. */
static size_t string_prefix(const struct cel_source *source, size_t at, bool *raw, bool *bytes)
{
    size_t length = 0;

    *raw = *bytes = false;
    for (; length < 2; length++) {
        char lower = (char)(peek(source, at + length) | 0x20);
        if (lower == 'r' && !*raw) {
            *raw = true;
        } else if (lower == 'b' && !*bytes) {
            *bytes = true;
        } else {
            break;
        }
    }
    char quote = peek(source, at + length);
    return quote == '"' || quote == '\'' ? length : 0;
}

static void lex_name(const struct cel_source *source, size_t *at, struct cel_token *token)
{
    size_t start = *at;

    while (is_name_start(peek(source, *at)) || is_digit(peek(source, *at))) {
        ++*at;
    }
    token->kind = TOKEN_NAME;
    token->raw = (struct bl_text){ source->at + start, *at - start };
    for (size_t i = 0; i < BL_COUNT(keywords); i++) {
        if (bl_text_is(token->raw, keywords[i].text)) {
            token->kind = keywords[i].kind;
        }
    }
}

static enum bl_err lex_punctuation(const struct cel_source *source, size_t *at,
                                   struct cel_token *token)
{
    for (size_t i = 0; i < BL_COUNT(punctuation); i++) {
        if (starts_with(source, *at, punctuation[i].text)) {
            token->kind = punctuation[i].kind;
            *at += strlen(punctuation[i].text);
            return BL_OK;
        }
    }
    for (size_t i = 0; i < BL_COUNT(mistakes); i++) {
        if (starts_with(source, *at, mistakes[i].text)) {
            return cel_error(source->e, BL_DEFINITION, source->at, *at,
                             "unexpected \"%s\"; write \"%s\"", mistakes[i].text,
                             mistakes[i].instead);
        }
    }
    return cel_error(source->e, BL_DEFINITION, source->at, *at,
                     "unexpected character; a text stands in quotes");
}

enum bl_err cel_lex(const struct cel_source *source, size_t *at, struct cel_token *token)
{
    bool raw, bytes;
    enum bl_err err = BL_OK;
    size_t start = *at = skip_space(source, *at);

    *token = (struct cel_token){ .at = (uint32_t)start };
    if (start >= source->bytes) {
        return BL_OK;
    }
    size_t prefix = string_prefix(source, start, &raw, &bytes);
    char c = peek(source, start + prefix);
    if (prefix > 0 && bytes) {
        return cel_error(source->e, BL_DEFINITION, source->at, start,
                         "there are no bytes here; leave out the \"b\"");
    }
    if (c == '"' || c == '\'') {
        *at += prefix;
        err = lex_string(source, at, raw, token);
    } else if (is_name_start(c)) {
        lex_name(source, at, token);
    } else if (is_digit(c) || (c == '.' && is_digit(peek(source, start + 1)))) {
        err = lex_number(source, at, token);
    } else {
        err = lex_punctuation(source, at, token);
    }
    token->raw = (struct bl_text){ source->at + start, *at - start };
    return err;
}
