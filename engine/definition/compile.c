/* Names become indexes, texts become limits and conditions. */
#include "definition/compile.h"

#include <stdlib.h>
#include <string.h>

#include "definition/number.h"

/* --- what all use ---------------------------------------------------------------------------- */

bool compile_limit(struct compiler *compiler, const char *path, const char *text,
                   struct limit *limit)
{
    struct bl_error e = { 0 };

    *limit = (struct limit){ 0, LIMIT_WD };
    if (text[0] == '\0') {
        return true;
    }
    if (limit_parse(text, limit, &e) != BL_OK) {
        report_add(&compiler->report, SCHEMA_ERROR, "E-DURATION", path, "%s", e.text);
        *limit = (struct limit){ 0, LIMIT_WD };
        return false;
    }
    return true;
}

/* Words of conditions: `form.in` could not be read. */
static bool is_reserved(const char *id)
{
    static const char *const words[] = {
        "as",       "break",     "const",  "continue", "else", "false", "for",
        "function", "if",        "import", "in",       "let",  "loop",  "null",
        "package",  "namespace", "return", "true",     "var",  "void",  "while",
    };

    for (size_t i = 0; i < BL_COUNT(words); i++) {
        if (strcmp(id, words[i]) == 0) {
            return true;
        }
    }
    return false;
}

bool compile_id(struct report *report, const char *path, const char *kind, const char *id,
                bool dash)
{
    size_t bytes = strspn(id, dash ? "abcdefghijklmnopqrstuvwxyz0123456789_-"
                                   : "abcdefghijklmnopqrstuvwxyz0123456789_");

    if (id[bytes] != '\0' || id[0] < 'a' || id[0] > 'z') {
        report_add(report, SCHEMA_ERROR, "E-ID", path,
                   "\"%s\" cannot be the name of a %s; write a lower-case letter, then lower-case "
                   "letters, digits and \"_\"%s",
                   id, kind, dash ? " or \"-\"" : "");
        return false;
    }
    if (bytes > DEFINITION_ID_CHARACTERS_MAX) {
        report_add(report, SCHEMA_ERROR, "E-ID", path,
                   "the name of a %s has %zu letters; keep at most %d", kind, bytes,
                   DEFINITION_ID_CHARACTERS_MAX);
        return false;
    }
    if (!dash && is_reserved(id)) {
        report_add(report, SCHEMA_ERROR, "E-ID", path,
                   "\"%s\" is a word of conditions; give the %s another name", id, kind);
        return false;
    }
    return true;
}

/* The names of all things of a kind, for "did you mean". */
static const char *const *names_of(struct compiler *compiler, const struct names *names,
                                   size_t *count)
{
    const char **all = bl_arena_array(compiler->report.scratch, const char *, names->mask + 1);

    *count = 0;
    for (uint32_t i = 0; i <= names->mask; i++) {
        if (names->slots[i].name != NULL) {
            all[(*count)++] = names->slots[i].name;
        }
    }
    return all;
}

int compile_reference(struct compiler *compiler, const char *path, const char *kind,
                      const char *name)
{
    const struct definition_index *index = compiler->definition->index;
    const struct names *names = strcmp(kind, "item") == 0       ? &index->items
                                : strcmp(kind, "field") == 0    ? &index->fields
                                : strcmp(kind, "material") == 0 ? &index->materials
                                                                : &index->special;
    int found = names_find(names, bl_text_of(name));

    if (found < 0) {
        size_t count;
        const char *const *all = names_of(compiler, names, &count);

        report_unknown(&compiler->report, path, kind, name, all, count);
    }
    return found;
}

/* The department by its id; NULL if it is not there or nothing is known of departments. */
static const Bl__Department *department_find(const struct definition_context *context,
                                             const char *id)
{
    const Bl__DepartmentsFile *file = context->departments;

    for (size_t i = 0; file != NULL && i < file->n_departments; i++) {
        if (strcmp(file->departments[i]->key, id) == 0) {
            return file->departments[i]->value;
        }
    }
    return NULL;
}

static void compile_department(struct compiler *compiler, const char *path, const char *id)
{
    const Bl__DepartmentsFile *file = compiler->context->departments;
    const char **names;

    if (id[0] == '\0' || file == NULL || department_find(compiler->context, id) != NULL) {
        return;
    }
    names = bl_arena_array(compiler->report.scratch, const char *, file->n_departments);
    for (size_t i = 0; i < file->n_departments; i++) {
        names[i] = file->departments[i]->key;
    }
    report_unknown(&compiler->report, path, "department", id, names, file->n_departments);
}

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

/* --- materials, special procedures ----------------------------------------------------------- */

static void compile_materials(struct compiler *compiler)
{
    const Bl__Workflow *source = compiler->source;
    struct definition *definition = compiler->definition;
    struct definition_material *materials =
        bl_arena_array(compiler->arena, struct definition_material, source->n_materials);

    for (size_t i = 0; i < source->n_materials; i++) {
        const Bl__Workflow__MaterialsEntry *entry = source->materials[i];
        const char *path = report_path(&compiler->report, "materials.%s", entry->key);
        uint32_t index = (uint32_t)definition->material_count;

        if (entry->value == NULL) {
            continue;
        }
        (void)compile_id(&compiler->report, path, "material", entry->key, false);
        if (entry->value->essential && entry->value->deferrable) {
            report_add(&compiler->report, SCHEMA_ERROR, "E-MATERIAL", path,
                       "material %s is essential and deferrable; keep one: what may come later is "
                       "not essential",
                       entry->key);
        }
        materials[index] = (struct definition_material){
            .id = entry->key,
            .index = index,
            .essential = entry->value->essential,
            .deferrable = entry->value->deferrable,
            .source = entry->value,
        };
        (void)names_add(&((struct definition_index *)definition->index)->materials, entry->key,
                        index);
        definition->material_count++;
    }
    definition->materials = materials;
}

/* 行政许可法 第四十五条: the eight kinds that stop the legal clock. */
static bool is_article_45(const char *id)
{
    static const char *const kinds[] = { "hearing", "tender",     "auction",  "inspect",
                                         "test",    "quarantine", "appraise", "expert_review" };

    for (size_t i = 0; i < BL_COUNT(kinds); i++) {
        if (strcmp(id, kinds[i]) == 0) {
            return true;
        }
    }
    return false;
}

static void compile_special(struct compiler *compiler)
{
    const Bl__Workflow *source = compiler->source;
    struct definition *definition = compiler->definition;
    struct definition_special *special =
        bl_arena_array(compiler->arena, struct definition_special, source->n_special);
    struct report *report = &compiler->report;

    for (size_t i = 0; i < source->n_special; i++) {
        const Bl__Workflow__SpecialEntry *entry = source->special[i];
        const char *path = report_path(report, "special.%s", entry->key);
        struct definition_special *to = &special[definition->special_count];

        if (entry->value == NULL) {
            continue;
        }
        (void)compile_id(report, path, "special procedure", entry->key, false);
        if (entry->value->stops_legal && !is_article_45(entry->key) &&
            entry->value->basis[0] == '\0') {
            report_add(report, SCHEMA_ERROR, "E-SPECIAL", path,
                       "%s is none of the eight kinds of 行政许可法 第四十五条; name the law that "
                       "stops the legal clock as its basis",
                       entry->key);
        }
        *to = (struct definition_special){
            .id = entry->key,
            .stops_legal = entry->value->stops_legal || is_article_45(entry->key),
            .source = entry->value,
        };
        (void)compile_limit(compiler, report_path(report, "%s.at_most", path),
                            entry->value->at_most, &to->at_most);
        (void)names_add(&((struct definition_index *)definition->index)->special, entry->key,
                        (uint32_t)definition->special_count);
        definition->special_count++;
    }
    definition->special = special;
}

/* --- items ----------------------------------------------------------------------------------- */

/* What `item.x.result` can be: as states and results are named outside. */
static const char *const results[] = { "granted",    "denied",    "tacit",
                                       "not_needed", "blocked",   "terminated",
                                       "returned",   "withdrawn", "refused" };

/* The items' names come first, so that needs may name what stands below. */
static void compile_item_names(struct compiler *compiler)
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

/* Is the role held by a post of the department? */
static bool role_is_held(const Bl__Department *department, const char *role)
{
    for (size_t i = 0; i < department->n_posts; i++) {
        const Bl__Post *post = department->posts[i]->value;

        for (size_t k = 0; post != NULL && k < post->n_roles; k++) {
            if (strcmp(post->roles[k], role) == 0) {
                return true;
            }
        }
    }
    return false;
}

static void compile_role(struct compiler *compiler, const char *path, const char *department_id,
                         const char *role)
{
    const Bl__Department *department = department_find(compiler->context, department_id);

    if (role[0] != '\0' && strcmp(role, "machine") != 0 && department != NULL &&
        !role_is_held(department, role)) {
        report_add(&compiler->report, SCHEMA_ERROR, "E-ROLE", path,
                   "no post of department %s has the role %s; add the role to a post in "
                   "departments.yaml",
                   department_id, role);
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
        compile_role(compiler, report_path(report, "%s.role", at), item->department, step->role);
        compile_signers(compiler, at, step->signers, &steps[i]);
    }
    item->steps = steps;
    item->step_count = source->n_steps;
}

static void compile_extension(struct compiler *compiler, const char *path,
                              const Bl__Extension *source, struct limit *at_most,
                              Bl__Extension__Approver *approver)
{
    if (source != NULL) {
        (void)compile_limit(compiler, report_path(&compiler->report, "%s.at_most", path),
                            source->at_most, at_most);
        *approver = source->approver;
    }
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

/* `item.x.result` is known once the needs are met, so x must be among them. */
static void compile_when(struct compiler *compiler, const char *path, struct definition_item *item)
{
    const char *at = report_path(&compiler->report, "%s.when", path);
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

static void compile_item(struct compiler *compiler, struct definition_item *item)
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
    item->safety = source->safety;
    item->tacit =
        source->on_overdue != NULL && source->on_overdue->action == BL__ON_OVERDUE__ACTION__TACIT;
    if (source->needs != NULL) {
        compile_join(compiler, report_path(report, "%s.needs", path), source->needs, item,
                     &item->needs);
    }
}

/* --- the order of items ---------------------------------------------------------------------- */

/* Whom a decision may set going: all whose needs name the item. A `when` uses only results that
 * its needs wait for. */
static void compile_dependents(struct compiler *compiler)
{
    struct definition *definition = compiler->definition;

    for (uint32_t i = 0; i < definition->item_count; i++) {
        uint32_t *dependents = bl_arena_array(compiler->arena, uint32_t, definition->item_count);
        struct definition_item *item = &compiler->items[i];

        for (uint32_t k = 0; k < definition->item_count; k++) {
            const struct definition_join *needs = &compiler->items[k].needs;

            for (size_t b = 0; b < needs->branch_count; b++) {
                if (needs->branches[b] == i) {
                    dependents[item->dependent_count++] = k;
                }
            }
        }
        item->dependents = dependents;
    }
}

/* Writes "a → b → a" of a cycle that goes through items not in order. */
static void report_cycle(struct compiler *compiler, const bool *ordered)
{
    size_t count = compiler->definition->item_count;
    uint32_t *seen_at = bl_arena_array(compiler->report.scratch, uint32_t, count);
    uint32_t *way = bl_arena_array(compiler->report.scratch, uint32_t, count + 1);
    uint32_t length = 0, at = 0;
    const char *text = "";

    while (ordered[at]) {
        at++;
    }
    while (seen_at[at] == 0) {  // an item out of order needs another one out of order
        const struct definition_join *needs = &compiler->items[at].needs;
        size_t branch = 0;

        way[length++] = at;
        seen_at[at] = length;
        while (ordered[needs->branches[branch]]) {
            branch++;
        }
        at = needs->branches[branch];
    }
    for (uint32_t i = seen_at[at] - 1; i < length; i++) {
        text =
            bl_arena_printf(compiler->report.scratch, "%s%s → ", text, compiler->items[way[i]].id);
    }
    report_add(&compiler->report, SCHEMA_ERROR, "E-CYCLE",
               report_path(&compiler->report, "items.%s.needs", compiler->items[at].id),
               "items need each other in a circle: %s%s; remove one of these needs", text,
               compiler->items[at].id);
}

/* An order in which each item comes after what it needs; stays NULL after a cycle. */
static void compile_order(struct compiler *compiler)
{
    struct definition *definition = compiler->definition;
    uint32_t *order = bl_arena_array(compiler->arena, uint32_t, definition->item_count);
    uint32_t *open = bl_arena_array(compiler->report.scratch, uint32_t, definition->item_count);
    bool *ordered = bl_arena_array(compiler->report.scratch, bool, definition->item_count);
    size_t count = 0;

    for (uint32_t i = 0; i < definition->item_count; i++) {
        open[i] = (uint32_t)compiler->items[i].needs.branch_count;
        if (open[i] == 0) {
            order[count++] = i;
        }
    }
    for (size_t done = 0; done < count; done++) {
        const struct definition_item *item = &compiler->items[order[done]];

        ordered[item->index] = true;
        for (size_t k = 0; k < item->dependent_count; k++) {
            if (--open[item->dependents[k]] == 0) {
                order[count++] = item->dependents[k];
            }
        }
    }
    if (count < definition->item_count) {
        report_cycle(compiler, ordered);
        return;
    }
    definition->order = order;
}

/* --- the whole ------------------------------------------------------------------------------- */

static void compile_number(struct compiler *compiler)
{
    struct definition *definition = compiler->definition;
    struct bl_error e = { 0 };

    if (compiler->source->number[0] != '\0' &&
        number_compile(compiler->source->number, compiler->arena, &definition->number,
                       &definition->number_count, &definition->number_period, &e) != BL_OK) {
        report_add(&compiler->report, SCHEMA_ERROR, "E-NUMBER", "number", "%s", e.text);
    }
}

static void compile_calendar(struct compiler *compiler)
{
    const struct definition_context *context = compiler->context;
    const char *id = compiler->source->calendar;

    if (context->calendars == NULL || id[0] == '\0') {
        return;
    }
    for (size_t i = 0; i < context->calendar_count; i++) {
        if (strcmp(context->calendars[i], id) == 0) {
            return;
        }
    }
    report_unknown(&compiler->report, "calendar", "calendar", id, context->calendars,
                   context->calendar_count);
}

static void compile_head(struct compiler *compiler)
{
    const Bl__Workflow *source = compiler->source;
    struct definition *definition = compiler->definition;

    definition->workflow = source->workflow;
    definition->version = source->version;
    definition->calendar = source->calendar;
    definition->lead = source->lead;
    definition->handling = source->handling;
    definition->acceptance_by_department =
        source->acceptance == BL__WORKFLOW__ACCEPTANCE__DEPARTMENT;
    definition->trial = source->trial;
    (void)compile_limit(compiler, "promise", source->promise, &definition->promise);
    (void)compile_limit(compiler, "legal", source->legal, &definition->legal);
    compile_extension(compiler, "extension", source->extension, &definition->extend_at_most,
                      &definition->extend_approver);
    compile_department(compiler, "lead", source->lead);
    compile_calendar(compiler);
    compile_number(compiler);
}

static size_t count_fields(const Bl__Workflow *source)
{
    size_t count = 0;

    for (size_t i = 0; i < source->n_form; i++) {
        count += source->form[i]->n_fields;
    }
    return count;
}

/* Room for everything that is counted before it is compiled. */
static void compile_room(struct compiler *compiler, size_t field_count)
{
    const Bl__Workflow *source = compiler->source;
    struct bl_arena *scratch = compiler->report.scratch;
    struct definition_index *index = bl_arena_new(compiler->arena, struct definition_index);

    index->items = names_new(compiler->arena, source->n_items);
    index->fields = names_new(compiler->arena, field_count);
    index->materials = names_new(compiler->arena, source->n_materials);
    index->special = names_new(compiler->arena, source->n_special);
    compiler->definition->index = index;
    compiler->items = bl_arena_array(compiler->arena, struct definition_item, source->n_items);
    compiler->fields = bl_arena_array(compiler->arena, struct definition_field, field_count);
    compiler->variables =
        bl_arena_array(scratch, struct cel_variable, field_count + source->n_items);
    compiler->field_used = bl_arena_array(scratch, bool, field_count);
    compiler->material_used = bl_arena_array(scratch, bool, source->n_materials);
    compiler->special_used = bl_arena_array(scratch, bool, source->n_special);
}

void compile_workflow(struct compiler *compiler)
{
    static const Bl__Join everything = BL__JOIN__INIT;
    const Bl__Workflow *source = compiler->source;
    struct definition *definition = compiler->definition;
    size_t field_count = count_fields(source);

    if (field_count > DEFINITION_FIELDS_MAX) {
        report_add(&compiler->report, SCHEMA_ERROR, "E-FIELD", "form",
                   "the form has %zu fields; keep at most %d", field_count, DEFINITION_FIELDS_MAX);
        return;
    }
    compile_room(compiler, field_count);
    compile_head(compiler);
    compile_form(compiler);
    compile_materials(compiler);
    compile_special(compiler);
    compile_item_names(compiler);
    for (size_t i = 0; i < definition->item_count; i++) {
        compile_item(compiler, &compiler->items[i]);
    }
    compile_dependents(compiler);
    compile_order(compiler);
    for (size_t i = 0; i < definition->item_count; i++) {
        compile_when(compiler, report_path(&compiler->report, "items.%s", compiler->items[i].id),
                     &compiler->items[i]);
    }
    compile_join(compiler, "join", source->join == NULL ? &everything : source->join, NULL,
                 &definition->join);
}
