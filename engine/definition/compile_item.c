/* Items: who decides, within which time, seeing what, by which steps, on which condition. */
#include <stdlib.h>
#include <string.h>

#include "definition/compile.h"

/* Indexes of the named things, ascending, each once; what is used is marked. */
static const uint32_t *compile_list(struct compiler *compiler, const char *path, const char *kind,
                                    char *const *names, size_t name_count, size_t all_count,
                                    bool *used, size_t *count)
{
    bool *seen = bl_arena_array(compiler->report.scratch, bool, all_count);
    uint32_t *indexes = bl_arena_array(compiler->arena, uint32_t, name_count);

    *count = 0;
    for (size_t i = 0; i < name_count; i++) {
        const char *at = report_path(&compiler->report, "%s[%zu]", path, i);
        int index = compile_reference(compiler, at, kind, names[i]);

        if (index >= 0 && seen[index]) {
            report_add(&compiler->report, SCHEMA_ERROR, "E-TWICE", at,
                       "%s %s is named twice; remove one", kind, names[i]);
        } else if (index >= 0) {
            seen[index] = used[index] = true;
        }
    }
    for (uint32_t i = 0; i < all_count; i++) {
        if (seen[i]) {
            indexes[(*count)++] = i;
        }
    }
    return indexes;
}

/* What `item.x.result` can be: as states and results are named outside. */
static const char *const results[] = { "granted", "denied",     "tacit",    "not_needed",
                                       "blocked", "terminated", "returned", "withdrawn",
                                       "refused", "revoked" };

void compile_item_names(struct compiler *compiler)
{
    const Bl__Workflow *source = compiler->source;
    struct definition *definition = compiler->definition;

    for (size_t i = 0; i < source->n_items; i++) {
        const Bl__Workflow__ItemsEntry *entry = source->items[i];
        struct definition_item *item = &compiler->items[definition->item_count];
        const char *path = report_path(&compiler->report, "items.%s", entry->key);

        if (entry->value == NULL) {
            continue;
        }
        (void)compile_id(&compiler->report, path, "item", entry->key, false);
        *item = (struct definition_item){
            .id = entry->key,
            .index = (uint32_t)definition->item_count,
            .department = entry->value->department,
            .kind = entry->value->kind == BL__ITEM_DEFINITION__KIND__KIND_UNSPECIFIED
                        ? BL__ITEM_DEFINITION__KIND__PROMISED
                        : entry->value->kind,
            .source = entry->value,
        };
        (void)names_add(&((struct definition_index *)definition->index)->items, entry->key,
                        item->index);
        compiler->variables[compiler->variable_count++] = (struct cel_variable){
            .name = bl_arena_printf(compiler->arena, "item.%s.result", entry->key),
            .type = CEL_STRING,
            .options = results,
            .option_count = BL_COUNT(results),
        };
        definition->item_count++;
    }
    definition->items = compiler->items;
}

bool compile_post_has_role(const Bl__Post *post, const char *role)
{
    for (size_t i = 0; post != NULL && i < post->n_roles; i++) {
        if (strcmp(post->roles[i], role) == 0) {
            return true;
        }
    }
    return false;
}

/* A step of people finds posts with its role, as many as have to sign. */
static void compile_role(struct compiler *compiler, const char *path, const char *department_id,
                         const struct definition_step *step)
{
    const Bl__Department *department = compile_department_find(compiler->context, department_id);
    size_t held = 0;

    if (step->role[0] == '\0' || strcmp(step->role, "machine") == 0 || department == NULL) {
        return;
    }
    for (size_t i = 0; i < department->n_posts; i++) {
        held += compile_post_has_role(department->posts[i]->value, step->role);
    }
    if (held == 0) {
        report_add(&compiler->report, SCHEMA_ERROR, "E-ROLE",
                   report_path(&compiler->report, "%s.role", path),
                   "no post of department %s has the role %s; add the role to a post in "
                   "departments.yaml",
                   department_id, step->role);
    } else if (step->signers > held) {
        report_add(&compiler->report, SCHEMA_ERROR, "E-JOIN",
                   report_path(&compiler->report, "%s.signers.need", path),
                   "the step needs %u signers and department %s has the role %s at %zu post%s; "
                   "write %zu, or add the role to posts in departments.yaml",
                   step->signers, department_id, step->role, held, held == 1 ? "" : "s", held);
    }
}

static void compile_signers(struct compiler *compiler, const char *path, const Bl__Signers *source,
                            struct definition_step *step)
{
    char *end;
    unsigned long number;

    step->signers = 1;
    if (source == NULL) {
        return;
    }
    step->in_order = source->in_order;
    if (strcmp(source->need, "all") == 0) {
        step->signers = 0;
        return;
    }
    if (source->need[0] == '\0' || strcmp(source->need, "any") == 0) {
        return;
    }
    number = strtoul(source->need, &end, 10);
    if (source->need[0] < '1' || source->need[0] > '9' || *end != '\0' || number > 100) {
        report_add(&compiler->report, SCHEMA_ERROR, "E-JOIN",
                   report_path(&compiler->report, "%s.signers.need", path),
                   "\"%s\" is no number of signers; write all, any or 1 to 100", source->need);
        return;
    }
    step->signers = (uint32_t)number;
}

static void compile_steps(struct compiler *compiler, const char *path, struct definition_item *item)
{
    const Bl__ItemDefinition *source = item->source;
    struct definition_step *steps =
        bl_arena_array(compiler->arena, struct definition_step, source->n_steps);
    struct names names = names_new(compiler->report.scratch, source->n_steps);
    struct report *report = &compiler->report;

    for (size_t i = 0; i < source->n_steps; i++) {
        const Bl__Step *step = source->steps[i];
        const char *at = report_path(report, "%s.steps[%zu]", path, i);

        steps[i] = (struct definition_step){ .id = step->id, .role = step->role, .source = step };
        if (names_add(&names, step->id, 0) >= 0) {
            report_add(report, SCHEMA_ERROR, "E-TWICE", at,
                       "step \"%s\" is there twice; give one another id", step->id);
        }
        (void)compile_limit(compiler, report_path(report, "%s.limit", at), step->limit,
                            &steps[i].limit);
        compile_signers(compiler, at, step->signers, &steps[i]);
        compile_role(compiler, at, item->department, &steps[i]);
    }
    item->steps = steps;
    item->step_count = source->n_steps;
}

/* A yellow light is counted in whole working days; a limit in other units becomes their ceiling. */
static void compile_warn(struct compiler *compiler, const char *path, struct definition_item *item)
{
    struct report *report = &compiler->report;
    const char *at = report_path(report, "%s.warn", path);

    if (!compile_limit(compiler, at, item->source->warn, &item->warn) || item->warn.halves == 0) {
        return;
    }
    if (item->warn.unit != LIMIT_WD || item->warn.halves % 2 != 0) {
        report_add(report, SCHEMA_ERROR, "E-DURATION", at,
                   "\"%s\" is no number of whole working days; write \"2 working days\"",
                   item->source->warn);
        return;
    }
    item->warn_days = item->warn.halves / 2;
}

/* All that an item needs, near or far, by index. */
static const bool *all_needs(struct compiler *compiler, const struct definition_item *item)
{
    size_t count = compiler->definition->item_count;
    bool *needed = bl_arena_array(compiler->report.scratch, bool, count);

    needed[item->index] = true;
    for (size_t i = count; i-- > 0;) {
        uint32_t at = compiler->definition->order[i];
        const struct definition_join *needs = &compiler->items[at].needs;

        for (size_t k = 0; needed[at] && k < needs->branch_count; k++) {
            needed[needs->branches[k]] = true;
        }
    }
    needed[item->index] = false;
    return needed;
}

void compile_when(struct compiler *compiler, struct definition_item *item)
{
    const char *at = report_path(&compiler->report, "items.%s.when", item->id);
    size_t count, field_count = compiler->definition->field_count;
    const uint32_t *slots;
    const bool *needed;

    item->when = compile_condition(compiler, at, item->source->when);
    if (item->when == NULL) {
        return;
    }
    needed = compiler->definition->order == NULL ? NULL : all_needs(compiler, item);
    slots = cel_slots(item->when, &count);
    for (size_t i = 0; i < count; i++) {
        const char *id;

        if (slots[i] < field_count) {
            continue;
        }
        item->when_needs_items = true;
        id = compiler->items[slots[i] - field_count].id;
        if (needed != NULL && !needed[slots[i] - field_count]) {
            report_add(&compiler->report, SCHEMA_ERROR, "E-CONDITION", at,
                       "the result of %s is not known when %s starts; add %s to its needs", id,
                       item->id, id);
        }
    }
}

static void compile_notify_commit(struct compiler *compiler, const char *path,
                                  struct definition_item *item)
{
    const Bl__NotifyCommit *source = item->source->notify_commit;
    const char *at = report_path(&compiler->report, "%s.notify_commit.when", path);
    size_t count = 0;
    const uint32_t *slots;

    if (source == NULL) {
        return;
    }
    (void)compile_limit(compiler,
                        report_path(&compiler->report, "%s.notify_commit.post_check", path),
                        source->post_check, &item->post_check);
    item->commit_when = compile_condition(compiler, at, source->when);
    slots = item->commit_when == NULL ? NULL : cel_slots(item->commit_when, &count);
    if (count > 0 && slots[count - 1] >= compiler->definition->field_count) {
        report_add(&compiler->report, SCHEMA_ERROR, "E-CONDITION", at,
                   "who may commit is known from the form only; remove results of items");
    }
}

void compile_item(struct compiler *compiler, struct definition_item *item)
{
    const Bl__ItemDefinition *source = item->source;
    const struct definition *definition = compiler->definition;
    struct report *report = &compiler->report;
    const char *path = report_path(report, "items.%s", item->id);

    compile_department(compiler, report_path(report, "%s.department", path), item->department);
    (void)compile_limit(compiler, report_path(report, "%s.promise", path), source->promise,
                        &item->promise);
    (void)compile_limit(compiler, report_path(report, "%s.legal", path), source->legal,
                        &item->legal);
    compile_warn(compiler, path, item);
    item->fields = compile_list(compiler, report_path(report, "%s.fields", path), "field",
                                (char *const *)source->fields, source->n_fields,
                                definition->field_count, compiler->field_used, &item->field_count);
    item->materials =
        compile_list(compiler, report_path(report, "%s.materials", path), "material",
                     (char *const *)source->materials, source->n_materials,
                     definition->material_count, compiler->material_used, &item->material_count);
    item->special =
        compile_list(compiler, report_path(report, "%s.special", path), "special procedure",
                     (char *const *)source->special, source->n_special, definition->special_count,
                     compiler->special_used, &item->special_count);
    compile_steps(compiler, path, item);
    compile_extension(compiler, report_path(report, "%s.extension", path), source->extension,
                      &item->extend_at_most, &item->extend_approver);
    compile_notify_commit(compiler, path, item);
    compile_item_course(compiler, path, item);
    item->safety = source->safety;
    item->tacit =
        source->on_overdue != NULL && source->on_overdue->action == BL__ON_OVERDUE__ACTION__TACIT;
    if (source->needs != NULL) {
        compile_join(compiler, report_path(report, "%s.needs", path), source->needs, item,
                     &item->needs);
    }
}
