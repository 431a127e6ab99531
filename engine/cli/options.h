/* options.h — what follows a command: options by a table, and plain arguments.
 * Options may stand anywhere: `-o json`, `-ojson`, `--output json`, `--output=json`; `--` ends
 * them. What has no letter after its dashes is an argument: `-7/2`, `--1`, `-`.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "core/sentence.h"

#define OPTIONS_MAX 256     // of one call
#define ARGUMENTS_MAX 4096  // of one call: workflows/*.yaml

enum option_kind {
    OPTION_FLAG,    // takes no value
    OPTION_TEXT,    // any value; one of `choices` where there are some
    OPTION_NUMBER,  // a decimal number that is not negative
};

struct option_row {
    const char *name;  // without dashes
    enum option_kind kind;
    char letter;          // 0: none
    const char *value;    // what the usage line calls it: "FILE"
    struct words help;    // one line
    const char *choices;  // "zh|en"; NULL: anything
};

struct option_given {
    const struct option_row *row;
    const char *value;  // NULL of a flag
};

struct options {
    struct option_given given[OPTIONS_MAX];
    size_t given_count;
    char *arguments[ARGUMENTS_MAX];
    size_t argument_count;
};

/* A table of options. */
struct option_table {
    const struct option_row *rows;
    size_t count;
};

/* Reads words until one that is no option (it is not taken), or with `arguments` all of them. What
 * is wrong does not stop it, so that --lang is heard wherever it stands.
 *   words    ended by NULL; *used becomes how many were read
 *   refusal  becomes the first thing that is wrong, in `arena`
 *   returns  BL_OK or BL_USAGE */
MUST_CHECK enum bl_err options_read(struct options *options, char *const *words, bool arguments,
                                    const struct option_table *tables, size_t table_count,
                                    size_t *used, struct bl_arena *arena, Bl__Refusal **refusal);

/* Was the flag given? */
bool option_flag(const struct options *options, const char *name);
/* The last value of an option, or NULL. */
const char *option_text(const struct options *options, const char *name);
/* Its value as a number, or `otherwise`. */
uint64_t option_number(const struct options *options, const char *name, uint64_t otherwise);
/* The next value of an option that may be repeated, from *at on; NULL at the end. Begin with 0. */
const char *option_next(const struct options *options, const char *name, size_t *at);

/* The place of a text among "zh|en", or -1. */
int option_choice(const char *choices, const char *text);
