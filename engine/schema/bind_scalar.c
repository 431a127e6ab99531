#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <sodium.h>

#include "base/time.h"
#include "schema/bind_parts.h"
#include "schema/json.h"

#define PATTERN_STEPS_MAX 100000  // of PCRE2 on one text
#define LIST_BYTES_MAX 512        // of the values that an enum has

bool bind_short_text(const struct tree *node, char text[BIND_NUMBER_BYTES_MAX])
{
    if (!tree_is_scalar(node) || node->text.bytes == 0 ||
        node->text.bytes >= BIND_NUMBER_BYTES_MAX) {
        return false;
    }
    memcpy(text, node->text.at, node->text.bytes);
    text[node->text.bytes] = '\0';
    return true;
}

static const char *digits(const char *text)
{
    while (*text >= '0' && *text <= '9') {
        text++;
    }
    return text;
}

bool bind_is_number(const char *text, bool *whole)
{
    const char *first = text + (*text == '-');
    const char *at = digits(first);

    if (at == first || (*first == '0' && at != first + 1)) {
        return false;
    }
    *whole = *at == '\0';
    if (*at == '.') {
        const char *fraction = at + 1;
        at = digits(fraction);
        if (at == fraction) {
            return false;
        }
    }
    if (*at == 'e' || *at == 'E') {
        at++;
        at += *at == '+' || *at == '-';
        const char *exponent = at;
        at = digits(exponent);
        if (at == exponent) {
            return false;
        }
    }
    return *at == '\0';
}

static bool is_integer(const char *text)
{
    bool whole = false;

    return bind_is_number(text, &whole) && whole;
}

/* Does a value keep its rule's bounds? `what` is empty, or says what was counted. */
static bool in_bounds(struct bind *bind, const struct schema_field *rule,
                      const struct bind_frame *frame, double value, const char *what)
{
    if (value < rule->min) {
        bind_problem(bind, frame, false, "E-RANGE", "%.15g%s is less than %.15g", value, what,
                     rule->min);
        return false;
    }
    if (value > rule->max) {
        bind_problem(bind, frame, false, "E-RANGE", "%.15g%s is more than %.15g", value, what,
                     rule->max);
        return false;
    }
    return true;
}

/* Says between what a number may be: its type's ends, or its rule's where they are nearer. */
static void not_between(struct bind *bind, const struct schema_field *rule,
                        const struct bind_frame *frame, const char *given, const char *min,
                        const char *max)
{
    min = isfinite(rule->min) ? bl_arena_printf(bind->arena, "%.15g", rule->min) : min;
    max = isfinite(rule->max) ? bl_arena_printf(bind->arena, "%.15g", rule->max) : max;
    bind_problem(bind, frame, false, "E-RANGE", "%s is not between %s and %s", given, min, max);
}

bool bind_signed(struct bind *bind, const struct schema_field *rule, int64_t min, int64_t max,
                 const struct bind_frame *frame, int64_t *value)
{
    char text[BIND_NUMBER_BYTES_MAX];

    if (!bind_short_text(frame->node, text) || !is_integer(text)) {
        bind_wrong_type(bind, frame, "a whole number");
        return false;
    }
    errno = 0;
    *value = strtoll(text, NULL, 10);
    if (errno != 0 || *value < min || *value > max) {
        not_between(bind, rule, frame, text, bl_arena_printf(bind->arena, "%" PRId64, min),
                    bl_arena_printf(bind->arena, "%" PRId64, max));
        return false;
    }
    return in_bounds(bind, rule, frame, (double)*value, "");
}

bool bind_unsigned(struct bind *bind, const struct schema_field *rule, uint64_t max,
                   const struct bind_frame *frame, uint64_t *value)
{
    char text[BIND_NUMBER_BYTES_MAX];

    if (!bind_short_text(frame->node, text) || !is_integer(text)) {
        bind_wrong_type(bind, frame, "a whole number");
        return false;
    }
    errno = 0;
    *value = strtoull(text, NULL, 10);
    if (errno != 0 || text[0] == '-' || *value > max) {
        not_between(bind, rule, frame, text, "0", bl_arena_printf(bind->arena, "%" PRIu64, max));
        return false;
    }
    return in_bounds(bind, rule, frame, (double)*value, "");
}

bool bind_double(struct bind *bind, const struct schema_field *rule, double largest,
                 const struct bind_frame *frame, double *value)
{
    static const struct {
        const char *name;
        double value;
    } specials[] = { { "NaN", NAN }, { "Infinity", INFINITY }, { "-Infinity", -INFINITY } };
    char text[BIND_NUMBER_BYTES_MAX];
    bool whole;

    for (size_t i = 0; frame->node->kind == TREE_TEXT && i < BL_COUNT(specials); i++) {
        if (bl_text_is(frame->node->text, specials[i].name)) {
            *value = specials[i].value;
            return in_bounds(bind, rule, frame, *value, "");
        }
    }
    if (!bind_short_text(frame->node, text) || !bind_is_number(text, &whole)) {
        bind_wrong_type(bind, frame, "a number");
        return false;
    }
    *value = strtod(text, NULL);
    if (fabs(*value) > largest) {
        bind_problem(bind, frame, false, "E-RANGE", "%s is too large", text);
        return false;
    }
    return in_bounds(bind, rule, frame, *value, "");
}

bool bind_bool(struct bind *bind, const struct bind_frame *frame, protobuf_c_boolean *value)
{
    const struct tree *node = frame->node;

    if (node->kind != TREE_PLAIN && node->kind != TREE_BOOL) {
        bind_wrong_type(bind, frame, "true or false");
        return false;
    }
    *value = bl_text_is(node->text, "true");
    if (!*value && !bl_text_is(node->text, "false")) {
        bind_wrong_type(bind, frame, "true or false");
        return false;
    }
    return true;
}

/* Is the text this name in lower case? */
static bool is_lower_of(struct bl_text text, const char *name)
{
    for (size_t i = 0; i < text.bytes; i++) {
        char c = (char)(name[i] >= 'A' && name[i] <= 'Z' ? name[i] - 'A' + 'a' : name[i]);

        if (c == '\0' || text.at[i] != c) {
            return false;
        }
    }
    return name[text.bytes] == '\0';
}

static void unknown_value(struct bind *bind, const struct bind_frame *frame,
                          const ProtobufCEnumDescriptor *enumeration)
{
    char given[JSON_ENUM_BYTES_MAX], name[JSON_ENUM_BYTES_MAX], best[JSON_ENUM_BYTES_MAX];
    char list[LIST_BYTES_MAX] = "";
    size_t n = 0;

    bl_text_copy(given, sizeof given, bl_arena_text(bind->arena, frame->node->text));
    uint32_t limit = bind_near(given), distance = limit + 1;
    for (unsigned i = 0; i < enumeration->n_values && n < sizeof list; i++) {
        const ProtobufCEnumValue *value = &enumeration->values[i];

        if (json_enum_is_unspecified(value)) {
            continue;
        }
        json_enum_name(enumeration, value->value, name);
        uint32_t here = bl_text_distance(given, name, limit);
        n += (size_t)snprintf(list + n, sizeof list - n, "%s%s", n == 0 ? "" : ", ", name);
        if (here < distance) {
            distance = here;
            memcpy(best, name, sizeof best);
        }
    }
    if (distance <= limit) {
        bind_problem(bind, frame, false, "E-VALUE", "unknown value %s; did you mean \"%s\"?",
                     bind_found(bind, frame->node), best);
    } else {
        bind_problem(bind, frame, false, "E-VALUE", "unknown value %s; write one of %s",
                     bind_found(bind, frame->node), list);
    }
}

bool bind_enum(struct bind *bind, const struct bind_frame *frame,
               const ProtobufCEnumDescriptor *enumeration, int *value)
{
    const struct tree *node = frame->node;

    if ((node->kind != TREE_PLAIN && node->kind != TREE_TEXT) || node->text.bytes == 0) {
        bind_wrong_type(bind, frame, "a word");
        return false;
    }
    for (unsigned i = 0; i < enumeration->n_values; i++) {
        const ProtobufCEnumValue *candidate = &enumeration->values[i];

        if (!json_enum_is_unspecified(candidate) && is_lower_of(node->text, candidate->name)) {
            *value = candidate->value;
            return true;
        }
    }
    unknown_value(bind, frame, enumeration);
    return false;
}

/* Does the whole text match? Patterns are ours, so one that does not compile is our mistake. */
static bool matches(const char *pattern, struct bl_text text)
{
    int code;
    PCRE2_SIZE offset;
    pcre2_code *regex =
        pcre2_compile((PCRE2_SPTR)pattern, PCRE2_ZERO_TERMINATED,
                      PCRE2_UTF | PCRE2_ANCHORED | PCRE2_ENDANCHORED, &code, &offset, NULL);
    CHECK(regex != NULL);
    pcre2_match_data *data = pcre2_match_data_create(1, NULL);
    pcre2_match_context *context = pcre2_match_context_create(NULL);

    pcre2_set_match_limit(context, PATTERN_STEPS_MAX);
    int result = pcre2_match(regex, (PCRE2_SPTR)text.at, text.bytes, 0, 0, data, context);
    pcre2_match_context_free(context);
    pcre2_match_data_free(data);
    pcre2_code_free(regex);
    return result >= 0;
}

bool bind_string(struct bind *bind, const struct schema_field *rule, const struct bind_frame *frame,
                 const char **value)
{
    const struct tree *node = frame->node;

    *value = (const char *)protobuf_c_empty_string;
    if ((node->kind != TREE_PLAIN && node->kind != TREE_TEXT) ||
        (node->kind == TREE_PLAIN && node->text.bytes == 0)) {
        bind_wrong_type(bind, frame, "a text");
        return false;
    }
    if (rule->required && node->text.bytes == 0) {
        bind_problem(bind, frame, false, "E-MISSING", "the text is empty");
        return false;
    }
    if (!in_bounds(bind, rule, frame, (double)bl_text_characters(node->text.at, node->text.bytes),
                   " characters")) {
        return false;
    }
    if (rule->pattern != NULL && !matches(rule->pattern, node->text)) {
        bind_problem(bind, frame, false, "E-PATTERN", "%s does not match %s",
                     bind_found(bind, node), rule->pattern);
        return false;
    }
    *value = bl_arena_text(bind->arena, node->text);
    return true;
}

bool bind_instant(struct bind *bind, const struct bind_frame *frame, int64_t *value)
{
    char text[BIND_NUMBER_BYTES_MAX];

    if (!bind_short_text(frame->node, text) || bl_time_parse(text, value, NULL) != BL_OK) {
        bind_wrong_type(bind, frame, "a moment such as 2026-11-30T17:30:00+08:00");
        return false;
    }
    return true;
}

bool bind_base64(struct bind *bind, const struct bind_frame *frame, ProtobufCBinaryData *value)
{
    const struct tree *node = frame->node;
    size_t bytes = 0;

    if (node->kind != TREE_PLAIN && node->kind != TREE_TEXT) {
        bind_wrong_type(bind, frame, "bytes in base64");
        return false;
    }
    value->data = bl_arena_alloc(bind->arena, node->text.bytes + 1);
    if (sodium_base642bin(value->data, node->text.bytes + 1, node->text.at, node->text.bytes, NULL,
                          &bytes, NULL, sodium_base64_VARIANT_ORIGINAL) != 0) {
        bind_wrong_type(bind, frame, "bytes in base64");
        return false;
    }
    value->len = bytes;
    return true;
}
