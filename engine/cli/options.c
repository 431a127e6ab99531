#include "cli/options.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

#define NEAR_ENOUGH 2  // edits between what was typed and what was meant

static const struct option_row *find_name(const struct option_table *tables, size_t count,
                                          struct bl_text name)
{
    for (size_t t = 0; t < count; t++) {
        for (size_t i = 0; i < tables[t].count; i++) {
            if (bl_text_is(name, tables[t].rows[i].name)) {
                return &tables[t].rows[i];
            }
        }
    }
    return NULL;
}

static const struct option_row *find_letter(const struct option_table *tables, size_t count,
                                            char letter)
{
    for (size_t t = 0; t < count; t++) {
        for (size_t i = 0; i < tables[t].count; i++) {
            if (tables[t].rows[i].letter == letter) {
                return &tables[t].rows[i];
            }
        }
    }
    return NULL;
}

static enum bl_err unknown(const struct option_table *tables, size_t count, const char *word,
                           struct bl_error *e)
{
    for (size_t t = 0; t < count && strncmp(word, "--", 2) == 0; t++) {
        for (size_t i = 0; i < tables[t].count; i++) {
            if (bl_text_distance(word + 2, tables[t].rows[i].name, NEAR_ENOUGH) <= NEAR_ENOUGH) {
                return bl_error_set(e, BL_USAGE, "unknown option %s; did you mean --%s?", word,
                                    tables[t].rows[i].name);
            }
        }
    }
    return bl_error_set(e, BL_USAGE, "unknown option %s", word);
}

static bool is_number(const char *text)
{
    errno = 0;
    (void)strtoull(text, NULL, 10);
    return text[0] != '\0' && text[strspn(text, "0123456789")] == '\0' && errno == 0;
}

static enum bl_err keep(struct options *options, const struct option_row *row, const char *value,
                        struct bl_error *e)
{
    if (row->kind == OPTION_FLAG && value != NULL) {
        return bl_error_set(e, BL_USAGE, "--%s takes no value", row->name);
    }
    if (row->kind != OPTION_FLAG && value == NULL) {
        return bl_error_set(e, BL_USAGE, "--%s needs a value: %s", row->name, row->value);
    }
    if (row->kind == OPTION_NUMBER && !is_number(value)) {
        return bl_error_set(e, BL_USAGE, "--%s: \"%s\" is no number", row->name, value);
    }
    if (row->choices != NULL && option_choice(row->choices, value) < 0) {
        return bl_error_set(e, BL_USAGE, "--%s: \"%s\" is none of %s", row->name, value,
                            row->choices);
    }
    if (options->given_count == OPTIONS_MAX) {
        return bl_error_set(e, BL_USAGE, "more than %d options", OPTIONS_MAX);
    }
    options->given[options->given_count++] = (struct option_given){ row, value };
    return BL_OK;
}

/* Reads the option that *at stands on and moves past it and its value. */
static enum bl_err read_option(struct options *options, char *const **at,
                               const struct option_table *tables, size_t count, struct bl_error *e)
{
    const char *word = *(*at)++, *value = NULL;
    const struct option_row *row;

    if (word[1] == '-') {
        size_t length = strcspn(word + 2, "=");

        row = find_name(tables, count, (struct bl_text){ word + 2, length });
        value = word[2 + length] == '=' ? word + 2 + length + 1 : NULL;
    } else {
        row = find_letter(tables, count, word[1]);
        value = word[2] != '\0' ? word + 2 : NULL;
    }
    if (row == NULL) {
        return unknown(tables, count, word, e);
    }
    if (row->kind != OPTION_FLAG && value == NULL && **at != NULL) {
        value = *(*at)++;
    }
    return keep(options, row, value, e);
}

/* An option is a dash or two and a letter: -7 and --1 are numbers to reckon with. */
static bool looks_like_option(const char *word)
{
    size_t dashes = strspn(word, "-");
    char first = (char)(word[dashes] | ('a' ^ 'A'));

    return strcmp(word, "--") == 0 || (dashes > 0 && dashes < 3 && first >= 'a' && first <= 'z');
}

enum bl_err options_read(struct options *options, char *const *words, bool arguments,
                         const struct option_table *tables, size_t table_count, size_t *used,
                         struct bl_error *e)
{
    char *const *at = words;
    bool ended = false;

    while (*at != NULL) {
        bool is_option = !ended && looks_like_option(*at);

        if (is_option && strcmp(*at, "--") == 0) {
            ended = true;
            at++;
        } else if (is_option) {
            if (read_option(options, &at, tables, table_count, e) != BL_OK) {
                return BL_USAGE;
            }
        } else if (!arguments) {
            break;
        } else if (options->argument_count == ARGUMENTS_MAX) {
            return bl_error_set(e, BL_USAGE, "more than %d arguments", ARGUMENTS_MAX);
        } else {
            options->arguments[options->argument_count++] = *at++;
        }
    }
    *used = (size_t)(at - words);
    return BL_OK;
}

const char *option_next(const struct options *options, const char *name, size_t *at)
{
    while (*at < options->given_count) {
        const struct option_given *given = &options->given[(*at)++];

        if (strcmp(given->row->name, name) == 0) {
            return given->value;
        }
    }
    return NULL;
}

bool option_flag(const struct options *options, const char *name)
{
    for (size_t i = 0; i < options->given_count; i++) {
        if (strcmp(options->given[i].row->name, name) == 0) {
            return true;
        }
    }
    return false;
}

const char *option_text(const struct options *options, const char *name)
{
    const char *last = NULL;
    size_t at = 0;

    for (const char *value = option_next(options, name, &at); value != NULL;
         value = option_next(options, name, &at)) {
        last = value;
    }
    return last;
}

uint64_t option_number(const struct options *options, const char *name, uint64_t otherwise)
{
    const char *text = option_text(options, name);

    return text == NULL ? otherwise : strtoull(text, NULL, 10);
}

int option_choice(const char *choices, const char *text)
{
    for (int i = 0;; i++) {
        size_t length = strcspn(choices, "|");

        if (bl_text_is((struct bl_text){ choices, length }, text)) {
            return i;
        }
        if (choices[length] == '\0') {
            return -1;
        }
        choices += length + 1;
    }
}
