/* cel.h — conditions: a subset of the Common Expression Language, compiled once and evaluated for
 * each application.
 *
 *   form.area > 300 || form.decorated
 *   form.use in ['school', 'hospital'] && item.fire_check.result == 'granted'
 *   form.kinds.exists(k, k.startsWith('raw'))
 *
 * It is CEL's syntax, precedence and meaning (https://github.com/google/cel-spec, langdef.md) for
 * bool, int, double, string, null, list and map; the operators; `size`, `has`, `startsWith`,
 * `endsWith`, `contains`, `matches`; the conversions `int`, `double`, `string`, `bool`, `dyn`; the
 * macros `all`, `exists`, `exists_one`, `filter`, `map`. Unsigned integers, bytes, types,
 * timestamps and messages are refused by name. A date of a form is a string such as '2026-10-01',
 * whose order is that of the days.
 *
 * Where CEL leaves a choice, ours is strict: an expression is checked against the types of the
 * form when it is compiled, so a misspelt field, a misspelt option or a comparison that can never
 * hold is an error with a position and never a silent false; so is a part that fails whatever is
 * answered, such as 1 / 0. An absent field is the empty value of its type, and `has()` tells.
 *
 * Everything is total and bounded: source, nodes, depth, patterns, steps of an evaluation. Read
 * next: cel_parser.c, cel_checker.c, cel_eval.c, in the order in which a condition meets them. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/text.h"

#define CEL_SOURCE_BYTES_MAX 4096             // a condition that a person can still read is 200
#define CEL_NODES_MAX 1000                    // operators, names and literals of one expression
#define CEL_DEPTH_MAX 100                     // of nesting, and of the tree: bounds every recursion
#define CEL_MACROS_NESTED_MAX 8               // macros inside macros
#define CEL_STEPS_MAX 100000                  // of one evaluation: about a millisecond
#define CEL_PATTERN_BYTES_MAX 512             // of one regular expression
#define CEL_COMPILED_BYTES ((size_t)1 << 20)  // what cel_compile takes of an arena at the most

/* The type of a value, or what is known of it before there is one. */
enum cel_type {
    CEL_DYN,  // known at evaluation only; no value has this type
    CEL_NULL,
    CEL_BOOL,
    CEL_INT,     // 64 bits; overflow is an error
    CEL_DOUBLE,  // IEEE 754; division by zero is infinite
    CEL_STRING,  // UTF-8, measured and compared by code points
    CEL_LIST,
    CEL_MAP,
};

/* A value; lists, maps and strings are borrowed from whoever gave it. */
struct cel_value {
    enum cel_type type;
    union {
        bool boolean;
        int64_t integer;
        double number;
        struct bl_text string;
        struct {
            const struct cel_value *at;
            size_t count;
        } list;
        struct {
            const struct cel_value *at;  // key, value, key, value…
            size_t count;                // pairs
        } map;
    };
};

/* One name that an expression may use. */
struct cel_variable {
    const char *name;    // "form.area" or "item.fire_check.result"
    enum cel_type type;  // what an absent one is empty of; CEL_DYN: null
    /* The rest may be zero. */
    enum cel_type element;       // of a CEL_LIST; CEL_DYN: not known
    const char *const *options;  // all that a string, or a list of strings, can be besides empty
    size_t option_count;         // 0: anything
};

/* The names and how strict to be. The index of a variable is its slot. */
struct cel_schema {
    const struct cel_variable *variables;
    size_t count;
    /* Types are not checked before evaluation (as CEL without its checker), for `workflow eval`
     * without a definition: there one variable "form" of type CEL_DYN gives the whole JSON as a
     * map. Unknown names, functions and numbers of arguments are errors all the same. */
    bool open;
};

/* A compiled expression: immutable, in the arena it was compiled into, shared by threads. */
struct cel;

/* Compiles an expression of `bytes` bytes.
 *   schema   read during the call only; a slot is an index into its variables
 *   arena    gets the result, at most CEL_COMPILED_BYTES, also when the call fails
 *   returns  BL_OK, or BL_DEFINITION (BL_TOO_LARGE past a bound) with a position: line and column
 *            from 1, in characters, relative to the expression */
MUST_CHECK enum bl_err cel_compile(const char *source, size_t bytes,
                                   const struct cel_schema *schema, struct bl_arena *arena,
                                   const struct cel **cel, struct bl_error *e);

/* The environment of one evaluation: gives the value of a slot, which must live until the result
 * has been used; returns false when it is absent (then *value is not read). */
struct cel_scope {
    bool (*get)(void *context, size_t slot, struct cel_value *value);
    void *context;
};

/* Evaluates an expression. Comparisons and logic take no memory.
 *   scope    NULL: every variable is absent
 *   scratch  holds what the result borrows besides the scope and the expression
 *   returns  BL_OK, BL_INVALID for an error that the expression makes (no such key, division by
 *            zero…) or BL_TOO_LARGE past CEL_STEPS_MAX or the arena's bound, with a position */
MUST_CHECK enum bl_err cel_eval(const struct cel *cel, const struct cel_scope *scope,
                                struct bl_arena *scratch, struct cel_value *value,
                                struct bl_error *e);

/* What cel_eval will give, or CEL_DYN. A condition must be CEL_BOOL or CEL_DYN. */
enum cel_type cel_type_of(const struct cel *cel);
/* Does the result not depend on any variable? Then a `when` is a mistake. */
bool cel_is_constant(const struct cel *cel);
/* Does the source name the variable of this slot? */
bool cel_uses(const struct cel *cel, size_t slot);
/* The slots that the source names, ascending, each once; they live as long as the expression. */
const uint32_t *cel_slots(const struct cel *cel, size_t *count);

/* CEL's name of a type: "bool", "int", "double"…; "dyn" for CEL_DYN. */
const char *cel_type_name(enum cel_type type);
