#include <string.h>

#include "definition/cel_node.h"

struct parser {
    struct cel_source *source;
    struct cel_token token;  // the next one, not taken yet
    size_t at;               // behind it
    uint32_t depth, nodes;
    uint32_t pending_count;
    struct cel_node *pending[CEL_NODES_MAX];  // arguments and elements being collected
};

static enum bl_err parse_expression(struct parser *parser, struct cel_node **node);

/* ---- errors, tokens, nodes ---- */

static enum bl_err advance(struct parser *parser)
{
    return cel_lex(parser->source, &parser->at, &parser->token);
}

#define parse_error(parser, code, where, ...)                                                      \
    cel_error((parser)->source->e, code, (parser)->source->at, where, __VA_ARGS__)

/* Words of other languages that stand where an operator should. */
static const char *operator_for(struct bl_text word)
{
    if (bl_text_is(word, "and") || bl_text_is(word, "AND")) {
        return "&&";
    }
    if (bl_text_is(word, "or") || bl_text_is(word, "OR")) {
        return "||";
    }
    return bl_text_is(word, "not") || bl_text_is(word, "NOT") ? "!" : NULL;
}

static enum bl_err unexpected(struct parser *parser, const char *wanted)
{
    const struct cel_token *token = &parser->token;
    const char *instead = token->kind == TOKEN_NAME ? operator_for(token->raw) : NULL;

    if (token->kind == TOKEN_END) {
        return parse_error(parser, BL_DEFINITION, token->at, "the expression ends too early: %s",
                           wanted);
    }
    if (instead != NULL) {
        return parse_error(parser, BL_DEFINITION, token->at, "unexpected \"%.*s\"; write \"%s\"",
                           (int)token->raw.bytes, token->raw.at, instead);
    }
    return parse_error(parser, BL_DEFINITION, token->at, "unexpected \"%.*s\": %s",
                       cel_shown_bytes(token->raw, 40), token->raw.at, wanted);
}

static enum bl_err expect(struct parser *parser, enum cel_token_kind kind, const char *wanted)
{
    return parser->token.kind == kind ? advance(parser) : unexpected(parser, wanted);
}

static uint32_t depth_of(const struct cel_node *node)
{
    return node == NULL ? 0 : node->depth;
}

/* Completes a node: copies the template into the arena, counts it and its depth. */
static enum bl_err make(struct parser *parser, struct cel_node template, struct cel_node **node)
{
    uint32_t depth = depth_of(template.a);

    depth = depth_of(template.b) > depth ? depth_of(template.b) : depth;
    depth = depth_of(template.c) > depth ? depth_of(template.c) : depth;
    for (uint32_t i = 0; i < template.count; i++) {
        depth = template.items[i]->depth > depth ? template.items[i]->depth : depth;
    }
    template.depth = depth + 1;
    if (template.depth > CEL_DEPTH_MAX) {
        return parse_error(parser, BL_TOO_LARGE, template.at,
                           "the expression is nested deeper than %d", CEL_DEPTH_MAX);
    }
    if (++parser->nodes > CEL_NODES_MAX) {
        return parse_error(parser, BL_TOO_LARGE, template.at,
                           "the expression has more than %d parts", CEL_NODES_MAX);
    }
    *node = bl_arena_copy(parser->source->arena, &template, sizeof template);
    return BL_OK;
}

static enum bl_err make_literal(struct parser *parser, uint32_t at, struct cel_value value,
                                struct cel_node **node)
{
    return make(parser, (struct cel_node){ .op = OP_LITERAL, .at = at, .value = value }, node);
}

static enum bl_err enter(struct parser *parser)
{
    if (++parser->depth > CEL_DEPTH_MAX) {
        return parse_error(parser, BL_TOO_LARGE, parser->token.at,
                           "the expression is nested deeper than %d", CEL_DEPTH_MAX);
    }
    return BL_OK;
}

/* ---- lists of expressions ---- */

static enum bl_err push(struct parser *parser, struct cel_node *node)
{
    if (parser->pending_count == CEL_NODES_MAX) {
        return parse_error(parser, BL_TOO_LARGE, node->at, "the expression has more than %d parts",
                           CEL_NODES_MAX);
    }
    parser->pending[parser->pending_count++] = node;
    return BL_OK;
}

static enum bl_err parse_pushed(struct parser *parser)
{
    struct cel_node *node;
    enum bl_err err = parse_expression(parser, &node);

    return err == BL_OK ? push(parser, node) : err;
}

/* Reads expressions, or pairs of them with a colon, up to `close`; they are then the last pending
 * ones. A literal may end with a comma, a call may not. */
static enum bl_err parse_items(struct parser *parser, enum cel_token_kind close)
{
    enum bl_err err = BL_OK;

    while (err == BL_OK && parser->token.kind != close) {
        err = parse_pushed(parser);
        if (err == BL_OK && close == TOKEN_BRACE_CLOSE) {
            err = expect(parser, TOKEN_COLON, "a key needs \":\" and a value");
            err = err == BL_OK ? parse_pushed(parser) : err;
        }
        if (err != BL_OK || parser->token.kind != TOKEN_COMMA) {
            break;
        }
        err = advance(parser);
        if (err == BL_OK && close == TOKEN_PAREN_CLOSE && parser->token.kind == close) {
            return unexpected(parser, "an argument should follow the comma");
        }
    }
    return err == BL_OK ? expect(parser, close, "expected \",\" or the closing bracket") : err;
}

static enum bl_err parse_list(struct parser *parser, enum cel_op op, enum cel_token_kind close,
                              struct cel_node **node)
{
    struct cel_node template = { .op = op, .at = parser->token.at };
    uint32_t first = parser->pending_count;
    enum bl_err err = advance(parser);

    err = err == BL_OK ? parse_items(parser, close) : err;
    if (err != BL_OK) {
        return err;
    }
    template.count = parser->pending_count - first;
    template.items = bl_arena_copy(parser->source->arena, parser->pending + first,
                                   template.count * sizeof(struct cel_node *));
    parser->pending_count = first;
    return make(parser, template, node);
}

/* ---- functions and macros ---- */

// clang-format off
enum call_form { FUNCTION = 1, METHOD = 2 };
static const struct call {
    const char *name;
    enum cel_op op;
    int forms;           // how it may be written
    uint32_t arguments;  // what it is called on included
} calls[] = {
    { "has",        OP_HAS,         FUNCTION,          1 },
    { "size",       OP_SIZE,        FUNCTION | METHOD, 1 },
    { "startsWith", OP_STARTS_WITH, METHOD,            2 },
    { "endsWith",   OP_ENDS_WITH,   METHOD,            2 },
    { "contains",   OP_CONTAINS,    METHOD,            2 },
    { "matches",    OP_MATCHES,     FUNCTION | METHOD, 2 },
    { "int",        OP_TO_INT,      FUNCTION,          1 },
    { "double",     OP_TO_DOUBLE,   FUNCTION,          1 },
    { "string",     OP_TO_STRING,   FUNCTION,          1 },
    { "bool",       OP_TO_BOOL,     FUNCTION,          1 },
    { "dyn",        OP_TO_DYN,      FUNCTION,          1 },
    { "all",        OP_ALL,         METHOD,            3 },
    { "exists",     OP_EXISTS,      METHOD,            3 },
    { "exists_one", OP_EXISTS_ONE,  METHOD,            3 },
    { "filter",     OP_FILTER,      METHOD,            3 },
    { "map",        OP_COLLECT,     METHOD,            3 },
    { "map",        OP_COLLECT,     METHOD,            4 },
};
// clang-format on

static enum bl_err unknown_function(struct parser *parser, const struct cel_token *name)
{
    char text[64];
    const char *nearest = NULL;
    uint32_t best = 4;

    size_t bytes = name->raw.bytes < sizeof text ? name->raw.bytes : sizeof text - 1;
    memcpy(text, name->raw.at, bytes);
    text[bytes] = '\0';
    for (size_t i = 0; i < BL_COUNT(calls); i++) {
        uint32_t distance = bl_text_distance(text, calls[i].name, best);
        if (distance < best) {
            best = distance;
            nearest = calls[i].name;
        }
    }
    if (nearest != NULL) {
        return parse_error(parser, BL_DEFINITION, name->at,
                           "unknown function \"%s\"; did you mean \"%s\"?", text, nearest);
    }
    return parse_error(parser, BL_DEFINITION, name->at, "unknown function \"%s\"", text);
}

/* Finds what is called; an error says whether the name, the form or the number is wrong. */
static enum bl_err find_call(struct parser *parser, const struct cel_token *name, int form,
                             uint32_t arguments, const struct call **call)
{
    const struct call *named = NULL;

    for (size_t i = 0; i < BL_COUNT(calls); i++) {
        if (bl_text_is(name->raw, calls[i].name)) {
            if ((calls[i].forms & form) != 0 && calls[i].arguments == arguments) {
                *call = &calls[i];
                return BL_OK;
            }
            named = named == NULL ? &calls[i] : named;
        }
    }
    if (named == NULL) {
        return unknown_function(parser, name);
    }
    if ((named->forms & form) == 0) {
        return parse_error(parser, BL_DEFINITION, name->at,
                           form == METHOD ? "write %s(x) instead of x.%s()"
                                          : "write x.%s(…) instead of %s(x, …)",
                           named->name, named->name);
    }
    uint32_t written = form == METHOD ? named->arguments - 1 : named->arguments;
    return parse_error(parser, BL_DEFINITION, name->at, "%s takes %u argument%s in its parentheses",
                       named->name, written, written == 1 ? "" : "s");
}

/* Makes a macro of range, variable, body and perhaps a second body. */
static enum bl_err make_macro(struct parser *parser, struct cel_node template,
                              struct cel_node *const *arguments, struct cel_node **node)
{
    if (arguments[1]->op != OP_NAME) {
        return parse_error(parser, BL_DEFINITION, arguments[1]->at,
                           "the first argument is a name for the elements, such as x");
    }
    template.name = arguments[1]->name;
    template.b = arguments[2];
    return make(parser, template, node);
}

static enum bl_err make_call(struct parser *parser, const struct cel_token *name, int form,
                             uint32_t first, struct cel_node **node)
{
    const struct call *call = NULL;
    struct cel_node *const *arguments = parser->pending + first;
    uint32_t count = parser->pending_count - first;
    enum bl_err err = find_call(parser, name, form, count, &call);

    if (err != BL_OK) {
        return err;
    }
    parser->pending_count = first;
    struct cel_node template = { .op = call->op, .at = name->at, .a = arguments[0] };
    if (count > 2) {
        template.c = count == 4 ? arguments[3] : NULL;
        return make_macro(parser, template, arguments, node);
    }
    if (call->op == OP_HAS && arguments[0]->op != OP_SELECT) {
        return parse_error(parser, BL_DEFINITION, arguments[0]->at,
                           "has() takes a field, such as has(form.area)");
    }
    template.b = count == 2 ? arguments[1] : NULL;
    return make(parser, template, node);
}

/* The opening parenthesis is next; `target` is what a method is called on, else NULL. */
static enum bl_err parse_call(struct parser *parser, const struct cel_token *name,
                              struct cel_node *target, struct cel_node **node)
{
    uint32_t first = parser->pending_count;
    enum bl_err err = target == NULL ? BL_OK : push(parser, target);

    err = err == BL_OK ? advance(parser) : err;
    err = err == BL_OK ? parse_items(parser, TOKEN_PAREN_CLOSE) : err;
    return err == BL_OK ? make_call(parser, name, target == NULL ? FUNCTION : METHOD, first, node)
                        : err;
}

/* ---- primary expressions ---- */

static bool is_reserved(struct bl_text name)
{
    static const char *const words[] = {
        "as",  "break", "const",     "continue", "else",   "for", "function", "if",    "import",
        "let", "loop",  "namespace", "package",  "return", "var", "void",     "while",
    };

    for (size_t i = 0; i < BL_COUNT(words); i++) {
        if (bl_text_is(name, words[i])) {
            return true;
        }
    }
    return false;
}

static enum bl_err parse_name(struct parser *parser, struct cel_node **node)
{
    struct cel_token name = parser->token;
    enum bl_err err = advance(parser);

    if (err != BL_OK) {
        return err;
    }
    bool is_operand = parser->token.kind == TOKEN_NAME || parser->token.kind == TOKEN_PAREN_OPEN;
    if (is_operand && operator_for(name.raw) != NULL) {
        return parse_error(parser, BL_DEFINITION, name.at, "unexpected \"%.*s\"; write \"%s\"",
                           (int)name.raw.bytes, name.raw.at, operator_for(name.raw));
    }
    if (parser->token.kind == TOKEN_PAREN_OPEN) {
        return parse_call(parser, &name, NULL, node);
    }
    if (is_reserved(name.raw)) {
        return parse_error(parser, BL_DEFINITION, name.at, "\"%.*s\" is a reserved word",
                           (int)name.raw.bytes, name.raw.at);
    }
    return make(parser, (struct cel_node){ .op = OP_NAME, .at = name.at, .name = name.raw }, node);
}

static enum bl_err parse_number(struct parser *parser, bool negative, struct cel_node **node)
{
    struct cel_token token = parser->token;
    struct cel_value value = { .type = CEL_DOUBLE,
                               .number = negative ? -token.number : token.number };
    enum bl_err err = BL_OK;

    if (token.kind == TOKEN_INT) {
        uint64_t bound = (uint64_t)INT64_MAX + negative;
        if (token.magnitude > bound) {
            return parse_error(parser, BL_DEFINITION, token.at,
                               "the number does not fit in 64 bits");
        }
        value.type = CEL_INT;
        value.integer = negative ? (int64_t)(0 - token.magnitude) : (int64_t)token.magnitude;
    }
    err = advance(parser);
    return err == BL_OK ? make_literal(parser, token.at, value, node) : err;
}

static enum bl_err parse_constant(struct parser *parser, struct cel_value value,
                                  struct cel_node **node)
{
    uint32_t at = parser->token.at;
    enum bl_err err = advance(parser);

    return err == BL_OK ? make_literal(parser, at, value, node) : err;
}

static enum bl_err parse_parentheses(struct parser *parser, struct cel_node **node)
{
    enum bl_err err = advance(parser);

    err = err == BL_OK ? parse_expression(parser, node) : err;
    return err == BL_OK ? expect(parser, TOKEN_PAREN_CLOSE, "expected \")\"") : err;
}

static enum bl_err parse_primary(struct parser *parser, struct cel_node **node)
{
    enum cel_token_kind kind = parser->token.kind;

    if (kind == TOKEN_NAME) {
        return parse_name(parser, node);
    }
    if (kind == TOKEN_INT || kind == TOKEN_DOUBLE) {
        return parse_number(parser, false, node);
    }
    if (kind == TOKEN_STRING) {
        struct cel_value value = { .type = CEL_STRING, .string = parser->token.text };
        return parse_constant(parser, value, node);
    }
    if (kind == TOKEN_TRUE || kind == TOKEN_FALSE) {
        struct cel_value value = { .type = CEL_BOOL, .boolean = kind == TOKEN_TRUE };
        return parse_constant(parser, value, node);
    }
    if (kind == TOKEN_NULL) {
        return parse_constant(parser, (struct cel_value){ .type = CEL_NULL }, node);
    }
    if (kind == TOKEN_PAREN_OPEN) {
        return parse_parentheses(parser, node);
    }
    if (kind == TOKEN_BRACKET_OPEN) {
        return parse_list(parser, OP_LIST, TOKEN_BRACKET_CLOSE, node);
    }
    if (kind == TOKEN_BRACE_OPEN) {
        return parse_list(parser, OP_MAP, TOKEN_BRACE_CLOSE, node);
    }
    return unexpected(parser, "a value should stand here");
}

/* ---- operators ---- */

static enum bl_err parse_select(struct parser *parser, struct cel_node **node)
{
    enum bl_err err = advance(parser);
    struct cel_token name = parser->token;

    if (err == BL_OK) {
        err = expect(parser, TOKEN_NAME, "a field's name should follow the dot");
    }
    if (err != BL_OK) {
        return err;
    }
    if (parser->token.kind == TOKEN_PAREN_OPEN) {
        return parse_call(parser, &name, *node, node);
    }
    return make(parser,
                (struct cel_node){ .op = OP_SELECT, .at = name.at, .name = name.raw, .a = *node },
                node);
}

static enum bl_err parse_index(struct parser *parser, struct cel_node **node)
{
    struct cel_node template = { .op = OP_INDEX, .at = parser->token.at, .a = *node };
    enum bl_err err = advance(parser);

    err = err == BL_OK ? parse_expression(parser, &template.b) : err;
    err = err == BL_OK ? expect(parser, TOKEN_BRACKET_CLOSE, "expected \"]\"") : err;
    return err == BL_OK ? make(parser, template, node) : err;
}

/* What may follow a value, as often as it does: .field, .call(…), [index]. */
static enum bl_err parse_suffixes(struct parser *parser, struct cel_node **node)
{
    enum bl_err err = BL_OK;

    while (err == BL_OK) {
        if (parser->token.kind == TOKEN_DOT) {
            err = parse_select(parser, node);
        } else if (parser->token.kind == TOKEN_BRACKET_OPEN) {
            err = parse_index(parser, node);
        } else {
            break;
        }
    }
    return err;
}

static bool is_number(enum cel_token_kind kind)
{
    return kind == TOKEN_INT || kind == TOKEN_DOUBLE;
}

static enum bl_err parse_unary(struct parser *parser, struct cel_node **node);

/* `!` or `-` and what it belongs to. A minus before a number is part of the number, or the least
 * int could not be written. */
static enum bl_err parse_signed(struct parser *parser, struct cel_node **node)
{
    enum cel_token_kind sign = parser->token.kind;
    struct cel_node template = { .op = sign == TOKEN_NOT ? OP_NOT : OP_NEGATE,
                                 .at = parser->token.at };
    enum bl_err err = advance(parser);

    if (err == BL_OK && sign == TOKEN_MINUS && is_number(parser->token.kind)) {
        err = parse_number(parser, true, node);
        return err == BL_OK ? parse_suffixes(parser, node) : err;
    }
    err = err == BL_OK ? parse_unary(parser, &template.a) : err;
    return err == BL_OK ? make(parser, template, node) : err;
}

static enum bl_err parse_unary(struct parser *parser, struct cel_node **node)
{
    enum cel_token_kind kind = parser->token.kind;
    enum bl_err err = BL_OK;

    if (kind != TOKEN_NOT && kind != TOKEN_MINUS) {
        err = parse_primary(parser, node);
        return err == BL_OK ? parse_suffixes(parser, node) : err;
    }
    err = enter(parser);
    err = err == BL_OK ? parse_signed(parser, node) : err;
    parser->depth--;
    return err;
}

// clang-format off
static const struct binary {
    enum cel_op op;
    int precedence;  // 0: not a binary operator
} binaries[TOKEN_BRACE_CLOSE + 1] = {
    [TOKEN_OR]            = { OP_OR,            1 },
    [TOKEN_AND]           = { OP_AND,           2 },
    [TOKEN_EQUAL]         = { OP_EQUAL,         3 },
    [TOKEN_NOT_EQUAL]     = { OP_NOT_EQUAL,     3 },
    [TOKEN_LESS]          = { OP_LESS,          3 },
    [TOKEN_LESS_EQUAL]    = { OP_LESS_EQUAL,    3 },
    [TOKEN_GREATER]       = { OP_GREATER,       3 },
    [TOKEN_GREATER_EQUAL] = { OP_GREATER_EQUAL, 3 },
    [TOKEN_IN]            = { OP_IN,            3 },
    [TOKEN_PLUS]          = { OP_ADD,           4 },
    [TOKEN_MINUS]         = { OP_SUBTRACT,      4 },
    [TOKEN_STAR]          = { OP_MULTIPLY,      5 },
    [TOKEN_SLASH]         = { OP_DIVIDE,        5 },
    [TOKEN_PERCENT]       = { OP_MODULO,        5 },
};
// clang-format on

/* Operators of at least this precedence, each joining to the left. */
static enum bl_err parse_binary(struct parser *parser, int precedence, struct cel_node **node)
{
    enum bl_err err = parse_unary(parser, node);

    while (err == BL_OK && binaries[parser->token.kind].precedence >= precedence) {
        const struct binary *binary = &binaries[parser->token.kind];
        struct cel_node template = { .op = binary->op, .at = parser->token.at, .a = *node };
        err = advance(parser);
        err = err == BL_OK ? parse_binary(parser, binary->precedence + 1, &template.b) : err;
        err = err == BL_OK ? make(parser, template, node) : err;
    }
    return err;
}

static enum bl_err parse_conditional(struct parser *parser, struct cel_node **node)
{
    struct cel_node template = { .op = OP_IF, .at = parser->token.at, .a = *node };
    enum bl_err err = advance(parser);

    err = err == BL_OK ? parse_binary(parser, 1, &template.b) : err;
    err = err == BL_OK ? expect(parser, TOKEN_COLON, "\"?\" needs \":\" and another value") : err;
    err = err == BL_OK ? parse_expression(parser, &template.c) : err;
    return err == BL_OK ? make(parser, template, node) : err;
}

static enum bl_err parse_expression(struct parser *parser, struct cel_node **node)
{
    enum bl_err err = enter(parser);

    err = err == BL_OK ? parse_binary(parser, 1, node) : err;
    if (err == BL_OK && parser->token.kind == TOKEN_QUESTION) {
        err = parse_conditional(parser, node);
    }
    parser->depth--;
    return err;
}

enum bl_err cel_parse(struct cel_source *source, struct cel_node **root)
{
    struct parser parser = { .source = source };
    enum bl_err err = advance(&parser);

    err = err == BL_OK ? parse_expression(&parser, root) : err;
    if (err == BL_OK && parser.token.kind != TOKEN_END) {
        return unexpected(&parser, "an operator should stand here");
    }
    return err;
}
