#include <stdio.h>
#include <string.h>

#include "definition/cel_node.h"

#define NAME_BYTES_MAX 256   // of a dotted name such as item.fire_check.result
#define NAME_DISTANCE_MAX 3  // edits between what was written and what was perhaps meant

/* What stands for the variable of a macro while its body is checked. */
struct local {
    struct bl_text name;
    enum cel_type type;
    const struct cel_variable *elements_of;  // the list it runs over, where it is a variable
};

struct checker {
    struct cel_source *source;
    const struct cel_schema *schema;
    bool *used;
    uint32_t local_count;
    struct local locals[CEL_MACROS_NESTED_MAX];
};

static enum bl_err check(struct checker *checker, struct cel_node *node);

#define check_error(checker, node, ...)                                                            \
    cel_error((checker)->source->e, BL_DEFINITION, (checker)->source->at, (node)->at, __VA_ARGS__)

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
static enum bl_err misfit(const struct checker *checker, struct cel_node *node,
                          enum cel_type result, const char *what)
{
    node->type = result;
    return checker->schema->open ? BL_OK : check_error(checker, node, "%s", what);
}

#define misfit_with(checker, node, result, ...)                                                    \
    misfit(checker, node, result, bl_arena_printf((checker)->source->arena, __VA_ARGS__))

/* ---- names ---- */

/* The part of a dotted name at `at`: up to the next dot. */
static size_t segment_bytes(const char *name)
{
    return strcspn(name, ".");
}

/* Is `name` the whole `path`, or does it go on behind it with a dot? */
static bool is_below(const char *name, const char *path, size_t bytes)
{
    return strncmp(name, path, bytes) == 0 && (name[bytes] == '.' || name[bytes] == '\0');
}

/* The known name nearest to `written` among those behind the first `prefix` bytes of `path`. */
static bool nearest_segment(const struct cel_schema *schema, const char *path, size_t prefix,
                            const char *written, char nearest[NAME_BYTES_MAX])
{
    uint32_t best = NAME_DISTANCE_MAX + 1;
    size_t skip = prefix == 0 ? 0 : prefix + 1;

    for (size_t i = 0; i < schema->count; i++) {
        const char *name = schema->variables[i].name;
        char segment[NAME_BYTES_MAX];
        if (prefix > 0 && (!is_below(name, path, prefix) || name[prefix] != '.')) {
            continue;
        }
        (void)snprintf(segment, sizeof segment, "%.*s", (int)segment_bytes(name + skip),
                       name + skip);
        uint32_t distance = bl_text_distance(written, segment, NAME_DISTANCE_MAX);
        if (distance < best) {
            best = distance;
            memcpy(nearest, segment, sizeof segment);
        }
    }
    return best <= NAME_DISTANCE_MAX && best < strlen(written);
}

/* A whole name whose last part is `written`: somebody left out the "form.". */
static const char *name_ending_with(const struct cel_schema *schema, const char *written)
{
    for (size_t i = 0; i < schema->count; i++) {
        const char *dot = strrchr(schema->variables[i].name, '.');
        if (dot != NULL && strcmp(dot + 1, written) == 0) {
            return schema->variables[i].name;
        }
    }
    return NULL;
}

/* `node` names `written` behind the first `prefix` bytes of `path`, and there is no such name. */
static enum bl_err unknown_name(const struct checker *checker, const struct cel_node *node,
                                const char *path, size_t prefix)
{
    char written[NAME_BYTES_MAX], nearest[NAME_BYTES_MAX], what[2 * NAME_BYTES_MAX];
    const char *whole = NULL;

    (void)snprintf(written, sizeof written, "%.*s", (int)node->name.bytes, node->name.at);
    if (prefix == 0) {
        (void)snprintf(what, sizeof what, "unknown name \"%.100s\"", written);
        whole = name_ending_with(checker->schema, written);
    } else {
        (void)snprintf(what, sizeof what, "\"%.*s\" has no \"%.100s\"",
                       (int)(prefix < 100 ? prefix : 100), path, written);
    }
    if (whole == NULL && nearest_segment(checker->schema, path, prefix, written, nearest)) {
        whole = nearest;
    }
    return whole == NULL ? check_error(checker, node, "%s", what)
                         : check_error(checker, node, "%s; did you mean \"%.100s\"?", what, whole);
}

/* The variable of this dotted path, or else the first whose name begins with it, or NULL. */
static const struct cel_variable *find_path(const struct cel_schema *schema, const char *path,
                                            size_t bytes)
{
    const struct cel_variable *below = NULL;

    for (size_t i = 0; i < schema->count; i++) {
        const struct cel_variable *variable = &schema->variables[i];
        if (is_below(variable->name, path, bytes)) {
            if (variable->name[bytes] == '\0') {
                return variable;
            }
            below = below == NULL ? variable : below;
        }
    }
    return below;
}

static void become_slot(struct checker *checker, struct cel_node *node,
                        const struct cel_variable *variable)
{
    node->op = OP_SLOT;
    node->a = NULL;
    node->index = (uint32_t)(variable - checker->schema->variables);
    node->type = variable->type;
    node->element = variable->element;
    node->value.type = variable->type == CEL_DYN ? CEL_NULL : variable->type;
    if (variable->type == CEL_STRING) {
        node->value.string = (struct bl_text){ "", 0 };
    }
    checker->used[node->index] = true;
}

/* Resolves a chain root.field.field… whose root is a name: its longest beginning that is a
 * variable becomes a slot; fields behind it stay selections. */
static enum bl_err resolve_chain(struct checker *checker, struct cel_node *const *chain,
                                 size_t count)
{
    char path[NAME_BYTES_MAX];
    size_t bytes = 0, end = 0;
    const struct cel_variable *variable = NULL, *found = NULL;

    for (size_t i = 0; i < count; i++) {
        size_t before = bytes;
        if (bytes + chain[i]->name.bytes + 2 > sizeof path) {
            return check_error(checker, chain[i], "the name is longer than %d bytes",
                               NAME_BYTES_MAX - 2);
        }
        bytes += (size_t)snprintf(path + bytes, sizeof path - bytes, "%s%.*s", i == 0 ? "" : ".",
                                  (int)chain[i]->name.bytes, chain[i]->name.at);
        variable = find_path(checker->schema, path, bytes);
        if (variable == NULL && found == NULL) {
            return unknown_name(checker, chain[i], path, before);
        }
        if (variable == NULL) {
            break;
        }
        if (variable->name[bytes] == '\0') {
            found = variable;
            end = i;
        }
    }
    if (found == NULL) {
        return check_error(
            checker, chain[count - 1],
            "\"%.100s\" is no value by itself; write a field of it, such as \"%.100s\"", path,
            variable->name);
    }
    become_slot(checker, chain[end], found);
    return BL_OK;
}

static bool find_local(const struct checker *checker, struct bl_text name, uint32_t *index)
{
    for (uint32_t i = checker->local_count; i > 0; i--) {
        if (bl_text_equal(checker->locals[i - 1].name, name)) {
            *index = i - 1;
            return true;
        }
    }
    return false;
}

/* A name, or fields of one: nothing to do where the root is something else. */
static enum bl_err resolve(struct checker *checker, struct cel_node *node)
{
    struct cel_node *chain[CEL_DEPTH_MAX];
    size_t count = node->depth, at = count;

    for (struct cel_node *step = node; step != NULL; step = step->a) {
        chain[--at] = step;
        if (step->op == OP_NAME) {
            break;
        }
        if (step->op != OP_SELECT) {
            return BL_OK;
        }
    }
    struct cel_node *root = chain[at];
    if (find_local(checker, root->name, &root->index)) {
        root->op = OP_LOCAL;
        root->type = checker->locals[root->index].type;
        return BL_OK;
    }
    return resolve_chain(checker, chain + at, count - at);
}

/* ---- options ---- */

/* The variable whose options bind the values of this node, or NULL. */
static const struct cel_variable *options_of(const struct checker *checker,
                                             const struct cel_node *node)
{
    const struct cel_variable *variable = NULL;

    if (node->op == OP_SLOT) {
        variable = &checker->schema->variables[node->index];
    } else if (node->op == OP_LOCAL) {
        variable = checker->locals[node->index].elements_of;
    }
    return variable != NULL && variable->option_count > 0 ? variable : NULL;
}

static enum bl_err check_option(const struct checker *checker, const struct cel_variable *variable,
                                const struct cel_node *literal)
{
    char written[NAME_BYTES_MAX];
    const char *nearest = NULL;
    uint32_t best = NAME_DISTANCE_MAX + 1;

    if (literal->op != OP_LITERAL || literal->value.type != CEL_STRING ||
        literal->value.string.bytes == 0) {
        return BL_OK;
    }
    (void)snprintf(written, sizeof written, "%.*s", cel_shown_bytes(literal->value.string, 80),
                   literal->value.string.at);
    for (size_t i = 0; i < variable->option_count; i++) {
        if (bl_text_is(literal->value.string, variable->options[i])) {
            return BL_OK;
        }
        uint32_t distance = bl_text_distance(written, variable->options[i], NAME_DISTANCE_MAX);
        if (distance < best) {
            best = distance;
            nearest = variable->options[i];
        }
    }
    return nearest == NULL
               ? check_error(checker, literal, "%.80s is never \"%s\"", variable->name, written)
               : check_error(checker, literal, "%.80s is never \"%s\"; did you mean \"%.60s\"?",
                             variable->name, written, nearest);
}

/* Literals that are compared with a variable of few values must be among these. */
static enum bl_err check_options(const struct checker *checker, const struct cel_node *node,
                                 const struct cel_node *other)
{
    const struct cel_variable *variable = options_of(checker, node);
    enum bl_err err = BL_OK;

    if (variable == NULL) {
        return BL_OK;
    }
    for (uint32_t i = 0; i < other->count && err == BL_OK; i++) {
        err = check_option(checker, variable, other->items[i]);
    }
    return err == BL_OK ? check_option(checker, variable, other) : err;
}

/* ---- operators ---- */

static enum bl_err check_select(const struct checker *checker, struct cel_node *node)
{
    if (!may_be(node->a->type, CEL_MAP)) {
        return misfit_with(checker, node, CEL_DYN, "a value of type %s has no field \"%.*s\"",
                           cel_type_name(node->a->type), (int)node->name.bytes, node->name.at);
    }
    return typed(node, CEL_DYN);
}

static enum bl_err check_index(const struct checker *checker, struct cel_node *node)
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

static enum bl_err check_logic(const struct checker *checker, struct cel_node *node)
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

static enum bl_err check_if(const struct checker *checker, struct cel_node *node)
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

static enum bl_err check_equal(const struct checker *checker, struct cel_node *node)
{
    enum cel_type a = node->a->type, b = node->b->type;
    enum bl_err err = check_options(checker, node->a, node->b);

    err = err == BL_OK ? check_options(checker, node->b, node->a) : err;
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

static enum bl_err check_order(const struct checker *checker, struct cel_node *node)
{
    enum cel_type a = node->a->type, b = node->b->type;

    if (!has_order(a) || !has_order(b) || !may_compare(a, b)) {
        return misfit_with(checker, node, CEL_BOOL, "\"%s\" cannot compare %s with %s",
                           cel_op_name(node->op), cel_type_name(a), cel_type_name(b));
    }
    return typed(node, CEL_BOOL);
}

static enum bl_err check_in(const struct checker *checker, struct cel_node *node)
{
    enum cel_type range = node->b->type;
    enum bl_err err = check_options(checker, node->a, node->b);

    err = err == BL_OK ? check_options(checker, node->b, node->a) : err;
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

static enum bl_err check_arithmetic(const struct checker *checker, struct cel_node *node)
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

static enum bl_err misfit_argument(const struct checker *checker, struct cel_node *node,
                                   enum cel_type result, enum cel_type given)
{
    return misfit_with(checker, node, result, "%s() does not take %s", cel_op_name(node->op),
                       cel_type_name(given));
}

static enum bl_err check_size(const struct checker *checker, struct cel_node *node)
{
    enum cel_type a = node->a->type;

    if (!may_be(a, CEL_STRING) && a != CEL_LIST && a != CEL_MAP) {
        return misfit_argument(checker, node, CEL_INT, a);
    }
    return typed(node, CEL_INT);
}

static enum bl_err check_text(const struct checker *checker, struct cel_node *node)
{
    if (!may_be(node->a->type, CEL_STRING) || !may_be(node->b->type, CEL_STRING)) {
        return misfit_argument(checker, node, CEL_BOOL,
                               may_be(node->a->type, CEL_STRING) ? node->b->type : node->a->type);
    }
    return typed(node, CEL_BOOL);
}

static enum bl_err check_matches(const struct checker *checker, struct cel_node *node)
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

static enum bl_err check_conversion(const struct checker *checker, struct cel_node *node,
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

static enum bl_err check_map(const struct checker *checker, struct cel_node *node)
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

static enum bl_err push_local(struct checker *checker, struct cel_node *node)
{
    const struct cel_node *range = node->a;

    if (checker->local_count == CEL_MACROS_NESTED_MAX) {
        return cel_error(checker->source->e, BL_TOO_LARGE, checker->source->at, node->at,
                         "macros are nested deeper than %d", CEL_MACROS_NESTED_MAX);
    }
    node->index = checker->local_count;
    checker->locals[checker->local_count++] = (struct local){
        .name = node->name,
        .type = range->type == CEL_LIST ? range->element : CEL_DYN,
        .elements_of = range->op == OP_SLOT ? options_of(checker, range) : NULL,
    };
    return BL_OK;
}

static enum bl_err check_macro_type(const struct checker *checker, struct cel_node *node)
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

static enum bl_err check_macro(struct checker *checker, struct cel_node *node)
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

static enum bl_err check_children(struct checker *checker, struct cel_node *node)
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
static enum bl_err check_node(struct checker *checker, struct cel_node *node)
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

static enum bl_err check(struct checker *checker, struct cel_node *node)
{
    if (is_macro(node->op)) {
        return check_macro(checker, node);
    }
    if (node->op == OP_NAME || node->op == OP_SELECT) {
        enum bl_err err = resolve(checker, node);
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
    struct checker checker = { .source = source, .schema = schema, .used = used };

    return check(&checker, root);
}
