/* cel_node.h — what the stages of CEL share: the tree, tokens, a run, patterns. Nobody else's.
 * lexer → parser (names and macros) → checker (slots and types) → folding → evaluator. */
#pragma once

#include "definition/cel.h"

#define CEL_PATTERN_STEPS 1000                         // what one match takes of CEL_STEPS_MAX
#define CEL_RUN_PATTERN_BYTES_MAX ((size_t)64 * 1024)  // of a pattern that is no literal

/* What a node does with its children a, b, c; each kind of function and macro is one. */
enum cel_op {
    OP_LITERAL,  // value
    OP_NAME,     // a name that the checker has not resolved yet
    OP_SLOT,     // the variable `index`; value is what stands for an absent one
    OP_LOCAL,    // the variable of the macro `index`, counted from the outermost
    OP_LIST,     // items
    OP_MAP,      // items: key, value, key, value…
    OP_SELECT,   // a.name
    OP_HAS,      // has(a), where a is an OP_SLOT or OP_SELECT
    OP_INDEX,    // a[b]
    OP_NOT,
    OP_NEGATE,
    OP_AND,
    OP_OR,
    OP_IF,  // a ? b : c
    OP_EQUAL,
    OP_NOT_EQUAL,
    OP_LESS,
    OP_LESS_EQUAL,
    OP_GREATER,
    OP_GREATER_EQUAL,
    OP_IN,
    OP_ADD,
    OP_SUBTRACT,
    OP_MULTIPLY,
    OP_DIVIDE,
    OP_MODULO,
    OP_SIZE,
    OP_STARTS_WITH,  // a.startsWith(b)
    OP_ENDS_WITH,
    OP_CONTAINS,
    OP_MATCHES,
    OP_TO_INT,
    OP_TO_DOUBLE,
    OP_TO_STRING,
    OP_TO_BOOL,
    OP_TO_DYN,
    OP_ALL,  // a.all(name, b); the variable is OP_LOCAL `index` inside b
    OP_EXISTS,
    OP_EXISTS_ONE,
    OP_FILTER,
    OP_COLLECT,  // a.map(name, b), a.map(name, b, c) where b filters
};

struct cel_pattern;

struct cel_node {
    enum cel_op op;
    enum cel_type type;     // by the checker
    enum cel_type element;  // of a CEL_LIST
    uint32_t at;            // byte of the source that an error points at
    uint32_t index;
    uint32_t depth;  // of the tree below, 1 for a leaf
    uint32_t count;  // items
    struct bl_text name;
    struct cel_value value;
    const struct cel_pattern *pattern;  // OP_MATCHES with a literal; else NULL
    struct cel_node *a, *b, *c;
    struct cel_node **items;
};

struct cel {
    const char *source;
    size_t bytes;
    const struct cel_node *root;
    bool constant;
    uint32_t *slots;
    size_t slot_count;
};

/* The source being compiled, and where its results go. */
struct cel_source {
    const char *at;
    size_t bytes;
    struct bl_arena *arena;
    size_t pattern_bytes_left;  // what its patterns may still take
    struct bl_error *e;
};

/* Sets an error at the byte `at` of the source and returns its code. */
enum bl_err cel_error(struct bl_error *e, enum bl_err code, const char *source, size_t at,
                      const char *format, ...) __attribute__((format(printf, 5, 6)));

/* How many bytes of a text a message shows: whole characters, at most `bytes_max` bytes. For %.*s.
 */
int cel_shown_bytes(struct bl_text text, size_t bytes_max);

/* The operator or function as an author writes it, for messages. */
const char *cel_op_name(enum cel_op op);

/* ---- tokens ---- */
enum cel_token_kind {
    TOKEN_END,
    TOKEN_INT,
    TOKEN_DOUBLE,
    TOKEN_STRING,
    TOKEN_NAME,
    TOKEN_TRUE,
    TOKEN_FALSE,
    TOKEN_NULL,
    TOKEN_IN,
    TOKEN_OR,
    TOKEN_AND,
    TOKEN_EQUAL,
    TOKEN_NOT_EQUAL,
    TOKEN_LESS_EQUAL,
    TOKEN_LESS,
    TOKEN_GREATER_EQUAL,
    TOKEN_GREATER,
    TOKEN_PLUS,
    TOKEN_MINUS,
    TOKEN_STAR,
    TOKEN_SLASH,
    TOKEN_PERCENT,
    TOKEN_NOT,
    TOKEN_QUESTION,
    TOKEN_COLON,
    TOKEN_DOT,
    TOKEN_COMMA,
    TOKEN_PAREN_OPEN,
    TOKEN_PAREN_CLOSE,
    TOKEN_BRACKET_OPEN,
    TOKEN_BRACKET_CLOSE,
    TOKEN_BRACE_OPEN,
    TOKEN_BRACE_CLOSE,
};

struct cel_token {
    enum cel_token_kind kind;
    uint32_t at;
    struct bl_text raw;   // as written; the name of a TOKEN_NAME
    struct bl_text text;  // what a TOKEN_STRING says, in the arena
    uint64_t magnitude;   // TOKEN_INT: the sign belongs to the parser
    double number;        // TOKEN_DOUBLE
};

/* Reads the token at or after the byte *at and moves *at behind it. */
MUST_CHECK enum bl_err cel_lex(const struct cel_source *source, size_t *at,
                               struct cel_token *token);

/* ---- stages ---- */
MUST_CHECK enum bl_err cel_parse(struct cel_source *source, struct cel_node **root);
/* Resolves names to slots, finds types, compiles literal patterns, in place.
 *   used  one flag for each variable of the schema, set for those that the source names */
MUST_CHECK enum bl_err cel_check(struct cel_source *source, const struct cel_schema *schema,
                                 struct cel_node *root, bool *used);

/* ---- evaluation ---- */
enum cel_failure_kind {
    FAILURE_UNKNOWN,  // a variable, while folding
    FAILURE_OVERFLOW,
    FAILURE_DIVISION,
    FAILURE_OVERLOAD,
    FAILURE_KEY,
    FAILURE_KEY_TWICE,
    FAILURE_KEY_TYPE,
    FAILURE_RANGE,
    FAILURE_CONVERSION,
    FAILURE_PATTERN,
    /* From here on the evaluation is over, whatever && and || would make of it. */
    FAILURE_PATTERN_STEPS,
    FAILURE_STEPS,
    FAILURE_MEMORY,
};

/* Why an evaluation failed; becomes a sentence only once nothing has absorbed it. */
struct cel_failure {
    enum cel_failure_kind kind;
    const struct cel_node *node;
    enum cel_type types[2];  // FAILURE_OVERLOAD: of the operands; CEL_DYN: there is no second
};

struct cel_run {
    const struct cel_scope *scope;
    struct bl_arena *scratch;
    uint32_t steps_left;
    bool folding;             // variables are unknown
    uint32_t locals_unknown;  // folding: this many outer macros have no element at hand
    struct cel_failure failure;
    struct cel_value locals[CEL_MACROS_NESTED_MAX];
};

/* Evaluates one node; false: run->failure says why, and *value is not written. */
bool cel_run_node(struct cel_run *run, const struct cel_node *node, struct cel_value *value);

/* What the parts of the evaluator need of each other. */
bool cel_fail(struct cel_run *run, enum cel_failure_kind kind, const struct cel_node *node);
bool cel_fail_overload(struct cel_run *run, const struct cel_node *node, const struct cel_value *a,
                       const struct cel_value *b);
/* Takes `steps` from the budget; false when it is used up. */
bool cel_charge(struct cel_run *run, const struct cel_node *node, size_t steps);
/* Scratch memory, or NULL and a failure. */
void *cel_scratch(struct cel_run *run, const struct cel_node *node, size_t bytes);

/* The operators on values that have been evaluated already: cel_value.c. */
bool cel_apply_equal(struct cel_run *run, const struct cel_node *node, const struct cel_value *a,
                     const struct cel_value *b, bool *equal);
bool cel_apply_order(struct cel_run *run, const struct cel_node *node, const struct cel_value *a,
                     const struct cel_value *b, struct cel_value *value);
bool cel_apply_arithmetic(struct cel_run *run, const struct cel_node *node,
                          const struct cel_value *a, const struct cel_value *b,
                          struct cel_value *value);
bool cel_apply_negate(struct cel_run *run, const struct cel_node *node, const struct cel_value *a,
                      struct cel_value *value);
/* int(), double(), string(), bool(): cel_convert.c. */
bool cel_apply_conversion(struct cel_run *run, const struct cel_node *node,
                          const struct cel_value *a, struct cel_value *value);

/* ---- patterns: cel_pattern.c ---- */
/* Compiles a regular expression of RE2's syntax.
 *   bytes_left  how much of the arena it may take; lowered by what it took
 *   returns     BL_OK, or BL_DEFINITION or BL_TOO_LARGE with a text and no position */
MUST_CHECK enum bl_err cel_pattern_compile(struct bl_text text, struct bl_arena *arena,
                                           size_t *bytes_left, const struct cel_pattern **pattern,
                                           struct bl_error *e);
enum cel_match { CEL_MATCH_NO, CEL_MATCH_YES, CEL_MATCH_LIMIT };
/* Is the pattern found anywhere in the text? CEL_MATCH_LIMIT: looking took too long. */
enum cel_match cel_pattern_match(const struct cel_pattern *pattern, struct bl_text text);
