/* text.h — UTF-8 without NUL: check it, cut it between characters, compare names. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A piece of text that somebody else owns; not NUL-terminated. */
struct bl_text {
    const char *at;
    size_t bytes;
};

/* Is a control character (U+0000 to U+001F, U+007F to U+009F) in it?
 *   lines  tabs and line breaks are none */
bool bl_text_has_control(struct bl_text text, bool lines);
/* Is it well-formed UTF-8 (no surrogates, no overlong forms, at most U+10FFFF) without NUL? */
bool bl_text_is_valid(const char *text, size_t bytes);

/* How many characters (code points) valid UTF-8 has. */
size_t bl_text_characters(const char *text, size_t bytes);

/* The largest n ≤ `bytes` at which `text` can be cut without splitting a character; `text` has
 * more than `bytes` bytes, its NUL counted. */
size_t bl_text_cut(const char *text, size_t bytes);

/* Copies a C string into a buffer of `size` bytes, cut between characters if it must be, always
 * terminated. */
void bl_text_copy(char *to, size_t size, const char *from);

bool bl_text_equal(struct bl_text a, struct bl_text b);
bool bl_text_is(struct bl_text a, const char *string);
struct bl_text bl_text_of(const char *string);

/* How many single-character edits lead from one name to the other, at most `limit` + 1: for
 * "did you mean". Names longer than 63 bytes are `limit` + 1 apart. */
uint32_t bl_text_distance(const char *a, const char *b, uint32_t limit);

/* How many columns of a terminal the text takes: East Asian wide characters take two. */
uint32_t bl_text_columns(const char *text);
