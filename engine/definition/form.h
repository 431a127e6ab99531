/* form.h — what an applicant handed in, seen through a definition.
 * A form travels and is stored as one encoded google.protobuf.Struct and is never encoded again:
 * form_check walks its bytes once, checks every field against its definition and leaves views of
 * them, from which conditions are evaluated and a department's part is cut out by concatenation.
 * It takes no memory but the scratch arena, and no value of a sensitive field leaves it. */
#pragma once

#include "base/arena.h"
#include "base/text.h"
#include "definition/cel.h"
#include "definition/definition.h"

#define FORM_BYTES_MAX ((size_t)1 << 20)  // of one encoded form
#define FORM_ROWS_MAX 1000                // of one table
#define FORM_CHARACTERS_MAX 10000         // of one text without a max of its own
#define FORM_PROBLEMS_MAX 32              // reported at once

/* One field as it was handed in. */
struct form_value {
    bool present;            // given, and neither null nor an empty text or list
    struct cel_value value;  // as conditions see it; borrows the form's bytes or the scratch arena
    struct bl_text raw;      // the map's whole entry, tag included
};

/* What is wrong with one field. `what` and `limit` are for people's sentences and are taken from
 * the definition, or from a field that is not sensitive. */
struct form_problem {
    const char *rule;     // kebab-case: "form-required", "form-type", "form-unknown"…
    const char *pointer;  // "form.area", "form.shareholders[2].name"
    struct {
        const char *name, *value;
    } arguments[2];
    size_t argument_count;
};

struct form_problems {
    struct form_problem at[FORM_PROBLEMS_MAX];
    size_t count;  // kept
    size_t total;  // seen
};

/* Checks a form.
 *   bytes     an encoded google.protobuf.Struct
 *   today     the date of receipt in the hall's zone: nobody is born after it
 *   values    definition->field_count views, all written
 *   scratch   holds lists, tables and problems' texts; bounded by the caller
 *   returns   BL_OK, BL_INVALID with at least one problem, BL_MALFORMED if the bytes are no Struct,
 *             BL_TOO_LARGE past a bound; `e` says what of the last two */
MUST_CHECK enum bl_err form_check(const struct definition *definition, struct bl_text bytes,
                                  bl_day today, struct bl_arena *scratch, struct form_value *values,
                                  struct form_problems *problems, struct bl_error *e);

/* The result of an item as conditions see it: "" while it is open. */
typedef struct bl_text (*form_result)(const void *context, uint32_t item);

/* What conditions are evaluated against. */
struct form_scope {
    const struct definition *definition;
    const struct form_value *values;
    form_result result;   // NULL: every item is open
    const void *context;  // for `result`
};

/* `scope` must live as long as the result is used. */
struct cel_scope form_scope(struct form_scope *scope);

/* Does a condition hold? `when` NULL holds. As of cel_eval; BL_INVALID if it errs. */
MUST_CHECK enum bl_err form_holds(const struct cel *when, struct form_scope *scope,
                                  struct bl_arena *scratch, bool *holds, struct bl_error *e);
