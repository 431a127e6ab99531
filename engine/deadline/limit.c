#include "deadline/limit.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

/* How a unit is written; in the long form, only one has no "s". */
static const struct unit_name {
    enum limit_unit unit;
    const char *brief, *one, *many;
} unit_names[] = {
    // clang-format off
    { LIMIT_WD, "WD", "working day",  "working days"  },
    { LIMIT_ND, "ND", "day",          "days"          },
    { LIMIT_WH, "WH", "working hour", "working hours" },
    { LIMIT_NH, "NH", "hour",         "hours"         },
    // clang-format on
};

static const struct unit_name *unit_find(const char *text)
{
    for (size_t i = 0; i < BL_COUNT(unit_names); i++) {
        const struct unit_name *name = &unit_names[i];

        if (strcmp(text, name->brief) == 0 || strcmp(text, name->one) == 0 ||
            strcmp(text, name->many) == 0) {
            return name;
        }
    }
    return NULL;
}

/* Reads "5", "5.0" or "0.5" as halves and returns what follows, or NULL. A number that is too
 * large comes back larger than LIMIT_HALVES_MAX, however many digits it has. */
static const char *halves_read(const char *text, int32_t *halves)
{
    const char *first = text;
    int32_t sum = 0;

    for (; *text >= '0' && *text <= '9'; text++) {
        sum = sum > LIMIT_HALVES_MAX ? sum : sum * 10 + (*text - '0');
    }
    if (text == first) {
        return NULL;
    }
    sum *= 2;
    if (*text == '.') {
        if (text[1] != '0' && text[1] != '5') {
            return NULL;
        }
        sum += text[1] == '5';
        text += 2;
    }
    *halves = sum;
    return text;
}

/* What the author most likely meant by a unit that we do not know. */
static enum limit_unit unit_guess(const char *text)
{
    bool hours = strcasestr(text, "h") != NULL && strcasestr(text, "d") == NULL;
    bool worked = strcasestr(text, "w") != NULL;

    if (hours) {
        return worked ? LIMIT_WH : LIMIT_NH;
    }
    bool plain = strcasestr(text, "natural") != NULL || strcasestr(text, "calendar") != NULL;
    return plain ? LIMIT_ND : LIMIT_WD;
}

enum bl_err limit_parse(const char *text, struct limit *limit, struct bl_error *e)
{
    char hint[LIMIT_TEXT];
    int32_t halves = 0;
    const char *rest = halves_read(text, &halves);

    if (rest == NULL) {
        return bl_error_set(e, BL_INVALID, "\"%.40s\" is not a duration; write \"5 working days\"",
                            text);
    }
    if (halves > LIMIT_HALVES_MAX) {
        return bl_error_set(e, BL_INVALID, "\"%.40s\" is too long; write at most %d", text,
                            LIMIT_HALVES_MAX / 2);
    }
    if (halves == 0) {
        return bl_error_set(e, BL_INVALID,
                            "\"%.40s\" leaves no time; write at least \"0.5 working days\"", text);
    }
    rest += *rest == ' ';
    const struct unit_name *name = unit_find(rest);
    if (name == NULL) {
        limit_format((struct limit){ halves, unit_guess(rest) }, hint);
        return bl_error_set(e, BL_INVALID, "\"%.40s\" is not a duration; write \"%s\"", text, hint);
    }
    *limit = (struct limit){ halves, name->unit };
    return BL_OK;
}

char *limit_format(struct limit limit, char *text)
{
    if (limit.halves == 0) {
        (void)snprintf(text, LIMIT_TEXT, "none");
        return text;
    }
    CHECK(limit.unit >= LIMIT_WD && limit.unit <= LIMIT_NH);
    const struct unit_name *name = &unit_names[limit.unit - LIMIT_WD];
    (void)snprintf(text, LIMIT_TEXT, "%" PRId32 "%s %s", limit.halves / 2,
                   limit.halves % 2 != 0 ? ".5" : "", limit.halves == 2 ? name->one : name->many);
    return text;
}
