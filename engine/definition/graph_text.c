#include "definition/graph_text.h"

#include <stdbool.h>
#include <string.h>

#include "base/check.h"

#define CHARACTER_BYTES 4

/* Widths of ASCII from the space on, in hundredths of the font size: Helvetica's, and what is
 * metrically like it, a little wider. */
// clang-format off
static const uint8_t ascii_widths[] = {
    29, 29, 37, 58, 58, 93, 70, 20, 35, 35, 41, 61, 29, 35, 29, 29,  // space to /
    58, 58, 58, 58, 58, 58, 58, 58, 58, 58, 29, 29, 61, 61, 61, 58,  // 0 to ?
   106, 70, 70, 75, 75, 70, 64, 81, 75, 29, 52, 70, 58, 87, 75, 81,  // @ to O
    70, 81, 75, 70, 64, 75, 70, 99, 70, 70, 64, 29, 29, 29, 49, 58,  // P to _
    35, 58, 58, 52, 58, 58, 29, 58, 58, 24, 24, 52, 24, 87, 58, 58,  // ` to o
    58, 58, 35, 52, 29, 58, 52, 75, 52, 52, 52, 35, 27, 35, 61,      // p to ~
};
// clang-format on
_Static_assert(sizeof ascii_widths == 0x7F - 0x20, "one width for each printable character");

/* Bytes of the character at the beginning of valid UTF-8. */
static size_t character(struct bl_text text)
{
    size_t bytes = 1;

    while (bytes < text.bytes && ((unsigned char)text.at[bytes] & 0xC0) == 0x80) {
        bytes++;
    }
    return bytes;
}

static struct bl_text rest(struct bl_text text, size_t bytes)
{
    return (struct bl_text){ text.at + bytes, text.bytes - bytes };
}

static bool is_wide(struct bl_text text)
{
    char copy[CHARACTER_BYTES + 1] = { 0 };
    size_t bytes = character(text);

    memcpy(copy, text.at, bytes < CHARACTER_BYTES ? bytes : CHARACTER_BYTES);
    return bl_text_columns(copy) == 2;
}

/* In hundredths of the font size. */
static int32_t character_width(struct bl_text text)
{
    unsigned char first = (unsigned char)text.at[0];

    if (first >= 0x20 && first < 0x7F) {
        return ascii_widths[first - 0x20];
    }
    return is_wide(text) ? 100 : 65;
}

int32_t graph_text_width(struct bl_text text, int32_t size)
{
    int32_t hundredths = 0;

    while (text.bytes > 0) {
        hundredths += character_width(text);
        text = rest(text, character(text));
    }
    return (hundredths * size + 99) / 100;
}

/* May a line end before this text, which follows `before`? */
static bool may_break(struct bl_text before, struct bl_text text)
{
    static const char *const closing[] = {
        "，", "。", "、", "；", "：", "）", "》", "”", "！", "？"
    };

    for (size_t i = 0; i < BL_COUNT(closing); i++) {
        if (strncmp(text.at, closing[i], strlen(closing[i])) == 0) {
            return false;
        }
    }
    return before.at[0] == ' ' || is_wide(before) || is_wide(text);
}

/* How many bytes of the text make a line that fits: at least one character. */
static size_t fit(struct bl_text text, int32_t width, int32_t size)
{
    struct bl_text at = text;
    size_t last_break = 0, taken = 0;

    while (at.bytes > 0) {
        size_t bytes = character(at);

        if (graph_text_width((struct bl_text){ text.at, taken + bytes }, size) > width &&
            at.at[0] != ' ' && taken > 0) {
            return last_break > 0 ? last_break : taken;
        }
        taken += bytes;
        if (taken < text.bytes && may_break(at, rest(text, taken))) {
            last_break = taken;
        }
        at = rest(text, taken);
    }
    return text.bytes;
}

static struct bl_text trim(struct bl_text text)
{
    while (text.bytes > 0 && text.at[0] == ' ') {
        text = rest(text, 1);
    }
    while (text.bytes > 0 && text.at[text.bytes - 1] == ' ') {
        text.bytes--;
    }
    return text;
}

/* The line, cut so that it fits with an ellipsis. */
static struct bl_text shorten(struct bl_text line, int32_t width, int32_t size,
                              struct bl_arena *arena)
{
    static const char ellipsis[] = "…";
    int32_t room = width - graph_text_width(bl_text_of(ellipsis), size);

    while (line.bytes > 0 && graph_text_width(line, size) > room) {
        line.bytes = bl_text_cut(line.at, line.bytes - 1);
    }
    return bl_text_of(bl_arena_printf(arena, "%.*s%s", (int)line.bytes, line.at, ellipsis));
}

size_t graph_text_wrap(const char *text, int32_t width, int32_t size, size_t most,
                       struct bl_text *lines, struct bl_arena *arena)
{
    struct bl_text left = trim(bl_text_of(text));
    size_t count = 0;

    while (left.bytes > 0 && count < most) {
        size_t bytes = fit(left, width, size);

        lines[count++] = trim((struct bl_text){ left.at, bytes });
        left = trim(rest(left, bytes));
    }
    if (left.bytes > 0 && count > 0) {
        lines[count - 1] = shorten(lines[count - 1], width, size, arena);
    }
    return count;
}

void graph_text_xml(FILE *out, struct bl_text text)
{
    for (size_t i = 0; i < text.bytes; i++) {
        unsigned char byte = (unsigned char)text.at[i];

        switch (byte) {
        case '&':
            (void)fputs("&amp;", out);
            break;
        case '<':
            (void)fputs("&lt;", out);
            break;
        case '>':
            (void)fputs("&gt;", out);
            break;
        case '"':
            (void)fputs("&quot;", out);
            break;
        case '\'':
            (void)fputs("&#39;", out);
            break;
        default:  // XML has no place for most control characters, DEL is only impolite
            (void)fputc(byte < 0x20 || byte == 0x7F ? ' ' : byte, out);
        }
    }
}

void graph_text_dot(FILE *out, const char *text)
{
    (void)fputc('"', out);
    for (const char *at = text; *at != '\0'; at++) {
        if (*at == '\n') {
            (void)fputs("\\n", out);
            continue;
        }
        if (*at == '"' || *at == '\\') {
            (void)fputc('\\', out);
        }
        (void)fputc((unsigned char)*at < 0x20 ? ' ' : *at, out);
    }
    (void)fputc('"', out);
}
