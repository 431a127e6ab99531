#include "definition/cel_checker.h"

static enum bl_err check(struct cel_checker *checker, struct cel_node *node);

/* ---- types ---- */

static bool may_be(enum cel_type type, enum cel_type wanted)
{
    return type == wanted || type == CEL_DYN;
}

static bool may_be_number(enum cel_type type)
{
    return type == CEL_INT || type == CEL_DOUBLE || type == CEL_DYN;
}

/* Can values of these types be equal, or be ordered? */
static bool may_compare(enum cel_type a, enum cel_type b)
{
    return a == b || a == CEL_DYN || b == CEL_DYN || (may_be_number(a) && may_be_number(b));
}

static enum bl_err typed(struct cel_node *node, enum cel_type type)
{
    node->type = type;
    return BL_OK;
}

/* The types do not fit: an error, or, where they are not checked, left to the evaluation. */
static enum bl_err misfit(const struct cel_checker *checker, struct cel_node *node,
                          enum cel_type result, const char *what)
{
    node->type = result;
    return checker->schema->open ? BL_OK : check_error(checker, node, "%s", what);
}

#define misfit_with(checker, node, result, ...)                                                    \
    misfit(checker, node, result, bl_arena_printf((checker)->source->arena, __VA_ARGS__))

/* ---- operators ---- */

static enum bl_err check_select(const struct cel_checker *checker, struct cel_node *node)
{
    if (!may_be(node->a->type, CEL_MAP)) {
        return misfit_with(checker, node, CEL_DYN, "a value of type %s has no field \"%.*s\"",
                           cel_type_name(node->a->type), (int)node->name.bytes, node->name.at);
    }
    return typed(node, CEL_DYN);
}

static enum bl_err check_index(const struct cel_checker *checker, struct cel_node *node)
{
    enum cel_type range = node->a->type, index = node->b->type;

    if (range == CEL_LIST && !may_be_number(index)) {
        return misfit_with(checker, node, CEL_DYN, "a list is indexed by int, not by %s",
                           cel_type_name(index));
    }
    if (range != CEL_LIST && !may_be(range, CEL_MAP)) {
        return misfit_with(checker, node, CEL_DYN, "a value of type %s cannot be indexed",
                           cel_type_name(range));
    }
    return typed(node, range == CEL_LIST ? node->a->element : CEL_DYN);
}

static enum bl_err check_logic(const struct cel_checker *checker, struct cel_node *node)
{
    const struct cel_node *operands[] = { node->a, node->b };

    for (size_t i = 0; i < BL_COUNT(operands); i++) {
        if (operands[i] != NULL && !may_be(operands[i]->type, CEL_BOOL)) {
            return misfit_with(checker, node, CEL_BOOL,
                               "\"%s\" joins conditions; %s is none, write a comparison",
                               cel_op_name(node->op), cel_type_name(operands[i]->type));
        }
    }
    return typed(node, CEL_BOOL);
}

static enum bl_err check_if(const struct cel_checker *checker, struct cel_node *node)
{
    enum cel_type yes = node->b->type, no = node->c->type;

    node->element = node->b->element == node->c->element ? node->b->element : CEL_DYN;
    if (!may_be(node->a->type, CEL_BOOL)) {
        return misfit_with(checker, node, CEL_DYN,
                           "what stands before \"?\" is %s, not a condition",
                           cel_type_name(node->a->type));
    }
    if (yes != no && yes != CEL_DYN && no != CEL_DYN) {
        return misfit_with(checker, node, CEL_DYN,
                           "\"? :\" gives %s or %s; both values must have one type",
                           cel_type_name(yes), cel_type_name(no));
    }
    return typed(node, yes == no ? yes : CEL_DYN);
}

static enum bl_err check_equal(const struct cel_checker *checker, struct cel_node *node)
{
    enum cel_type a = node->a->type, b = node->b->type;
    enum bl_err err = cel_check_options(checker, node->a, node->b);

    err = err == BL_OK ? cel_check_options(checker, node->b, node->a) : err;
    if (err != BL_OK) {
        return err;
    }
    if (!may_compare(a, b)) {
        return misfit_with(checker, node, CEL_BOOL, "%s and %s are never equal%s", cel_type_name(a),
                           cel_type_name(b),
                           a == CEL_NULL || b == CEL_NULL ? "; write has() to ask for a field"
                                                          : "");
    }
    if (a == CEL_LIST && b == CEL_LIST && !may_compare(node->a->element, node->b->element)) {
        return misfit_with(checker, node, CEL_BOOL, "lists of %s and of %s are never equal",
                           cel_type_name(node->a->element), cel_type_name(node->b->element));
    }
    return typed(node, CEL_BOOL);
}

static bool has_order(enum cel_type type)
{
    return may_be_number(type) || type == CEL_BOOL || type == CEL_STRING;
}

static enum bl_err check_order(const struct cel_checker *checker, struct cel_node *node)
{
    enum cel_type a = node->a->type, b = node->b->type;

    if (!has_order(a) || !has_order(b) || !may_compare(a, b)) {
        return misfit_with(checker, node, CEL_BOOL, "\"%s\" cannot compare %s with %s",
                           cel_op_name(node->op), cel_type_name(a), cel_type_name(b));
    }
    return typed(node, CEL_BOOL);
}

static enum bl_err check_in(const struct cel_checker *checker, struct cel_node *node)
{
    enum cel_type range = node->b->type;
    enum bl_err err = cel_check_options(checker, node->a, node->b);

    err = err == BL_OK ? cel_check_options(checker, node->b, node->a) : err;
    if (err != BL_OK) {
        return err;
    }
    if (range != CEL_LIST && !may_be(range, CEL_MAP)) {
        return misfit_with(checker, node, CEL_BOOL,
                           "\"in\" looks into a list or map, not into %s%s", cel_type_name(range),
                           range == CEL_STRING ? "; write text.contains(part)" : "");
    }
    if (range == CEL_LIST && !may_compare(node->a->type, node->b->element)) {
        return misfit_with(checker, node, CEL_BOOL, "a list of %s never has %s in it",
                           cel_type_name(node->b->element), cel_type_name(node->a->type));
    }
    return typed(node, CEL_BOOL);
}

static bool has_arithmetic(enum cel_op op, enum cel_type type)
{
    switch (type) {
    case CEL_DYN:
    case CEL_INT:
        return true;
    case CEL_DOUBLE:
        return op != OP_MODULO;
    case CEL_STRING:
    case CEL_LIST:
        return op == OP_ADD;
    case CEL_NULL:
    case CEL_BOOL:
    case CEL_MAP:
        return false;
    }
    UNREACHABLE();
}

static enum bl_err check_arithmetic(const struct cel_checker *checker, struct cel_node *node)
{
    enum cel_type a = node->a->type, b = node->b == NULL ? a : node->b->type;
    enum cel_type result = a == CEL_DYN ? b : a;
    bool fit = has_arithmetic(node->op, a) && has_arithmetic(node->op, b);

    if (fit && a != b && a != CEL_DYN && b != CEL_DYN) {
        const char *hint =
            may_be_number(a) && may_be_number(b) ? "; write 1.0 instead of 1, or double(…)" : "";
        return misfit_with(checker, node, CEL_DYN, "\"%s\" cannot join %s and %s%s",
                           cel_op_name(node->op), cel_type_name(a), cel_type_name(b), hint);
    }
    if (!fit) {
        return misfit_with(checker, node, CEL_DYN, "\"%s\" does not work on %s",
                           cel_op_name(node->op),
                           cel_type_name(has_arithmetic(node->op, a) ? b : a));
    }
    if (result == CEL_LIST && node->a->element == node->b->element) {
        node->element = node->a->element;
    }
    return typed(node, result);
}

/* ---- functions ---- */

static enum bl_err misfit_argument(const struct cel_checker *checker, struct cel_node *node,
                                   enum cel_type result, enum cel_type given)
{
    return misfit_with(checker, node, result, "%s() does not take %s", cel_op_name(node->op),
                       cel_type_name(given));
}

static enum bl_err check_size(const struct cel_checker *checker, struct cel_node *node)
{
    enum cel_type a = node->a->type;

    if (!may_be(a, CEL_STRING) && a != CEL_LIST && a != CEL_MAP) {
        return misfit_argument(checker, node, CEL_INT, a);
    }
    return typed(node, CEL_INT);
}

static enum bl_err check_text(const struct cel_checker *checker, struct cel_node *node)
{
    if (!may_be(node->a->type, CEL_STRING) || !may_be(node->b->type, CEL_STRING)) {
        return misfit_argument(checker, node, CEL_BOOL,
                               may_be(node->a->type, CEL_STRING) ? node->b->type : node->a->type);
    }
    return typed(node, CEL_BOOL);
}

static enum bl_err check_matches(const struct cel_checker *checker, struct cel_node *node)
{
    struct bl_error why = { .code = BL_OK };
    struct cel_source *source = checker->source;

    if (node->b->op == OP_LITERAL && node->b->value.type == CEL_STRING) {
        enum bl_err err = cel_pattern_compile(node->b->value.string, source->arena,
                                              &source->pattern_bytes_left, &node->pattern, &why);
        if (err != BL_OK) {
            return cel_error(source->e, err, source->at, node->b->at, "%s", why.text);
        }
    }
    return check_text(checker, node);
}

static enum bl_err check_conversion(const struct cel_checker *checker, struct cel_node *node,
                                    enum cel_type result)
{
    enum cel_type a = node->a->type;
    bool fit = may_be(a, CEL_STRING) || a == result;

    if (result != CEL_BOOL) {
        fit = fit || may_be_number(a) || (result == CEL_STRING && a == CEL_BOOL);
    }
    return fit ? typed(node, result) : misfit_argument(checker, node, result, a);
}

static enum bl_err check_list(struct cel_node *node)
{
    node->element = node->count == 0 ? CEL_DYN : node->items[0]->type;
    for (uint32_t i = 1; i < node->count; i++) {
        if (node->items[i]->type != node->element) {
            node->element = CEL_DYN;
        }
    }
    return typed(node, CEL_LIST);
}

static enum bl_err check_map(const struct cel_checker *checker, struct cel_node *node)
{
    for (uint32_t i = 0; i < node->count; i += 2) {
        enum cel_type key = node->items[i]->type;
        if (!may_be(key, CEL_STRING) && key != CEL_INT && key != CEL_BOOL) {
            return misfit_with(checker, node->items[i], CEL_MAP, "a map has no keys of type %s",
                               cel_type_name(key));
        }
    }
    return typed(node, CEL_MAP);
}

/* ---- macros ---- */

static enum bl_err push_local(struct cel_checker *checker, struct cel_node *node)
{
    const struct cel_node *range = node->a;

    if (checker->local_count == CEL_MACROS_NESTED_MAX) {
        return cel_error(checker->source->e, BL_TOO_LARGE, checker->source->at, node->at,
                         "macros are nested deeper than %d", CEL_MACROS_NESTED_MAX);
    }
    node->index = checker->local_count;
    checker->locals[checker->local_count++] = (struct cel_local){
        .name = node->name,
        .type = range->type == CEL_LIST ? range->element : CEL_DYN,
        .elements_of = range->op == OP_SLOT ? cel_options_of(checker, range) : NULL,
    };
    return BL_OK;
}

static enum bl_err check_macro_type(const struct cel_checker *checker, struct cel_node *node)
{
    bool is_condition = node->op != OP_COLLECT || node->c != NULL;

    if (!may_be(node->a->type, CEL_LIST) && node->a->type != CEL_MAP) {
        return misfit_with(checker, node, CEL_DYN, "%s() runs over a list or map, not over %s",
                           cel_op_name(node->op), cel_type_name(node->a->type));
    }
    if (is_condition && !may_be(node->b->type, CEL_BOOL)) {
        return misfit_with(checker, node, CEL_DYN, "%s() needs a condition, not %s",
                           cel_op_name(node->op), cel_type_name(node->b->type));
    }
    if (node->op == OP_FILTER) {
        node->element = node->a->element;
        return typed(node, CEL_LIST);
    }
    if (node->op == OP_COLLECT) {
        node->element = node->c == NULL ? node->b->type : node->c->type;
        return typed(node, CEL_LIST);
    }
    return typed(node, CEL_BOOL);
}

static enum bl_err check_macro(struct cel_checker *checker, struct cel_node *node)
{
    enum bl_err err = check(checker, node->a);

    err = err == BL_OK ? push_local(checker, node) : err;
    if (err != BL_OK) {
        return err;
    }
    err = check(checker, node->b);
    if (err == BL_OK && node->c != NULL) {
        err = check(checker, node->c);
    }
    checker->local_count--;
    return err == BL_OK ? check_macro_type(checker, node) : err;
}

/* ---- the walk ---- */

static enum bl_err check_children(struct cel_checker *checker, struct cel_node *node)
{
    struct cel_node *children[] = { node->a, node->b, node->c };
    enum bl_err err = BL_OK;

    for (size_t i = 0; i < BL_COUNT(children) && err == BL_OK; i++) {
        err = children[i] == NULL ? BL_OK : check(checker, children[i]);
    }
    for (uint32_t i = 0; i < node->count && err == BL_OK; i++) {
        err = check(checker, node->items[i]);
    }
    return err;
}

/* The type of a node whose children are checked. */
static enum bl_err check_node(struct cel_checker *checker, struct cel_node *node)
{
    switch (node->op) {
    case OP_LITERAL:
        return typed(node, node->value.type);
    case OP_SLOT:
    case OP_LOCAL:
        return BL_OK;  // resolved, with their types
    case OP_LIST:
        return check_list(node);
    case OP_MAP:
        return check_map(checker, node);
    case OP_SELECT:
        return check_select(checker, node);
    case OP_HAS:
        return typed(node, CEL_BOOL);
    case OP_INDEX:
        return check_index(checker, node);
    case OP_NOT:
    case OP_AND:
    case OP_OR:
        return check_logic(checker, node);
    case OP_IF:
        return check_if(checker, node);
    case OP_EQUAL:
    case OP_NOT_EQUAL:
        return check_equal(checker, node);
    case OP_LESS:
    case OP_LESS_EQUAL:
    case OP_GREATER:
    case OP_GREATER_EQUAL:
        return check_order(checker, node);
    case OP_IN:
        return check_in(checker, node);
    case OP_NEGATE:
    case OP_ADD:
    case OP_SUBTRACT:
    case OP_MULTIPLY:
    case OP_DIVIDE:
    case OP_MODULO:
        return check_arithmetic(checker, node);
    case OP_SIZE:
        return check_size(checker, node);
    case OP_STARTS_WITH:
    case OP_ENDS_WITH:
    case OP_CONTAINS:
        return check_text(checker, node);
    case OP_MATCHES:
        return check_matches(checker, node);
    case OP_TO_INT:
        return check_conversion(checker, node, CEL_INT);
    case OP_TO_DOUBLE:
        return check_conversion(checker, node, CEL_DOUBLE);
    case OP_TO_STRING:
        return check_conversion(checker, node, CEL_STRING);
    case OP_TO_BOOL:
        return check_conversion(checker, node, CEL_BOOL);
    case OP_TO_DYN:
        return typed(node, CEL_DYN);
    case OP_NAME:
    case OP_ALL:
    case OP_EXISTS:
    case OP_EXISTS_ONE:
    case OP_FILTER:
    case OP_COLLECT:
        break;  // names are resolved and macros checked before
    }
    UNREACHABLE();
}

static bool is_macro(enum cel_op op)
{
    return op >= OP_ALL;
}

static enum bl_err check(struct cel_checker *checker, struct cel_node *node)
{
    if (is_macro(node->op)) {
        return check_macro(checker, node);
    }
    if (node->op == OP_NAME || node->op == OP_SELECT) {
        enum bl_err err = cel_resolve(checker, node);
        if (err != BL_OK || node->op == OP_SLOT || node->op == OP_LOCAL) {
            return err;
        }
    }
    enum bl_err err = check_children(checker, node);
    return err == BL_OK ? check_node(checker, node) : err;
}

enum bl_err cel_check(struct cel_source *source, const struct cel_schema *schema,
                      struct cel_node *root, bool *used)
{
    struct cel_checker checker = { .source = source, .schema = schema, .used = used };

    return check(&checker, root);
}
