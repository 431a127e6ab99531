/* The operators of CEL on values: equality, order, arithmetic. */
#include <string.h>

#include "definition/cel_node.h"

#define BYTES_PER_STEP 16      // of text that is copied: what bounds the scratch memory
#define COMPARED_PER_STEP 128  // of text that is compared
#define UNORDERED 2            // NaN beside anything

/* ---- numbers across types ---- */

/* Where an int stands beside a double, exactly: no int is rounded to a double for it. */
static int compare_mixed(int64_t integer, double number)
{
    if (number != number) {
        return UNORDERED;
    }
    if (number >= 0x1p63) {
        return -1;
    }
    if (number < -0x1p63) {
        return 1;
    }
    int64_t whole = (int64_t)number;  // towards zero
    double rest = number - (double)whole;
    if (integer != whole) {
        return integer < whole ? -1 : 1;
    }
    return rest > 0 ? -1 : rest < 0;
}

static int compare_doubles(double a, double b)
{
    if (a != a || b != b) {
        return UNORDERED;
    }
    return a < b ? -1 : a > b;
}

static bool is_number(const struct cel_value *value)
{
    return value->type == CEL_INT || value->type == CEL_DOUBLE;
}

/* -1, 0 or 1, or UNORDERED. */
static int compare_numbers(const struct cel_value *a, const struct cel_value *b)
{
    if (a->type == CEL_DOUBLE && b->type == CEL_DOUBLE) {
        return compare_doubles(a->number, b->number);
    }
    if (a->type == CEL_DOUBLE) {
        int turned = compare_mixed(b->integer, a->number);
        return turned == UNORDERED ? UNORDERED : -turned;
    }
    if (b->type == CEL_DOUBLE) {
        return compare_mixed(a->integer, b->number);
    }
    return a->integer < b->integer ? -1 : a->integer > b->integer;
}

/* The order of code points is that of the bytes of UTF-8. */
static int compare_texts(struct bl_text a, struct bl_text b)
{
    int order = memcmp(a.at, b.at, a.bytes < b.bytes ? a.bytes : b.bytes);

    if (order != 0) {
        return order < 0 ? -1 : 1;
    }
    return a.bytes < b.bytes ? -1 : a.bytes > b.bytes;
}

/* ---- equality ---- */

static bool equal_lists(struct cel_run *run, const struct cel_node *node, const struct cel_value *a,
                        const struct cel_value *b, bool *equal)
{
    *equal = a->list.count == b->list.count;
    for (size_t i = 0; i < a->list.count && *equal; i++) {
        if (!cel_apply_equal(run, node, &a->list.at[i], &b->list.at[i], equal)) {
            return false;
        }
    }
    return true;
}

/* Does `map` have this key with an equal value? */
static bool has_entry(struct cel_run *run, const struct cel_node *node, const struct cel_value *map,
                      const struct cel_value *entry, bool *equal)
{
    *equal = false;
    for (size_t i = 0; i < map->map.count && !*equal; i++) {
        if (!cel_apply_equal(run, node, &map->map.at[2 * i], &entry[0], equal)) {
            return false;
        }
        if (*equal) {
            return cel_apply_equal(run, node, &map->map.at[2 * i + 1], &entry[1], equal);
        }
    }
    return true;
}

static bool equal_maps(struct cel_run *run, const struct cel_node *node, const struct cel_value *a,
                       const struct cel_value *b, bool *equal)
{
    *equal = a->map.count == b->map.count;
    for (size_t i = 0; i < a->map.count && *equal; i++) {
        if (!has_entry(run, node, b, &a->map.at[2 * i], equal)) {
            return false;
        }
    }
    return true;
}

bool cel_apply_equal(struct cel_run *run, const struct cel_node *node, const struct cel_value *a,
                     const struct cel_value *b, bool *equal)
{
    if (!cel_charge(run, node, 1)) {
        return false;
    }
    if (is_number(a) && is_number(b)) {
        *equal = compare_numbers(a, b) == 0;
        return true;
    }
    if (a->type != b->type) {
        *equal = false;
        return true;
    }
    switch (a->type) {
    case CEL_NULL:
        *equal = true;
        return true;
    case CEL_BOOL:
        *equal = a->boolean == b->boolean;
        return true;
    case CEL_STRING:
        *equal = bl_text_equal(a->string, b->string);
        return cel_charge(run, node, *equal ? a->string.bytes / COMPARED_PER_STEP : 0);
    case CEL_LIST:
        return equal_lists(run, node, a, b, equal);
    case CEL_MAP:
        return equal_maps(run, node, a, b, equal);
    case CEL_DYN:
    case CEL_INT:
    case CEL_DOUBLE:
        break;  // no value is dynamic, and numbers are compared above
    }
    UNREACHABLE();
}

/* ---- order ---- */

bool cel_apply_order(struct cel_run *run, const struct cel_node *node, const struct cel_value *a,
                     const struct cel_value *b, struct cel_value *value)
{
    int order;

    if (is_number(a) && is_number(b)) {
        order = compare_numbers(a, b);
    } else if (a->type == CEL_STRING && b->type == CEL_STRING) {
        size_t bytes = a->string.bytes < b->string.bytes ? a->string.bytes : b->string.bytes;
        if (!cel_charge(run, node, bytes / COMPARED_PER_STEP)) {
            return false;
        }
        order = compare_texts(a->string, b->string);
    } else if (a->type == CEL_BOOL && b->type == CEL_BOOL) {
        order = a->boolean - b->boolean;
    } else {
        return cel_fail_overload(run, node, a, b);
    }
    bool less = node->op == OP_LESS || node->op == OP_LESS_EQUAL;
    bool or_equal = node->op == OP_LESS_EQUAL || node->op == OP_GREATER_EQUAL;
    value->type = CEL_BOOL;
    value->boolean = order == (less ? -1 : 1) || (or_equal && order == 0);
    return true;
}

/* ---- arithmetic ---- */

static bool divide(struct cel_run *run, const struct cel_node *node, int64_t a, int64_t b,
                   int64_t *result)
{
    if (b == 0) {
        return cel_fail(run, FAILURE_DIVISION, node);
    }
    if (a == INT64_MIN && b == -1) {
        return cel_fail(run, FAILURE_OVERFLOW, node);
    }
    *result = node->op == OP_DIVIDE ? a / b : a % b;
    return true;
}

static bool join_ints(struct cel_run *run, const struct cel_node *node, int64_t a, int64_t b,
                      struct cel_value *value)
{
    int64_t result = 0;
    bool overflow = false;

    if (node->op == OP_ADD) {
        overflow = __builtin_add_overflow(a, b, &result);
    } else if (node->op == OP_SUBTRACT) {
        overflow = __builtin_sub_overflow(a, b, &result);
    } else if (node->op == OP_MULTIPLY) {
        overflow = __builtin_mul_overflow(a, b, &result);
    } else if (!divide(run, node, a, b, &result)) {
        return false;
    }
    if (overflow) {
        return cel_fail(run, FAILURE_OVERFLOW, node);
    }
    value->type = CEL_INT;
    value->integer = result;
    return true;
}

/* Division by zero is infinite or NaN, as IEEE 754 and CEL have it. */
__attribute__((no_sanitize("float-divide-by-zero"))) static double join_doubles(enum cel_op op,
                                                                                double a, double b)
{
    if (op == OP_ADD) {
        return a + b;
    }
    if (op == OP_SUBTRACT) {
        return a - b;
    }
    return op == OP_MULTIPLY ? a * b : a / b;
}

static bool join_texts(struct cel_run *run, const struct cel_node *node, struct bl_text a,
                       struct bl_text b, struct cel_value *value)
{
    size_t bytes = a.bytes + b.bytes;

    if (!cel_charge(run, node, bytes / BYTES_PER_STEP)) {
        return false;
    }
    char *text = cel_scratch(run, node, bytes);
    if (text == NULL) {
        return false;
    }
    memcpy(text, a.at, a.bytes);
    memcpy(text + a.bytes, b.at, b.bytes);
    value->type = CEL_STRING;
    value->string = (struct bl_text){ text, bytes };
    return true;
}

static bool join_lists(struct cel_run *run, const struct cel_node *node, const struct cel_value *a,
                       const struct cel_value *b, struct cel_value *value)
{
    size_t count = a->list.count + b->list.count;

    if (!cel_charge(run, node, count)) {
        return false;
    }
    struct cel_value *items = cel_scratch(run, node, count * sizeof *items);
    if (items == NULL) {
        return false;
    }
    for (size_t i = 0; i < count; i++) {
        items[i] = i < a->list.count ? a->list.at[i] : b->list.at[i - a->list.count];
    }
    value->type = CEL_LIST;
    value->list.at = items;
    value->list.count = count;
    return true;
}

bool cel_apply_arithmetic(struct cel_run *run, const struct cel_node *node,
                          const struct cel_value *a, const struct cel_value *b,
                          struct cel_value *value)
{
    if (a->type == CEL_INT && b->type == CEL_INT) {
        return join_ints(run, node, a->integer, b->integer, value);
    }
    if (a->type == CEL_DOUBLE && b->type == CEL_DOUBLE && node->op != OP_MODULO) {
        double number = join_doubles(node->op, a->number, b->number);
        value->type = CEL_DOUBLE;
        value->number = number;
        return true;
    }
    if (a->type == CEL_STRING && b->type == CEL_STRING && node->op == OP_ADD) {
        return join_texts(run, node, a->string, b->string, value);
    }
    if (a->type == CEL_LIST && b->type == CEL_LIST && node->op == OP_ADD) {
        return join_lists(run, node, a, b, value);
    }
    return cel_fail_overload(run, node, a, b);
}

bool cel_apply_negate(struct cel_run *run, const struct cel_node *node, const struct cel_value *a,
                      struct cel_value *value)
{
    if (a->type == CEL_DOUBLE) {
        value->type = CEL_DOUBLE;
        value->number = -a->number;
        return true;
    }
    if (a->type != CEL_INT) {
        return cel_fail_overload(run, node, a, NULL);
    }
    if (a->integer == INT64_MIN) {
        return cel_fail(run, FAILURE_OVERFLOW, node);
    }
    value->type = CEL_INT;
    value->integer = -a->integer;
    return true;
}
