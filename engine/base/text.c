#include "base/text.h"

#include <string.h>

#include <utf8proc.h>

/* Length of the well-formed sequence at `s`, or 0. The ranges are Unicode's table 3-7. */
static size_t sequence(const unsigned char *s, size_t left)
{
    unsigned char low = 0x80, high = 0xBF;
    size_t length;

    if (s[0] < 0x80) {
        return s[0] != 0;
    }
    if (s[0] >= 0xC2 && s[0] <= 0xDF) {
        length = 2;
    } else if ((s[0] & 0xF0) == 0xE0) {
        length = 3;
        low = s[0] == 0xE0 ? 0xA0 : 0x80;
        high = s[0] == 0xED ? 0x9F : 0xBF;
    } else if (s[0] >= 0xF0 && s[0] <= 0xF4) {
        length = 4;
        low = s[0] == 0xF0 ? 0x90 : 0x80;
        high = s[0] == 0xF4 ? 0x8F : 0xBF;
    } else {
        return 0;
    }
    if (left < length || s[1] < low || s[1] > high) {
        return 0;
    }
    for (size_t i = 2; i < length; i++) {
        if ((s[i] & 0xC0) != 0x80) {
            return 0;
        }
    }
    return length;
}

bool bl_text_has_control(struct bl_text text, bool lines)
{
    for (size_t i = 0; i < text.bytes; i++) {
        unsigned char byte = (unsigned char)text.at[i];
        bool is_line = byte == '\t' || byte == '\n' || byte == '\r';

        if ((byte < 0x20 && !(lines && is_line)) || byte == 0x7f ||
            (byte == 0xc2 && i + 1 < text.bytes &&
             ((unsigned char)text.at[i + 1] & 0xe0) == 0x80)) {
            return true;  // C2 80 to C2 9F are U+0080 to U+009F
        }
    }
    return false;
}

bool bl_text_is_valid(const char *text, size_t bytes)
{
    const unsigned char *s = (const unsigned char *)text;
    size_t i = 0;

    while (i < bytes) {
        uint64_t eight;

        if (bytes - i >= sizeof eight) {
            memcpy(&eight, s + i, sizeof eight);
            /* eight ASCII bytes at once: no high bit, and none of them zero */
            if ((eight & 0x8080808080808080u) == 0 &&
                ((eight - 0x0101010101010101u) & 0x8080808080808080u) == 0) {
                i += sizeof eight;
                continue;
            }
        }
        /* most Chinese: E1–EC and EE–EF lead two bytes without further bounds */
        if (bytes - i >= 3 && s[i] > 0xE0 && s[i] <= 0xEF && s[i] != 0xED &&
            (s[i + 1] & 0xC0) == 0x80 && (s[i + 2] & 0xC0) == 0x80) {
            i += 3;
            continue;
        }
        size_t length = sequence(s + i, bytes - i);
        if (length == 0) {
            return false;
        }
        i += length;
    }
    return true;
}

size_t bl_text_characters(const char *text, size_t bytes)
{
    size_t count = 0;

    for (size_t i = 0; i < bytes; i++) {
        count += ((unsigned char)text[i] & 0xC0) != 0x80;
    }
    return count;
}

size_t bl_text_cut(const char *text, size_t bytes)
{
    while (bytes > 0 && ((unsigned char)text[bytes] & 0xC0) == 0x80) {
        bytes--;
    }
    return bytes;
}

void bl_text_copy(char *to, size_t size, const char *from)
{
    size_t bytes = strlen(from);

    if (bytes >= size) {
        bytes = bl_text_cut(from, size - 1);
    }
    memcpy(to, from, bytes);
    to[bytes] = '\0';
}

bool bl_text_equal(struct bl_text a, struct bl_text b)
{
    return a.bytes == b.bytes && (a.bytes == 0 || memcmp(a.at, b.at, a.bytes) == 0);
}

bool bl_text_is(struct bl_text a, const char *string)
{
    return bl_text_equal(a, bl_text_of(string));
}

struct bl_text bl_text_of(const char *string)
{
    return (struct bl_text){ string, strlen(string) };
}

uint32_t bl_text_distance(const char *a, const char *b, uint32_t limit)
{
    size_t m = strlen(a), n = strlen(b);
    uint32_t row[64];

    if (m >= 64 || n >= 64) {
        return limit + 1;
    }
    for (uint32_t j = 0; j <= n; j++) {
        row[j] = j;
    }
    for (uint32_t i = 1; i <= m; i++) {
        uint32_t diagonal = row[0];

        row[0] = i;
        for (uint32_t j = 1; j <= n; j++) {
            uint32_t change = diagonal + (a[i - 1] != b[j - 1]);

            diagonal = row[j];
            row[j] = row[j] < row[j - 1] ? row[j] + 1 : row[j - 1] + 1;
            row[j] = row[j] < change ? row[j] : change;
        }
    }
    return row[n] > limit ? limit + 1 : row[n];
}

uint32_t bl_text_columns(const char *text)
{
    const utf8proc_uint8_t *s = (const utf8proc_uint8_t *)text;
    uint32_t columns = 0;
    utf8proc_int32_t character;

    while (*s != 0) {
        utf8proc_ssize_t length = utf8proc_iterate(s, -1, &character);

        if (length <= 0) {
            return columns + 1;
        }
        columns += (uint32_t)utf8proc_charwidth(character);
        s += length;
    }
    return columns;
}
