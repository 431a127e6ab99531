#include <string.h>

#include "definition/cel_node.h"

#define BYTES_PER_STEP 64  // of text that is looked through

/* ---- failures and bounds ---- */

bool cel_fail(struct cel_run *run, enum cel_failure_kind kind, const struct cel_node *node)
{
    run->failure = (struct cel_failure){ .kind = kind, .node = node };
    return false;
}

bool cel_fail_overload(struct cel_run *run, const struct cel_node *node, const struct cel_value *a,
                       const struct cel_value *b)
{
    run->failure = (struct cel_failure){
        .kind = FAILURE_OVERLOAD,
        .node = node,
        .types = { a->type, b == NULL ? CEL_DYN : b->type },
    };
    return false;
}

bool cel_charge(struct cel_run *run, const struct cel_node *node, size_t steps)
{
    if (steps > run->steps_left) {
        run->steps_left = 0;
        return cel_fail(run, FAILURE_STEPS, node);
    }
    run->steps_left -= (uint32_t)steps;
    return true;
}

void *cel_scratch(struct cel_run *run, const struct cel_node *node, size_t bytes)
{
    void *memory = bl_arena_try(run->scratch, bytes == 0 ? 1 : bytes);  // NULL is for failure only

    if (memory == NULL) {
        (void)cel_fail(run, FAILURE_MEMORY, node);
    }
    return memory;
}

/* May && and || forget this failure? Not when the evaluation itself has come to an end. */
static bool is_final(const struct cel_run *run)
{
    return run->failure.kind >= FAILURE_PATTERN_STEPS;
}

static bool give_bool(struct cel_value *value, bool boolean)
{
    value->type = CEL_BOOL;
    value->boolean = boolean;
    return true;
}

static bool give_int(struct cel_value *value, size_t integer)
{
    value->type = CEL_INT;
    value->integer = (int64_t)integer;
    return true;
}

/* ---- variables and fields ---- */

static bool run_slot(struct cel_run *run, const struct cel_node *node, struct cel_value *value)
{
    if (run->folding) {
        return cel_fail(run, FAILURE_UNKNOWN, node);
    }
    if (run->scope == NULL || !run->scope->get(run->scope->context, node->index, value)) {
        *value = node->value;
    }
    return true;
}

static bool run_local(struct cel_run *run, const struct cel_node *node, struct cel_value *value)
{
    if (node->index < run->locals_unknown) {
        return cel_fail(run, FAILURE_UNKNOWN, node);
    }
    *value = run->locals[node->index];
    return true;
}

/* The value of a key, or NULL. Keys of other types than the map's are simply not there. */
static const struct cel_value *find_key(struct cel_run *run, const struct cel_node *node,
                                        const struct cel_value *map, const struct cel_value *key)
{
    bool equal = false;

    for (size_t i = 0; i < map->map.count; i++) {
        if (!cel_apply_equal(run, node, &map->map.at[2 * i], key, &equal)) {
            return NULL;
        }
        if (equal) {
            return &map->map.at[2 * i + 1];
        }
    }
    (void)cel_fail(run, FAILURE_KEY, node);
    return NULL;
}

/* The field of an OP_SELECT, or NULL and a failure. */
static const struct cel_value *find_field(struct cel_run *run, const struct cel_node *node)
{
    struct cel_value map, key = { .type = CEL_STRING, .string = node->name };

    if (!cel_run_node(run, node->a, &map)) {
        return NULL;
    }
    if (map.type != CEL_MAP) {
        (void)cel_fail_overload(run, node, &map, NULL);
        return NULL;
    }
    return find_key(run, node, &map, &key);
}

static bool run_select(struct cel_run *run, const struct cel_node *node, struct cel_value *value)
{
    const struct cel_value *field = find_field(run, node);

    if (field == NULL) {
        return false;
    }
    *value = *field;
    return true;
}

static bool run_has(struct cel_run *run, const struct cel_node *node, struct cel_value *value)
{
    if (node->a->op == OP_SLOT) {
        if (run->folding) {
            return cel_fail(run, FAILURE_UNKNOWN, node);
        }
        return give_bool(value, run->scope != NULL &&
                                    run->scope->get(run->scope->context, node->a->index, value));
    }
    if (find_field(run, node->a) != NULL) {
        return give_bool(value, true);
    }
    /* Only the field itself may be missing, nothing on the way to it. */
    return run->failure.kind == FAILURE_KEY && run->failure.node == node->a &&
           give_bool(value, false);
}

static bool index_list(struct cel_run *run, const struct cel_node *node,
                       const struct cel_value *list, const struct cel_value *index,
                       struct cel_value *value)
{
    int64_t at = index->integer;

    if (index->type == CEL_DOUBLE) {  // 1.0 is an index, 1.5 is none
        at = index->number >= 0 && index->number < 1e9 ? (int64_t)index->number : -1;
        at = (double)at == index->number ? at : -1;
    } else if (index->type != CEL_INT) {
        return cel_fail_overload(run, node, list, index);
    }
    if (at < 0 || (uint64_t)at >= list->list.count) {
        return cel_fail(run, FAILURE_RANGE, node);
    }
    *value = list->list.at[at];
    return true;
}

static bool run_index(struct cel_run *run, const struct cel_node *node, struct cel_value *value)
{
    struct cel_value range, index;

    if (!cel_run_node(run, node->a, &range) || !cel_run_node(run, node->b, &index)) {
        return false;
    }
    if (range.type == CEL_LIST) {
        return index_list(run, node, &range, &index, value);
    }
    if (range.type != CEL_MAP) {
        return cel_fail_overload(run, node, &range, &index);
    }
    const struct cel_value *found = find_key(run, node, &range, &index);
    if (found == NULL) {
        return false;
    }
    *value = *found;
    return true;
}

/* ---- literals with parts ---- */

static const struct cel_value *run_items(struct cel_run *run, const struct cel_node *node)
{
    struct cel_value *items = cel_scratch(run, node, node->count * sizeof *items);

    for (uint32_t i = 0; items != NULL && i < node->count; i++) {
        if (!cel_run_node(run, node->items[i], &items[i])) {
            return NULL;
        }
    }
    return items;
}

static bool run_list(struct cel_run *run, const struct cel_node *node, struct cel_value *value)
{
    const struct cel_value *items = run_items(run, node);

    if (items == NULL) {
        return false;
    }
    value->type = CEL_LIST;
    value->list.at = items;
    value->list.count = node->count;
    return true;
}

static bool is_key(const struct cel_value *value)
{
    return value->type == CEL_STRING || value->type == CEL_INT || value->type == CEL_BOOL;
}

static bool run_map(struct cel_run *run, const struct cel_node *node, struct cel_value *value)
{
    const struct cel_value *items = run_items(run, node);
    bool equal = false;

    if (items == NULL) {
        return false;
    }
    for (uint32_t i = 0; i < node->count; i += 2) {
        if (!is_key(&items[i])) {
            return cel_fail(run, FAILURE_KEY_TYPE, node->items[i]);
        }
        for (uint32_t j = 0; j < i; j += 2) {
            if (!cel_apply_equal(run, node, &items[i], &items[j], &equal)) {
                return false;
            }
            if (equal) {
                return cel_fail(run, FAILURE_KEY_TWICE, node->items[i]);
            }
        }
    }
    value->type = CEL_MAP;
    value->map.at = items;
    value->map.count = node->count / 2;
    return true;
}

/* ---- logic ---- */

/* A condition: a bool, or a failure. */
static bool run_condition(struct cel_run *run, const struct cel_node *node,
                          const struct cel_node *blame, bool *condition)
{
    struct cel_value value;

    if (!cel_run_node(run, node, &value)) {
        return false;
    }
    if (value.type != CEL_BOOL) {
        return cel_fail_overload(run, blame, &value, NULL);
    }
    *condition = value.boolean;
    return true;
}

/* && and ||: the side that settles the result does so even beside a failure on the other side. */
static bool run_logic(struct cel_run *run, const struct cel_node *node, struct cel_value *value)
{
    bool settling = node->op == OP_OR, left = false, right = false;
    bool left_ok = run_condition(run, node->a, node, &left);

    if (left_ok && left == settling) {
        return give_bool(value, settling);
    }
    if (!left_ok && is_final(run)) {
        return false;
    }
    struct cel_failure failure = run->failure;
    if (!run_condition(run, node->b, node, &right)) {
        if (!left_ok && !is_final(run)) {
            run->failure = failure;
        }
        return false;
    }
    if (left_ok || right == settling) {
        return give_bool(value, right);
    }
    run->failure = failure;
    return false;
}

static bool run_not(struct cel_run *run, const struct cel_node *node, struct cel_value *value)
{
    bool condition = false;

    return run_condition(run, node->a, node, &condition) && give_bool(value, !condition);
}

static bool run_if(struct cel_run *run, const struct cel_node *node, struct cel_value *value)
{
    bool condition = false;

    return run_condition(run, node->a, node, &condition) &&
           cel_run_node(run, condition ? node->b : node->c, value);
}

/* ---- operators on two values ---- */

static bool run_in(struct cel_run *run, const struct cel_node *node, const struct cel_value *a,
                   const struct cel_value *range, struct cel_value *value)
{
    bool equal = false, is_map = range->type == CEL_MAP;
    size_t step = is_map ? 2 : 1, count = is_map ? range->map.count : range->list.count;
    const struct cel_value *at = is_map ? range->map.at : range->list.at;

    if (!is_map && range->type != CEL_LIST) {
        return cel_fail_overload(run, node, a, range);
    }
    for (size_t i = 0; i < count && !equal; i++) {
        if (!cel_apply_equal(run, node, a, &at[i * step], &equal)) {
            return false;
        }
    }
    return give_bool(value, equal);
}

static bool run_binary(struct cel_run *run, const struct cel_node *node, struct cel_value *value)
{
    struct cel_value a, b;
    bool equal;

    if (!cel_run_node(run, node->a, &a) || !cel_run_node(run, node->b, &b)) {
        return false;
    }
    if (node->op == OP_IN) {
        return run_in(run, node, &a, &b, value);
    }
    if (node->op == OP_EQUAL || node->op == OP_NOT_EQUAL) {
        return cel_apply_equal(run, node, &a, &b, &equal) &&
               give_bool(value, equal == (node->op == OP_EQUAL));
    }
    if (node->op >= OP_LESS && node->op <= OP_GREATER_EQUAL) {
        return cel_apply_order(run, node, &a, &b, value);
    }
    return cel_apply_arithmetic(run, node, &a, &b, value);
}

/* ---- functions ---- */

static bool run_size(struct cel_run *run, const struct cel_node *node, struct cel_value *value)
{
    struct cel_value a;

    if (!cel_run_node(run, node->a, &a)) {
        return false;
    }
    if (a.type == CEL_LIST) {
        return give_int(value, a.list.count);
    }
    if (a.type == CEL_MAP) {
        return give_int(value, a.map.count);
    }
    if (a.type != CEL_STRING) {
        return cel_fail_overload(run, node, &a, NULL);
    }
    return cel_charge(run, node, a.string.bytes / BYTES_PER_STEP) &&
           give_int(value, bl_text_characters(a.string.at, a.string.bytes));
}

static bool run_pattern(struct cel_run *run, const struct cel_node *node, struct bl_text text,
                        struct bl_text pattern_text, struct cel_value *value)
{
    const struct cel_pattern *pattern = node->pattern;
    size_t bytes_left = CEL_RUN_PATTERN_BYTES_MAX;

    if (!cel_charge(run, node, CEL_PATTERN_STEPS)) {
        return false;
    }
    if (pattern == NULL) {
        enum bl_err err =
            cel_pattern_compile(pattern_text, run->scratch, &bytes_left, &pattern, NULL);
        if (err != BL_OK) {
            return cel_fail(run, err == BL_TOO_LARGE ? FAILURE_MEMORY : FAILURE_PATTERN, node);
        }
    }
    enum cel_match match = cel_pattern_match(pattern, text);
    return match == CEL_MATCH_LIMIT ? cel_fail(run, FAILURE_PATTERN_STEPS, node)
                                    : give_bool(value, match == CEL_MATCH_YES);
}

/* startsWith, endsWith, contains, matches. */
static bool run_text(struct cel_run *run, const struct cel_node *node, struct cel_value *value)
{
    struct cel_value a, b;

    if (!cel_run_node(run, node->a, &a) || !cel_run_node(run, node->b, &b)) {
        return false;
    }
    if (a.type != CEL_STRING || b.type != CEL_STRING) {
        return cel_fail_overload(run, node, &a, &b);
    }
    struct bl_text text = a.string, part = b.string;
    if (!cel_charge(run, node, (text.bytes + part.bytes) / BYTES_PER_STEP)) {
        return false;
    }
    if (node->op == OP_MATCHES) {
        return run_pattern(run, node, text, part, value);
    }
    if (node->op == OP_CONTAINS) {
        return give_bool(value, memmem(text.at, text.bytes, part.at, part.bytes) != NULL);
    }
    size_t skip = node->op == OP_ENDS_WITH ? text.bytes - part.bytes : 0;
    return give_bool(value,
                     part.bytes <= text.bytes && memcmp(text.at + skip, part.at, part.bytes) == 0);
}

static bool run_unary(struct cel_run *run, const struct cel_node *node, struct cel_value *value)
{
    struct cel_value a;

    if (!cel_run_node(run, node->a, &a)) {
        return false;
    }
    if (node->op == OP_TO_DYN) {
        *value = a;
        return true;
    }
    return node->op == OP_NEGATE ? cel_apply_negate(run, node, &a, value)
                                 : cel_apply_conversion(run, node, &a, value);
}

/* ---- macros ---- */

/* What a macro runs over: the elements of a list or the keys of a map. */
struct range {
    const struct cel_value *at;
    size_t count, step;
};

static bool run_range(struct cel_run *run, const struct cel_node *node, struct range *range)
{
    struct cel_value value;

    if (!cel_run_node(run, node->a, &value)) {
        return false;
    }
    if (value.type == CEL_LIST) {
        *range = (struct range){ value.list.at, value.list.count, 1 };
        return true;
    }
    if (value.type == CEL_MAP) {
        *range = (struct range){ value.map.at, value.map.count, 2 };
        return true;
    }
    return cel_fail_overload(run, node, &value, NULL);
}

/* all and exists: the element that settles the result does so even beside failures. */
static bool run_quantifier(struct cel_run *run, const struct cel_node *node,
                           struct cel_value *value)
{
    struct range range;
    struct cel_failure failure;
    bool settling = node->op == OP_EXISTS, failed = false;

    if (!run_range(run, node, &range)) {
        return false;
    }
    for (size_t i = 0; i < range.count; i++) {
        bool condition = !settling;
        run->locals[node->index] = range.at[i * range.step];
        if (!run_condition(run, node->b, node, &condition)) {
            if (is_final(run)) {
                return false;
            }
            failure = failed ? failure : run->failure;
            failed = true;
        } else if (condition == settling) {
            return give_bool(value, settling);
        }
    }
    if (failed) {
        run->failure = failure;
        return false;
    }
    return give_bool(value, !settling);
}

static bool run_exists_one(struct cel_run *run, const struct cel_node *node,
                           struct cel_value *value)
{
    struct range range;
    size_t found = 0;

    if (!run_range(run, node, &range)) {
        return false;
    }
    for (size_t i = 0; i < range.count; i++) {
        bool condition = false;
        run->locals[node->index] = range.at[i * range.step];
        if (!run_condition(run, node->b, node, &condition)) {
            return false;
        }
        found += condition;
    }
    return give_bool(value, found == 1);
}

/* What filter and map keep of one element: `*keep` false for nothing. */
static bool run_element(struct cel_run *run, const struct cel_node *node,
                        const struct cel_value *element, bool *keep, struct cel_value *value)
{
    const struct cel_node *transform = node->c == NULL ? node->b : node->c;

    *keep = true;
    run->locals[node->index] = *element;
    if (node->op == OP_FILTER || node->c != NULL) {
        if (!run_condition(run, node->b, node, keep) || !*keep) {
            return !*keep;
        }
    }
    if (node->op == OP_FILTER) {
        *value = *element;
        return true;
    }
    return cel_run_node(run, transform, value);
}

/* filter and map: a list of what is kept. */
static bool run_collect(struct cel_run *run, const struct cel_node *node, struct cel_value *value)
{
    struct range range;
    size_t kept = 0;

    if (!run_range(run, node, &range) || !cel_charge(run, node, range.count)) {
        return false;
    }
    struct cel_value *items = cel_scratch(run, node, range.count * sizeof *items);
    for (size_t i = 0; items != NULL && i < range.count; i++) {
        bool keep;
        if (!run_element(run, node, &range.at[i * range.step], &keep, &items[kept])) {
            return false;
        }
        kept += keep;
    }
    value->type = CEL_LIST;
    value->list.at = items;
    value->list.count = kept;
    return items != NULL;
}

/* ---- the switch ---- */

bool cel_run_node(struct cel_run *run, const struct cel_node *node, struct cel_value *value)
{
    if (run->steps_left == 0) {
        return cel_fail(run, FAILURE_STEPS, node);
    }
    run->steps_left--;
    switch (node->op) {
    case OP_LITERAL:
        *value = node->value;
        return true;
    case OP_SLOT:
        return run_slot(run, node, value);
    case OP_LOCAL:
        return run_local(run, node, value);
    case OP_LIST:
        return run_list(run, node, value);
    case OP_MAP:
        return run_map(run, node, value);
    case OP_SELECT:
        return run_select(run, node, value);
    case OP_HAS:
        return run_has(run, node, value);
    case OP_INDEX:
        return run_index(run, node, value);
    case OP_NOT:
        return run_not(run, node, value);
    case OP_AND:
    case OP_OR:
        return run_logic(run, node, value);
    case OP_IF:
        return run_if(run, node, value);
    case OP_EQUAL:
    case OP_NOT_EQUAL:
    case OP_LESS:
    case OP_LESS_EQUAL:
    case OP_GREATER:
    case OP_GREATER_EQUAL:
    case OP_IN:
    case OP_ADD:
    case OP_SUBTRACT:
    case OP_MULTIPLY:
    case OP_DIVIDE:
    case OP_MODULO:
        return run_binary(run, node, value);
    case OP_SIZE:
        return run_size(run, node, value);
    case OP_STARTS_WITH:
    case OP_ENDS_WITH:
    case OP_CONTAINS:
    case OP_MATCHES:
        return run_text(run, node, value);
    case OP_NEGATE:
    case OP_TO_INT:
    case OP_TO_DOUBLE:
    case OP_TO_STRING:
    case OP_TO_BOOL:
    case OP_TO_DYN:
        return run_unary(run, node, value);
    case OP_ALL:
    case OP_EXISTS:
        return run_quantifier(run, node, value);
    case OP_EXISTS_ONE:
        return run_exists_one(run, node, value);
    case OP_FILTER:
    case OP_COLLECT:
        return run_collect(run, node, value);
    case OP_NAME:
        break;  // the checker has left none
    }
    UNREACHABLE();
}
