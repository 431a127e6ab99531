/* Conditions, and what an item or the whole waits for. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "definition/compile.h"

const struct cel *compile_condition(struct compiler *compiler, const char *path, const char *source)
{
    struct cel_schema schema = { .variables = compiler->variables,
                                 .count = compiler->variable_count };
    struct report *report = &compiler->report;
    struct bl_error e = { 0 };
    const struct cel *cel;
    const uint32_t *slots;
    size_t count;

    if (source[0] == '\0') {
        return NULL;
    }
    if (cel_compile(source, strlen(source), &schema, compiler->arena, &cel, &e) != BL_OK) {
        report_add_inside(report, "E-CONDITION", path, source, &e);
        return NULL;
    }
    if (cel_type_of(cel) != CEL_BOOL && cel_type_of(cel) != CEL_DYN) {
        report_add(report, SCHEMA_ERROR, "E-CONDITION", path,
                   "the condition gives %s; write a comparison, such as form.area > 300",
                   cel_type_name(cel_type_of(cel)));
        return NULL;
    }
    if (cel_is_constant(cel)) {
        report_add(report, SCHEMA_ERROR, "E-CONSTANT", path,
                   "the condition depends on nothing; use a field of the form or remove it");
        return NULL;
    }
    slots = cel_slots(cel, &count);
    for (size_t i = 0; i < count; i++) {
        if (slots[i] < compiler->definition->field_count) {
            compiler->field_used[slots[i]] = true;
        }
    }
    return cel;
}

/* Turns names of items into ascending indexes; unknown and repeated ones are problems. */
static const uint32_t *compile_branches(struct compiler *compiler, const char *path,
                                        const char *key, char *const *names, size_t name_count,
                                        const struct definition_item *of, size_t *count)
{
    struct definition *definition = compiler->definition;
    bool *seen = bl_arena_array(compiler->report.scratch, bool, definition->item_count);
    uint32_t *branches = bl_arena_array(compiler->arena, uint32_t, name_count);
    struct report *report = &compiler->report;

    *count = 0;
    for (size_t i = 0; i < name_count; i++) {
        const char *at = report_path(report, "%s.%s[%zu]", path, key, i);
        int index = compile_reference(compiler, at, "item", names[i]);

        if (index < 0) {
            continue;
        }
        if (of != NULL && (uint32_t)index == of->index) {
            report_add(report, SCHEMA_ERROR, "E-CYCLE", at,
                       "item %s needs itself; remove it from the list", of->id);
        } else if (seen[index]) {
            report_add(report, SCHEMA_ERROR, "E-TWICE", at, "item %s is named twice; remove one",
                       names[i]);
        }
        seen[index] = true;
    }
    for (uint32_t i = 0; i < definition->item_count; i++) {
        if (seen[i] && (of == NULL || i != of->index)) {
            branches[(*count)++] = i;
        }
    }
    return branches;
}

/* The whole waits for every item that is not left out. */
static const uint32_t *all_items(struct compiler *compiler, size_t *count)
{
    uint32_t *branches =
        bl_arena_array(compiler->arena, uint32_t, compiler->definition->item_count);

    *count = compiler->definition->item_count;
    for (uint32_t i = 0; i < *count; i++) {
        branches[i] = i;
    }
    return branches;
}

static bool contains(const uint32_t *sorted, size_t count, uint32_t index)
{
    for (size_t i = 0; i < count; i++) {
        if (sorted[i] == index) {
            return true;
        }
    }
    return false;
}

/* need: all, any or a number. */
static void compile_need(struct compiler *compiler, const char *path, const char *need,
                         struct definition_join *join)
{
    struct report *report = &compiler->report;
    char *end;
    unsigned long number;

    if (need[0] == '\0' || strcmp(need, "all") == 0) {
        join->kind = JOIN_ALL;
        return;
    }
    if (strcmp(need, "any") == 0) {
        join->kind = JOIN_ANY;
        return;
    }
    join->kind = JOIN_COUNT;
    number = strtoul(need, &end, 10);
    if (need[0] < '0' || need[0] > '9' || *end != '\0') {
        report_add(report, SCHEMA_ERROR, "E-JOIN", report_path(report, "%s.need", path),
                   "\"%s\" is no rule of a join; write all, any or a number", need);
    } else if (number == 0) {
        report_add(report, SCHEMA_ERROR, "E-JOIN", report_path(report, "%s.need", path),
                   "a join that needs 0 waits for nothing; write 1 or more, or remove it");
    } else if (number > join->branch_count) {
        report_add(report, SCHEMA_ERROR, "E-JOIN", report_path(report, "%s.need", path),
                   "the join needs %lu of %zu items and can never be met; write %zu or less",
                   number, join->branch_count, join->branch_count);
    } else {
        join->need = (uint32_t)number;
    }
}

/* An expression in place of a count: over results of the branches only. */
static void compile_expression(struct compiler *compiler, const char *path, const Bl__Join *source,
                               struct definition_join *join)
{
    struct report *report = &compiler->report;
    const char *at = report_path(report, "%s.expression", path);
    size_t count, field_count = compiler->definition->field_count;
    const uint32_t *slots;

    join->kind = JOIN_EXPRESSION;
    join->expression = compile_condition(compiler, at, source->expression);
    if (source->need[0] != '\0') {
        report_add(report, SCHEMA_ERROR, "E-JOIN", report_path(report, "%s.need", path),
                   "need and expression exclude each other; remove one");
    }
    if (join->expression == NULL) {
        return;
    }
    slots = cel_slots(join->expression, &count);
    for (size_t i = 0; i < count; i++) {
        if (slots[i] >= field_count &&
            !contains(join->branches, join->branch_count, (uint32_t)(slots[i] - field_count))) {
            const char *id = compiler->items[slots[i] - field_count].id;

            report_add(report, SCHEMA_ERROR, "E-JOIN", at,
                       "the join does not wait for %s, whose result it uses; add %s to of", id, id);
        }
    }
}

static enum definition_late compile_late(struct compiler *compiler, const char *path,
                                         const Bl__Join *source)
{
    static const enum definition_late late[] = {
        [BL__JOIN__LATE__RECORD] = LATE_RECORD,
        [BL__JOIN__LATE__HOLD] = LATE_HOLD,
        [BL__JOIN__LATE__CANCEL] = LATE_CANCEL,
    };
    enum definition_late rejected =
        source->on_reject == BL__JOIN__ON_REJECT__STOP_OTHERS ? LATE_CANCEL : LATE_RECORD;

    if (source->late == BL__JOIN__LATE__LATE_UNSPECIFIED) {
        return rejected;
    }
    if (source->on_reject != BL__JOIN__ON_REJECT__ON_REJECT_UNSPECIFIED &&
        late[source->late] != rejected) {
        report_add(&compiler->report, SCHEMA_ERROR, "E-JOIN",
                   report_path(&compiler->report, "%s.on_reject", path),
                   "on_reject and late say different things; keep late only");
    }
    return late[source->late];
}

void compile_join(struct compiler *compiler, const char *path, const Bl__Join *source,
                  const struct definition_item *of, struct definition_join *join)
{
    struct report *report = &compiler->report;

    *join = (struct definition_join){ .kind = JOIN_ALL };
    if (source->n_of == 0 && of == NULL) {
        join->branches = all_items(compiler, &join->branch_count);
    } else {
        join->branches = compile_branches(compiler, path, "of", (char *const *)source->of,
                                          source->n_of, of, &join->branch_count);
    }
    join->veto = compile_branches(compiler, path, "veto", (char *const *)source->veto,
                                  source->n_veto, NULL, &join->veto_count);
    join->late = compile_late(compiler, path, source);
    if (source->n_of == 0 && of != NULL) {
        report_add(report, SCHEMA_ERROR, "E-JOIN", path,
                   "needs names no item; name one or remove needs: without it the item starts at "
                   "once");
        return;
    }
    for (size_t i = 0; i < join->veto_count; i++) {
        if (!contains(join->branches, join->branch_count, join->veto[i])) {
            report_add(report, SCHEMA_ERROR, "E-JOIN", report_path(report, "%s.veto", path),
                       "%s may veto a join that does not wait for it; add it to of",
                       compiler->items[join->veto[i]].id);
        }
    }
    if (source->expression[0] != '\0') {
        compile_expression(compiler, path, source, join);
    } else {
        compile_need(compiler, path, source->need, join);
    }
}
