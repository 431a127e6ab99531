/* cel_checker.h — the checker's two halves: what names mean (cel_resolve.c), and whether types fit
 * (cel_checker.c). */
#pragma once

#include "definition/cel_node.h"

/* What stands for the variable of a macro while its body is checked. */
struct cel_local {
    struct bl_text name;
    enum cel_type type;
    const struct cel_variable *elements_of;  // the list it runs over, where it is a variable
};

struct cel_checker {
    struct cel_source *source;
    const struct cel_schema *schema;
    bool *used;
    uint32_t local_count;
    struct cel_local locals[CEL_MACROS_NESTED_MAX];
};

#define check_error(checker, node, ...)                                                            \
    cel_error((checker)->source->e, BL_DEFINITION, (checker)->source->at, (node)->at, __VA_ARGS__)

/* Makes a slot or a local of a name, or of the beginning of a chain name.field.field…; does
 * nothing where the root of the chain is something else. */
MUST_CHECK enum bl_err cel_resolve(struct cel_checker *checker, struct cel_node *node);

/* The variable whose options bind the values of this node, or NULL. */
const struct cel_variable *cel_options_of(const struct cel_checker *checker,
                                          const struct cel_node *node);
/* Literals that are compared with a variable of few values must be among these. */
MUST_CHECK enum bl_err cel_check_options(const struct cel_checker *checker,
                                         const struct cel_node *node, const struct cel_node *other);
