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
        report_add(
            report, SCHEMA_ERROR, "E-ID", path,
            "\"%s\" cannot be the name of this %s; write a lower-case letter, then lower-case "
            "letters, digits and \"_\"%s",
            id, kind, dash ? " or \"-\"" : "");
        return false;
    }
    if (bytes > DEFINITION_ID_CHARACTERS_MAX) {
        report_add(report, SCHEMA_ERROR, "E-ID", path,
                   "the name of this %s has %zu letters; keep at most %d", kind, bytes,
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

const Bl__Department *compile_department_find(const struct definition_context *context,
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

bool compile_department_id(struct report *report, const char *path, const char *id)
{
    if (!compile_id(report, path, "department", id, true)) {
        return false;
    }
    if (strlen(id) > DEFINITION_DEPARTMENT_CHARACTERS_MAX) {
        report_add(report, SCHEMA_ERROR, "E-ID", path,
                   "the name of this department has %zu letters; keep at most %d", strlen(id),
                   DEFINITION_DEPARTMENT_CHARACTERS_MAX);
        return false;
    }
    return true;
}

void compile_department(struct compiler *compiler, const char *path, const char *id)
{
    const Bl__DepartmentsFile *file = compiler->context->departments;
    const char **names;

    if (id[0] == '\0' || compile_department_find(compiler->context, id) != NULL) {
        return;
    }
    if (file == NULL) {
        (void)compile_department_id(&compiler->report, path, id);
        return;
    }
    names = bl_arena_array(compiler->report.scratch, const char *, file->n_departments);
    for (size_t i = 0; i < file->n_departments; i++) {
        names[i] = file->departments[i]->key;
    }
    report_unknown(&compiler->report, path, "department", id, names, file->n_departments);
}

void compile_extension(struct compiler *compiler, const char *path, const Bl__Extension *source,
                       struct limit *at_most, Bl__Extension__Approver *approver)
{
    if (source != NULL) {
        (void)compile_limit(compiler, report_path(&compiler->report, "%s.at_most", path),
                            source->at_most, at_most);
        *approver = source->approver;
    }
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
    compile_course(compiler);
    compile_item_names(compiler);
    for (size_t i = 0; i < definition->item_count; i++) {
        compile_item(compiler, &compiler->items[i]);
    }
    compile_order(compiler);
    for (size_t i = 0; i < definition->item_count; i++) {
        compile_when(compiler, &compiler->items[i]);
    }
    compile_join(compiler, "join", source->join == NULL ? &everything : source->join, NULL,
                 &definition->join);
}
