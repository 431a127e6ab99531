#include "cli/options.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "core/refusal.h"

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

/* Words being read: where they go, and the first thing that is wrong. */
struct reading {
    struct options *options;
    const struct option_table *tables;
    size_t table_count;
    struct bl_arena *arena;
    Bl__Refusal *wrong;  // NULL: nothing
};

/* Only the first is said. Returns it for a second argument. */
static Bl__Refusal *refuse(struct reading *reading, const char *rule, const char *pointer,
                           const char *name, const char *value)
{
    Bl__Refusal *refusal = refusal_new(reading->arena, BL_USAGE, rule, pointer);

    if (reading->wrong == NULL) {
        reading->wrong = refusal;
    }
    return refusal_argument(reading->arena, refusal, name, value);
}

static void refuse_more(struct reading *reading, const char *rule, int limit)
{
    refuse(reading, rule, "", "limit", bl_arena_printf(reading->arena, "%d", limit));
}

static void refuse_unknown(struct reading *reading, const char *word)
{
    const char *nearest = "";

    for (size_t t = 0; t < reading->table_count && strncmp(word, "--", 2) == 0; t++) {
        const struct option_table *table = &reading->tables[t];

        for (size_t i = 0; i < table->count && nearest[0] == '\0'; i++) {
            if (bl_text_distance(word + 2, table->rows[i].name, NEAR_ENOUGH) <= NEAR_ENOUGH) {
                nearest = table->rows[i].name;
            }
        }
    }
    refuse(reading, "option-unknown", word, "nearest", nearest);
}

static bool is_number(const char *text)
{
    errno = 0;
    (void)strtoull(text, NULL, 10);
    return text[0] != '\0' && text[strspn(text, "0123456789")] == '\0' && errno == 0;
}

static void keep(struct reading *reading, const struct option_row *row, const char *value)
{
    struct options *options = reading->options;

    if (row->kind == OPTION_FLAG && value != NULL) {
        refuse(reading, "option-valueless", row->name, "given", value);
    } else if (row->kind != OPTION_FLAG && value == NULL) {
        refuse(reading, "option-value", row->name, "value", row->value);
    } else if (row->kind == OPTION_NUMBER && !is_number(value)) {
        refuse(reading, "option-number", row->name, "given", value);
    } else if (row->choices != NULL && option_choice(row->choices, value) < 0) {
        refusal_argument(reading->arena,
                         refuse(reading, "option-choice", row->name, "given", value), "options",
                         row->choices);
    } else if (options->given_count == OPTIONS_MAX) {
        refuse_more(reading, "options-many", OPTIONS_MAX);
    } else {
        options->given[options->given_count++] = (struct option_given){ row, value };
    }
}

/* Reads the option that *at stands on and moves past it and its value. */
static void read_option(struct reading *reading, char *const **at)
{
    const char *word = *(*at)++, *value = NULL;
    const struct option_row *row;

    if (word[1] == '-') {
        size_t length = strcspn(word + 2, "=");

        row =
            find_name(reading->tables, reading->table_count, (struct bl_text){ word + 2, length });
        value = word[2 + length] == '=' ? word + 2 + length + 1 : NULL;
    } else {
        row = find_letter(reading->tables, reading->table_count, word[1]);
        value = word[2] != '\0' ? word + 2 : NULL;
    }
    if (row == NULL) {
        refuse_unknown(reading, word);
        return;
    }
    if (row->kind != OPTION_FLAG && value == NULL && **at != NULL) {
        value = *(*at)++;
    }
    keep(reading, row, value);
}

static void read_argument(struct reading *reading, char *word)
{
    if (reading->options->argument_count == ARGUMENTS_MAX) {
        refuse_more(reading, "arguments-many", ARGUMENTS_MAX);
        return;
    }
    reading->options->arguments[reading->options->argument_count++] = word;
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
                         struct bl_arena *arena, Bl__Refusal **refusal)
{
    struct reading reading = { options, tables, table_count, arena, NULL };
    char *const *at = words;
    bool ended = false;

    while (*at != NULL) {
        bool is_option = !ended && looks_like_option(*at);

        if (is_option && strcmp(*at, "--") == 0) {
            ended = true;
            at++;
        } else if (is_option) {
            read_option(&reading, &at);
        } else if (!arguments) {
            break;
        } else {
            read_argument(&reading, *at++);
        }
    }
    *used = (size_t)(at - words);
    if (reading.wrong != NULL) {
        *refusal = reading.wrong;
        return BL_USAGE;
    }
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
