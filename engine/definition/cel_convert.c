/* The conversions of CEL: int(), double(), string(), bool(). */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "definition/cel_node.h"

#define NUMBER_BYTES_MAX 64  // of a text that may be a number

static bool give_int(struct cel_value *value, int64_t integer)
{
    value->type = CEL_INT;
    value->integer = integer;
    return true;
}

static bool give_double(struct cel_value *value, double number)
{
    value->type = CEL_DOUBLE;
    value->number = number;
    return true;
}

static bool give_text(struct cel_run *run, const struct cel_node *node, const char *text,
                      struct cel_value *value)
{
    size_t bytes = strlen(text);
    char *copy = cel_scratch(run, node, bytes);

    if (copy == NULL) {
        return false;
    }
    memcpy(copy, text, bytes);
    value->type = CEL_STRING;
    value->string = (struct bl_text){ copy, bytes };
    return true;
}

static bool int_from_text(struct bl_text text, int64_t *integer)
{
    bool negative = text.bytes > 0 && text.at[0] == '-';
    size_t i = negative || (text.bytes > 0 && text.at[0] == '+') ? 1 : 0;

    *integer = 0;
    if (i == text.bytes) {
        return false;
    }
    for (; i < text.bytes; i++) {
        char c = text.at[i];
        if (c < '0' || c > '9' || __builtin_mul_overflow(*integer, 10, integer) ||
            __builtin_add_overflow(*integer, negative ? '0' - c : c - '0', integer)) {
            return false;
        }
    }
    return true;
}

static bool to_int(struct cel_run *run, const struct cel_node *node, const struct cel_value *a,
                   struct cel_value *value)
{
    int64_t integer;

    if (a->type == CEL_INT) {
        return give_int(value, a->integer);
    }
    if (a->type == CEL_DOUBLE) {
        /* Towards zero. Both ends are left out: a double cannot say which int it was there. */
        return a->number > -0x1p63 && a->number < 0x1p63 ? give_int(value, (int64_t)a->number)
                                                         : cel_fail(run, FAILURE_OVERFLOW, node);
    }
    if (a->type != CEL_STRING) {
        return cel_fail_overload(run, node, a, NULL);
    }
    return int_from_text(a->string, &integer) ? give_int(value, integer)
                                              : cel_fail(run, FAILURE_CONVERSION, node);
}

/* Decimal digits with a fraction and an exponent, or the names of what is no number. strtod alone
 * would take white space and hexadecimal too. */
static bool double_from_text(struct bl_text text, double *number)
{
    char copy[NUMBER_BYTES_MAX];
    char *end;

    if (text.bytes == 0 || text.bytes >= sizeof copy || memchr(text.at, '\0', text.bytes) != NULL) {
        return false;
    }
    memcpy(copy, text.at, text.bytes);
    copy[text.bytes] = '\0';
    const char *digits = copy + strspn(copy, "+-");
    if (digits - copy > 1) {
        return false;
    }
    bool is_name = strcasecmp(digits, "nan") == 0 || strcasecmp(digits, "inf") == 0 ||
                   strcasecmp(digits, "infinity") == 0;
    if (!is_name && strspn(digits, "0123456789.eE+-") != strlen(digits)) {
        return false;
    }
    *number = strtod(copy, &end);  // LC_NUMERIC is C: nothing of ours sets it
    return *end == '\0' && (is_name || isfinite(*number));
}

static bool to_double(struct cel_run *run, const struct cel_node *node, const struct cel_value *a,
                      struct cel_value *value)
{
    double number;

    if (a->type == CEL_DOUBLE) {
        return give_double(value, a->number);
    }
    if (a->type == CEL_INT) {
        return give_double(value, (double)a->integer);
    }
    if (a->type != CEL_STRING) {
        return cel_fail_overload(run, node, a, NULL);
    }
    return double_from_text(a->string, &number) ? give_double(value, number)
                                                : cel_fail(run, FAILURE_CONVERSION, node);
}

/* The fewest digits, 15 at least, that read back as the same double. */
static bool text_from_double(struct cel_run *run, const struct cel_node *node, double number,
                             struct cel_value *value)
{
    char text[NUMBER_BYTES_MAX];
    int digits = 15;

    if (isnan(number)) {
        return give_text(run, node, "NaN", value);
    }
    if (isinf(number)) {
        return give_text(run, node, number > 0 ? "+Inf" : "-Inf", value);
    }
    do {
        (void)snprintf(text, sizeof text, "%.*g", digits, number);
    } while (strtod(text, NULL) != number && ++digits <= 17);
    return give_text(run, node, text, value);
}

static bool to_string(struct cel_run *run, const struct cel_node *node, const struct cel_value *a,
                      struct cel_value *value)
{
    char text[NUMBER_BYTES_MAX];

    if (a->type == CEL_STRING) {
        *value = *a;
        return true;
    }
    if (a->type == CEL_DOUBLE) {
        return text_from_double(run, node, a->number, value);
    }
    if (a->type == CEL_BOOL) {
        return give_text(run, node, a->boolean ? "true" : "false", value);
    }
    if (a->type != CEL_INT) {
        return cel_fail_overload(run, node, a, NULL);
    }
    (void)snprintf(text, sizeof text, "%" PRId64, a->integer);
    return give_text(run, node, text, value);
}

static bool to_bool(struct cel_run *run, const struct cel_node *node, const struct cel_value *a,
                    struct cel_value *value)
{
    static const char *const words[2][5] = {
        { "false", "False", "FALSE", "f", "0" },
        { "true", "True", "TRUE", "t", "1" },
    };

    if (a->type == CEL_BOOL) {
        *value = *a;
        return true;
    }
    if (a->type != CEL_STRING) {
        return cel_fail_overload(run, node, a, NULL);
    }
    for (size_t i = 0; i < 2 * BL_COUNT(words[0]); i++) {
        if (bl_text_is(a->string, words[i % 2][i / 2])) {
            value->type = CEL_BOOL;
            value->boolean = i % 2 == 1;
            return true;
        }
    }
    return cel_fail(run, FAILURE_CONVERSION, node);
}

bool cel_apply_conversion(struct cel_run *run, const struct cel_node *node,
                          const struct cel_value *a, struct cel_value *value)
{
    if (node->op == OP_TO_INT) {
        return to_int(run, node, a, value);
    }
    if (node->op == OP_TO_DOUBLE) {
        return to_double(run, node, a, value);
    }
    return node->op == OP_TO_STRING ? to_string(run, node, a, value) : to_bool(run, node, a, value);
}
