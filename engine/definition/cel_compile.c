#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "definition/cel_node.h"

#define FOLD_STEPS_MAX 20000                            // of one compilation
#define COMPILE_PATTERN_BYTES_MAX ((size_t)128 * 1024)  // of one expression

/* ---- messages ---- */

const char *cel_type_name(enum cel_type type)
{
    static const char *const names[] = {
        [CEL_DYN] = "dyn",       [CEL_NULL] = "null",     [CEL_BOOL] = "bool", [CEL_INT] = "int",
        [CEL_DOUBLE] = "double", [CEL_STRING] = "string", [CEL_LIST] = "list", [CEL_MAP] = "map",
    };

    return names[type];
}

const char *cel_op_name(enum cel_op op)
{
    // clang-format off
    static const char *const names[] = {
        [OP_LITERAL] = "literal",       [OP_NAME] = "name",             [OP_SLOT] = "variable",
        [OP_LOCAL] = "variable",        [OP_LIST] = "[]",               [OP_MAP] = "{}",
        [OP_SELECT] = ".",              [OP_HAS] = "has",               [OP_INDEX] = "[]",
        [OP_NOT] = "!",                 [OP_NEGATE] = "-",              [OP_AND] = "&&",
        [OP_OR] = "||",                 [OP_IF] = "? :",                [OP_EQUAL] = "==",
        [OP_NOT_EQUAL] = "!=",          [OP_LESS] = "<",                [OP_LESS_EQUAL] = "<=",
        [OP_GREATER] = ">",             [OP_GREATER_EQUAL] = ">=",      [OP_IN] = "in",
        [OP_ADD] = "+",                 [OP_SUBTRACT] = "-",            [OP_MULTIPLY] = "*",
        [OP_DIVIDE] = "/",              [OP_MODULO] = "%",              [OP_SIZE] = "size",
        [OP_STARTS_WITH] = "startsWith", [OP_ENDS_WITH] = "endsWith",   [OP_CONTAINS] = "contains",
        [OP_MATCHES] = "matches",       [OP_TO_INT] = "int",            [OP_TO_DOUBLE] = "double",
        [OP_TO_STRING] = "string",      [OP_TO_BOOL] = "bool",          [OP_TO_DYN] = "dyn",
        [OP_ALL] = "all",               [OP_EXISTS] = "exists",         [OP_EXISTS_ONE] = "exists_one",
        [OP_FILTER] = "filter",         [OP_COLLECT] = "map",
    };
    // clang-format on

    return names[op];
}

int cel_shown_bytes(struct bl_text text, size_t bytes_max)
{
    return (int)(text.bytes <= bytes_max ? text.bytes : bl_text_cut(text.at, bytes_max));
}

enum bl_err cel_error(struct bl_error *e, enum bl_err code, const char *source, size_t at,
                      const char *format, ...)
{
    char text[sizeof e->text];
    uint32_t line = 1;
    size_t start = 0;
    va_list arguments;

    for (size_t i = 0; i < at; i++) {
        if (source[i] == '\n') {
            line++;
            start = i + 1;
        }
    }
    va_start(arguments, format);
    int bytes = vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    if (bytes >= (int)sizeof text) {  // cut by bytes; the last character may be half of one
        text[bl_text_cut(text, sizeof text - 2)] = '\0';
    }
    return bl_error_at(e, code, NULL, line,
                       (uint32_t)bl_text_characters(source + start, at - start) + 1, "%s", text);
}

static enum bl_err overload_error(const struct cel *cel, const struct cel_failure *failure,
                                  struct bl_error *e)
{
    const char *op = cel_op_name(failure->node->op), *first = cel_type_name(failure->types[0]);

    return failure->types[1] == CEL_DYN ? cel_error(e, BL_INVALID, cel->source, failure->node->at,
                                                    "\"%s\" does not work on %s", op, first)
                                        : cel_error(e, BL_INVALID, cel->source, failure->node->at,
                                                    "\"%s\" does not work on %s and %s", op, first,
                                                    cel_type_name(failure->types[1]));
}

/* Makes the sentence of a failure that nothing has absorbed. It never shows a value. */
static enum bl_err failure_error(const struct cel *cel, const struct cel_failure *failure,
                                 struct bl_error *e)
{
    // clang-format off
    static const char *const sentences[] = {
        [FAILURE_UNKNOWN]       = "a variable is not known yet",
        [FAILURE_OVERFLOW]      = "the number does not fit in 64 bits",
        [FAILURE_DIVISION]      = "division by zero",
        [FAILURE_OVERLOAD]      = "no such operation on these types",
        [FAILURE_KEY]           = "no such key",
        [FAILURE_KEY_TWICE]     = "the map has this key twice",
        [FAILURE_KEY_TYPE]      = "a key of a map is a string, an int or a bool",
        [FAILURE_RANGE]         = "the index is outside the list",
        [FAILURE_CONVERSION]    = "the text cannot be converted",
        [FAILURE_PATTERN]       = "the pattern is not a regular expression of RE2's syntax",
        [FAILURE_PATTERN_STEPS] = "matching the pattern takes too long",
        [FAILURE_STEPS]         = "the evaluation takes too long",
        [FAILURE_MEMORY]        = "the evaluation needs too much memory",
    };
    // clang-format on

    if (failure->kind == FAILURE_OVERLOAD) {
        return overload_error(cel, failure, e);
    }
    return cel_error(e, failure->kind >= FAILURE_PATTERN_STEPS ? BL_TOO_LARGE : BL_INVALID,
                     cel->source, failure->node->at, "%s", sentences[failure->kind]);
}

/* The same of a failure that is certain before anything is known. */
static enum bl_err constant_error(const struct cel *cel, const struct cel_failure *failure,
                                  struct bl_error *e)
{
    struct bl_error reason = { 0 };

    (void)failure_error(cel, failure, &reason);
    return bl_error_at(e, BL_DEFINITION, NULL, reason.line, reason.column,
                       "%s, whatever is answered", reason.text);
}

/* ---- folding ---- */

static bool is_literal(const struct cel_node *node)
{
    return node == NULL || node->op == OP_LITERAL;
}

/* Is there a chance that a node, whose children are folded, has a value without the variables? */
static bool may_fold(const struct cel_node *node)
{
    if (node->op == OP_LITERAL || node->op == OP_SLOT || node->op == OP_LOCAL) {
        return false;
    }
    if (node->op == OP_AND || node->op == OP_OR) {
        return is_literal(node->a) || is_literal(node->b);
    }
    if (node->op == OP_HAS) {
        return node->a->op == OP_SELECT && is_literal(node->a->a);
    }
    if (node->op == OP_IF || node->op >= OP_ALL) {
        return is_literal(node->a);
    }
    for (uint32_t i = 0; i < node->count; i++) {
        if (!is_literal(node->items[i])) {
            return false;
        }
    }
    return is_literal(node->a) && is_literal(node->b) && is_literal(node->c);
}

/* What folding goes by and what it finds. */
struct folding {
    struct cel_run run;
    bool always_fails;           // a part of literals does, whatever the variables are
    struct cel_failure failure;  // the first
};

/* Does the node need all its children? Then it fails where they are literals and it has no value.
 * What is skipped over, or absorbs a failure, does not. */
static bool is_strict(const struct cel_node *node)
{
    return node->op != OP_AND && node->op != OP_OR && node->op != OP_IF && node->op != OP_HAS &&
           node->op < OP_ALL;
}

static void note_failure(struct folding *folding, const struct cel_node *node)
{
    const struct cel_failure *failure = &folding->run.failure;

    if (!folding->always_fails && is_strict(node) && failure->kind != FAILURE_UNKNOWN &&
        failure->kind < FAILURE_PATTERN_STEPS) {
        folding->always_fails = true;
        folding->failure = *failure;
    }
}

/* Replaces every part that no variable can change by its value. A part that fails is left: it
 * fails when it is evaluated, or is absorbed. */
static void fold(struct folding *folding, struct cel_node *node, uint32_t locals)
{
    struct cel_value value;
    uint32_t inside = node->op >= OP_ALL ? locals + 1 : locals;

    struct cel_node *first = node->op == OP_HAS ? node->a->a : node->a;  // has() needs its field

    if (first != NULL) {
        fold(folding, first, locals);
    }
    if (node->b != NULL) {
        fold(folding, node->b, inside);
    }
    if (node->c != NULL) {
        fold(folding, node->c, inside);
    }
    for (uint32_t i = 0; i < node->count; i++) {
        fold(folding, node->items[i], locals);
    }
    folding->run.locals_unknown = locals;
    if (!may_fold(node)) {
        return;
    }
    if (!cel_run_node(&folding->run, node, &value)) {
        note_failure(folding, node);
    } else {
        *node = (struct cel_node){
            .op = OP_LITERAL,
            .type = value.type,
            .element = node->element,
            .at = node->at,
            .depth = 1,
            .value = value,
        };
    }
}

/* ---- compiling ---- */

static void collect_slots(struct cel *cel, const bool *used, size_t count, struct bl_arena *arena)
{
    cel->slots = bl_arena_array(arena, uint32_t, count);
    for (size_t i = 0; i < count; i++) {
        if (used[i]) {
            cel->slots[cel->slot_count++] = (uint32_t)i;
        }
    }
}

static enum bl_err check_source(const char *source, size_t bytes, struct bl_error *e)
{
    if (bytes == 0) {
        return bl_error_at(e, BL_DEFINITION, NULL, 1, 1, "the expression is empty");
    }
    if (bytes > CEL_SOURCE_BYTES_MAX) {
        return bl_error_at(e, BL_TOO_LARGE, NULL, 1, 1, "an expression may have %d bytes",
                           CEL_SOURCE_BYTES_MAX);
    }
    if (!bl_text_is_valid(source, bytes)) {
        return bl_error_at(e, BL_DEFINITION, NULL, 1, 1, "the expression is not UTF-8 text");
    }
    return BL_OK;
}

enum bl_err cel_compile(const char *text, size_t bytes, const struct cel_schema *schema,
                        struct bl_arena *arena, const struct cel **result, struct bl_error *e)
{
    struct cel_source source = {
        .bytes = bytes, .arena = arena, .pattern_bytes_left = COMPILE_PATTERN_BYTES_MAX, .e = e
    };
    struct cel_node *root;
    enum bl_err err = check_source(text, bytes, e);

    if (err != BL_OK) {
        return err;
    }
    source.at = bl_arena_copy(arena, text, bytes);
    bool *used = bl_arena_array(arena, bool, schema->count);
    err = cel_parse(&source, &root);
    err = err == BL_OK ? cel_check(&source, schema, root, used) : err;
    if (err != BL_OK) {
        return err;
    }
    struct folding folding = {
        .run = { .scratch = arena, .steps_left = FOLD_STEPS_MAX, .folding = true }
    };
    fold(&folding, root, 0);
    struct cel *cel = bl_arena_new(arena, struct cel);
    *cel = (struct cel){ .source = source.at, .bytes = bytes, .root = root };
    if (folding.always_fails && !schema->open) {
        return constant_error(cel, &folding.failure, e);
    }
    collect_slots(cel, used, schema->count, arena);
    cel->constant = root->op == OP_LITERAL || cel->slot_count == 0;
    *result = cel;
    return BL_OK;
}

enum bl_err cel_eval(const struct cel *cel, const struct cel_scope *scope, struct bl_arena *scratch,
                     struct cel_value *value, struct bl_error *e)
{
    struct cel_run run;  // not cleared: locals are written before they are read

    run.scope = scope;
    run.scratch = scratch;
    run.steps_left = CEL_STEPS_MAX;
    run.folding = false;
    run.locals_unknown = 0;
    return cel_run_node(&run, cel->root, value) ? BL_OK : failure_error(cel, &run.failure, e);
}

/* ---- questions ---- */

enum cel_type cel_type_of(const struct cel *cel)
{
    return cel->root->type;
}

bool cel_is_constant(const struct cel *cel)
{
    return cel->constant;
}

bool cel_uses(const struct cel *cel, size_t slot)
{
    for (size_t i = 0; i < cel->slot_count; i++) {
        if (cel->slots[i] == slot) {
            return true;
        }
    }
    return false;
}

const uint32_t *cel_slots(const struct cel *cel, size_t *count)
{
    *count = cel->slot_count;
    return cel->slots;
}
