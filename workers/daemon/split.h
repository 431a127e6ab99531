/* split.h — a quoted command line as words, without a shell. */
#pragma once

#include "base/error.h"

#define SPLIT_WORDS_MAX 256
#define SPLIT_BYTES_MAX 4096

/* A program and its arguments, NULL-terminated, in memory of its own. */
struct words {
    char *at[SPLIT_WORDS_MAX + 1];
    char bytes[SPLIT_BYTES_MAX];
};

/* Splits at blanks as a shell would: 'as it is', "with \" and \\", and \ before one character.
 * Nothing is expanded: no variables, no patterns, no pipes; who wants them writes sh -c '…'.
 *   errors  BL_INVALID: no word, a quote that is not closed; BL_TOO_LARGE */
MUST_CHECK enum bl_err words_split(const char *line, struct words *words, struct bl_error *e);
