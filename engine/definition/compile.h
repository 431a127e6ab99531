/* compile.h — from the message of a workflow to what the core runs. Internal to definition/.
 * compile.c resolves every name, limit and condition, check.c proves what must hold of the whole;
 * both go on after an error, so that an author sees all of them at once. */
#pragma once

#include "definition/definition.h"
#include "definition/names.h"
#include "definition/report.h"

struct definition_index {
    struct names items, fields, materials, special;
};

struct compiler {
    struct report report;
    struct bl_arena *arena;  // of the definition
    const Bl__Workflow *source;
    const struct definition_context *context;
    struct definition *definition;
    struct definition_item *items;  // the same as in the definition, not yet const
    struct definition_field *fields;
    struct cel_variable *variables;  // fields, then results of items
    size_t variable_count;
    /* What was seen in use: by index. */
    bool *field_used, *material_used, *special_used;
};

/* Reads a limit; an absent one is 0 halves. False after a problem. */
bool compile_limit(struct compiler *compiler, const char *path, const char *text,
                   struct limit *limit);
/* Is it a well-formed id: lower-case letters, digits and '_' after a letter (and '-' if allowed)?
 */
bool compile_id(struct report *report, const char *path, const char *kind, const char *id,
                bool dash);
/* The same for a department, whose id is shorter. */
bool compile_department_id(struct report *report, const char *path, const char *id);

/* The index of an "item", "field", "material" or "special procedure"; -1 after a problem. */
int compile_reference(struct compiler *compiler, const char *path, const char *kind,
                      const char *name);

/* The department by its id; NULL if it is not there or nothing is known of departments. */
const Bl__Department *compile_department_find(const struct definition_context *context,
                                              const char *id);
bool compile_post_has_role(const Bl__Post *post, const char *role);
/* Is there such a department, as far as is known? */
void compile_department(struct compiler *compiler, const char *path, const char *id);
void compile_extension(struct compiler *compiler, const char *path, const Bl__Extension *source,
                       struct limit *at_most, Bl__Extension__Approver *approver);

/* The form: compile_form.c. */
void compile_form(struct compiler *compiler);
/* Conditions and joins: compile_join.c. */
const struct cel *compile_condition(struct compiler *compiler, const char *path,
                                    const char *source);
void compile_join(struct compiler *compiler, const char *path, const Bl__Join *source,
                  const struct definition_item *of, struct definition_join *join);
/* Items: compile_item.c. Their names come first, so that needs may name what stands below. */
void compile_item_names(struct compiler *compiler);
void compile_item(struct compiler *compiler, struct definition_item *item);
/* How cases take their course, of the whole and of one item: compile_course.c. */
void compile_course(struct compiler *compiler);
void compile_item_course(struct compiler *compiler, const char *path, struct definition_item *item);
/* The order in which each item comes after what it needs, and whom it sets going:
 * compile_order.c. After a circle the definition's order stays NULL. */
void compile_order(struct compiler *compiler);
/* The condition of an item, after the order: `item.x.result` is known once the needs are met, so x
 * must be among them. */
void compile_when(struct compiler *compiler, struct definition_item *item);
/* All of it: compile.c. */
void compile_workflow(struct compiler *compiler);

/* What must hold of the compiled whole: check.c, which calls the others. */
void check_workflow(struct compiler *compiler);
void check_course(struct compiler *compiler);
void check_conditions(struct compiler *compiler);
void check_time(struct compiler *compiler);
void check_publicity(struct compiler *compiler);

/* Limits of different units are compared as they usually fall: a working day has seven office
 * hours, and five of seven days are worked. In quarters of an office minute, so that half an hour
 * of the clock is a whole number. */
int64_t check_weight(struct limit limit);
/* An error at `path` where both limits are given and the first is longer. */
void check_not_longer(struct compiler *compiler, const char *path, const char *code,
                      const char *what, struct limit limit, const char *bound_name,
                      struct limit bound);
